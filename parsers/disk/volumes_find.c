/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/volumes.h"

/* A name in GRUB's spelling, cut at its comma. */
struct name_parts {
	struct text disk;
	bool whole;          /* no comma */
	struct text partmap; /* "msdos" of "msdos1"; empty: any */
	uint64_t number;
};

/* False where no volume can have such a name. */
static bool split_name(struct text name, struct name_parts *ret)
{
	struct text partition;
	size_t letters = 0;

	*ret = (struct name_parts){.disk = text_first(name, text_find(name, ','))};
	ret->whole = ret->disk.len == name.len;
	if (ret->whole)
		return true;
	partition = text_skip(name, ret->disk.len + 1);
	while (letters < partition.len && partition.at[letters] >= 'a' &&
		partition.at[letters] <= 'z')
		letters++;
	ret->partmap = text_first(partition, letters);
	return text_number(text_skip(partition, letters), &ret->number);
}

/* GRUB's name of a disk that is called "xen/xvda" there; the same text where it is no such. */
static struct text disk_of_vdev(const struct volumes *volumes, struct text name)
{
	struct text vdev = text_skip(name, 4);

	if (!text_starts(name, TEXT("xen/")) || !vdev.len)
		return name;
	for (uint32_t i = 0; i < volumes->n_disks; i++) {
		const struct disk *disk = volumes->disks[i].of;

		/* A disk that is a partition (xvda1) belongs to xvda. */
		if (text_equal(disk->vdev, vdev) ||
			(disk->partition && text_starts(disk->vdev, vdev)))
			return volumes->disks[i].name;
	}
	return name;
}

/* The disk that has this as its other name ("mduuid/..."); the same text where none has. */
static struct text disk_of_id(const struct volumes *volumes, struct text name)
{
	for (uint32_t i = 0; i < volumes->count; i++) {
		if (name.len && text_equal(volumes->at[i]->id_name, name))
			return volumes->at[i]->name;
	}
	return name;
}

/* "xen/xvda1": a disk that is a partition, by its own name. */
static struct volume *find_partition_disk(const struct volumes *volumes, struct text name)
{
	for (uint32_t i = 0; i < volumes->n_disks; i++) {
		const struct volume_disk *disk = &volumes->disks[i];

		if (!disk->of->partition || !text_starts(name, TEXT("xen/")) ||
			!text_equal(disk->of->vdev, text_skip(name, 4)))
			continue;
		for (uint32_t v = 0; v < volumes->count; v++) {
			struct volume *volume = volumes->at[v];

			if (text_equal(volume->disk_name, disk->name) &&
				volume->number == disk->of->partition)
				return volume;
		}
	}
	return NULL;
}

static bool is_called(const struct volume *volume, const struct name_parts *parts)
{
	if (!text_equal(volume->disk_name, parts->disk))
		return false;
	if (parts->whole)
		return volume->number == 0;
	return volume->number == parts->number &&
	       (!parts->partmap.len || text_equal(volume->partmap, parts->partmap));
}

/* A disk known by one partition only (vdev hda1) is what its own name means, too. */
static struct volume *find_only_partition(const struct volumes *volumes, struct text disk_name)
{
	struct volume *only = NULL;

	for (uint32_t i = 0; i < volumes->count; i++) {
		if (!text_equal(volumes->at[i]->disk_name, disk_name))
			continue;
		if (only)
			return NULL;
		only = volumes->at[i];
	}
	return only;
}

/* "hd0,1,sunpc1": a slice of a partition, in any spelling of that. */
static struct volume *find_slice(const struct volumes *volumes, struct text name)
{
	size_t first = text_find(name, ','), second;
	struct text slice;
	const struct volume *parent;

	second = first + 1 + text_find(text_skip(name, first + 1), ',');
	if (first >= name.len || second >= name.len)
		return NULL;
	slice = text_skip(name, second + 1);
	if (text_find(slice, ',') < slice.len)
		return NULL;
	parent = volumes_find(volumes, text_first(name, second));
	for (uint32_t i = 0; parent && i < volumes->count; i++) {
		struct volume *volume = volumes->at[i];
		struct text rest = text_skip(volume->name, parent->name.len);

		if (text_starts(volume->name, parent->name) && text_starts(rest, TEXT(",")) &&
			text_equal(text_skip(rest, 1), slice))
			return volume;
	}
	return NULL;
}

struct volume *volumes_find(const struct volumes *volumes, struct text name)
{
	struct volume *found = find_partition_disk(volumes, name);
	struct name_parts parts;

	if (found)
		return found;
	for (uint32_t i = 0; i < volumes->count; i++) {
		if (text_equal(volumes->at[i]->name, name) ||
			(name.len && text_equal(volumes->at[i]->id_name, name)))
			return volumes->at[i];
	}
	if (!split_name(name, &parts))
		return find_slice(volumes, name);
	if (parts.number > MAX_PARTITIONS)
		return NULL;
	parts.disk = disk_of_vdev(volumes, disk_of_id(volumes, parts.disk));
	for (uint32_t i = 0; i < volumes->count; i++) {
		if (is_called(volumes->at[i], &parts))
			return volumes->at[i];
	}
	return parts.whole ? find_only_partition(volumes, parts.disk) : NULL;
}

/* Smaller comes first. Volumes of one disk keep together; disks keep their order. */
static unsigned rank(const struct volume *volume)
{
	bool whole = !volume->number;

	/* A file system on a disk that has partitions is a hybrid ISO, or a stale remainder. */
	if (whole)
		return volume->partmap.len && !text_is(volume->fs_name, "iso9660") ? 3 : 0;
	return volume->active ? 1 : 2;
}

static bool comes_before(const struct volume *a, const struct volume *b)
{
	if (!a->disk_name.len || !text_equal(a->disk_name, b->disk_name))
		return false;
	if (rank(a) != rank(b))
		return rank(a) < rank(b);
	return a->number < b->number;
}

void volumes_boot_order(const struct volumes *volumes, struct volume *ret[MAX_VOLUMES])
{
	for (uint32_t i = 0; i < volumes->count; i++) {
		uint32_t to = i;

		/* Runs are short (a disk's partitions) and come nearly reversed. */
		for (; to && comes_before(volumes->at[i], ret[to - 1]); to--)
			ret[to] = ret[to - 1];
		ret[to] = volumes->at[i];
	}
}
