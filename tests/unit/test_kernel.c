/* What kernels' headers tell. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/kernel/kernel.h"
#include "tests/support/parsing.h"

#include <endian.h>

static int setup(void **state)
{
	(void)state;
	memfiles_init(&guest);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memfiles_done(&guest);
	return 0;
}

static void put16(unsigned char *at, uint16_t value)
{
	value = htole16(value);
	memcpy(at, &value, sizeof(value));
}

static void put32(unsigned char *at, uint32_t value)
{
	value = htole32(value);
	memcpy(at, &value, sizeof(value));
}

static void put64(unsigned char *at, uint64_t value)
{
	value = htole64(value);
	memcpy(at, &value, sizeof(value));
}

enum { KERNEL_SIZE = 16384, PAYLOAD = (1 + 4) * 512 + 0x100 };

/* A bzImage of protocol 2.15 whose payload begins with `payload`. */
static void make_bzimage(unsigned char *kernel, const void *payload, size_t length)
{
	memset(kernel, 0, KERNEL_SIZE);
	memcpy(kernel, "MZ", 2);
	kernel[0x1f1] = 4;
	put16(kernel + 0x1fe, 0xaa55);
	memcpy(kernel + 0x202, "HdrS", 4);
	put16(kernel + 0x206, 0x020f);
	put16(kernel + 0x20e, 0x300);
	kernel[0x211] = 1;
	put32(kernel + 0x248, 0x100);
	put32(kernel + 0x24c, 1000);
	strcpy((char *)kernel + 0x500, "6.1.0-18-amd64 (someone@somewhere) #1 SMP");
	memcpy(kernel + PAYLOAD, payload, length);
}

/* An ELF program with one segment of notes: the owner's and a type after the other. */
static size_t make_elf(unsigned char *elf, bool wide, const uint32_t *types, size_t count)
{
	unsigned char *header = elf + (wide ? 64 : 52), *note = elf + 0x100;

	memset(elf, 0, 4096);
	memcpy(elf,
		"\x7f"
		"ELF",
		4);
	elf[4] = wide ? 2 : 1;
	elf[5] = 1;
	put16(elf + 18, wide ? 62 : 3);
	if (wide) {
		put64(elf + 32, 64);
		put16(elf + 54, 56);
		put16(elf + 56, 1);
		put32(header, 4);
		put64(header + 8, 0x100);
		put64(header + 32, 24 * count);
	} else {
		put32(elf + 28, 52);
		put16(elf + 42, 32);
		put16(elf + 44, 1);
		put32(header, 4);
		put32(header + 4, 0x100);
		put32(header + 16, (uint32_t)(24 * count));
	}
	for (size_t i = 0; i < count; i++, note += 24) {
		put32(note, 4);
		put32(note + 4, 8);
		put32(note + 8, types[i]);
		memcpy(note + 12, "Xen", 4);
	}
	return 4096;
}

static struct kernel_info look(const char *path, uint64_t offset, uint64_t length)
{
	struct boot_file kernel = {
		.volume = TEXT("hd0,msdos1"),
		.path = text_of(path),
		.part_offset = offset,
		.part_length = length,
	};
	struct kernel_info info;

	assert_int_equal(kernel_info_read(&guest.files, &kernel, &guest.arena, &info), 0);
	return info;
}

static void a_bzimage_tells_format_version_and_compression(void **state)
{
	unsigned char kernel[KERNEL_SIZE];
	struct kernel_info info;

	(void)state;
	make_bzimage(kernel, "\x28\xb5\x2f\xfd", 4);
	memfiles_add_bytes(&guest, "(hd0,msdos1)/boot/vmlinuz-x", kernel, sizeof(kernel));
	info = look("/boot/vmlinuz-x", 0, 0);
	assert_text(info.format, "bzImage 2.15");
	assert_text(info.version, "6.1.0-18-amd64");
	assert_text(info.compression, "zstd");
	assert_int_equal(info.xen_pv, XEN_UNKNOWN);
	assert_int_equal(info.xen_pvh, XEN_UNKNOWN);
}

static void compressions_are_told_by_their_magic(void **state)
{
	static const struct {
		const char *name, *magic;
		size_t length;
	} all[] = {{"gzip", "\x1f\x8b\x08", 3}, {"bzip2", "BZh9", 4},
		{"xz",
			"\xfd"
			"7zXZ",
			5},
		{"lzma", "\x5d\0\0\1", 4}, {"lz4", "\x02\x21\x4c\x18", 4},
		{"lzo",
			"\x89"
			"LZO",
			4},
		{"", "what", 4}};
	unsigned char kernel[KERNEL_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		make_bzimage(kernel, all[i].magic, all[i].length);
		memfiles_add_bytes(&guest, "(hd0,msdos1)/k", kernel, sizeof(kernel));
		assert_text(look("/k", 0, 0).compression, all[i].name);
	}
}

