/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/calendar.h"
#include "parsers/fs/fat/fat.h"
#include "tests/support/image.h"

#include <errno.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/*
 * A FAT12 volume by hand: sector 0 boot, 1 table, 2 root folder of 16 entries, clusters of one
 * sector from sector 3 on (cluster 2).
 */
enum { SECTOR = 512, SECTORS = 64, ROOT = 2 * SECTOR, SIZE = SECTORS * SECTOR };

struct volume {
	unsigned char bytes[SIZE];
	struct image_view view;
	struct blockdev dev;
};

static void put16(unsigned char *at, uint32_t value)
{
	at[0] = (unsigned char)value;
	at[1] = (unsigned char)(value >> 8);
}

static void boot_sector(struct volume *v)
{
	memset(v, 0, sizeof(*v));
	memcpy(v->bytes, "\xeb\x3c\x90mkfs.fat", 11);
	put16(v->bytes + 11, SECTOR);
	v->bytes[13] = 1;         /* sectors a cluster */
	put16(v->bytes + 14, 1);  /* reserved sectors */
	v->bytes[16] = 1;         /* tables */
	put16(v->bytes + 17, 16); /* root entries */
	put16(v->bytes + 19, SECTORS);
	v->bytes[21] = 0xf8;
	put16(v->bytes + 22, 1); /* sectors a table */
	memcpy(v->bytes + 38, "\x29\x78\x56\x34\x12NO NAME    FAT12   ", 24);
	put16(v->bytes + 510, 0xaa55);
}

static void set_next(struct volume *v, uint32_t cluster, uint32_t next)
{
	unsigned char *at = v->bytes + SECTOR + cluster * 3 / 2;
	uint32_t old = at[0] | (uint32_t)at[1] << 8;

	put16(at, cluster % 2 ? (old & 0xf) | next << 4 : (old & 0xf000) | next);
}

static unsigned char *cluster_at(struct volume *v, uint32_t cluster)
{
	return v->bytes + ROOT + SECTOR + (cluster - 2) * SECTOR;
}

/* Entry number `i` of the folder at `folder`. */
static unsigned char *entry(unsigned char *folder, uint32_t i, const char *name,
	unsigned char attributes, uint32_t cluster, uint32_t size)
{
	unsigned char *at = folder + i * 32;

	memset(at, ' ', 11);
	memcpy(at, name, strlen(name));
	at[11] = attributes;
	put16(at + 26, cluster);
	put16(at + 28, size);
	put16(at + 30, size >> 16);
	return at;
}

static unsigned char checksum(const unsigned char *name)
{
	unsigned char sum = 0;

	for (int i = 0; i < 11; i++)
		sum = (unsigned char)((sum >> 1 | sum << 7) + name[i]);
	return sum;
}

/* A piece of a long name (13 units) for the short name behind it. */
static void piece(unsigned char *folder, uint32_t i, unsigned char order, unsigned char sum,
	const uint16_t *units)
{
	static const unsigned char places[] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
	unsigned char *at = folder + i * 32;

	at[0] = order;
	at[11] = 0x0f;
	at[13] = sum;
	for (size_t n = 0; n < sizeof(places); n++)
		put16(at + places[n], units[n]);
}

static void open_volume(struct volume *v)
{
	struct fs_source source = {&v->dev, NULL, 0, &v->view.arena, &v->view.report, TEXT("hd0")};

	v->dev = blockdev_on_memory(v->bytes, SIZE);
	arena_init(&v->view.arena, 1 << 20);
	report_init(&v->view.report, &v->view.arena);
	v->view.r = fat_ops.open(&source, &v->view.fs, &v->view.err);
}

static int add_name(void *context, struct text name)
{
	char *all = context;

	strncat(all, name.at, name.len);
	strcat(all, "|");
	return 0;
}

/* All names of a folder; what list() returned. */
static int list(struct volume *v, const char *path, char all[2000])
{
	struct node folder;

	all[0] = '\0';
	assert_int_equal(fs_walk(v->view.fs, text_of(path), &folder), 0);
	return v->view.fs->ops->list(v->view.fs, &folder, add_name, all);
}

