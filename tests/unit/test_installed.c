/* Which boot loader is installed: boot sectors, core images, EFI programs. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/installed/grub_core.h"
#include "parsers/boot/installed/installed.h"
#include "parsers/boot/table.h"
#include "tests/support/core_image.h"
#include "tests/support/parsing.h"
#include "tests/support/pe_image.h"

#include <errno.h>

enum { SECTOR = 512, DISK = 4 << 20, PART = 1 << 20 };

/* A disk of 4 MiB with two partitions, of 1 MiB each behind the first one. */
static struct machine {
	uint8_t bytes[DISK];
	struct boot_part parts[2];
	struct boot_disk disk;
	struct boot_machine machine;
	struct installed installed;
} m;

static int setup(void **state)
{
	(void)state;
	memset(&m, 0, sizeof(m));
	memfiles_init_empty(&guest);
	memfiles_volume(&guest, "hd0,msdos1", "1-1", NULL);
	memfiles_volume(&guest, "hd0,msdos2", "2-2", NULL);
	m.disk = (struct boot_disk){.name = TEXT("hd0"),
		.dev = blockdev_on_memory(m.bytes, DISK),
		.has_table = true,
		.parts = m.parts,
		.n_parts = 2};
	for (uint32_t i = 0; i < 2; i++)
		m.parts[i] = (struct boot_part){
			.volume = memfiles_find(&guest, i ? "hd0,msdos2" : "hd0,msdos1"),
			.dev = blockdev_window(&m.disk.dev, (i + 1) * PART, PART),
			.start = (i + 1) * PART,
			.active = i == 0};
	m.machine = (struct boot_machine){
		.files = &guest.files, .disks = &m.disk, .n_disks = 1, .platform = TEXT("pc")};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memfiles_done(&guest);
	return 0;
}

static int find(const char *platform)
{
	m.machine.platform = text_of(platform);
	return installed_find(&m.machine, &m.installed);
}

static void is_followed(const struct parser *language)
{
	assert_int_equal(find(m.machine.platform.at), 1);
	if (m.installed.problem.len)
		fail_msg("%s", str(m.installed.problem));
	assert_ptr_equal(m.installed.language, language);
}

static void is_not_followed(const char *why)
{
	assert_int_equal(find(m.machine.platform.at), 1);
	assert_null(m.installed.language);
	if (!strstr(str(m.installed.problem), why))
		fail_msg("\"%s\" is not in \"%s\"", why, str(m.installed.problem));
}

/* ---- GRUB 2 for a BIOS -------------------------------------------------------------------------- */

static void install(const struct core_recipe *recipe, uint64_t sector)
{
	size_t size;
	unsigned char *core = core_image(recipe, sector, &size);

	core_boot_sector(m.bytes, sector);
	memcpy(m.bytes + sector * SECTOR, core, size);
	free(core);
}

static void a_core_image_says_where_its_configuration_is(void **state)
{
	static const uint32_t redundancies[] = {0, 700, 5000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(redundancies); i++) {
		const struct core_recipe recipe = {.prefix = TEXT("(,msdos2)/boot/grub"),
			.config = TEXT("search.fs_uuid 2-2 root\n"),
			.memdisk = TEXT("an image"),
			.redundancy = redundancies[i]};

		memset(m.bytes, 0, sizeof(m.bytes));
		install(&recipe, 1);
		is_followed(&parser_grub2);
		assert_string_equal(str(m.installed.grub.root), "hd0,msdos2");
		assert_string_equal(str(m.installed.grub.prefix), "(hd0,msdos2)/boot/grub");
		assert_string_equal(str(m.installed.grub.script), "search.fs_uuid 2-2 root\n");
		assert_true(text_starts(m.installed.grub.memdisk, TEXT("an image")));
		assert_string_equal(
			str(m.installed.place), "boot sector of hd0, core.img at sector 1 (hd0)");
	}
}

/* The list counts whole blocks of the file system: the payload does not end in the last sector. */
static void a_core_image_in_a_file_has_padding_behind_it(void **state)
{
	const struct core_recipe recipe = {.prefix = TEXT("/grub"), .padding = 3 * SECTOR};

	(void)state;
	install(&recipe, 3000);
	is_followed(&parser_grub2);
	assert_string_equal(str(m.installed.grub.prefix), "(hd0)/grub");
	assert_string_equal(
		str(m.installed.place), "boot sector of hd0, core.img at sector 3000 (hd0,msdos1)");
}

