/* Boot Loader Specification type 1 without GRUB: menus as systemd-boot shows them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/table.h"
#include "tests/support/parsing.h"

static int setup(void **state)
{
	struct volume_info *esp;

	(void)state;
	memfiles_init_empty(&guest);
	esp = memfiles_volume(&guest, "hd0,gpt1", "5EED-0001", "ESP");
	esp->esp = true;
	esp->fs_name = TEXT("vfat");
	memfiles_add(&guest, "(hd0,gpt1)/k", "kernel");
	memfiles_add(&guest, "(hd0,gpt1)/i", "initrd");
	memfiles_add(&guest, "(hd0,gpt1)/ucode", "microcode");
	memfiles_folder(&guest, "(hd0,gpt1)/loader/entries");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memfiles_done(&guest);
	return 0;
}

static void snippet(const char *name, const char *content)
{
	char path[300];

	snprintf(path, sizeof(path), "(hd0,gpt1)/loader/entries/%s", name);
	memfiles_add(&guest, path, content);
}

static void read_menu(void)
{
	parse_at(&parser_bls, "(hd0,gpt1)/loader/entries");
}

/* The ids in menu order, joined by blanks. */
static const char *ids(void)
{
	static char out[1000];
	size_t used = 0;

	out[0] = '\0';
	for (struct menu_entry *at = guest.menu.first; at; at = at->next)
		used += (size_t)snprintf(
			out + used, sizeof(out) - used, "%s%s", used ? " " : "", str(at->id));
	return out;
}

static void an_entry_has_all_its_keys(void **state)
{
	(void)state;
	snippet("Arch.conf", "# comment\ntitle\tArch Linux\nversion 6.1\nlinux /k\ninitrd /ucode\n"
			     "initrd i\noptions root=/dev/vda2\noptions rw  quiet\nunknown x\n"
			     "devicetree /x.dtb\ngrub_class kernel\n");
	read_menu();
	assert_boots(0, "/k", "root=/dev/vda2 rw  quiet");
	assert_text(entry(0)->title, "Arch Linux");
	assert_text(entry(0)->id, "arch.conf");
	assert_text(entry(0)->initrds->path, "/ucode");
	assert_text(entry(0)->initrds->next->path, "/i");
	assert_text(entry(0)->devicetree->path, "/x.dtb");
	assert_text(entry(0)->config, "(hd0,gpt1)/loader/entries/Arch.conf");
	assert_text(guest.menu.loader, "bls");
}

static void values_may_be_quoted(void **state)
{
	(void)state;
	snippet("a.conf", "title \"A  b\"\r\nlinux /k\r\noptions \"x\n");
	read_menu();
	assert_text(entry(0)->title, "A  b");
	assert_boots(0, "/k", "\"x");
}

static void entries_that_cannot_start_here_are_not_shown(void **state)
{
	(void)state;
	snippet("a.conf", "title no program\n");
	snippet("b.conf", "title no file\nlinux /none\n");
	snippet("c.conf", "title other\narchitecture riscv64\nlinux /k\n");
	snippet("d.conf", "title both\nlinux /k\nefi /k\n");
	snippet("e.conf", "title good\narchitecture X64\nlinux /k\n");
	snippet(".f.conf", "title hidden\nlinux /k\n");
	snippet("auto-g.conf", "title auto\nlinux /k\n");
	snippet("h.txt", "title text\nlinux /k\n");
	read_menu();
	assert_string_equal(ids(), "e.conf");
	assert_non_null(memfiles_said(&guest, REPORT_WARNING, "/none not found on hd0,gpt1"));
	assert_non_null(memfiles_said(&guest, REPORT_WARNING, "no linux, efi or uki"));
}

static void ids_are_sorted_downwards_as_versions(void **state)
{
	(void)state;
	snippet("a-5.9.conf", "linux /k\n");
	snippet("a-5.10.conf", "linux /k\n");
	snippet("a-5.10~rc1.conf", "linux /k\n");
	snippet("b-1.conf", "linux /k\n");
	read_menu();
	assert_string_equal(ids(), "b-1.conf a-5.10.conf a-5.10~rc1.conf a-5.9.conf");
	assert_text(entry(0)->title, "b-1.conf");
}

