/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/volumes.h"

#include "core/size.h"
#include "parsers/disk/scan.h"

#include <errno.h>
#include <sys/sysmacros.h>

struct volume *scan_new_volume(
	struct volumes *volumes, struct text name, const struct blockdev *dev)
{
	struct volume *volume = arena_new(volumes->arena, struct volume);

	if (!volume)
		return NULL;
	volume->name = name;
	volume->dev = *dev;
	return volume;
}

int scan_add(struct volumes *volumes, struct volume *volume)
{
	if (volumes->count + volumes->n_removed >= MAX_VOLUMES) {
		report_add(volumes->report, REPORT_WARNING,
			"more than %d volumes: the rest is not looked at", MAX_VOLUMES);
		return -ENOSPC;
	}
	volumes->at[volumes->count++] = volume;
	return 0;
}

/* A partition of `parent`, "hd0" or "hd0,msdos1". *ret may be NULL. */
static int add_partition(struct volumes *volumes, const struct volume *parent,
	const struct partition_table *table, uint32_t index, struct volume **ret)
{
	const struct partition *partition = &table->at[index];
	struct blockdev window = blockdev_window(&parent->dev, partition->start, partition->size);
	struct volume *volume;
	struct text name;

	window.sector_size = table->sector_size;
	if (arena_printf(volumes->arena, &name, "%.*s,%s%u", TEXT_ARG(parent->name),
		    table_partmap(table->kind), partition->number))
		return -ENOMEM;
	volume = scan_new_volume(volumes, name, &window);
	if (!volume || arena_text(volumes->arena, text_of(partition->uuid), &volume->part_uuid) ||
		arena_text(volumes->arena, text_of(partition->type), &volume->part_type) ||
		arena_text(volumes->arena, text_of(partition->label), &volume->part_label))
		return -ENOMEM;
	volume->disk_name = parent->disk_name;
	volume->partmap = text_of(table_partmap(table->kind));
	volume->part_attributes = partition->attributes;
	/* What lies in partitions comes behind all of the disk's own. */
	volume->number = parent->number * (MAX_PARTITIONS + 1) + partition->number;
	volume->active = partition->active;
	volume->esp = partition->esp;
	*ret = volume;
	return scan_add(volumes, volume);
}

/* The slices of Solaris or a BSD in a partition; none, where there is no such label. */
static int add_slices(struct volumes *volumes, const struct volume *parent)
{
	struct partition_table *table = arena_new(volumes->arena, struct partition_table);
	struct volume *slice;
	int err = 0;

	if (!table)
		return -ENOMEM;
	if (partitions_read_inside(&parent->dev, table))
		table->count = 0;
	for (uint32_t i = table->count; i && !err; i--)
		err = add_partition(volumes, parent, table, i - 1, &slice);
	arena_release(volumes->arena, table);
	return err;
}

int scan_add_disk(struct volumes *volumes, struct text name, const struct blockdev *dev,
	const struct partition_table *table, struct loop *loop)
{
	struct volume *whole = scan_new_volume(volumes, name, dev);
	int err;

	if (!whole)
		return -ENOMEM;
	whole->disk_name = name;
	whole->loop = loop;
	if (table)
		whole->partmap = text_of(table_partmap(table->kind));
	if (table && arena_text(volumes->arena, text_of(table->disk_uuid), &whole->disk_uuid))
		return -ENOMEM;
	err = scan_add(volumes, whole);
	for (uint32_t i = table ? table->count : 0; i && !err; i--) {
		struct volume *volume;

		err = add_partition(volumes, whole, table, i - 1, &volume);
		if (!err && table->at[i - 1].holder)
			err = add_slices(volumes, volume);
	}
	return err == -ENOSPC ? 0 : err;
}

