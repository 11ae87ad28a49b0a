/* Unified kernel images: their parts, profiles and place in the menu. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/bls/pe.h"
#include "parsers/boot/table.h"
#include "tests/support/parsing.h"
#include "tests/support/pe_image.h"

static int setup(void **state)
{
	(void)state;
	memfiles_init_empty(&guest);
	memfiles_volume(&guest, "hd0,gpt1", "5EED-0001", "ESP")->esp = true;
	memfiles_folder(&guest, "(hd0,gpt1)/EFI/Linux");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memfiles_done(&guest);
	return 0;
}

static void add_image(const char *name, const struct pe_part *parts)
{
	size_t size;
	unsigned char *image = pe_image(parts, &size);

	memfiles_add_bytes(&guest, name, image, size);
	free(image);
}

static void read_menu(void)
{
	parse_at(&parser_uki, "(hd0,gpt1)/EFI/Linux");
}

/* The bytes that a part of a file stands for. */
static const char *part(const struct boot_file *file)
{
	struct text bytes;

	assert_true(file->part_length > 0);
	assert_int_equal(guest.files.ops->read(&guest.files, memfiles_find(&guest, "hd0,gpt1"),
				 file->path, file->part_offset, file->part_length, &bytes),
		0);
	assert_int_equal(bytes.len, file->part_length);
	return str(bytes);
}

static void an_image_is_an_entry_of_parts_of_its_file(void **state)
{
	static const struct pe_part parts[] = {{".text", "code"},
		{".osrel", "# os\nNAME=Arch\nPRETTY_NAME=\"Arch Linux\"\nID=arch\nVERSION_ID=1\n"},
		{".cmdline", "root=/dev/vda2\nrw \n"}, {".linux", "kernel bytes"},
		{".initrd", "initrd bytes"}, {".ucode", "microcode"}, {0}};

	(void)state;
	add_image("(hd0,gpt1)/EFI/Linux/Arch.efi", parts);
	read_menu();
	assert_boots(0, "/EFI/Linux/Arch.efi", "root=/dev/vda2 rw");
	assert_text(entry(0)->title, "Arch Linux");
	assert_text(entry(0)->id, "arch.efi");
	assert_string_equal(part(entry(0)->kernel), "kernel bytes");
	assert_string_equal(part(entry(0)->initrds), "microcode");
	assert_string_equal(part(entry(0)->initrds->next), "initrd bytes");
	assert_text(guest.menu.loader, "uki");
	assert_ptr_equal(guest.menu.default_entry, entry(0));
}

static void profiles_are_entries_of_their_own(void **state)
{
	static const struct pe_part parts[] = {{".osrel", "ID=x\nPRETTY_NAME=X\n"}, {".linux", "k"},
		{".cmdline", "base"}, {".profile", "ID=main\n"},
		{".profile", "ID=rescue\nTITLE='Rescue mode'\n"}, {".cmdline", "rescue"},
		{".profile", "ID=third\n"}, {".initrd", "own"}, {".profile", ""}, {".linux", "k2"},
		{0}};

	(void)state;
	add_image("(hd0,gpt1)/EFI/Linux/x+3.efi", parts);
	read_menu();
	assert_int_equal(guest.menu.entries, 4);
	assert_text(entry(0)->title, "X");
	assert_text(entry(0)->id, "x.efi");
	assert_boots(0, "/EFI/Linux/x+3.efi", "base");
	assert_text(entry(1)->title, "X (Rescue mode)");
	assert_text(entry(1)->id, "x.efi@rescue");
	assert_boots(1, "/EFI/Linux/x+3.efi", "rescue");
	assert_text(entry(2)->title, "X (third)");
	assert_string_equal(part(entry(2)->initrds), "own");
	assert_text(entry(3)->title, "X (Profile #4)");
	assert_text(entry(3)->id, "x.efi@3");
	assert_string_equal(part(entry(3)->kernel), "k2");
}