static void shows_short_names_as_windows_nt(void **state)
{
	struct volume v;
	char all[2000];

	(void)state;
	boot_sector(&v);
	entry(v.bytes + ROOT, 0, "README  TXT", 0x20, 0, 0);
	entry(v.bytes + ROOT, 1, "LOWER   TXT", 0x20, 0, 0)[12] = 0x18;
	entry(v.bytes + ROOT, 2, "BASE    TXT", 0x20, 0, 0)[12] = 0x08;
	entry(v.bytes + ROOT, 3, "\x05TAT", 0x20, 0, 0);
	entry(v.bytes + ROOT, 4, "NOEXT", 0x20, 0, 0);
	entry(v.bytes + ROOT, 5, "\216RGER", 0x20, 0, 0);
	entry(v.bytes + ROOT, 6, "\345ELETED", 0x20, 0, 0);
	entry(v.bytes + ROOT, 7, "A/B", 0x20, 0, 0);
	entry(v.bytes + ROOT, 8, "..", 0x10, 0, 0);
	open_volume(&v);
	assert_int_equal(v.view.r, 0);
	assert_int_equal(list(&v, "/", all), 0);
	assert_string_equal(all, "README.TXT|lower.txt|base.TXT|σTAT|NOEXT|ÄRGER|");
	image_close(&v.view);
}

static const uint16_t u_boot[13] = {'G', 'r', 0xf6, 0xdf, 'e', ' ', 0xd83d, 0xde00, 0, 0xffff};

static void joins_long_names_and_ignores_case(void **state)
{
	static const uint16_t first[13] = {
		'a', '-', 'l', 'o', 'n', 'g', '-', 'n', 'a', 'm', 'e', '-', 'o'};
	static const uint16_t second[13] = {'f', '-', 0xd800, '2', 0, 0xffff};
	unsigned char sum;
	struct volume v;
	struct node node;
	char all[2000];

	(void)state;
	boot_sector(&v);
	sum = checksum(entry(v.bytes + ROOT, 1, "GR__E   TXT", 0x21, 0, 0));
	piece(v.bytes + ROOT, 0, 0x41, sum, u_boot);
	sum = checksum(entry(v.bytes + ROOT, 4, "A-LONG~1", 0x20, 0, 0));
	piece(v.bytes + ROOT, 2, 0x42, sum, second);
	piece(v.bytes + ROOT, 3, 0x01, sum, first);
	open_volume(&v);
	assert_int_equal(list(&v, "/", all), 0);
	assert_string_equal(all, "Größe 😀|a-long-name-of-�2|");
	assert_int_equal(fs_walk(v.view.fs, TEXT("/GRÖßE 😀"), &node), 0);
	assert_int_equal(node.mode, 0555);
	assert_int_equal(fs_walk(v.view.fs, TEXT("/gr__e.txt"), &node), 0);
	assert_int_equal(fs_walk(v.view.fs, TEXT("/a-long~1"), &node), 0);
	assert_int_equal(node.mode, 0755);
	assert_int_equal(fs_walk(v.view.fs, TEXT("/a-long~2"), &node), -ENOENT);
	image_close(&v.view);
}

static void takes_the_short_name_where_the_long_one_is_damaged(void **state)
{
	static const struct {
		unsigned char order, wrong_sum;
		uint16_t first_unit;
	} damages[] = {
		{0x41, 1, 'x'}, /* another file's */
		{0x42, 0, 'x'}, /* a piece is missing */
		{0x01, 0, 'x'}, /* the last piece is missing */
		{0x40, 0, 'x'},
		{0x5f, 0, 'x'}, /* more pieces than a name can have */
		{0x41, 0, '/'},
		{0x41, 0, 0},
	};
	char all[2000];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		uint16_t units[13] = {damages[i].first_unit};
		unsigned char sum;
		struct volume v;

		boot_sector(&v);
		sum = checksum(entry(v.bytes + ROOT, 1, "SHORT", 0x20, 0, 0));
		piece(v.bytes + ROOT, 0, damages[i].order,
			(unsigned char)(sum + damages[i].wrong_sum), units);
		open_volume(&v);
		assert_int_equal(list(&v, "/", all), 0);
		assert_string_equal(all, "SHORT|");
		image_close(&v.view);
	}
}

