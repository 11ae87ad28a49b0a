/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/disk/scan.h"

/* Do both lie on the same bytes of one disk, as a hybrid ISO and its partition do? */
static bool overlap(const struct blockdev *a, const struct blockdev *b)
{
	return a->fd >= 0 && b->fd >= 0 && a->disk == b->disk && a->start < b->start + b->size &&
	       b->start < a->start + a->size;
}

/* A file system that has several devices has its UUID on all of them. */
static bool is_twin(const struct volume *a, const struct volume *b)
{
	return a->fs && b->fs && a->uuid.len && text_equal_nocase(a->uuid, b->uuid) &&
	       !text_is(a->fs_name, "btrfs") && !overlap(&a->dev, &b->dev);
}

void scan_report_twins(struct volumes *volumes)
{
	for (uint32_t second = 1; second < volumes->count; second++) {
		const struct volume *b = volumes->at[second];
		uint32_t first = 0;

		while (first < second && !is_twin(volumes->at[first], b))
			first++;
		if (first == second)
			continue;
		report_add(volumes->report, REPORT_WARNING,
			"%.*s and %.*s have one UUID: a search for it finds %.*s, as GRUB does",
			TEXT_ARG(volumes->at[first]->name), TEXT_ARG(b->name),
			TEXT_ARG(volumes->at[first]->name));
	}
}