static void sort_keys_come_first_and_upwards(void **state)
{
	(void)state;
	snippet("z.conf", "linux /k\n");
	snippet("f1.conf", "linux /k\nsort-key fedora\nversion 1\n");
	snippet("f2.conf", "linux /k\nsort-key fedora\nversion 2\n");
	snippet("d1.conf", "linux /k\nsort-key debian\nmachine-id bbb\nversion 9\n");
	snippet("d2.conf", "linux /k\nsort-key debian\nmachine-id aaa\nversion 1\n");
	read_menu();
	assert_string_equal(ids(), "d2.conf d1.conf f2.conf f1.conf z.conf");
	assert_ptr_equal(guest.menu.default_entry, entry(0));
	assert_text(guest.menu.default_reason, "first entry");
}

static void entries_without_tries_left_go_last(void **state)
{
	(void)state;
	snippet("new+0-3.conf", "linux /k\n");
	snippet("mid+2-1.conf", "linux /k\n");
	snippet("old.conf", "linux /k\n");
	snippet("plus+x.conf", "linux /k\n");
	snippet("c++.conf", "linux /k\n");
	read_menu();
	assert_string_equal(ids(), "plus+x.conf old.conf mid.conf c++.conf new.conf");
}

static void equal_titles_are_told_apart(void **state)
{
	(void)state;
	snippet("a.conf", "title L\nversion 1\nlinux /k\n");
	snippet("b.conf", "title L\nversion 2\nlinux /k\nmachine-id m1\n");
	snippet("c.conf", "title L\nversion 2\nlinux /k\nmachine-id m2\n");
	snippet("d.conf", "title L\nversion 3\nlinux /k\nmachine-id m1\n");
	snippet("e.conf", "title L\nversion 3\nlinux /k\nmachine-id m1\n");
	snippet("f.conf", "title Only\nversion 3\nlinux /k\n");
	read_menu();
	assert_text(entry(5)->title, "L (1)");
	assert_text(entry(4)->title, "L (2) (m1)");
	assert_text(entry(3)->title, "L (2) (m2)");
	assert_text(entry(2)->title, "L (3) (m1) (d.conf)");
	assert_text(entry(1)->title, "L (3) (m1) (e.conf)");
	assert_text(entry(0)->title, "Only");
}

static void loader_conf_names_the_default_by_pattern(void **state)
{
	(void)state;
	memfiles_add(&guest, "(hd0,gpt1)/loader/loader.conf",
		"#timeout 9\ntimeout 5\ndefault B-*\nconsole-mode keep\n");
	snippet("c.conf", "linux /k\n");
	snippet("b-2.conf", "linux /k\n");
	snippet("b-1.conf", "linux /k\n");
	read_menu();
	assert_text(guest.menu.default_entry->id, "b-2.conf");
	assert_text(guest.menu.default_reason, "default in loader.conf");
	assert_int_equal(guest.menu.timeout_s, 5);
	assert_text(guest.menu.timeout_style, "menu");
}

static void a_default_kept_in_the_firmware_is_the_first(void **state)
{
	(void)state;
	memfiles_add(
		&guest, "(hd0,gpt1)/loader/loader.conf", "timeout menu-force\ndefault @saved\n");
	snippet("b.conf", "linux /k\n");
	snippet("a.conf", "linux /k\n");
	read_menu();
	assert_text(guest.menu.default_entry->id, "b.conf");
	assert_int_equal(guest.menu.timeout_s, -1);
	assert_non_null(memfiles_said(&guest, REPORT_NOTE, "@saved"));
}

static void without_a_timeout_the_menu_is_not_shown(void **state)
{
	(void)state;
	snippet("b.conf", "linux /k\n");
	read_menu();
	assert_int_equal(guest.menu.timeout_s, 0);
	assert_text(guest.menu.timeout_style, "hidden");
}

static void the_extended_boot_partition_counts_too(void **state)
{
	struct volume_info *boot = memfiles_volume(&guest, "hd0,gpt2", NULL, "boot");

	(void)state;
	boot->esp = true;
	memfiles_volume(&guest, "hd1,gpt1", NULL, NULL)->esp = true;
	memfiles_add(&guest, "(hd0,gpt2)/vmlinuz", "kernel");
	memfiles_add(&guest, "(hd0,gpt2)/loader/entries/a.conf", "linux /vmlinuz\n");
	memfiles_add(&guest, "(hd1,gpt1)/loader/entries/x.conf", "linux /loader/entries/x.conf\n");
	memfiles_add(&guest, "(hd0,gpt1)/loader/loader.conf", "default a.conf\n");
	snippet("b.conf", "linux /k\n");
	parse_at(&parser_bls, "(hd0,gpt2)/loader/entries");
	assert_string_equal(ids(), "b.conf a.conf");
	assert_text(guest.menu.default_entry->id, "a.conf");
	assert_text(entry(1)->kernel->volume, "hd0,gpt2");
}