static void a_core_image_outside_the_disk_is_told_of(void **state)
{
	const struct core_recipe recipe = {.prefix = TEXT("/grub")};

	(void)state;
	install(&recipe, 1);
	core_boot_sector(m.bytes, DISK / SECTOR);
	is_not_followed("core.img: it begins at sector 8192, outside the disk");
	core_boot_sector(m.bytes, UINT32_MAX);
	m.bytes[0x63] = 0xff;
	is_not_followed("outside the disk");
}

static void a_list_of_sectors_that_leads_astray_is_told_of(void **state)
{
	const struct core_recipe recipe = {.prefix = TEXT("/grub")};

	(void)state;
	install(&recipe, 1);
	m.bytes[SECTOR + SECTOR - 10] = 0xff; /* the start of the first run */
	is_not_followed("core.img: it names sector 16711682, outside the disk");
	install(&recipe, 1);
	memset(m.bytes + SECTOR + SECTOR - 4, 0xff, 2); /* its length */
	is_not_followed("its list of sectors is too long");
	install(&recipe, 1);
	for (size_t at = 2 * SECTOR - 12; at >= SECTOR; at -= 12)
		memcpy(m.bytes + at, "\1\0\0\0\0\0\0\0\1\0\0\0", 12);
	is_not_followed("its list of sectors has no end");
}

static void a_damaged_core_image_is_told_of(void **state)
{
	const struct core_recipe recipe = {
		.prefix = TEXT("(,msdos1)/boot/grub"), .redundancy = 700};

	(void)state;
	install(&recipe, 1);
	memset(m.bytes + 2 * SECTOR + CORE_DECOMPRESSOR + 1, 0x5a, 64);
	is_not_followed("it is damaged, or packed in a way that is not known");
	install(&recipe, 1);
	memset(m.bytes + 2 * SECTOR + 8, 0xff, 8); /* both sizes */
	is_not_followed("it is damaged");
	memset(m.bytes + SECTOR, 0, 8 * SECTOR);
	is_not_followed("it is damaged");
}

static void another_drive_is_that_disk(void **state)
{
	const struct core_recipe recipe = {.prefix = TEXT("(,msdos2)/boot/grub")};

	(void)state;
	install(&recipe, 1);
	m.bytes[0x64] = 0x80;
	is_followed(&parser_grub2);
	m.bytes[0x64] = 0x81;
	is_not_followed("its core.img lies on drive 0x81, which is not there");
}

static void old_core_images_have_their_prefix_in_front(void **state)
{
	uint8_t *raw = m.bytes + 2 * SECTOR;

	(void)state;
	core_boot_sector(m.bytes, 1);
	memcpy(m.bytes + 2 * SECTOR - 12, "\2\0\0\0\0\0\0\0\12\0\0\0", 12);
	memcpy(raw + 0x10, "\1\2\0\0\4\0\0\0\xff\xff\xff\xff", 12);
	strcpy((char *)raw + 0x20, "/boot/grub");
	is_followed(&parser_grub2);
	assert_string_equal(str(m.installed.title), "GRUB 1.9x");
	assert_string_equal(str(m.installed.grub.prefix), "(hd0,5)/boot/grub");
	strcpy((char *)raw + 0x20, "(hd0,msdos2)/grub");
	memset(raw + 0x14, 0xff, 4);
	is_followed(&parser_grub2);
	assert_string_equal(str(m.installed.grub.prefix), "(hd0,msdos2)/grub");
}

static void modules_of_nobody_are_none(void **state)
{
	static const char *const areas[] = {"", "mimg", "mimg\14\0\0\0\14\0\0\0",
		"mimg\14\0\0\0\24\0\0\0\3\0\0\0\0\0\0\0",
		"mimg\14\0\0\0\24\0\0\0\3\0\0\0\377\0\0\0",
		"mimg\0\0\0\0\24\0\0\0\3\0\0\0\10\0\0\0"};
	static const size_t sizes[] = {0, 4, 12, 20, 20, 20};
	struct grub_core core;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(areas); i++)
		assert_int_equal(
			grub_core_modules((struct text){areas[i], sizes[i]}, &guest.arena, &core),
			-ENOENT);
}

