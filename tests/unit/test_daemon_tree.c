/* The daemon's tree without FUSE: which files there are, their names, numbers and sizes. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/tree.h"

#include "tests/support/sample_inspection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct node folder = {.kind = NODE_FOLDER}, entries = {.kind = NODE_ENTRIES};

static void list(const struct tree *tree, struct node parent, struct strbuf *out)
{
	uint64_t place = 0;
	char name[TREE_NAME];
	struct node node;

	while (tree_next(tree, parent, &place, &node, name))
		strbuf_addf(out, "%s ", name);
}

static void assert_lists(const struct tree *tree, struct node parent, const char *expected)
{
	_strbuf_ struct strbuf names = {0};

	list(tree, parent, &names);
	assert_string_equal(names.at ? names.at : "", expected);
}

static void a_menu_that_boots_has_a_default_and_no_error(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct tree tree;

	(void)state;
	assert_int_equal(tree_init(&tree, sample, TEXT("mail")), 0);
	assert_lists(&tree, folder, "menu menu.json log default entries ");
	assert_lists(&tree, entries, "0 1 2 3 4 ");
	tree_done(&tree);
}

static void an_entry_has_only_what_it_has(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct tree tree;

	(void)state;
	assert_int_equal(tree_init(&tree, sample, TEXT("mail")), 0);
	assert_lists(&tree, (struct node){NODE_ENTRY, 0},
		"title id path kernel initrd cmdline kernel.info source script ");
	assert_lists(&tree, (struct node){NODE_ENTRY, 3},
		"title path cmdline source script "); /* its kernel is missing */
	assert_lists(&tree, (struct node){NODE_ENTRY, 5}, "");
	tree_done(&tree);
}

static void a_failure_has_an_error_and_no_default(void **state)
{
	_inspection_ struct inspection *sample = sample_failure("nothing boots");
	_inspection_ struct inspection *empty = inspection_new(4096);
	struct tree tree;

	(void)state;
	assert_int_equal(tree_init(&tree, sample, TEXT("")), 0);
	assert_lists(&tree, folder, "menu menu.json log error entries ");
	tree_done(&tree);
	empty->error = TEXT("no such disk");
	assert_int_equal(tree_init(&tree, empty, TEXT("")), 0);
	assert_lists(&tree, folder, "menu.json log error ");
	assert_lists(&tree, entries, "");
	tree_done(&tree);
}

/* Every node below `parent`: found by its name, numbered alone, as big as it says. */
static void assert_sound(struct tree *tree, struct node parent, int depth)
{
	uint64_t place = 0, size;
	char name[TREE_NAME];
	struct node node, found;

	while (tree_next(tree, parent, &place, &node, name)) {
		_strbuf_ struct strbuf text = {0};

		assert_true(tree_has(tree, node));
		assert_true(tree_lookup(tree, parent, text_of(name), &found));
		assert_int_equal(node_id(7, found), node_id(7, node));
		assert_int_equal(node_of(node_id(7, node)).kind, node.kind);
		assert_int_equal(node_of(node_id(7, node)).entry, node.entry);
		assert_int_equal(node_owner(node_id(7, node)), 7);
		for (int twice = 0; twice < 2; twice++) {
			assert_int_equal(tree_size(tree, node, &size), 0);
			if (node_type(node.kind) == TYPE_TEXT) {
				strbuf_cut(&text, 0);
				tree_render(tree, node, &text);
				assert_int_equal(size, text.len);
				assert_int_equal(text.at[text.len - 1], '\n');
			}
		}
		if (node_type(node.kind) == TYPE_CONTENT)
			assert_int_equal(size, tree_content(tree, node)->size);
		if (node_type(node.kind) == TYPE_FOLDER && depth < 3)
			assert_sound(tree, node, depth + 1);
	}
}

static void every_listed_file_can_be_looked_up_and_is_as_long_as_it_says(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct tree tree;

	(void)state;
	assert_int_equal(tree_init(&tree, sample, TEXT("mail")), 0);
	assert_sound(&tree, folder, 0);
	tree_done(&tree);
}

static void a_name_that_is_not_listed_is_not_found(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	static const char *const wrong[] = {"", "5", "00", "01", "+1", "-1", "1 ", "0x1",
		"18446744073709551616", "4294967296", "kernel", ".."};
	struct tree tree;
	struct node node;

	(void)state;
	assert_int_equal(tree_init(&tree, sample, TEXT("mail")), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(tree_lookup(&tree, entries, text_of(wrong[i]), &node));
	assert_false(tree_lookup(&tree, folder, TEXT("error"), &node));
	assert_false(tree_lookup(&tree, folder, TEXT("title"), &node));
	assert_false(tree_lookup(&tree, (struct node){NODE_ENTRY, 9}, TEXT("title"), &node));
	assert_false(tree_has(&tree, (struct node){NODE_TITLE, 9}));
	assert_false(tree_has(&tree, (struct node){(enum node_kind)200, 0}));
	tree_done(&tree);
}

static void the_default_leads_to_its_entry(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf target = {0};
	struct tree tree;

	(void)state;
	assert_int_equal(tree_init(&tree, sample, TEXT("mail")), 0);
	tree_render(&tree, (struct node){.kind = NODE_DEFAULT}, &target);
	assert_string_equal(target.at, "entries/2");
	tree_done(&tree);
}

/* Names are the inspector's word. */
static void volumes_have_folders_by_their_names(void **state)
{
	static const char names[] =
		"hd0,msdos1\0hd0,msdos2\0lvm/vg-root\0lvm/vg-home\0lvm/vg-root\0md/0\0/x\0"
		"x/\0..\0a/b/c\0./x\0lvm/..\0\0";
	struct node top = {.kind = NODE_FOLDER}, volumes = {.kind = NODE_VOLUMES}, lvm, root;
	struct inspection_volume made[16] = {0};
	struct inspection *inspection = inspection_new(4096);
	struct tree tree;

	(void)state;
	for (const char *name = names; *name; name += strlen(name) + 1)
		made[inspection->n_volumes++] = (struct inspection_volume){
			.name = text_of(name), .readable = strcmp(name, "hd0,msdos2") != 0};
	inspection->volumes = made;
	inspection->error = TEXT("no menu");
	assert_int_equal(tree_init(&tree, inspection, TEXT("")), 0);
	assert_lists(&tree, top, "menu.json log error ");
	tree.volumes = true;
	assert_lists(&tree, top, "menu.json log error volumes ");
	assert_lists(&tree, volumes, "hd0,msdos1 lvm md ");
	assert_true(tree_lookup(&tree, volumes, TEXT("lvm"), &lvm));
	assert_lists(&tree, lvm, "vg-root vg-home ");
	assert_true(tree_lookup(&tree, lvm, TEXT("vg-root"), &root));
	assert_int_equal(root.kind, NODE_VOLUME);
	assert_int_equal(root.entry, 2);
	assert_false(tree_lookup(&tree, volumes, TEXT("hd0,msdos2"), &root));
	assert_false(tree_lookup(&tree, volumes, TEXT("vg-root"), &root));
	tree_done(&tree);
	inspection_free(inspection);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_menu_that_boots_has_a_default_and_no_error),
		cmocka_unit_test(an_entry_has_only_what_it_has),
		cmocka_unit_test(a_failure_has_an_error_and_no_default),
		cmocka_unit_test(every_listed_file_can_be_looked_up_and_is_as_long_as_it_says),
		cmocka_unit_test(a_name_that_is_not_listed_is_not_found),
		cmocka_unit_test(the_default_leads_to_its_entry),
		cmocka_unit_test(volumes_have_folders_by_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
