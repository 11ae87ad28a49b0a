/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/isofile.h"

#include <assert.h>
#include <string.h>

static const char sharing[] = "SP\x07\x01\xbe\xef\0"
			      "RR\x05\x01\xff";

void isofile_both(void *at, uint32_t value)
{
	struct le32 little = {htole32(value)};
	struct be32 big = {htobe32(value)};

	memcpy(at, &little, 4);
	memcpy((char *)at + 4, &big, 4);
}

unsigned char *isofile_add(struct isofile *iso, uint32_t sector, struct text id, uint32_t flags,
	uint32_t block, uint32_t size, struct text fields)
{
	unsigned char *at = iso->bytes + sector * ISO_SECTOR;
	size_t use = 33 + id.len + (id.len % 2 == 0);

	while (at[0])
		at += at[0];
	assert(use + fields.len <= ISO_RECORD_MAX);
	at[0] = (unsigned char)(use + fields.len);
	isofile_both(at + 2, block);
	isofile_both(at + 10, size);
	memcpy(at + 18, "\x78\x02\x1d\x0c\x00\x01\x04", 7); /* 2020-02-29 12:00:01 +01:00 */
	at[25] = (unsigned char)flags;
	at[28] = 1;
	at[32] = (unsigned char)id.len;
	memcpy(at + 33, id.at, id.len);
	if (fields.len)
		memcpy(at + use, fields.at, fields.len);
	return at;
}

static void add_folder(struct isofile *iso, uint32_t sector, struct text fields)
{
	isofile_add(iso, sector, TEXT("\0"), ISO_FLAG_FOLDER, sector, ISO_SECTOR, fields);
	isofile_add(iso, sector, TEXT("\1"), ISO_FLAG_FOLDER, sector, ISO_SECTOR, (struct text){0});
}

static unsigned char *add_descriptor(
	struct isofile *iso, uint32_t sector, unsigned char type, uint32_t root)
{
	unsigned char *at = iso->bytes + sector * ISO_SECTOR, *record = at + 156;

	at[0] = type;
	memcpy(at + 1, "CD001\x01", 6);
	at[129] = ISO_SECTOR >> 8;
	record[0] = ISO_ROOT_RECORD;
	isofile_both(record + 2, root);
	isofile_both(record + 10, ISO_SECTOR);
	record[25] = ISO_FLAG_FOLDER;
	record[32] = 1;
	return at;
}

void isofile_init(struct isofile *iso, bool rock)
{
	unsigned char *primary;

	memset(iso, 0, sizeof(*iso));
	primary = add_descriptor(iso, 16, 1, ISOFILE_ROOT);
	memcpy(primary + 40, "A_LABEL                         ", 32);
	memcpy(primary + 813, "2019123123595999", 16);
	add_descriptor(iso, 18, 255, 0);
	add_folder(iso, ISOFILE_ROOT,
		rock ? (struct text){sharing, sizeof(sharing) - 1} : (struct text){0});
}

void isofile_joliet(struct isofile *iso, uint32_t sector)
{
	unsigned char *at = add_descriptor(iso, 17, 2, sector);

	memcpy(at + 88, "%/E", 3);
	memcpy(at + 40, "\0A\x20\x1d\0L\0A\0B\0E\0L", 14);
	add_folder(iso, sector, (struct text){0});
}

void isofile_open(struct isofile *iso)
{
	struct fs_source source = {
		.dev = &iso->dev,
		.arena = &iso->arena,
		.report = &iso->report,
		.name = TEXT("hd0"),
	};

	iso->dev = blockdev_on_memory(iso->bytes, sizeof(iso->bytes));
	memset(&iso->err, 0, sizeof(iso->err));
	arena_init(&iso->arena, 1 << 20);
	report_init(&iso->report, &iso->arena);
	iso->r = iso_ops.open(&source, &iso->fs, &iso->err);
	assert(iso->err.code == -iso->r);
}

void isofile_done(struct isofile *iso)
{
	arena_done(&iso->arena);
}

static int add_name(void *context, struct text name)
{
	char *all = context;

	assert(strlen(all) + name.len + 2 <= 2000);
	strncat(all, name.at, name.len);
	strcat(all, "|");
	return 0;
}

int isofile_list(struct isofile *iso, const char *path, char all[2000])
{
	struct node folder;
	int r = fs_walk(iso->fs, text_of(path), &folder);

	all[0] = '\0';
	return r < 0 ? r : iso->fs->ops->list(iso->fs, &folder, add_name, all);
}