/* ---- GRUB Legacy, Syslinux, LILO ------------------------------------------------------------------ */

static void put_stage2(uint8_t partition, const char *config)
{
	memcpy(m.bytes + 2 * SECTOR - 8, "\2\0\0\0\1\0\0\0", 8);
	m.bytes[2 * SECTOR + 6] = 3;
	m.bytes[2 * SECTOR + 7] = 2;
	m.bytes[2 * SECTOR + 10] = partition;
	strcpy((char *)m.bytes + 2 * SECTOR + 0x12, "0.97");
	strcpy((char *)m.bytes + 2 * SECTOR + 0x17, config);
}

static void put_stage1(void)
{
	core_boot_sector(m.bytes, 0);
	m.bytes[1] = 0x48;
	m.bytes[0x3e] = 3;
	m.bytes[0x3f] = 2;
	m.bytes[0x40] = 0xff;
	m.bytes[0x44] = 1;
}

static void grub_legacy_says_its_menu(void **state)
{
	(void)state;
	put_stage1();
	put_stage2(1, "/boot/grub/grub.conf");
	is_followed(&parser_legacy);
	assert_string_equal(str(m.installed.title), "GRUB Legacy 0.97");
	assert_string_equal(str(m.installed.volume->name), "hd0,msdos2");
	assert_string_equal(str(m.installed.path), "/boot/grub/grub.conf");
	put_stage2(1, "(hd0,0)/menu");
	is_followed(&parser_legacy);
	assert_string_equal(str(m.installed.volume->name), "hd0,msdos1");
	assert_string_equal(str(m.installed.path), "/menu");
	put_stage2(7, "/boot/grub/menu.lst");
	is_not_followed("on a partition that is not there");
	put_stage2(1, "(hd5,0)/menu");
	is_not_followed("on a partition that is not there");
	m.bytes[2 * SECTOR + 6] = 9;
	is_not_followed("no stage 2 at sector 1: damaged");
	memset(m.bytes + 0x44, 0xff, 4);
	is_not_followed("no stage 2 at sector 4294967295: damaged");
}

/* A boot sector of partition 1 with ldlinux.sys at its sector 100, installed in `folder`. */
static void put_syslinux(const char *folder)
{
	uint8_t *boot = m.bytes + PART, *image = boot + 100 * SECTOR;

	memcpy(boot, "\xeb\x58\x90SYSLINUX", 11);
	boot[510] = 0x55;
	boot[511] = 0xaa;
	boot[0x71] = 100;
	memcpy(image + 0x20, "\xfe\x02\xb2\x3e", 4);
	image[0x20 + 0x17] = 1; /* the extended area: at 0x100 */
	image[0x102] = 0x80;    /* the folder: at 0x180, 64 bytes */
	image[0x103] = 1;
	image[0x104] = 64;
	strcpy((char *)image + 0x180, folder);
	m.bytes[0] = 0x33; /* an MBR of nobody's */
	m.bytes[510] = 0x55;
	m.bytes[511] = 0xaa;
}

static void syslinux_looks_in_its_folder_first(void **state)
{
	(void)state;
	put_syslinux("/somewhere");
	is_not_followed("no configuration in /somewhere");
	memfiles_add(&guest, "(hd0,msdos1)/syslinux.cfg", "x");
	is_followed(&parser_extlinux);
	assert_string_equal(str(m.installed.path), "/syslinux.cfg");
	memfiles_add(&guest, "(hd0,msdos1)/boot/extlinux/extlinux.conf", "x");
	memfiles_add(&guest, "(hd0,msdos1)/boot/syslinux/syslinux.cfg", "x");
	is_followed(&parser_extlinux);
	assert_string_equal(str(m.installed.path), "/boot/syslinux/syslinux.cfg");
	memfiles_add(&guest, "(hd0,msdos1)/somewhere/syslinux.cfg", "x");
	is_followed(&parser_extlinux);
	assert_string_equal(str(m.installed.path), "/somewhere/syslinux.cfg");
	assert_string_equal(str(m.installed.place), "boot sector of hd0,msdos1");
	memset(m.bytes + PART + 100 * SECTOR, 0, SECTOR);
	is_not_followed("no ldlinux.sys where it looks for it");
}

