/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/iso9660/iso9660.h"

#include <errno.h>

/* The bytes of a file from an offset on that lie in one piece. */
struct run {
	uint64_t at, length; /* bytes from the volume's start; not checked */
};

/* In a file of several sections: their records are read on from the first. */
static int run_in_sections(
	struct iso *iso, const struct node *file, uint64_t offset, struct run *ret)
{
	struct iso_place place = {.at = file->ino, .end = file->aux[ISO_AUX_END]};

	for (uint64_t i = 0; i < file->aux[ISO_AUX_SECTIONS]; i++) {
		struct iso_record record;
		int r = iso_next_record(iso, &place, &record);

		if (r < 0)
			return r;
		if (r == 0)
			break;
		if (offset < record.length) {
			*ret = (struct run){record.start + offset, record.length - offset};
			return 0;
		}
		offset -= record.length;
	}
	return -EUCLEAN;
}

/* The run at `offset`, which lies inside the file, cut to `max` bytes. */
static int run_at(
	struct iso *iso, const struct node *file, uint64_t offset, uint64_t max, struct run *ret)
{
	int r = 0;

	if (file->aux[ISO_AUX_UNREADABLE] == EUCLEAN)
		return -EUCLEAN;
	if (file->aux[ISO_AUX_UNREADABLE]) {
		report_add(iso->report, REPORT_WARNING,
			"%.*s ISO 9660: has files that are compressed (zisofs) or interleaved, "
			"which bootfs does not read",
			TEXT_ARG(iso->volume_name));
		return -ENOTSUP;
	}
	*ret = (struct run){file->aux[ISO_AUX_START] + offset, file->size - offset};
	if (file->aux[ISO_AUX_SECTIONS] > 1)
		r = run_in_sections(iso, file, offset, ret);
	ret->length = min_u64(ret->length, max);
	if (r == 0 && !range_inside(ret->at, ret->length, iso->dev.size))
		r = -EUCLEAN;
	return r;
}

ssize_t iso_read(struct fs *fs, const struct node *file, uint64_t offset, void *buf, size_t len)
{
	struct iso *iso = iso_of(fs);
	size_t done = 0;

	if (offset >= file->size)
		return 0;
	len = (size_t)min_u64(len, file->size - offset);
	while (done < len) {
		struct run run;
		int r = run_at(iso, file, offset + done, len - done, &run);

		if (r == 0)
			r = blockdev_read(&iso->dev, run.at, (char *)buf + done, run.length);
		if (r < 0)
			return r;
		done += run.length;
	}
	return (ssize_t)done;
}

int iso_extents(struct fs *fs, const struct node *file, struct extents *ret)
{
	struct iso *iso = iso_of(fs);
	struct run run;

	for (uint64_t at = 0; at < file->size; at += run.length) {
		int r = run_at(iso, file, at, file->size - at, &run);

		if (r == 0)
			r = blockdev_map(&iso->dev, run.at, run.length, ret);
		if (r < 0)
			return r;
	}
	return 0;
}