static void paths_below_boot_are_found_on_the_root_file_system(void **state)
{
	(void)state;
	memfiles_volume(&guest, "hd0,gpt3", NULL, "root");
	memfiles_add(&guest, "(hd0,gpt3)/boot/vmlinuz-1", "kernel");
	memfiles_add(&guest, "(hd0,gpt3)/boot/loader/entries/a.conf", "linux /vmlinuz-1\n");
	memfiles_add(&guest, "(hd0,gpt3)/boot/loader/entries/b.conf", "linux /boot/vmlinuz-1\n");
	parse_at(&parser_bls, "(hd0,gpt3)/boot/loader/entries");
	assert_boots(0, "/boot/vmlinuz-1", "");
	assert_boots(1, "/boot/vmlinuz-1", "");
}

static void a_missing_initrd_is_named(void **state)
{
	(void)state;
	snippet("a.conf", "linux /k\ninitrd /none\n");
	read_menu();
	assert_text(entry(0)->error, "initrd missing: /none");
}

static void efi_programs_start_no_kernel_unless_they_are_one(void **state)
{
	char kernel[0x210] = "MZ";

	(void)state;
	memcpy(kernel + 0x202, "HdrS", 4);
	memfiles_add_bytes(&guest, "(hd0,gpt1)/stub", kernel, sizeof(kernel));
	snippet("a.conf", "efi /k\n");
	snippet("b.conf", "efi \\stub\noptions root=x initrd=\\i\n");
	snippet("c.conf", "efi /stub\noptions root=x initrd=\\i initrd=\\ucode\n");
	read_menu();
	assert_text(entry(2)->error, "no kernel: EFI program /k");
	assert_boots(1, "/stub", "root=x initrd=\\i");
	assert_boots(0, "/stub", "root=x initrd=\\i initrd=\\ucode");
	assert_text(entry(0)->initrds->path, "/i");
	assert_text(entry(0)->initrds->next->path, "/ucode");
}

static void another_kind_of_entries_is_left_alone(void **state)
{
	(void)state;
	memfiles_add(&guest, "(hd0,gpt1)/loader/entries.srel", "type7\n");
	snippet("a.conf", "linux /k\n");
	read_menu();
	assert_int_equal(guest.menu.total, 0);
	memfiles_add(&guest, "(hd0,gpt1)/loader/entries.srel", "type1\n");
	read_menu();
	assert_int_equal(guest.menu.total, 1);
}

static void entries_over_the_budget_are_left_out(void **state)
{
	(void)state;
	guest.limits.max_config = 30;
	snippet("a.conf", "linux /k\n");
	snippet("b.conf", "linux /k\n#####################\n");
	snippet("c.conf", "linux /k\n");
	read_menu();
	assert_string_equal(ids(), "a.conf");
	assert_non_null(memfiles_said(&guest, REPORT_WARNING, "larger than allowed"));
}

static void more_files_than_entries_are_allowed_are_left_out(void **state)
{
	(void)state;
	guest.limits.max_entries = 2;
	snippet("a.conf", "linux /k\n");
	snippet("b.conf", "linux /k\n");
	snippet("c.conf", "linux /k\n");
	read_menu();
	assert_int_equal(guest.menu.entries, 2);
	assert_non_null(memfiles_said(&guest, REPORT_WARNING, "holds more than 2 entries"));
}

static void no_folder_is_an_error(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(parser_bls.parse(&guest.files, memfiles_find(&guest, "hd0,gpt1"),
				 TEXT("/nowhere"), &guest.menu, &err),
		-ENOENT);
	assert_string_equal(err.text, "/nowhere: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_entry_has_all_its_keys),
		TEST(values_may_be_quoted),
		TEST(entries_that_cannot_start_here_are_not_shown),
		TEST(ids_are_sorted_downwards_as_versions),
		TEST(sort_keys_come_first_and_upwards),
		TEST(entries_without_tries_left_go_last),
		TEST(equal_titles_are_told_apart),
		TEST(loader_conf_names_the_default_by_pattern),
		TEST(a_default_kept_in_the_firmware_is_the_first),
		TEST(without_a_timeout_the_menu_is_not_shown),
		TEST(the_extended_boot_partition_counts_too),
		TEST(paths_below_boot_are_found_on_the_root_file_system),
		TEST(a_missing_initrd_is_named),
		TEST(efi_programs_start_no_kernel_unless_they_are_one),
		TEST(another_kind_of_entries_is_left_alone),
		TEST(entries_over_the_budget_are_left_out),
		TEST(more_files_than_entries_are_allowed_are_left_out),
		TEST(no_folder_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