void scan_report_table(struct report *report, struct text name, const struct partition_table *table)
{
	static const struct {
		unsigned oddity;
		const char *says;
	} oddities[] = {
		{TABLE_CUT, "a partition reaches past the end of the disk: is it cut off?"},
		{TABLE_MANY, "more partitions than are looked at"},
		{TABLE_BROKEN, "an entry of the partition table makes no sense: ignored"},
		{TABLE_BACKUP, "the primary GPT is damaged: its backup is used"},
		{TABLE_CHECKSUM, "the GPT's checksums are wrong: read as it lies"},
		{TABLE_UNREADABLE, "a part of the partition table cannot be read"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(oddities); i++) {
		if (table->oddities & oddities[i].oddity)
			report_add(report, REPORT_WARNING, "%.*s: %s", TEXT_ARG(name),
				oddities[i].says);
	}
}

/* "xvda" of "xvda1", "d0" of "d0p1". */
static struct text vdev_letters(struct text vdev, uint32_t partition)
{
	struct text letters = vdev;

	if (!partition)
		return vdev;
	while (letters.len && letters.at[letters.len - 1] >= '0' &&
		letters.at[letters.len - 1] <= '9')
		letters.len--;
	if (letters.len > 1 && letters.at[0] == 'd' && text_ends(letters, TEXT("p")))
		letters.len--;
	return letters;
}

/* The disk before `index` that this one is another partition of; `index` itself: none. */
static uint32_t find_sibling(const struct disk *disks, uint32_t index)
{
	const struct disk *disk = &disks[index];
	struct text letters = vdev_letters(disk->vdev, disk->partition);
	uint32_t sibling = index;

	if (!disk->partition || !letters.len)
		return index;
	for (uint32_t i = index; i--;) {
		if (!disks[i].partition ||
			!text_equal(letters, vdev_letters(disks[i].vdev, disks[i].partition)))
			continue;
		/* Twice the same partition: no such disk can be. */
		if (disks[i].partition == disk->partition)
			return index;
		sibling = i;
	}
	return sibling;
}

/* hd0, hd1... in the domain's order; partitions of one disk share its name. */
static int name_disks(struct volumes *volumes, const struct disk *disks, uint32_t n_disks)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < n_disks; i++) {
		uint32_t sibling = find_sibling(disks, i);
		struct volume_disk *disk = &volumes->disks[i];

		disk->of = &disks[i];
		disk->table = "";
		if (sibling != i)
			disk->name = volumes->disks[sibling].name;
		else if (arena_printf(volumes->arena, &disk->name, "hd%u", next++))
			return -ENOMEM;
	}
	volumes->n_disks = n_disks;
	return 0;
}

/* A disk without bytes is an empty one, or one that could not be opened. */
static void report_disk(struct volumes *volumes, const struct volume_disk *disk, const char *what)
{
	const struct disk *of = disk->of;
	enum report_kind kind = of->dev.size ? REPORT_OK : REPORT_NOTE;
	struct size_text size = size_text(of->dev.size);
	char device[40] = "";

	if (of->device)
		snprintf(device, sizeof(device), ", device %u:%u", major(of->device),
			minor(of->device));
	report_add(volumes->report, kind, "%.*s %.*s %s%s%s", TEXT_ARG(disk->name),
		TEXT_ARG(of->path), size.at, device, of->dev.size ? what : ", empty");
}

/* An image that is a partition: GRUB inside the guest sees a disk with it. */
static int add_partition_disk(struct volumes *volumes, struct volume_disk *disk)
{
	const struct disk *of = disk->of;
	struct volume *volume;
	struct text name;
	int err;

	if (arena_printf(
		    volumes->arena, &name, "%.*s,msdos%u", TEXT_ARG(disk->name), of->partition))
		return -ENOMEM;
	volume = scan_new_volume(volumes, name, &of->dev);
	if (!volume)
		return -ENOMEM;
	volume->disk_name = disk->name;
	volume->partmap = TEXT("msdos");
	volume->number = of->partition;
	err = scan_add(volumes, volume);
	if (!err)
		report_disk(volumes, disk, ", a partition");
	return err == -ENOSPC ? 0 : err;
}