static void reads_along_a_chain(void **state)
{
	struct extents extents = {0};
	struct node node;
	struct volume v;
	char buf[1200];

	(void)state;
	boot_sector(&v);
	entry(v.bytes + ROOT, 0, "FILE", 0x20, 5, 1100);
	set_next(&v, 5, 6);
	set_next(&v, 6, 3);
	set_next(&v, 3, 0xfff);
	memset(cluster_at(&v, 5), 'a', SECTOR);
	memset(cluster_at(&v, 6), 'b', SECTOR);
	memset(cluster_at(&v, 3), 'c', SECTOR);
	open_volume(&v);
	assert_int_equal(fs_walk(v.view.fs, TEXT("file"), &node), 0);
	assert_int_equal(v.view.fs->ops->read(v.view.fs, &node, 0, buf, sizeof(buf)), 1100);
	assert_true(buf[511] == 'a' && buf[512] == 'b' && buf[1023] == 'b' && buf[1099] == 'c');
	assert_int_equal(v.view.fs->ops->read(v.view.fs, &node, 1000, buf, 50), 50);
	assert_true(buf[23] == 'b' && buf[24] == 'c');
	assert_int_equal(v.view.fs->ops->read(v.view.fs, &node, 10, buf, 5), 5);
	assert_true(buf[0] == 'a');
	assert_int_equal(v.view.fs->ops->read(v.view.fs, &node, 1100, buf, 5), 0);
	assert_int_equal(v.view.fs->ops->extents(v.view.fs, &node, &extents), 0);
	extents_done(&extents);
	image_close(&v.view);
}

static void refuses_chains_that_are_damaged(void **state)
{
	/* What stands behind cluster 2: free, reserved, outside, bad, the end too early. */
	static const uint32_t nexts[] = {0, 1, SECTORS, 0xff7, 0xfff};
	char buf[1200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nexts); i++) {
		struct extents extents = {0};
		struct node node;
		struct volume v;

		boot_sector(&v);
		entry(v.bytes + ROOT, 0, "FILE", 0x20, 2, 1100);
		set_next(&v, 2, nexts[i]);
		open_volume(&v);
		assert_int_equal(fs_walk(v.view.fs, TEXT("file"), &node), 0);
		assert_int_equal(
			v.view.fs->ops->read(v.view.fs, &node, 0, buf, sizeof(buf)), -EUCLEAN);
		assert_int_equal(v.view.fs->ops->extents(v.view.fs, &node, &extents), -EUCLEAN);
		extents_done(&extents);
		image_close(&v.view);
	}
}

static void ends_a_folder_whose_chain_is_a_loop(void **state)
{
	struct node node;
	struct volume v;

	(void)state;
	boot_sector(&v);
	entry(v.bytes + ROOT, 0, "FOLDER", 0x10, 2, 0);
	set_next(&v, 2, 3);
	set_next(&v, 3, 2);
	for (uint32_t i = 0; i < 32; i++)
		entry(cluster_at(&v, 2), i, "\345ELETED", 0x20, 0, 0);
	open_volume(&v);
	assert_int_equal(fs_walk(v.view.fs, TEXT("/folder/x"), &node), -EUCLEAN);
	image_close(&v.view);
}

