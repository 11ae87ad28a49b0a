/* choose: which entry boots, and what is said where none does. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/choose.h"

#include "tests/support/sample_inspection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

/* The sample's five entries: 0, a submenu with 1, 2 (default), 3 (kernel missing), and 4. */
static struct question ask_for(const char *entry)
{
	return (struct question){
		.n_disks = 1,
		.disks = {{.path = TEXT("/dev/vg0/mail")}},
		.policy = {.entry = text_of(entry)},
	};
}

static bool says(const struct inspection *inspection, enum report_kind kind, const char *part)
{
	for (struct report_line *line = inspection->report.first; line; line = line->next) {
		if (line->kind == kind && strstr(line->text.at, part))
			return true;
	}
	return false;
}

static struct menu_entry *entry_of(struct inspection *sample, uint32_t index)
{
	return bootmenu_entry(&sample->menu, index);
}

static void the_default_boots_where_nothing_is_wished(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct question question = ask_for(NULL);

	(void)state;
	assert_int_equal(choose(&question, sample), 0);
	assert_int_equal(sample->menu.default_entry->index, 2);
	assert_int_equal(sample->error.len, 0);
}

static void an_entry_is_found_by_index_path_id_and_title(void **state)
{
	static const struct {
		const char *wish;
		int index;
	} cases[] = {
		{"0", 0},
		{"4", 4},
		{"1>1", 2},
		{"1>0", 1},
		{"gnulinux-simple-3f0c", 0},
		{"gnulinux-advanced-3f0c>2", 3},
		{"Advanced options for Debian GNU/Linux>1", 2},
		{"gnulinux-advanced-3f0c>Debian GNU/Linux, with Linux 6.1.0-9-amd64", 3},
		{"gnulinux-advanced-3f0c", 1},
		{"Other disk", 4},
		{"5", -1},
		{"1>3", -1},
		{"0>0", -1},
		{"2>", 4},
		{">", -1},
		{"nothing", -1},
	};
	_inspection_ struct inspection *sample = sample_inspection();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct menu_entry *found = choose_find(&sample->menu, text_of(cases[i].wish));

		if ((found ? found->index : -1) != cases[i].index)
			fail_msg("\"%s\" is %d", cases[i].wish, found ? found->index : -1);
	}
}

static void a_pinned_entry_is_the_default(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct question question = ask_for("1>0");

	(void)state;
	assert_int_equal(choose(&question, sample), 0);
	assert_int_equal(sample->menu.default_entry->index, 1);
	assert_true(text_is(sample->menu.default_reason, "entry = 1>0"));
}

static void a_missing_entry_is_a_warning_or_refused(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct question question = ask_for("gone");

	(void)state;
	assert_int_equal(choose(&question, sample), 0);
	assert_int_equal(sample->menu.default_entry->index, 2);
	assert_true(says(sample, REPORT_WARNING, "there is no entry \"gone\": the default boots"));
	question.policy.refuse_missing_entry = true;
	assert_int_equal(choose(&question, sample), 0);
	assert_null(sample->menu.default_entry);
	assert_string_equal(sample->error.at,
		"/dev/vg0/mail: there is no entry \"gone\" among the 5 of the menu; "
		"bootable: 0, 1, 2 (use --entry=0)");
}

static void a_default_without_its_kernel_is_the_error_of_the_manual(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct menu_entry *first = entry_of(sample, 0);
	struct question question = ask_for(NULL);

	(void)state;
	sample->menu.default_entry = first;
	first->error = TEXT("kernel missing: /boot/vmlinuz-6.1.0-18-amd64");
	assert_int_equal(choose(&question, sample), 0);
	assert_null(sample->menu.default_entry);
	assert_string_equal(sample->error.at,
		"/dev/vg0/mail: default entry 0 \"Debian GNU/Linux\" names "
		"/boot/vmlinuz-6.1.0-18-amd64, not on hd0,msdos1; bootable: 1, 2 (use --entry=1)");
}

static void a_default_that_cannot_boot_says_why(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct question question = ask_for("4");

	(void)state;
	assert_int_equal(choose(&question, sample), 0);
	assert_string_equal(sample->error.at,
		"/dev/vg0/mail: chosen entry 4 \"Other disk\" cannot boot: no kernel: "
		"chainloader; bootable: 0, 1, 2 (use --entry=0)");
}

