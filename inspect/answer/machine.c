/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/machine.h"

#include <errno.h>
#include <stdlib.h>

/* Is this volume one that can hold a boot sector of the disk's? */
static bool is_part(const struct volume *volume, const struct volume_disk *disk)
{
	if (volume->loop || !text_equal(volume->disk_name, disk->name))
		return false;
	return volume->number || !volume->partmap.len;
}

static int compare_parts(const void *left, const void *right)
{
	const struct boot_part *a = left, *b = right;

	return (a->volume->number > b->volume->number) - (a->volume->number < b->volume->number);
}

static int describe_parts(
	struct guest *guest, const struct volume_disk *disk, struct boot_disk *ret)
{
	struct volumes *volumes = &guest->volumes;
	struct boot_part *parts = arena_array(
		&guest->inspection->arena, volumes->count + 1, sizeof(struct boot_part));

	if (!parts)
		return -ENOMEM;
	for (uint32_t i = 0; i < volumes->count; i++) {
		struct volume *volume = volumes->at[i];

		if (!is_part(volume, disk))
			continue;
		parts[ret->n_parts++] = (struct boot_part){
			.volume = guest_info_of(guest, volume),
			.dev = volume->dev,
			.start = volume->dev.start - disk->of->dev.start,
			.active = volume->active,
		};
		if (!parts[ret->n_parts - 1].volume)
			return -ENOMEM;
	}
	qsort(parts, ret->n_parts, sizeof(struct boot_part), compare_parts);
	ret->parts = parts;
	return 0;
}

int machine_of_guest(struct guest *guest, struct boot_machine *ret)
{
	const struct volumes *volumes = &guest->volumes;
	struct boot_disk *disks = arena_array(
		&guest->inspection->arena, volumes->n_disks + 1, sizeof(struct boot_disk));

	*ret = (struct boot_machine){
		.files = &guest->files,
		.disks = disks,
		.platform = guest->settings.platform,
	};
	if (!disks)
		return -ENOMEM;
	for (uint32_t i = 0; i < volumes->n_disks; i++) {
		const struct volume_disk *disk = &volumes->disks[i];
		struct boot_disk *now = &disks[ret->n_disks++];

		*now = (struct boot_disk){
			.name = disk->name,
			.dev = disk->of->dev,
			.has_table = disk->table && disk->table[0],
		};
		if (disk->of->partition || disk->of->offset)
			now->dev.size = 0;
		if (describe_parts(guest, disk, now))
			return -ENOMEM;
	}
	return 0;
}
