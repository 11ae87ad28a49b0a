/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/fat/fat.h"

#include "core/checked.h"

#include <errno.h>
#include <string.h>

bool fat_is_cluster(const struct fat *fat, uint32_t cluster)
{
	return cluster >= FAT_FIRST_CLUSTER && cluster - FAT_FIRST_CLUSTER < fat->clusters;
}

uint64_t fat_cluster_at(const struct fat *fat, uint32_t cluster)
{
	return fat->data + (uint64_t)(cluster - FAT_FIRST_CLUSTER) * fat->cluster_size;
}

/* The table's entry without its reserved bits. */
static int read_entry(struct fat *fat, uint32_t cluster, uint32_t *ret)
{
	uint64_t at = fat->table + (uint64_t)cluster * fat->bits / 8;
	const unsigned char *bytes;
	struct le32 wide = {0};
	int r;

	r = readcache_get(&fat->table_cache, at, fat->bits == 32 ? 4 : 2, &bytes);
	if (r < 0)
		return r;
	memcpy(&wide, bytes, fat->bits == 32 ? 4 : 2);
	*ret = le32_get(wide);
	if (fat->bits == 12)
		*ret = cluster % 2 ? *ret >> 4 : *ret & 0xfff;
	*ret &= 0x0fffffff;
	return 0;
}

int fat_next(struct fat *fat, uint32_t cluster, uint32_t *next)
{
	uint32_t end = (fat->bits == 32 ? 1u << 28 : 1u << fat->bits) - 8;
	int r;

	if (!fat_is_cluster(fat, cluster))
		return -EUCLEAN;
	r = read_entry(fat, cluster, next);
	if (r < 0)
		return r;
	if (*next >= end)
		*next = 0;
	else if (!fat_is_cluster(fat, *next))
		return -EUCLEAN;
	return 0;
}

/* The cluster number `index` of the chain: from the cursor where that lies before it. */
static int seek_cluster(struct fat *fat, uint32_t first, uint32_t index, uint32_t *ret)
{
	uint32_t at = 0, cluster = first;

	if (!fat_is_cluster(fat, first) || index >= fat->clusters)
		return -EUCLEAN;
	if (fat->cursor.first == first && fat->cursor.index <= index) {
		at = fat->cursor.index;
		cluster = fat->cursor.cluster;
	}
	for (; at < index; at++) {
		int r = fat_next(fat, cluster, &cluster);

		if (r < 0)
			return r;
		if (!cluster)
			return -EUCLEAN;
	}
	*ret = cluster;
	return 0;
}

int fat_run_at(struct fat *fat, uint32_t first, uint32_t index, uint64_t max, struct fat_run *ret)
{
	uint32_t start, last;
	int r;

	r = seek_cluster(fat, first, index, &start);
	if (r < 0)
		return r;
	ret->at = fat_cluster_at(fat, start);
	ret->length = fat->cluster_size;
	for (last = start; ret->length < max; last++) {
		uint32_t next;

		r = fat_next(fat, last, &next);
		if (r < 0)
			return r;
		if (next != last + 1)
			break;
		ret->length += fat->cluster_size;
	}
	fat->cursor.first = first;
	fat->cursor.index = index + (last - start);
	fat->cursor.cluster = last;
	return 0;
}