static void put_lilo(uint8_t flags, uint32_t sector, uint32_t map_time)
{
	core_boot_sector(m.bytes, 0);
	m.bytes[1] = 0;
	memcpy(m.bytes + 6, "LILO\x18\x02", 6);
	memcpy(m.bytes + 12, &map_time, 4);
	m.bytes[30] = 0x80;
	m.bytes[31] = flags;
	memcpy(m.bytes + 32, &sector, 4);
}

static void lilo_is_known_by_its_map_or_its_sector(void **state)
{
	(void)state;
	put_lilo(0x20, 2 * PART / SECTOR + 5, 0);
	is_not_followed("no /etc/lilo.conf");
	memfiles_add(&guest, "(hd0,msdos1)/etc/lilo.conf", "x");
	memfiles_add(&guest, "(hd0,msdos2)/etc/lilo.conf", "x");
	is_followed(&parser_lilo);
	assert_string_equal(str(m.installed.title), "LILO 24.2");
	assert_string_equal(str(m.installed.volume->name), "hd0,msdos2");
	memfiles_add(&guest, "(hd0,msdos1)/boot/map", "x");
	memfiles_mtime(&guest, "(hd0,msdos1)/boot/map", 1234567);
	put_lilo(0x20, 2 * PART / SECTOR + 5, 1234567);
	is_followed(&parser_lilo);
	assert_string_equal(str(m.installed.volume->name), "hd0,msdos1");
}

/* ---- the way from the MBR ------------------------------------------------------------------------- */

static void nothing_is_installed_on_an_empty_disk(void **state)
{
	(void)state;
	assert_int_equal(find("pc"), 0);
	assert_int_equal(find("efi"), 0);
	assert_int_equal(find("xen"), 0);
	assert_int_equal(find(""), 0);
	m.bytes[510] = 0x55; /* a table without code */
	m.bytes[511] = 0xaa;
	assert_int_equal(find("pc"), 0);
}

static void an_unknown_mbr_starts_the_active_partition(void **state)
{
	(void)state;
	put_syslinux("/");
	memfiles_add(&guest, "(hd0,msdos1)/syslinux.cfg", "x");
	is_followed(&parser_extlinux);
	m.parts[0].active = false;
	is_not_followed("no partition is active");
	m.parts[1].active = true;
	is_not_followed("it starts hd0,msdos2, which has no known boot loader");
	memcpy(m.bytes + 0x20, "\xfe\x0e\xb7\x07", 4); /* altmbr.bin with its number */
	m.bytes[439] = 1;
	is_followed(&parser_extlinux);
}

/* ---- EFI ------------------------------------------------------------------------------------------ */

static void add_program(const char *name, const struct pe_part *parts)
{
	size_t size;
	unsigned char *image = pe_image(parts, &size);

	memfiles_add_bytes(&guest, name, image, size);
	free(image);
}

static void make_esp(void)
{
	struct volume_info *volume = memfiles_volume(&guest, "hd0,gpt3", "EF-EF", NULL);

	volume->esp = true;
	volume->fs_name = TEXT("vfat");
	m.parts[0].volume = volume;
	m.machine.platform = TEXT("efi");
}

static void systemd_boot_is_followed_with_its_version(void **state)
{
	static const struct pe_part parts[] = {{".text", "code"},
		{".sdmagic", "#### LoaderInfo: systemd-boot 252.39-1 ####"}, {0}};
	static const struct pe_part old[] = {
		{".data", "lots of #### LoaderInfo: systemd-boot 241 #### and more"}, {0}};

	(void)state;
	make_esp();
	memfiles_folder(&guest, "(hd0,gpt3)/loader/entries");
	add_program("(hd0,gpt3)/EFI/BOOT/BOOTX64.EFI", parts);
	is_followed(&parser_bls);
	assert_string_equal(str(m.installed.version), "252.39-1");
	assert_string_equal(str(m.installed.place), "(hd0,gpt3)/EFI/BOOT/BOOTX64.EFI");
	add_program("(hd0,gpt3)/EFI/BOOT/BOOTX64.EFI", old);
	is_followed(&parser_bls);
	assert_string_equal(str(m.installed.title), "systemd-boot 241");
}