static void an_uncompressed_payload_shows_its_notes(void **state)
{
	static const uint32_t both[] = {5, 1, 18};
	unsigned char kernel[KERNEL_SIZE], elf[4096];
	struct kernel_info info;

	(void)state;
	make_bzimage(kernel, elf, make_elf(elf, true, both, 3));
	memfiles_add_bytes(&guest, "(hd0,msdos1)/k", kernel, sizeof(kernel));
	info = look("/k", 0, 0);
	assert_text(info.compression, "none");
	assert_int_equal(info.xen_pv, XEN_YES);
	assert_int_equal(info.xen_pvh, XEN_YES);
}

static void elf_notes_decide_pv_and_pvh(void **state)
{
	static const uint32_t pv[] = {1}, pvh[] = {18}, none[] = {5};
	unsigned char elf[4096];
	struct kernel_info info;

	(void)state;
	memfiles_add_bytes(&guest, "(hd0,msdos1)/pv", elf, make_elf(elf, true, pv, 1));
	info = look("/pv", 0, 0);
	assert_text(info.format, "ELF 64-bit x86-64");
	assert_int_equal(info.xen_pv, XEN_YES);
	assert_int_equal(info.xen_pvh, XEN_NO);
	memfiles_add_bytes(&guest, "(hd0,msdos1)/pvh", elf, make_elf(elf, false, pvh, 1));
	info = look("/pvh", 0, 0);
	assert_text(info.format, "ELF 32-bit i386");
	assert_int_equal(info.xen_pv, XEN_NO);
	assert_int_equal(info.xen_pvh, XEN_YES);
	memfiles_add_bytes(&guest, "(hd0,msdos1)/none", elf, make_elf(elf, true, none, 1));
	assert_int_equal(look("/none", 0, 0).xen_pv, XEN_NO);
}

static void a_compressed_kernel_is_judged_by_its_configuration(void **state)
{
	unsigned char kernel[KERNEL_SIZE];
	struct kernel_info info;

	(void)state;
	make_bzimage(kernel, "\x1f\x8b", 2);
	memfiles_add_bytes(
		&guest, "(hd0,msdos1)/boot/vmlinuz-6.1.0-18-amd64", kernel, sizeof(kernel));
	memfiles_add(&guest, "(hd0,msdos1)/boot/config-6.1.0-18-amd64",
		"CONFIG_X86=y\nCONFIG_XEN=y\nCONFIG_XEN_PV=y\n# CONFIG_XEN_PVH is not set\n");
	info = look("/boot/vmlinuz-6.1.0-18-amd64", 0, 0);
	assert_int_equal(info.xen_pv, XEN_YES);
	assert_int_equal(info.xen_pvh, XEN_NO);
	memfiles_add(&guest, "(hd0,msdos1)/boot/config-6.1.0-18-amd64",
		"CONFIG_X86=y\nCONFIG_XEN=y\nCONFIG_XEN_PVHVM=y\nCONFIG_XEN_PVH=y\n");
	info = look("/boot/vmlinuz-6.1.0-18-amd64", 0, 0);
	assert_int_equal(info.xen_pv, XEN_NO);
	assert_int_equal(info.xen_pvh, XEN_YES);
	memfiles_add(&guest, "(hd0,msdos1)/boot/config-6.1.0-18-amd64",
		"CONFIG_X86=y\n# CONFIG_XEN is not set\n");
	info = look("/boot/vmlinuz-6.1.0-18-amd64", 0, 0);
	assert_int_equal(info.xen_pv, XEN_NO);
	assert_int_equal(info.xen_pvh, XEN_NO);
	memfiles_add(&guest, "(hd0,msdos1)/boot/config-6.1.0-18-amd64", "something else\n");
	assert_int_equal(look("/boot/vmlinuz-6.1.0-18-amd64", 0, 0).xen_pv, XEN_UNKNOWN);
}

