/* render: every text of the tree, to the letter. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render.h"

#include "tests/support/sample_inspection.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void the_menu_of_the_manual(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf out = {0};

	(void)state;
	render_menu(&out, sample);
	assert_string_equal(out.at,
		"  0  Debian GNU/Linux\n"
		"     Advanced options for Debian GNU/Linux\n"
		"  1    Debian GNU/Linux, with Linux 6.1.0-18-amd64\n"
		"* 2    Debian GNU/Linux, with Linux 6.1.0-17-amd64\n"
		"  3    Debian GNU/Linux, with Linux 6.1.0-9-amd64   "
		"[kernel missing: /boot/vmlinuz-6.1.0-9-amd64]\n"
		"  4  Other disk   [no kernel: chainloader]\n"
		"\n"
		"default  2, path 1>1: saved_entry in (hd0,msdos1)/boot/grub/grubenv\n"
		"timeout  5 s, menu\n"
		"from     GRUB 2 (Debian), (hd0,msdos1)/boot/grub/grub.cfg, "
		"ext4 on /dev/vg0/mail\n"
		"warnings 2, see log\n");
}

static void the_log_of_the_manual(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf out = {0};

	(void)state;
	render_log(&out, sample);
	assert_string_equal(out.at,
		"ok      hd0 /dev/vg0/mail 10.0 GiB, device 253:7, MBR\n"
		"ok      hd0,msdos1 ext4 UUID 3f0c2c1e, label \"root\"\n"
		"note    hd0,msdos2 swap: skipped\n"
		"warning grub.cfg:131: unknown command \"foo\" (3 times)\n"
		"warning entry 3: /boot/vmlinuz-6.1.0-9-amd64 not found on hd0,msdos1\n"
		"result  entry 2 boots\n");
}

static void the_error_is_the_last_line_of_the_log(void **state)
{
	_inspection_ struct inspection *sample = sample_failure("/dev/vg0/mail: nothing\x1b[2J");
	_strbuf_ struct strbuf log = {0}, error = {0};

	(void)state;
	render_log(&log, sample);
	render_error(&error, sample);
	assert_string_equal(error.at, "error /dev/vg0/mail: nothing\\e[2J\n");
	assert_true(text_ends(strbuf_text(&log), strbuf_text(&error)));
}

static void no_error_is_no_file(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf out = {0};

	(void)state;
	render_error(&out, sample);
	assert_int_equal(out.len, 0);
}

static void lines_that_were_dropped_are_counted(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf out = {0};

	(void)state;
	sample->report.dropped = 7;
	render_log(&out, sample);
	assert_non_null(strstr(out.at, "\nnote    7 more lines are not kept\nresult  entry 2"));
}

static void indices_are_aligned_in_long_menus(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf out = {0};

	(void)state;
	for (uint32_t i = 3; i < 9; i++) {
		struct menu_entry *entry = bootmenu_add(&sample->menu, 100);

		assert_non_null(entry);
		entry->depth = 1;
		entry->path[0] = i;
		entry->title = TEXT("more");
	}
	bootmenu_number(&sample->menu);
	render_menu(&out, sample);
	assert_non_null(strstr(out.at, "   0  Debian GNU/Linux\n      Advanced"));
	assert_non_null(strstr(out.at, "\n*  2    Debian"));
	assert_non_null(strstr(out.at, "\n  10  more\n"));
}

static void a_menu_without_default_says_why(void **state)
{
	_inspection_ struct inspection *sample = sample_failure("/dev/vg0/mail: no");
	_strbuf_ struct strbuf out = {0};

	(void)state;
	sample->menu.timeout_s = -1;
	sample->report = (struct report){.arena = &sample->arena};
	render_menu(&out, sample);
	assert_non_null(strstr(out.at, "\ndefault  none: /dev/vg0/mail: no\n"));
	assert_non_null(strstr(out.at, "\ntimeout  none, menu\n"));
	assert_non_null(strstr(out.at, "\nwarnings none\n"));
	assert_null(strstr(out.at, "\n*"));
}

static void what_a_terminal_would_obey_is_escaped(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf out = {0};
	struct menu_entry *entry = sample->menu.first;

	(void)state;
	entry->title = TEXT("\x1b]0;pwned\a\n* 9  forged \xe2\x80\xae\x9b\xff");
	entry->id = entry->title;
	entry->script = TEXT("\tlinux\x1b[1m\n");
	entry->kernel->path = entry->title;
	entry->kernel_info.version = entry->title;
	sample->menu.default_reason = entry->title;
	sample->menu.config_path = entry->title;
	render_menu(&out, sample);
	render_log(&out, sample);
	render_title(&out, entry);
	render_id(&out, entry);
	render_script(&out, entry);
	render_source(&out, sample, entry);
	render_kernel_info(&out, entry);
	render_json(&out, sample, TEXT("d"));
	for (size_t i = 0; i < out.len; i++) {
		unsigned char c = (unsigned char)out.at[i];

		assert_true((c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t');
	}
	assert_null(strstr(out.at, "\n* 9"));
}

static void the_source_of_the_manual(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf out = {0};

	(void)state;
	sample->menu.default_entry->config_line = 118;
	render_source(&out, sample, sample->menu.default_entry);
	assert_string_equal(out.at, "disk hd0 /dev/vg0/mail device 253:7\n"
				    "volume hd0,msdos1 ext4 3f0c2c1e-0000-4000-8000-000000000001\n"
				    "config /boot/grub/grub.cfg:118\n"
				    "kernel hd0,msdos1 /boot/vmlinuz-6.1.0-17-amd64\n"
				    "initrd hd0,msdos1 /boot/initrd.img-6.1.0-17-amd64\n");
}

static void the_source_names_a_file_by_device_and_inode(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf out = {0};

	(void)state;
	sample->disks[0].device = 0;
	sample->disks[0].file_device = 0x801;
	sample->disks[0].inode = 4711;
	render_source(&out, sample, sample->menu.first);
	assert_non_null(strstr(out.at, "disk hd0 /dev/vg0/mail device 8:1 inode 4711\n"));
}

static void the_kernel_info_of_the_manual(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf out = {0};

	(void)state;
	render_kernel_info(&out, sample->menu.first);
	assert_string_equal(out.at,
		"format bzImage 2.15\nversion 6.1.0-18-amd64\ncompression zstd\n"
		"xen-pv yes\nxen-pvh yes\n");
}

static void a_command_line_keeps_its_bytes(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf out = {0};

	(void)state;
	sample->menu.first->cmdline = TEXT("a\tb \xff\x1b");
	render_cmdline(&out, sample->menu.first);
	assert_string_equal(out.at, "a\tb \xff\x1b\n");
}

/* The object of the manual: the first heading and the head, with the keys in their order. */
static void the_json_of_the_manual(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf out = {0};

	(void)state;
	render_json(&out, sample, TEXT("mail"));
	assert_non_null(strstr(out.at,
		"{\"schema\":1,\"domain\":\"mail\",\"status\":\"ok\",\"error\":null,"
		"\"loader\":\"grub2\",\"flavour\":\"debian\",\"grub_platform\":\"xen\","
		"\"disks\":[{\"name\":\"hd0\",\"path\":\"/dev/vg0/mail\",\"size\":10737418240}],"
		"\"config\":{\"disk\":\"hd0\",\"volume\":\"hd0,msdos1\",\"fs\":\"ext4\","
		"\"path\":\"/boot/grub/grub.cfg\"},"
		"\"installed\":{\"loader\":\"GRUB 2\","
		"\"place\":\"boot sector of hd0, core.img at sector 1 (hd0)\","
		"\"followed\":true,\"problem\":null},"
		"\"also_found\":[{\"volume\":\"hd0,msdos1\",\"path\":\"/boot/grub/menu.lst\","
		"\"loader\":\"GRUB Legacy\",\"read\":false,\"next\":true,\"problem\":null}],"
		"\"timeout\":5,\"timeout_style\":\"menu\",\"default\":[1,1],\"default_index\":2,"
		"\"default_reason\":\"saved_entry in (hd0,msdos1)/boot/grub/grubenv\","
		"\"missing_entry\":null,"
		"\"entries\":[{\"index\":0,\"path\":[0],\"title\":\"Debian GNU/Linux\","
		"\"id\":\"gnulinux-simple-3f0c\",\"submenu\":false,\"bootable\":true,"
		"\"error\":null,\"kernel\":{\"volume\":\"hd0,msdos1\","
		"\"path\":\"/boot/vmlinuz-6.1.0-18-amd64\",\"size\":8194944},"
		"\"initrd\":[{\"volume\":\"hd0,msdos1\","
		"\"path\":\"/boot/initrd.img-6.1.0-18-amd64\",\"size\":40281123}],"
		"\"cmdline\":\"root=UUID=3f0c ro quiet\",\"hypervisor\":null,\"modules\":[]},"
		"{\"index\":null,\"path\":[1],\"title\":\"Advanced options for Debian GNU/Linux\","
		"\"id\":\"gnulinux-advanced-3f0c\",\"submenu\":true,\"bootable\":false,"
		"\"error\":null,\"kernel\":null,\"initrd\":[],\"cmdline\":null,"
		"\"hypervisor\":null,\"modules\":[]},"));
	assert_non_null(
		strstr(out.at, "\"warnings\":[{\"file\":\"/boot/grub/grub.cfg\",\"line\":131,"
			       "\"text\":\"unknown command \\\"foo\\\"\",\"count\":3},"));
}