static void refuses_folders_that_lie_nowhere(void **state)
{
	static const uint32_t clusters[] = {0, 1, SECTORS, 0xffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(clusters); i++) {
		struct node node;
		struct volume v;

		boot_sector(&v);
		entry(v.bytes + ROOT, 0, "FOLDER", 0x10, clusters[i], 0);
		open_volume(&v);
		assert_int_equal(fs_walk(v.view.fs, TEXT("/folder"), &node), 0);
		assert_int_equal(fs_walk(v.view.fs, TEXT("/folder/folder"), &node), -EUCLEAN);
		image_close(&v.view);
	}
}

static void tells_serial_and_label(void **state)
{
	struct volume v;
	struct node node;

	(void)state;
	boot_sector(&v);
	entry(v.bytes + ROOT, 0, "\345LD LABEL", 0x08, 0, 0);
	entry(v.bytes + ROOT, 1, "MY LABEL", 0x08, 0, 0);
	open_volume(&v);
	assert_string_equal(v.view.fs->uuid.at, "1234-5678");
	assert_string_equal(v.view.fs->label.at, "MY LABEL");
	assert_int_equal(fs_walk(v.view.fs, TEXT("/MY LABEL"), &node), -ENOENT);
	image_close(&v.view);
}

static void tells_when_a_file_was_written(void **state)
{
	struct volume v;
	struct node node;

	(void)state;
	boot_sector(&v);
	put16(entry(v.bytes + ROOT, 0, "FILE", 0x20, 0, 0) + 24, 44 << 9 | 2 << 5 | 29);
	put16(v.bytes + ROOT + 22, 13 << 11 | 37 << 5 | 29);
	open_volume(&v);
	assert_int_equal(fs_walk(v.view.fs, TEXT("file"), &node), 0);
	assert_int_equal(node.mtime_s, calendar_seconds(2024, 2, 29, 13, 37, 58));
	image_close(&v.view);
}

static void survives_every_byte_of_the_boot_sector_at_its_extremes(void **state)
{
	static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};

	(void)state;
	for (uint32_t at = 0; at < 90; at++) {
		for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
			struct volume v;
			struct node node;

			boot_sector(&v);
			entry(v.bytes + ROOT, 0, "FILE", 0x20, 2, 1100);
			v.bytes[at] = values[i];
			open_volume(&v);
			if (v.view.r == 0)
				assert_true(fs_walk(v.view.fs, TEXT("x"), &node) < 0);
			image_close(&v.view);
		}
	}
}

static void refuses_what_is_not_fat(void **state)
{
	static const struct {
		uint32_t at;
		const char *bytes;
		size_t len;
	} changes[] = {
		{11, "\x00\x01", 2}, /* sectors of 256 bytes */
		{11, "\x00\x20", 2}, /* of 8192 */
		{13, "\x03", 1},     /* clusters of 3 sectors */
		{14, "\x00", 1},
		{16, "\x00", 1},
		{21, "\x00", 1},
		{54, "JFS     ", 8},
		{54, "HPFS    ", 8},
	};
	struct volume v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		boot_sector(&v);
		memcpy(v.bytes + changes[i].at, changes[i].bytes, changes[i].len);
		open_volume(&v);
		assert_int_equal(v.view.r, -EINVAL);
		assert_int_equal(fat_ops.probe(&v.dev), 0);
		image_close(&v.view);
	}
	boot_sector(&v);
	open_volume(&v);
	assert_int_equal(fat_ops.probe(&v.dev), 1);
	image_close(&v.view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_short_names_as_windows_nt),
		cmocka_unit_test(joins_long_names_and_ignores_case),
		cmocka_unit_test(takes_the_short_name_where_the_long_one_is_damaged),
		cmocka_unit_test(reads_along_a_chain),
		cmocka_unit_test(refuses_chains_that_are_damaged),
		cmocka_unit_test(ends_a_folder_whose_chain_is_a_loop),
		cmocka_unit_test(refuses_folders_that_lie_nowhere),
		cmocka_unit_test(tells_serial_and_label),
		cmocka_unit_test(tells_when_a_file_was_written),
		cmocka_unit_test(survives_every_byte_of_the_boot_sector_at_its_extremes),
		cmocka_unit_test(refuses_what_is_not_fat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