static int add_disk(struct volumes *volumes, struct volume_disk *disk)
{
	const struct disk *of = disk->of;
	struct partition_table *table;
	char what[32] = ", no partition table";
	int err;

	table = arena_new(volumes->arena, struct partition_table);
	if (!table)
		return -ENOMEM;
	err = partitions_read(&of->dev, table);
	if (err) {
		report_add(volumes->report, REPORT_ERROR, "%.*s %.*s: cannot be read",
			TEXT_ARG(disk->name), TEXT_ARG(of->path));
		return err;
	}
	disk->table = table_name(table->kind);
	if (table->kind != TABLE_NONE)
		snprintf(what, sizeof(what), ", %s", disk->table);
	report_disk(volumes, disk, what);
	scan_report_table(volumes->report, disk->name, table);
	err = scan_add_disk(volumes, disk->name, &of->dev, table, NULL);
	arena_release(volumes->arena, table);
	return err;
}

static int add_offset(struct volumes *volumes, struct volume_disk *disk)
{
	const struct disk *of = disk->of;
	struct blockdev dev = blockdev_window(&of->dev, of->offset, UINT64_MAX);
	char what[48];

	snprintf(what, sizeof(what), ", from byte %llu on", (unsigned long long)of->offset);
	report_disk(volumes, disk, what);
	return scan_add_disk(volumes, disk->name, &dev, NULL, NULL);
}

static int scan_disk(struct volumes *volumes, struct volume_disk *disk)
{
	if (disk->of->offset)
		return add_offset(volumes, disk);
	if (disk->of->partition)
		return add_partition_disk(volumes, disk);
	return add_disk(volumes, disk);
}

/*
 * Every volume's device twice in a row: the n - 1 others of number i are those from i + 1 on.
 */
static struct blockdev *ring_of_devices(const struct volumes *volumes)
{
	uint32_t n = volumes->count;
	struct blockdev *ring = arena_array(volumes->arena, 2 * (size_t)n, sizeof(*ring));

	for (uint32_t i = 0; ring && i < 2 * n; i++)
		ring[i] = volumes->at[i % n]->dev;
	return ring;
}

static int open_all(struct volumes *volumes)
{
	struct volume *order[MAX_VOLUMES];
	struct blockdev *ring;
	int err = 0;

	if (!volumes->count)
		return 0;
	ring = ring_of_devices(volumes);
	if (!ring)
		return -ENOMEM;
	volumes_boot_order(volumes, order);
	for (uint32_t i = 0; i < volumes->count && !err; i++) {
		uint32_t index = 0;

		while (volumes->at[index] != order[i])
			index++;
		err = scan_open(volumes, order[i], &ring[index + 1], volumes->count - 1);
	}
	for (uint32_t i = 0; i < volumes->count && !err; i++)
		err = scan_open_leftover(volumes, order[i]);
	if (!err)
		scan_report_twins(volumes);
	return err;
}

/* What lies on several volumes: arrays of disks first, since logical volumes may lie on them. */
static int find_spanning(struct volumes *volumes)
{
	uint32_t known = volumes->count;
	int err = scan_identify(volumes, 0);

	if (!err)
		err = scan_md(volumes);
	if (!err)
		err = scan_identify(volumes, known);
	known = volumes->count;
	if (!err)
		err = scan_lvm(volumes);
	return err ? err : scan_identify(volumes, known);
}

int volumes_scan(struct volumes *volumes, struct arena *arena, struct report *report,
	const struct disk *disks, uint32_t n_disks, struct err *err)
{
	const struct disk *bad = NULL;
	uint32_t good = 0;
	int ret;

	*volumes = (struct volumes){.arena = arena, .report = report};
	if (n_disks > MAX_DISKS)
		return err_set(err, E2BIG, "more than %d disks", MAX_DISKS);
	ret = name_disks(volumes, disks, n_disks);
	for (uint32_t i = 0; i < n_disks && ret != -ENOMEM; i++) {
		ret = scan_disk(volumes, &volumes->disks[i]);
		good += !ret;
		if (ret && !bad)
			bad = &disks[i];
	}
	if (ret != -ENOMEM)
		ret = find_spanning(volumes);
	if (!ret)
		ret = open_all(volumes);
	if (ret) {
		volumes_done(volumes);
		return err_set(err, -ret, "out of memory");
	}
	if (bad && !good)
		return err_set(err, EIO, "%.*s: cannot be read", TEXT_ARG(bad->path));
	return 0;
}
