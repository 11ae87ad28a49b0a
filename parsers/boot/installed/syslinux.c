/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SYSLINUX's and extlinux's boot sector, and the folder that ldlinux.sys was installed in. */
#include "parsers/boot/installed/installed.h"

#include "core/bytes.h"
#include "parsers/boot/table.h"

#include <errno.h>

/*
 * The boot sector names itself at byte 3 ("SYSLINUX", "EXTLINUX" in old ones) and has the number
 * of ldlinux.sys' first sector in its code, from the start of the partition. Where exactly, only
 * ldlinux.sys tells; its first sector holds the patch area (libinstaller/syslxint.h):
 *
 *	0x00 magic 0x3eb202fe    0x08 sectors of data    0x16 offset of the extended area
 *
 * and that one: 0x02 offset and 0x04 size of the folder's name, 0x0e where the boot sector has the
 * low half of the sector's number, 0x10 the high one.
 */
#define PATCH_MAGIC 0x3eb202fe

struct patch_area {
	struct le32 magic, instance;
	struct le16 data_sectors, adv_sectors;
	struct le32 dwords, checksum;
	struct le16 max_transfer, extended;
};
_Static_assert(sizeof(struct patch_area) == 24, "patch area");

struct extended_area {
	struct le16 adv_offset;
	struct le16 folder, folder_size;
	struct le16 subvolume, subvolume_size;
	struct le16 sectors, n_sectors;
	struct le16 first_low, first_high; /* offsets in the boot sector */
	struct le16 raid;
};

enum { MAX_HEAD = 64 * 1024 }; /* bytes of ldlinux.sys in which the folder's name stands */

static bool is_syslinux(const uint8_t *bytes)
{
	return !memcmp(bytes + 3, "SYSLINUX", 8) || !memcmp(bytes + 3, "EXTLINUX", 8);
}

static uint32_t get32(const uint8_t *at)
{
	struct le32 value;

	memcpy(&value, at, sizeof(value));
	return le32_get(value);
}

/* Where the patch area stands in the first sector of ldlinux.sys. */
static bool find_patch(const uint8_t *sector, struct patch_area *ret)
{
	for (size_t at = 0; at + sizeof(*ret) <= BOOT_SECTOR; at += 4) {
		if (get32(sector + at) != PATCH_MAGIC)
			continue;
		memcpy(ret, sector + at, sizeof(*ret));
		return true;
	}
	return false;
}

/* ldlinux.sys as it was found: its first bytes, as many as lie together. */
struct image {
	const struct blockdev *dev;
	uint64_t start; /* bytes */
	struct patch_area patch;
};

/* Is a number of the boot sector that of ldlinux.sys' first sector? */
static bool find_image(const struct blockdev *dev, const uint8_t *boot, struct image *ret)
{
	uint8_t first[BOOT_SECTOR];

	for (size_t at = 0; at + 4 <= BOOT_SECTOR; at++) {
		uint64_t sector = get32(boot + at);

		if (!sector || sector >= dev->size / BOOT_SECTOR ||
			blockdev_read(dev, sector * BOOT_SECTOR, first, BOOT_SECTOR) ||
			!find_patch(first, &ret->patch))
			continue;
		ret->dev = dev;
		ret->start = sector * BOOT_SECTOR;
		return true;
	}
	return false;
}

static bool read_image(const struct image *image, size_t at, void *out, size_t size)
{
	return at + size <= MAX_HEAD && !blockdev_read(image->dev, image->start + at, out, size);
}

/* A name in the image; empty: there is none. -ENOMEM. */
static int read_name(struct boot_machine *machine, const struct image *image, struct le16 at,
	struct le16 length, struct text *ret)
{
	char name[1024];
	size_t size = le16_get(length) < sizeof(name) ? le16_get(length) : sizeof(name);

	*ret = (struct text){0};
	if (!read_image(image, le16_get(at), name, size))
		return 0;
	*ret = text_first((struct text){name, size}, text_find((struct text){name, size}, '\0'));
	return arena_text(machine->files->arena, *ret, ret);
}

/*
 * The folder it was installed in ("/boot/extlinux"), and the subvolume of btrfs that the paths of
 * its loader begin in. -ENOMEM.
 */
static int read_folder(struct boot_machine *machine, const struct image *image, struct text *root,
	struct text *folder)
{
	struct extended_area extended;

	*root = *folder = (struct text){0};
	if (!read_image(image, le16_get(image->patch.extended), &extended, sizeof(extended)))
		return 0;
	if (read_name(machine, image, extended.folder, extended.folder_size, folder) ||
		read_name(machine, image, extended.subvolume, extended.subvolume_size, root))
		return -ENOMEM;
	if (!root->len || root->at[0] == '/')
		return 0;
	return arena_printf(machine->files->arena, root, "/%.*s", TEXT_ARG(*root));
}

/* SYSLINUX 6 looks in its own folder, then in the same three (booted: the order of all twelve). */
static int find_config(
	struct boot_machine *machine, struct text root, struct text own, struct installed *ret)
{
	static const char *const folders[] = {"/boot/syslinux", "/syslinux", ""};
	static const char *const names[] = {"extlinux.conf", "syslinux.cfg"};
	struct files *files = machine->files;

	while (own.len && own.at[own.len - 1] == '/')
		own.len--;
	for (size_t i = 0; i <= ARRAY_SIZE(folders); i++) {
		struct text folder = i ? text_of(folders[i - 1]) : own;

		for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
			if (arena_printf(files->arena, &ret->path, "%.*s%s%.*s/%s", TEXT_ARG(root),
				    folder.len && folder.at[0] != '/' ? "/" : "", TEXT_ARG(folder),
				    names[n]))
				return -ENOMEM;
			if (files_is_regular(files, ret->volume, ret->path))
				return 1;
		}
	}
	return 0;
}

static int read_syslinux(
	struct boot_machine *machine, const struct boot_sector *sector, struct installed *ret)
{
	const struct blockdev *dev = sector->part ? &sector->part->dev : &sector->disk->dev;
	struct image image;
	struct text root, folder;
	int r;

	if (!is_syslinux(sector->bytes))
		return 0;
	ret->title = TEXT("Syslinux");
	ret->place = sector->place;
	ret->volume = sector->part ? sector->part->volume
				   : machine->files->ops->find(machine->files, sector->disk->name);
	if (!ret->volume || !ret->volume->readable)
		return installed_problem(machine, ret, "its file system cannot be read");
	if (!find_image(dev, sector->bytes, &image))
		return installed_problem(machine, ret, "no ldlinux.sys where it looks for it");
	if (read_folder(machine, &image, &root, &folder))
		return -ENOMEM;
	r = find_config(machine, root, folder, ret);
	if (r < 0)
		return r;
	if (!r)
		return installed_problem(machine, ret, "no configuration in %.*s",
			folder.len ? (int)folder.len : 1, folder.len ? folder.at : "/");
	ret->language = &parser_extlinux;
	return 1;
}

const struct boot_record boot_record_syslinux = {.name = "Syslinux", .read = read_syslinux};
