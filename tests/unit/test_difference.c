/* Why pygrub and bootfs do not answer alike, in words. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/difference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void command_lines_are_alike_but_for_blanks_and_quotes(void **state)
{
	(void)state;
	assert_true(args_are_alike(TEXT("root=/dev/xvda1  ro "), TEXT("root=/dev/xvda1 ro")));
	assert_true(args_are_alike(TEXT("a=\"b c\" d"), TEXT("\"a=b c\" d")));
	assert_true(args_are_alike(TEXT("a\\ b"), TEXT("'a b'")));
	assert_true(args_are_alike(TEXT(""), TEXT(" ")));
	assert_false(args_are_alike(TEXT("ro quiet"), TEXT("quiet ro")));
	assert_false(args_are_alike(TEXT("ro"), TEXT("")));
}

static void assert_args(struct text pygrub, struct text ours, const char *wanted)
{
	_strbuf_ struct strbuf out = {0};

	difference_of_args(&out, pygrub, ours);
	assert_string_equal(out.at, wanted);
}

static void tells_which_words_only_one_side_has(void **state)
{
	(void)state;
	assert_args(TEXT("ro quiet $more"), TEXT("ro single"),
		"pygrub alone has quiet $more; bootfs alone has single");
	assert_args(TEXT("ro quiet"), TEXT("ro"), "pygrub alone has quiet");
	assert_args(TEXT("ro"), TEXT("ro console=hvc0"), "bootfs alone has console=hvc0");
	assert_args(TEXT("a b"), TEXT("b a"), "the same words in another order");
	assert_args(TEXT("ro ro"), TEXT("ro"), "pygrub alone has ro");
	assert_args(TEXT("a\033"), TEXT(""), "pygrub alone has a\\e");
}

static json_t *menu_of(const char *more)
{
	_strbuf_ struct strbuf text = {0};
	json_t *menu;

	strbuf_addf(&text,
		"{\"entries\":[{\"index\":0,\"title\":\"One\"},{\"index\":1,\"title\":\"Two\"}],"
		"\"default_index\":1,%s}",
		more);
	menu = json_loads(text.at, 0, NULL);
	assert_non_null(menu);
	return menu;
}

static void assert_entries(const char *more, json_int_t index, const char *wanted)
{
	_strbuf_ struct strbuf out = {0};
	json_t *menu = menu_of(more);

	difference_of_entries(&out, menu, index);
	assert_string_equal(out.at, wanted);
	json_decref(menu);
}

static void tells_why_another_entry_was_taken(void **state)
{
	(void)state;
	assert_entries("\"default_reason\":\"saved_entry in (hd0)/grubenv\"", 0,
		"pygrub takes entry 0 \"One\", bootfs entry 1 \"Two\" (saved_entry in "
		"(hd0)/grubenv): pygrub does not know saved_entry (grub-set-default)");
	assert_entries("\"default_reason\":\"entry = Two\"", -1,
		"pygrub takes files that are no entry of bootfs's menu, bootfs entry 1 \"Two\" "
		"(entry = Two): bootfs.conf pins it");
}

static void assert_reach(const char *config, const char *wanted)
{
	_strbuf_ struct strbuf out = {0}, more = {0};
	json_t *menu;

	strbuf_addf(&more, "\"loader\":\"grub2\",\"config\":{%s}", config);
	menu = menu_of(more.at);
	difference_of_reach(&out, menu, TEXT("RuntimeError"));
	assert_string_equal(out.at, wanted);
	json_decref(menu);
}

static void tells_what_pygrub_cannot_see(void **state)
{
	(void)state;
	assert_reach("\"disk\":\"hd0\",\"volume\":\"hd0,msdos1\",\"fs\":\"xfs\"",
		"pygrub cannot read XFS version 5, which mkfs.xfs makes since 2015; it said: "
		"RuntimeError");
	assert_reach("\"disk\":\"hd0\",\"volume\":\"hd0,msdos1\",\"fs\":\"btrfs\"",
		"pygrub cannot read this file system, btrfs; it said: RuntimeError");
	assert_reach("\"disk\":\"hd0\",\"volume\":\"hd0,msdos5\",\"fs\":\"ext4\"",
		"its configuration lies in a logical partition, which pygrub does not see; "
		"it said: RuntimeError");
	assert_reach("\"disk\":null,\"volume\":\"lvm/vg-root\",\"fs\":\"ext4\"",
		"its configuration lies in a logical volume, which pygrub does not see; it "
		"said: RuntimeError");
	assert_reach("\"disk\":\"hd1\",\"volume\":\"hd1\",\"fs\":\"ext4\"",
		"its configuration lies on another disk than the first, the only one that pygrub "
		"looks at; it said: RuntimeError");
	assert_reach("\"disk\":\"hd0\",\"volume\":\"hd0,gpt2\",\"fs\":\"ext4\"},"
		     "\"flavour\":\"fedora\",\"x\":{",
		"its entries are files of their own (blscfg), which pygrub does not read; "
		"it "
		"said: RuntimeError");
	assert_reach("\"disk\":\"hd0\",\"volume\":\"hd0,gpt4\",\"fs\":\"ext4\"",
		"pygrub does not understand the configuration; it said: RuntimeError");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_lines_are_alike_but_for_blanks_and_quotes),
		cmocka_unit_test(tells_which_words_only_one_side_has),
		cmocka_unit_test(tells_why_another_entry_was_taken),
		cmocka_unit_test(tells_what_pygrub_cannot_see),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
