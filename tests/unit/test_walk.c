/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/limits.h"
#include "parsers/fs/names.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* A file system of a few names; a file's content and a link's target are its `text`. */
static const struct entry {
	uint64_t ino, folder;
	const char *name;
	enum node_type type;
	const char *text;
} entries[] = {
	{1, 0, "", NODE_FOLDER, ""},
	{2, 1, "boot", NODE_FOLDER, ""},
	{3, 2, "vmlinuz", NODE_FILE, "kernel"},
	{4, 2, "grub", NODE_FOLDER, ""},
	{5, 4, "grub.cfg", NODE_FILE, "config"},
	{6, 1, "kernel", NODE_LINK, "boot/vmlinuz"},
	{7, 1, "absolute", NODE_LINK, "/boot"},
	{8, 4, "up", NODE_LINK, "../../../../boot/vmlinuz"},
	{9, 1, "loop", NODE_LINK, "loop"},
	{10, 1, "to-root", NODE_LINK, "/"},
	{11, 1, "empty", NODE_LINK, ""},
	{12, 1, "slash", NODE_LINK, "boot/vmlinuz/"},
	{13, 1, "nothing", NODE_FILE, ""},
	{14, 1, "fifo", NODE_OTHER, ""},
	{15, 1, "dots", NODE_LINK, "./boot/./grub/../grub//grub.cfg"},
	/* Each is eight times the next: all of them would be 8^30 steps. */
	{16, 1, "bomb", NODE_LINK, "bomb2/bomb2/bomb2/bomb2/bomb2/bomb2/bomb2/bomb2"},
	{17, 1, "bomb2", NODE_LINK, "./bomb3/./bomb3/./bomb3/./bomb3/./bomb3"},
	{18, 1, "bomb3", NODE_LINK, "."},
};

static void fill(const struct entry *entry, struct node *ret)
{
	*ret = (struct node){.type = entry->type, .ino = entry->ino, .size = strlen(entry->text)};
}

static const struct entry *entry_of(const struct node *node)
{
	for (unsigned i = 0; i < ARRAY_SIZE(entries); i++) {
		if (entries[i].ino == node->ino)
			return &entries[i];
	}
	abort(); /* no reader asks for what it was not given */
}

static int fake_root(struct fs *fs, struct node *ret)
{
	(void)fs;
	fill(&entries[0], ret);
	return 0;
}

static unsigned finds; /* calls of the reader */

static int fake_find(struct fs *fs, const struct node *folder, struct text name, struct node *ret)
{
	(void)fs;
	finds++;
	if (text_is(name, "broken"))
		return -EIO;
	assert_int_equal(folder->type, NODE_FOLDER);
	assert_false(text_is(name, ".") || text_is(name, "..") || !name.len);
	for (unsigned i = 0; i < ARRAY_SIZE(entries); i++) {
		if (entries[i].folder != folder->ino || !text_is(name, entries[i].name))
			continue;
		fill(&entries[i], ret);
		return 0;
	}
	return -ENOENT;
}

static ssize_t fake_readlink(struct fs *fs, const struct node *link, char *buf, size_t size)
{
	const struct entry *entry = entry_of(link);

	(void)fs;
	if (strlen(entry->text) > size)
		return -ENAMETOOLONG;
	memcpy(buf, entry->text, strlen(entry->text));
	return (ssize_t)strlen(entry->text);
}

/* One byte at a time: readers may give less than was asked for. */
static ssize_t fake_read(
	struct fs *fs, const struct node *file, uint64_t offset, void *buf, size_t len)
{
	const struct entry *entry = entry_of(file);

	(void)fs;
	if (offset >= strlen(entry->text) || !len)
		return 0;
	*(char *)buf = entry->text[offset];
	return 1;
}

static const struct fs_ops fake_ops = {
	.name = "fake",
	.root = fake_root,
	.find = fake_find,
	.readlink = fake_readlink,
	.read = fake_read,
};
static struct fs fake = {.ops = &fake_ops};

static int64_t walk(const char *path)
{
	struct node node;
	int err = fs_walk(&fake, text_of(path), &node);

	return err ? err : (int64_t)node.ino;
}

static void follows_plain_paths(void **state)
{
	(void)state;
	assert_int_equal(walk("/boot/vmlinuz"), 3);
	assert_int_equal(walk("boot//grub/./grub.cfg"), 5);
	assert_int_equal(walk("/"), 1);
	assert_int_equal(walk(""), 1);
	assert_int_equal(walk("/boot/"), 2);
	assert_int_equal(walk("/boot/none"), -ENOENT);
	assert_int_equal(walk("/none/none"), -ENOENT);
	assert_int_equal(walk("/boot/vmlinuz/x"), -ENOTDIR);
	assert_int_equal(walk("/boot/vmlinuz/"), -ENOTDIR);
	assert_int_equal(walk("/fifo"), 14);
}

static void follows_links_inside_the_guest_only(void **state)
{
	(void)state;
	assert_int_equal(walk("/kernel"), 3);
	assert_int_equal(walk("/absolute/vmlinuz"), 3);
	assert_int_equal(walk("/boot/grub/up"), 3);
	assert_int_equal(walk("/absolute"), 2);
	assert_int_equal(walk("/to-root"), 1);
	assert_int_equal(walk("/dots"), 5);
	assert_int_equal(walk("/to-root/to-root/boot/grub/../vmlinuz"), 3);
	assert_int_equal(walk("/kernel/"), -ENOTDIR);
	assert_int_equal(walk("/slash"), -ENOTDIR);
	assert_int_equal(walk("/empty"), -ENOENT);
}