static void a_unified_kernel_image_is_the_menu(void **state)
{
	static const struct pe_part parts[] = {{".linux", "kernel"}, {".cmdline", "quiet"}, {0}};
	struct err err = {0};

	(void)state;
	make_esp();
	add_program("(hd0,gpt3)/EFI/BOOT/BOOTX64.EFI", parts);
	is_followed(&parser_uki);
	assert_int_equal(parser_uki.parse(&guest.files, m.installed.volume, m.installed.path,
				 &guest.menu, &err),
		0);
	assert_int_equal(guest.menu.total, 1);
	assert_string_equal(str(guest.menu.first->title), "BOOTX64.EFI");
	assert_string_equal(str(guest.menu.default_entry->cmdline), "quiet");
}

static void shim_starts_grub_beside_itself(void **state)
{
	static const struct pe_part shim[] = {
		{".sbat", "sbat,1,x\nshim,4,UEFI shim,shim,1,https\n"}, {0}};
	static const struct pe_part other[] = {{".text", "code"}, {0}};

	(void)state;
	make_esp();
	add_program("(hd0,gpt3)/EFI/BOOT/BOOTX64.EFI", shim);
	is_not_followed("No such file");
	add_program("(hd0,gpt3)/EFI/BOOT/grubx64.efi", other);
	is_not_followed("it is no known boot loader");
	assert_string_equal(str(m.installed.place),
		"(hd0,gpt3)/EFI/BOOT/BOOTX64.EFI, (hd0,gpt3)/EFI/BOOT/grubx64.efi");
	add_program("(hd0,gpt3)/EFI/BOOT/fbx64.efi", other);
	memfiles_add_bytes(&guest, "(hd0,gpt3)/EFI/os/BOOTX64.CSV",
		"\xff\xfe"
		"s\0.\0e\0f\0i\0,\0x\0",
		16);
	add_program("(hd0,gpt3)/EFI/os/s.efi", shim);
	add_program("(hd0,gpt3)/EFI/os/grubx64.efi", shim);
	is_not_followed("its programs start each other");
}

static void without_the_fallback_path_one_boot_loader_can_be_meant(void **state)
{
	static const struct pe_part parts[] = {{".linux", "kernel"}, {0}};

	(void)state;
	make_esp();
	add_program("(hd0,gpt3)/EFI/a/grubx64.efi", parts);
	is_followed(&parser_uki);
	add_program("(hd0,gpt3)/EFI/b/shimx64.efi", parts);
	is_not_followed("2 boot loaders and no /EFI/BOOT/BOOTX64.EFI");
	memfiles_add(&guest, "(hd0,gpt3)/EFI/BOOT/BOOTX64.EFI", "no program");
	is_not_followed("no EFI program");
}

/* The section "mods" holds zero bytes, which pe_image() does not take: written over its place. */
static void add_grub(const char *name, const struct core_recipe *recipe, const char *sbat)
{
	char room[4096];
	struct pe_part parts[] = {{"mods", room}, {".sbat", sbat}, {0}};
	size_t size, length;
	unsigned char *image, *modules = core_modules(recipe, &length);
	char *at;

	memset(room, 'm', sizeof(room) - 1);
	room[sizeof(room) - 1] = 0;
	image = pe_image(parts, &size);
	at = memmem(image, size, room, sizeof(room) - 1);
	assert_non_null(at);
	memcpy(at, modules, length);
	memfiles_add_bytes(&guest, name, image, size);
	free(modules);
	free(image);
}

static void grub_for_efi_begins_on_its_partition(void **state)
{
	const struct core_recipe recipe = {.prefix = TEXT("/EFI/debian")},
				 other = {.prefix = TEXT("(,gpt2)/boot/grub")};

	(void)state;
	make_esp();
	add_grub("(hd0,gpt3)/EFI/BOOT/BOOTX64.EFI", &recipe,
		"sbat,1,x\ngrub,5,FSF,grub,2.06,h\ngrub.debian,5,Debian,grub2,2.06-13+deb12u2,h\n");
	is_followed(&parser_grub2);
	assert_string_equal(str(m.installed.grub.prefix), "(hd0,gpt3)/EFI/debian");
	assert_string_equal(str(m.installed.grub.cmdpath), "(hd0,gpt3)/EFI/BOOT");
	assert_string_equal(str(m.installed.flavour), "debian");
	assert_string_equal(str(m.installed.title), "GRUB 2.06-13+deb12u2");
	add_grub("(hd0,gpt3)/EFI/BOOT/BOOTX64.EFI", &other, "sbat,1\ngrub,3,FSF,grub,2.12,h\n");
	is_followed(&parser_grub2);
	assert_string_equal(str(m.installed.grub.prefix), "(hd0,gpt2)/boot/grub");
	assert_string_equal(str(m.installed.flavour), "upstream");
	add_grub("(hd0,gpt3)/EFI/BOOT/BOOTX64.EFI", &other,
		"sbat,1\ngrub,3,FSF,grub,2.06,h\ngrub.rh,2,Red Hat,grub2,2.06-70.el9,h\n");
	is_followed(&parser_grub2);
	assert_string_equal(str(m.installed.flavour), "fedora");
}