static void the_configuration_may_lie_among_the_modules(void **state)
{
	unsigned char kernel[KERNEL_SIZE];

	(void)state;
	make_bzimage(kernel, "\x1f\x8b", 2);
	memfiles_add_bytes(&guest, "(hd0,msdos1)/vmlinuz", kernel, sizeof(kernel));
	memfiles_volume(&guest, "hd0,msdos2", NULL, "root");
	memfiles_add(&guest, "(hd0,msdos2)/lib/modules/6.1.0-18-amd64/config",
		"CONFIG_X86=y\nCONFIG_XEN=y\nCONFIG_XEN_PV=y\nCONFIG_XEN_PVH=y\n");
	assert_int_equal(look("/vmlinuz", 0, 0).xen_pv, XEN_YES);
}

static void an_old_kernel_with_xen_is_a_pv_kernel(void **state)
{
	unsigned char kernel[KERNEL_SIZE];

	(void)state;
	make_bzimage(kernel, "\x1f\x8b", 2);
	strcpy((char *)kernel + 0x500, "3.2.0-4-amd64 (x)");
	memfiles_add_bytes(&guest, "(hd0,msdos1)/vmlinuz", kernel, sizeof(kernel));
	memfiles_add(&guest, "(hd0,msdos1)/config-3.2.0-4-amd64", "CONFIG_X86=y\nCONFIG_XEN=y\n");
	assert_int_equal(look("/vmlinuz", 0, 0).xen_pv, XEN_YES);
	assert_int_equal(look("/vmlinuz", 0, 0).xen_pvh, XEN_NO);
}

static void a_part_of_a_file_is_looked_at_alone(void **state)
{
	unsigned char file[KERNEL_SIZE + 1000] = {0};

	(void)state;
	make_bzimage(file + 1000, "\x28\xb5\x2f\xfd", 4);
	memfiles_add_bytes(&guest, "(hd0,msdos1)/x.efi", file, sizeof(file));
	assert_text(look("/x.efi", 1000, KERNEL_SIZE).format, "bzImage 2.15");
	assert_text(look("/x.efi", 1000, 0x240).format, "PE");
	assert_text(look("/x.efi", 1000, PAYLOAD).compression, "");
	assert_text(look("/x.efi", 0, 0).format, "");
}

static void other_formats_are_named(void **state)
{
	char image[64] = {0};

	(void)state;
	memcpy(image + 56, "ARM\x64", 4);
	memfiles_add_bytes(&guest, "(hd0,msdos1)/arm", image, sizeof(image));
	assert_text(look("/arm", 0, 0).format, "arm64 Image");
	memcpy(image, "MZ\0\0zimg", 8);
	memset(image + 56, 0, 4);
	strcpy(image + 24, "zstd22");
	memfiles_add_bytes(&guest, "(hd0,msdos1)/zboot", image, sizeof(image));
	assert_text(look("/zboot", 0, 0).format, "PE (EFI zboot)");
	assert_text(look("/zboot", 0, 0).compression, "zstd");
	memfiles_add(&guest, "(hd0,msdos1)/pe", "MZ and more");
	assert_text(look("/pe", 0, 0).format, "PE");
	memfiles_add(&guest, "(hd0,msdos1)/gz", "\x1f\x8b\x08");
	assert_text(look("/gz", 0, 0).format, "compressed");
	assert_text(look("/gz", 0, 0).compression, "gzip");
	memfiles_add(&guest, "(hd0,msdos1)/text", "hello");
	assert_text(look("/text", 0, 0).format, "");
	memfiles_add(&guest, "(hd0,msdos1)/empty", "");
	assert_text(look("/empty", 0, 0).format, "");
}

static void a_kernel_that_is_not_there_is_an_error(void **state)
{
	struct boot_file kernel = {.volume = TEXT("hd0,msdos1"), .path = TEXT("/none")};
	struct kernel_info info;

	(void)state;
	assert_int_equal(kernel_info_read(&guest.files, &kernel, &guest.arena, &info), -ENOENT);
	kernel.volume = TEXT("hd9");
	assert_int_equal(kernel_info_read(&guest.files, &kernel, &guest.arena, &info), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_bzimage_tells_format_version_and_compression),
		TEST(compressions_are_told_by_their_magic),
		TEST(an_uncompressed_payload_shows_its_notes),
		TEST(elf_notes_decide_pv_and_pvh),
		TEST(a_compressed_kernel_is_judged_by_its_configuration),
		TEST(the_configuration_may_lie_among_the_modules),
		TEST(an_old_kernel_with_xen_is_a_pv_kernel),
		TEST(a_part_of_a_file_is_looked_at_alone),
		TEST(other_formats_are_named),
		TEST(a_kernel_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