static void dots_stop_at_the_root(void **state)
{
	(void)state;
	assert_int_equal(walk("/../../../boot/vmlinuz"), 3);
	assert_int_equal(walk("/boot/../../.."), 1);
	assert_int_equal(walk("/absolute/.."), 1);
	assert_int_equal(walk("/boot/grub/../.."), 1);
}

static void loops_and_expansions_end(void **state)
{
	(void)state;
	assert_int_equal(walk("/loop"), -ELOOP);
	assert_int_equal(walk("/loop/x"), -ELOOP);
	assert_int_equal(walk("/bomb"), -ELOOP);
}

static void long_paths_are_refused(void **state)
{
	char path[MAX_PATH_BYTES + 2];

	(void)state;
	memset(path, '/', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(walk(path), -ENAMETOOLONG);
	path[sizeof(path) - 2] = '\0';
	assert_int_equal(walk(path), 1);
}

static void reads_whole_files(void **state)
{
	struct arena arena _arena_ = {0};
	struct node node;
	struct text text;

	(void)state;
	arena_init(&arena, 100000);
	assert_int_equal(fs_walk(&fake, TEXT("/boot/vmlinuz"), &node), 0);
	assert_int_equal(fs_read_all(&fake, &node, 6, &arena, &text), 0);
	assert_true(text_is(text, "kernel"));
	assert_int_equal(text.at[text.len], 0);
	assert_int_equal(fs_read_all(&fake, &node, 5, &arena, &text), -EFBIG);
	node.size = 7; /* the disk gives less than it promised */
	assert_int_equal(fs_read_all(&fake, &node, 100, &arena, &text), -EIO);
	node.size = UINT64_MAX;
	assert_int_equal(fs_read_all(&fake, &node, UINT64_MAX, &arena, &text), -EFBIG);
	assert_int_equal(fs_walk(&fake, TEXT("/nothing"), &node), 0);
	assert_int_equal(fs_read_all(&fake, &node, 0, &arena, &text), 0);
	assert_int_equal(text.len, 0);
	assert_int_equal(fs_walk(&fake, TEXT("/boot"), &node), 0);
	assert_int_equal(fs_read_all(&fake, &node, 100, &arena, &text), -EISDIR);
	assert_int_equal(fs_walk(&fake, TEXT("/fifo"), &node), 0);
	assert_int_equal(fs_read_all(&fake, &node, 100, &arena, &text), -EINVAL);
}

static void a_name_is_looked_for_once(void **state)
{
	_arena_ struct arena arena;
	const char *const paths[] = {"/boot/vmlinuz", "/none", "/loop", "/boot/none", "/up", "/"};

	(void)state;
	arena_init(&arena, MIB);
	fake.names = names_new(&arena);
	for (unsigned i = 0; i < ARRAY_SIZE(paths); i++) {
		int64_t first = walk(paths[i]);

		finds = 0;
		assert_int_equal(walk(paths[i]), first);
		assert_int_equal(finds, 0);
	}
	assert_int_equal(walk("/boot/vmlinuz"), 3);
	fake.names = NULL;
}

static void the_same_name_elsewhere_is_another(void **state)
{
	_arena_ struct arena arena;

	(void)state;
	arena_init(&arena, MIB);
	fake.names = names_new(&arena);
	assert_int_equal(walk("/vmlinuz"), -ENOENT);
	assert_int_equal(walk("/boot/vmlinuz"), 3);
	assert_int_equal(walk("/boot/boot"), -ENOENT);
	assert_int_equal(walk("/boot"), 2);
	assert_int_equal(walk("/vmlinuz"), -ENOENT);
	fake.names = NULL;
}

static void what_could_not_be_read_is_tried_again(void **state)
{
	_arena_ struct arena arena;

	(void)state;
	arena_init(&arena, MIB);
	fake.names = names_new(&arena);
	assert_int_equal(walk("/broken"), -EIO);
	finds = 0;
	assert_int_equal(walk("/broken"), -EIO);
	assert_int_equal(finds, 1);
	fake.names = NULL;
}

static void more_names_than_are_remembered_are_found(void **state)
{
	_arena_ struct arena arena;
	char name[64];

	(void)state;
	arena_init(&arena, MIB);
	fake.names = names_new(&arena);
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "%s%d", i % 2 ? "n" : "a-name-longer-than-a-slot-is-",
			i);
		assert_int_equal(walk(name), -ENOENT);
		assert_int_equal(walk("/boot/grub/grub.cfg"), 5);
	}
	fake.names = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_plain_paths),
		cmocka_unit_test(follows_links_inside_the_guest_only),
		cmocka_unit_test(dots_stop_at_the_root),
		cmocka_unit_test(loops_and_expansions_end),
		cmocka_unit_test(long_paths_are_refused),
		cmocka_unit_test(reads_whole_files),
		cmocka_unit_test(a_name_is_looked_for_once),
		cmocka_unit_test(the_same_name_elsewhere_is_another),
		cmocka_unit_test(what_could_not_be_read_is_tried_again),
		cmocka_unit_test(more_names_than_are_remembered_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