static void the_platform_decides_who_is_asked(void **state)
{
	const struct core_recipe bios = {.prefix = TEXT("(,msdos2)/boot/grub")},
				 efi = {.prefix = TEXT("/EFI/x")},
				 xen = {.prefix = TEXT("(xen/xvda,msdos1)/boot/grub")};
	size_t size;
	unsigned char *modules = core_modules(&xen, &size);

	(void)state;
	make_esp();
	add_grub("(hd0,gpt3)/EFI/BOOT/BOOTX64.EFI", &efi, "x");
	assert_int_equal(find("pc"), 0);
	assert_int_equal(find(""), 1);
	assert_string_equal(m.installed.firmware, "efi");
	install(&bios, 1);
	assert_int_equal(find("efi"), 1);
	assert_string_equal(str(m.installed.grub.prefix), "(hd0,gpt3)/EFI/x");
	assert_int_equal(find(""), 1);
	assert_string_equal(m.installed.firmware, "pc");
	assert_int_equal(find("xen"), 1);
	assert_string_equal(str(m.installed.grub.prefix), "(hd0,msdos2)/boot/grub");
	memfiles_add_bytes(&guest, "(hd0,msdos1)/boot/xen/pvboot-x86_64.elf", modules, size);
	assert_int_equal(find("xen"), 1);
	assert_string_equal(str(m.installed.grub.prefix), "(xen/xvda,msdos1)/boot/grub");
	assert_int_equal(find("pc"), 1);
	assert_string_equal(str(m.installed.grub.prefix), "(hd0,msdos2)/boot/grub");
	free(modules);
}

/* ---- what a followed GRUB does --------------------------------------------------------------------- */

static int start(const char *root, const char *prefix, const char *script)
{
	struct grub_start begin = {.root = text_of(root),
		.prefix = text_of(prefix),
		.cmdpath = text_of(prefix),
		.script = text_of(script)};
	struct err err = {0};

	bootmenu_init(&guest.menu, &guest.arena);
	return grub2_start(&guest.files, &begin, &guest.menu, &err);
}

static void grub_reads_the_configuration_of_its_prefix(void **state)
{
	(void)state;
	memfiles_add(&guest, "(hd0,msdos1)/k", "1");
	memfiles_add(&guest, "(hd0,msdos2)/k", "2");
	memfiles_add(
		&guest, "(hd0,msdos1)/boot/grub/grub.cfg", "menuentry wrong {\nlinux /k one\n}\n");
	memfiles_add(&guest, "(hd0,msdos2)/boot/grub/grub.cfg",
		"menuentry $prefix {\nlinux /k two\n}\n");
	assert_int_equal(start("hd0,msdos2", "(hd0,msdos2)/boot/grub", ""), 0);
	assert_string_equal(str(guest.menu.first->cmdline), "two");
	assert_string_equal(str(guest.menu.first->title), "(hd0,msdos2)/boot/grub");
	assert_string_equal(str(guest.menu.config_volume), "hd0,msdos2");
	assert_int_equal(start("hd0,msdos1", "(hd0,msdos1)/nothing",
				 "search.fs_uuid 2-2 root\nset prefix=($root)/boot/grub\n"),
		0);
	assert_string_equal(str(guest.menu.first->cmdline), "two");
	assert_int_equal(start("hd0,msdos1", "(hd0,msdos1)/nothing",
				 "configfile (hd0,msdos2)/boot/grub/grub.cfg\n"),
		0);
	assert_string_equal(str(guest.menu.config_path), "/boot/grub/grub.cfg");
	assert_int_equal(start("hd0,msdos1", "(hd0,msdos1)/nothing", ""), -ENOENT);
	assert_int_equal(start("hd7", "(hd7)/nothing", ""), -EIO);
}

