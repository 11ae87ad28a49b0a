/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GRUB Legacy's stage 1 in a boot sector, stage 1.5 and stage 2 behind it. */
#include "parsers/boot/installed/installed.h"

#include "core/bytes.h"
#include "parsers/boot/table.h"
#include "core/checked.h"

#include <errno.h>
#include <inttypes.h>

/*
 * Stage 1 (GRUB Legacy's stage1/stage1.S):
 *
 *	0x00 eb 48    jump          0x3e 3, 2     version of the installation
 *	0x40          drive of the next stage; 0xff: the one that was booted
 *	0x44          sector of the next stage, from the start of the disk (4 bytes)
 *
 * The next stage begins with a sector that loads the rest (start.S): its last 8-byte entry in
 * front of 0x200 says where the second sector lies. That one (asm.S, stage2/shared.h):
 *
 *	0x06 3, 2     version       0x08 partition it reads: BSD in byte 1, MBR's in byte 2
 *	0x10          0: stage 2, else a stage 1.5, which reads one kind of file system
 *	0x12          "0.97\0", then the file it reads; in a stage 1.5 its device (4 bytes) goes first
 */
enum {
	AT_VERSION1 = 0x3e,
	AT_DRIVE = 0x40,
	AT_SECTOR = 0x44,
	AT_LIST = 0x1f8,
	AT_VERSION2 = 0x06,
	AT_PARTITION = 0x08,
	AT_ID = 0x10,
	AT_STRINGS = 0x12,
	MAX_NAME = 256, /* bytes of a version or of a file name */
};

static bool is_stage1(const uint8_t *bytes)
{
	static const char words[] = "GRUB \0Geom\0Hard Disk\0Read";

	return bytes[0] == 0xeb && bytes[AT_VERSION1] == 3 &&
	       memmem(bytes, BOOT_SECTOR, words, sizeof(words));
}

/* What the second sector of a stage says. */
struct stage {
	uint8_t id;        /* 0: stage 2 */
	uint8_t partition; /* from 0; 0xff: the whole disk */
	uint32_t device;   /* stage 1.5: drive, partition, BSD partition; all ones: as above */
	struct text version, file;
};

static struct text string_at(struct text bytes, size_t at)
{
	struct text rest = text_first(text_skip(bytes, at), MAX_NAME);

	return text_first(rest, text_find(rest, '\0'));
}

/* The texts borrow the bytes. */
static bool parse_stage(struct text bytes, struct stage *ret)
{
	struct le32 device = {0};
	size_t at = AT_STRINGS;

	if (bytes.len < BOOT_SECTOR || bytes.at[AT_VERSION2] != 3)
		return false;
	*ret = (struct stage){
		.id = (uint8_t)bytes.at[AT_ID],
		.partition = (uint8_t)bytes.at[AT_PARTITION + 2],
		.device = UINT32_MAX,
		.version = string_at(bytes, at),
	};
	at += ret->version.len + 1;
	if (ret->id) {
		memcpy(&device, bytes.at + at, sizeof(device));
		ret->device = le32_get(device);
		at += sizeof(device);
	}
	/* A stage 1.5 has the name of stage 2's menu behind that of stage 2. */
	ret->file = string_at(bytes, at);
	ret->file = text_first(ret->file, text_find(ret->file, ' '));
	return ret->file.len > 0;
}

static bool read_sector(const struct boot_disk *disk, uint64_t sector, uint8_t *out)
{
	return sector < disk->dev.size / BOOT_SECTOR &&
	       !blockdev_read(&disk->dev, sector * BOOT_SECTOR, out, BOOT_SECTOR);
}

/* The second sector of the stage that begins at `sector`. */
static bool read_stage(const struct boot_disk *disk, uint64_t sector, uint8_t *out)
{
	struct le32 second;

	if (!read_sector(disk, sector, out))
		return false;
	memcpy(&second, out + AT_LIST, sizeof(second));
	return read_sector(disk, le32_get(second), out);
}

static const struct boot_disk *disk_of_drive(
	const struct boot_machine *machine, const struct boot_disk *own, uint32_t drive)
{
	if (drive == 0xff)
		return own;
	return drive >= 0x80 && drive - 0x80 < machine->n_disks ? &machine->disks[drive - 0x80]
								: NULL;
}