static void json_is_valid_whatever_the_bytes(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf out = {0};
	json_t *root, *entry;

	(void)state;
	sample->menu.first->title = TEXT("caf\xe9\0\"\\\n\x9b");
	render_json(&out, sample, TEXT(""));
	root = json_loadb(out.at, out.len, JSON_ALLOW_NUL, NULL);
	assert_non_null(root);
	assert_true(json_is_null(json_object_get(root, "domain")));
	entry = json_array_get(json_object_get(root, "entries"), 0);
	assert_true(json_is_true(json_object_get(entry, "lossy")));
	assert_memory_equal(json_string_value(json_object_get(entry, "title")),
		"caf\xef\xbf\xbd\0\"\\\n\xef\xbf\xbd", 13);
	entry = json_array_get(json_object_get(root, "entries"), 1);
	assert_null(json_object_get(entry, "lossy"));
	assert_null(json_object_get(entry, "restricted"));
	json_decref(root);
}

static void json_of_a_failure_has_no_default(void **state)
{
	_inspection_ struct inspection *sample = sample_failure("/dev/vg0/mail: no");
	_strbuf_ struct strbuf out = {0};

	(void)state;
	render_json(&out, sample, TEXT("mail"));
	assert_non_null(strstr(out.at, "\"status\":\"error\",\"error\":\"/dev/vg0/mail: no\""));
	assert_non_null(
		strstr(out.at, "\"default\":null,\"default_index\":null,\"default_reason\":null"));
}