static void the_next_entry_boots_where_that_is_configured(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct question question = ask_for("3");

	(void)state;
	question.policy.next_when_missing = true;
	assert_int_equal(choose(&question, sample), 0);
	assert_int_equal(sample->error.len, 0);
	assert_int_equal(sample->menu.default_entry->index, 0); /* 4 cannot boot: from the start */
	assert_true(says(sample, REPORT_WARNING, "entry 0 is taken instead (missing-kernel)"));
}

static void without_any_next_entry_the_error_stays(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct question question = ask_for("3");

	(void)state;
	question.policy.next_when_missing = true;
	for (uint32_t i = 0; i < 3; i++)
		entry_of(sample, i)->error = TEXT("broken");
	assert_int_equal(choose(&question, sample), 0);
	assert_non_null(strstr(sample->error.at, "not on hd0,msdos1; no entry can boot"));
}

static void a_menu_without_entries_or_default_is_an_error(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct question question = ask_for(NULL);

	(void)state;
	sample->menu.default_entry = NULL;
	assert_int_equal(choose(&question, sample), 0);
	assert_string_equal(sample->error.at,
		"/dev/vg0/mail: (hd0,msdos1)/boot/grub/grub.cfg has no default entry; "
		"bootable: 0, 1, 2 (use --entry=0)");
	sample->menu.first = NULL;
	sample->menu.entries = sample->menu.total = 0;
	sample->error = (struct text){0};
	assert_int_equal(choose(&question, sample), 0);
	assert_non_null(strstr(sample->error.at, "grub.cfg has no entries"));
}

static void arguments_are_appended_after_one_blank(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct question question = ask_for(NULL);

	(void)state;
	question.policy.args = TEXT("console=hvc0");
	entry_of(sample, 1)->cmdline = (struct text){0};
	entry_of(sample, 2)->cmdline = TEXT("a\0b");
	assert_int_equal(choose(&question, sample), 0);
	assert_true(text_is(entry_of(sample, 0)->cmdline, "root=UUID=3f0c ro quiet console=hvc0"));
	assert_true(text_is(entry_of(sample, 1)->cmdline, "console=hvc0"));
	assert_true(text_equal(entry_of(sample, 2)->cmdline, TEXT("a\0b console=hvc0")));
	assert_int_equal(entry_of(sample, 4)->cmdline.len, 0);
}

/* pygrub knows titles and no ids: a title that is another entry's id is a title. */
static void a_title_goes_before_an_id(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();

	(void)state;
	entry_of(sample, 0)->id = TEXT("rescue");
	entry_of(sample, 1)->title = TEXT("rescue");
	assert_int_equal(choose_find(&sample->menu, TEXT("rescue"))->index, 1);
	entry_of(sample, 1)->title = TEXT("1>1");
	assert_int_equal(choose_find(&sample->menu, TEXT("1>1"))->index, 1);
}

/* Places are no part of pygrub: nobody relies on another entry in place of a missing one. */
static void a_place_that_is_missing_is_refused(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct question question = ask_for("1>7");

	(void)state;
	assert_int_equal(choose(&question, sample), 0);
	assert_true(sample->error.len > 0);
	assert_true(text_is(sample->menu.missing_entry, "1>7"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_title_goes_before_an_id),
		cmocka_unit_test(a_place_that_is_missing_is_refused),
		cmocka_unit_test(the_default_boots_where_nothing_is_wished),
		cmocka_unit_test(an_entry_is_found_by_index_path_id_and_title),
		cmocka_unit_test(a_pinned_entry_is_the_default),
		cmocka_unit_test(a_missing_entry_is_a_warning_or_refused),
		cmocka_unit_test(a_default_without_its_kernel_is_the_error_of_the_manual),
		cmocka_unit_test(a_default_that_cannot_boot_says_why),
		cmocka_unit_test(the_next_entry_boots_where_that_is_configured),
		cmocka_unit_test(without_any_next_entry_the_error_stays),
		cmocka_unit_test(a_menu_without_entries_or_default_is_an_error),
		cmocka_unit_test(arguments_are_appended_after_one_blank),
	};

	return cmocka_run_group_tests_name("choose", tests, NULL, NULL);
}