static void images_and_entries_stand_in_one_menu(void **state)
{
	static const struct pe_part old[] = {
		{".osrel", "ID=arch\nPRETTY_NAME=Arch\nVERSION_ID=5\n"}, {".linux", "k"}, {0}};

	(void)state;
	add_image("(hd0,gpt1)/EFI/Linux/a.efi", old);
	memfiles_add(&guest, "(hd0,gpt1)/k", "kernel");
	memfiles_add(&guest, "(hd0,gpt1)/loader/entries/n.conf",
		"title New\nlinux /k\nsort-key arch\nversion 6\n");
	memfiles_add(&guest, "(hd0,gpt1)/loader/entries/z.conf", "title Z\nlinux /k\n");
	memfiles_add(&guest, "(hd0,gpt1)/loader/loader.conf", "default a.efi\n");
	parse_at(&parser_bls, "(hd0,gpt1)/loader/entries");
	assert_text(entry(0)->title, "New");
	assert_text(entry(1)->title, "Arch");
	assert_text(entry(2)->title, "Z");
	assert_ptr_equal(guest.menu.default_entry, entry(1));
}

static void an_entry_may_name_an_image_and_a_profile(void **state)
{
	static const struct pe_part parts[] = {{".linux", "k"}, {".cmdline", "base"},
		{".profile", ""}, {".profile", ""}, {".cmdline", "second"}, {0}};

	(void)state;
	add_image("(hd0,gpt1)/EFI/my.efi", parts);
	memfiles_add(&guest, "(hd0,gpt1)/loader/entries/a.conf", "uki /EFI/my.efi\nprofile 1\n");
	memfiles_add(&guest, "(hd0,gpt1)/loader/entries/b.conf", "efi /EFI/my.efi\noptions own\n");
	parse_at(&parser_bls, "(hd0,gpt1)/loader/entries");
	assert_boots(0, "/EFI/my.efi", "own");
	assert_boots(1, "/EFI/my.efi", "second");
	assert_string_equal(part(entry(1)->kernel), "k");
}

static void images_without_a_name_or_a_kernel_do_not_boot(void **state)
{
	static const struct pe_part nameless[] = {{".linux", "k"}, {0}};
	static const struct pe_part empty[] = {{".osrel", "ID=e\n"}, {".linux", NULL}, {0}};

	(void)state;
	add_image("(hd0,gpt1)/EFI/Linux/nameless.efi", nameless);
	add_image("(hd0,gpt1)/EFI/Linux/empty.efi", empty);
	memfiles_add(&guest, "(hd0,gpt1)/EFI/Linux/text.efi", "no program at all");
	read_menu();
	assert_int_equal(guest.menu.entries, 1);
	assert_text(entry(0)->title, "e");
	assert_text(entry(0)->error, "no kernel: /EFI/Linux/empty.efi has no .linux section");
	assert_non_null(memfiles_said(&guest, REPORT_WARNING, "text.efi: no PE program"));
}

static void a_section_outside_the_file_is_refused(void **state)
{
	static const struct pe_part parts[] = {{".osrel", "ID=x\n"}, {".linux", "k"}, {0}};
	size_t size;
	unsigned char *image = pe_image(parts, &size);

	(void)state;
	memset(image + 0x80 + 24 + 240 + 40 + 20, 0xff, 4);
	memfiles_add_bytes(&guest, "(hd0,gpt1)/EFI/Linux/x.efi", image, size);
	free(image);
	read_menu();
	assert_text(entry(0)->error, "section .linux lies outside the file /EFI/Linux/x.efi");
	assert_false(menu_entry_boots(entry(0)));
}

static void a_section_table_outside_the_file_is_no_program(void **state)
{
	static const struct pe_part parts[] = {{".linux", "k"}, {0}};
	size_t size;
	unsigned char *image = pe_image(parts, &size);
	struct pe pe;

	(void)state;
	for (size_t at = 0; at < size; at += 13) {
		memfiles_add_bytes(&guest, "(hd0,gpt1)/cut", image, at);
		if (pe_open(&guest.files, memfiles_find(&guest, "hd0,gpt1"), TEXT("/cut"), &pe))
			assert_int_equal(pe.count && pe.sections, 0);
	}
	image[0x80 + 6] = image[0x80 + 7] = 0xff;
	memfiles_add_bytes(&guest, "(hd0,gpt1)/many", image, size);
	assert_int_equal(
		pe_open(&guest.files, memfiles_find(&guest, "hd0,gpt1"), TEXT("/many"), &pe),
		-EINVAL);
	free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_image_is_an_entry_of_parts_of_its_file),
		TEST(profiles_are_entries_of_their_own),
		TEST(images_and_entries_stand_in_one_menu),
		TEST(an_entry_may_name_an_image_and_a_profile),
		TEST(images_without_a_name_or_a_kernel_do_not_boot),
		TEST(a_section_outside_the_file_is_refused),
		TEST(a_section_table_outside_the_file_is_no_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