static void the_modules_beside_it_tell_the_flavour(void **state)
{
	(void)state;
	memfiles_add(&guest, "(hd0,msdos1)/boot/grub/grub.cfg", "menuentry a { true; }\n");
	memfiles_add_bytes(&guest, "(hd0,msdos1)/boot/grub/i386-pc/normal.mod",
		"ELF\0GNU GRUB  version %s\0002.06-13+deb12u2\0more", 46);
	assert_int_equal(start("hd0,msdos1", "(hd0,msdos1)/boot/grub", ""), 0);
	assert_string_equal(str(guest.menu.flavour), "debian");
	assert_string_equal(
		str(guest.menu.flavour_reason), "GRUB 2.06-13+deb12u2 in /boot/grub/i386-pc");
	memfiles_add_bytes(
		&guest, "(hd0,msdos1)/boot/grub/i386-pc/normal.mod", "ELF\0002.12\0more", 14);
	assert_int_equal(start("hd0,msdos1", "(hd0,msdos1)/boot/grub", ""), 0);
	assert_string_equal(str(guest.menu.flavour), "upstream");
	memfiles_add(&guest, "(hd0,msdos1)/boot/grub/i386-pc/blscfg.mod", "x");
	assert_int_equal(start("hd0,msdos1", "(hd0,msdos1)/boot/grub", ""), 0);
	assert_string_equal(str(guest.menu.flavour), "fedora");
}

/* systemd-boot before 245 knew its entries without their ending. */
static void an_old_systemd_boot_matches_names_without_conf(void **state)
{
	static const char *const versions[] = {"241", "244.3-1", "245", ""};
	static const char *const defaults[] = {"arch.conf", "arch.conf", "zeta.conf", "zeta.conf"};

	(void)state;
	memfiles_add(&guest, "(hd0,msdos1)/k", "1");
	memfiles_add(&guest, "(hd0,msdos1)/loader/loader.conf", "default arch\n");
	memfiles_add(&guest, "(hd0,msdos1)/loader/entries/arch.conf", "title a\nlinux /k\n");
	memfiles_add(&guest, "(hd0,msdos1)/loader/entries/zeta.conf", "title z\nlinux /k\n");
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct err err = {0};

		guest.settings.loader_version = text_of(versions[i]);
		bootmenu_init(&guest.menu, &guest.arena);
		assert_int_equal(parser_bls.parse(&guest.files, memfiles_find(&guest, "hd0,msdos1"),
					 TEXT("/loader/entries"), &guest.menu, &err),
			0);
		assert_string_equal(str(guest.menu.default_entry->id), defaults[i]);
	}
}

#define TESTED(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TESTED(a_core_image_says_where_its_configuration_is),
		TESTED(a_core_image_in_a_file_has_padding_behind_it),
		TESTED(a_core_image_outside_the_disk_is_told_of),
		TESTED(a_list_of_sectors_that_leads_astray_is_told_of),
		TESTED(a_damaged_core_image_is_told_of),
		TESTED(another_drive_is_that_disk),
		TESTED(old_core_images_have_their_prefix_in_front),
		TESTED(modules_of_nobody_are_none),
		TESTED(grub_legacy_says_its_menu),
		TESTED(syslinux_looks_in_its_folder_first),
		TESTED(lilo_is_known_by_its_map_or_its_sector),
		TESTED(nothing_is_installed_on_an_empty_disk),
		TESTED(an_unknown_mbr_starts_the_active_partition),
		TESTED(systemd_boot_is_followed_with_its_version),
		TESTED(a_unified_kernel_image_is_the_menu),
		TESTED(shim_starts_grub_beside_itself),
		TESTED(without_the_fallback_path_one_boot_loader_can_be_meant),
		TESTED(grub_for_efi_begins_on_its_partition),
		TESTED(the_platform_decides_who_is_asked),
		TESTED(grub_reads_the_configuration_of_its_prefix),
		TESTED(the_modules_beside_it_tell_the_flavour),
		TESTED(an_old_systemd_boot_matches_names_without_conf),
	};

	return cmocka_run_group_tests_name("installed", tests, NULL, NULL);
}