static void an_inspection_that_was_not_made_has_an_error_and_no_menu(void **state)
{
	struct err err = {.code = 2, .text = "/x: cannot open"};
	_inspection_ struct inspection *failed = inspection_of_error(&err);
	_strbuf_ struct strbuf out = {0};

	(void)state;
	render_menu(&out, failed);
	assert_int_equal(out.len, 0);
	render_log(&out, failed);
	assert_string_equal(out.at, "error /x: cannot open\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_menu_of_the_manual),
		cmocka_unit_test(the_log_of_the_manual),
		cmocka_unit_test(the_error_is_the_last_line_of_the_log),
		cmocka_unit_test(no_error_is_no_file),
		cmocka_unit_test(lines_that_were_dropped_are_counted),
		cmocka_unit_test(indices_are_aligned_in_long_menus),
		cmocka_unit_test(a_menu_without_default_says_why),
		cmocka_unit_test(what_a_terminal_would_obey_is_escaped),
		cmocka_unit_test(the_source_of_the_manual),
		cmocka_unit_test(the_source_names_a_file_by_device_and_inode),
		cmocka_unit_test(the_kernel_info_of_the_manual),
		cmocka_unit_test(a_command_line_keeps_its_bytes),
		cmocka_unit_test(the_json_of_the_manual),
		cmocka_unit_test(json_is_valid_whatever_the_bytes),
		cmocka_unit_test(json_of_a_failure_has_no_default),
		cmocka_unit_test(an_inspection_that_was_not_made_has_an_error_and_no_menu),
	};

	return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