static const struct volume_info *volume_of(
	struct boot_machine *machine, const struct boot_disk *disk, uint8_t partition)
{
	struct text name = disk->name;

	if (partition != 0xff && arena_printf(machine->files->arena, &name, "%.*s,%u",
					 TEXT_ARG(disk->name), partition + 1U))
		return NULL;
	return machine->files->ops->find(machine->files, name);
}

/* "(hd0,1)/boot/grub/menu.lst", partitions from 0, or a path on the stage's own partition. */
static const struct volume_info *place_of_file(struct boot_machine *machine,
	const struct boot_disk *disk, uint8_t partition, struct text *file)
{
	size_t close = text_find(*file, ')'), comma;
	uint64_t drive, number = 0xff;
	struct text device;

	if (file->at[0] != '(' || close == file->len)
		return volume_of(machine, disk, partition);
	device = text_skip(text_first(*file, close), 1);
	*file = text_skip(*file, close + 1);
	comma = text_find(device, ',');
	if (!text_starts(device, TEXT("hd")) ||
		!text_number(text_skip(text_first(device, comma), 2), &drive) ||
		drive >= machine->n_disks)
		return NULL;
	if (comma < device.len &&
		(!text_number(text_skip(device, comma + 1), &number) || number > 0xfe))
		return NULL;
	return volume_of(machine, &machine->disks[drive], (uint8_t)number);
}

/* A stage 1.5 reads stage 2 as a file; what that one says counts. */
static int follow_stage15(struct boot_machine *machine, const struct boot_disk **disk,
	struct stage *stage, struct text *bytes)
{
	struct files *files = machine->files;
	const struct volume_info *volume;
	uint8_t partition = stage->partition;
	struct stage second;

	if (stage->device != UINT32_MAX) {
		*disk = disk_of_drive(machine, *disk, stage->device >> 24);
		partition = (uint8_t)(stage->device >> 16);
	}
	volume = *disk ? volume_of(machine, *disk, partition) : NULL;
	if (!volume || !volume->readable ||
		files->ops->read(files, volume, stage->file, BOOT_SECTOR, BOOT_SECTOR, bytes) ||
		!parse_stage(*bytes, &second) || second.id)
		return -ENOENT;
	if (second.partition == 0xff)
		second.partition = partition;
	*stage = second;
	return 0;
}

static int find_config(struct boot_machine *machine, const struct boot_disk *disk,
	struct stage *stage, struct installed *ret)
{
	struct text file = stage->file;

	ret->volume = place_of_file(machine, disk, stage->partition, &file);
	if (arena_text(machine->files->arena, file, &ret->path))
		return -ENOMEM;
	if (!ret->volume)
		return installed_problem(machine, ret,
			"its %.*s lies on a partition that is not "
			"there",
			TEXT_ARG(stage->file));
	ret->language = &parser_legacy;
	return 1;
}

static int read_stage1(
	struct boot_machine *machine, const struct boot_sector *sector, struct installed *ret)
{
	const struct boot_disk *disk;
	uint8_t bytes[BOOT_SECTOR];
	struct text text = {(char *)bytes, sizeof(bytes)};
	struct stage stage;
	struct le32 at;

	if (!is_stage1(sector->bytes))
		return 0;
	ret->title = TEXT("GRUB Legacy");
	ret->place = sector->place;
	memcpy(&at, sector->bytes + AT_SECTOR, sizeof(at));
	disk = disk_of_drive(machine, sector->disk, sector->bytes[AT_DRIVE]);
	if (!disk || !read_stage(disk, le32_get(at), bytes) || !parse_stage(text, &stage))
		return installed_problem(
			machine, ret, "no stage 2 at sector %" PRIu32 ": damaged", le32_get(at));
	if (stage.id && follow_stage15(machine, &disk, &stage, &text))
		return installed_problem(machine, ret, "its stage 1.5 finds no stage 2 at %.*s",
			TEXT_ARG(stage.file));
	if (arena_text(machine->files->arena, stage.version, &ret->version) ||
		arena_printf(machine->files->arena, &ret->title, "GRUB Legacy %.*s",
			TEXT_ARG(stage.version)))
		return -ENOMEM;
	return find_config(machine, disk, &stage, ret);
}

const struct boot_record boot_record_legacy = {.name = "GRUB Legacy", .read = read_stage1};
