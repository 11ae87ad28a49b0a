/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/btrfs/btrfs.h"

#include "core/checked.h"

#include <errno.h>
#include <lzo/lzo1x.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

/* The stream may end in the padding of its last sector, and may hold more than is wanted. */
static int unpack_zlib(const uint8_t *packed, size_t len, uint8_t *out, size_t room, size_t *done)
{
	z_stream stream = {
		.next_in = packed,
		.avail_in = (uInt)len,
		.next_out = out,
		.avail_out = (uInt)room,
	};
	int r;

	if (inflateInit(&stream) != Z_OK)
		return -ENOMEM;
	r = inflate(&stream, Z_FINISH);
	*done = room - stream.avail_out;
	inflateEnd(&stream);
	if (r == Z_MEM_ERROR)
		return -ENOMEM;
	return r == Z_STREAM_END || (r == Z_BUF_ERROR && stream.avail_out == 0) ? 0 : -EUCLEAN;
}

static int unpack_zstd(const uint8_t *packed, size_t len, uint8_t *out, size_t room, size_t *done)
{
	size_t frame = ZSTD_findFrameCompressedSize(packed, len);

	if (ZSTD_isError(frame))
		return -EUCLEAN;
	*done = ZSTD_decompress(out, room, packed, frame);
	return ZSTD_isError(*done) ? -EUCLEAN : 0;
}

static uint32_t number_at(const uint8_t *bytes)
{
	struct le32 number;

	memcpy(&number, bytes, sizeof(number));
	return le32_get(number);
}

/*
 * The length of all, then segments, each its length and at most a sector's bytes packed. No length
 * crosses a sector's end: it moves to the next one.
 */
static int unpack_lzo(
	uint32_t sector, const uint8_t *packed, size_t len, uint8_t *out, size_t room, size_t *done)
{
	size_t at = sizeof(uint32_t), total, segment;
	lzo_uint got;

	*done = 0;
	if (len < at || lzo_init() != LZO_E_OK)
		return -EUCLEAN;
	total = min_size(number_at(packed), len);
	if (total < at)
		return -EUCLEAN;
	while (*done < room && total - at >= sizeof(uint32_t)) {
		segment = number_at(packed + at);
		at += sizeof(uint32_t);
		got = room - *done;
		if (segment == 0 || segment > total - at ||
			lzo1x_decompress_safe(packed + at, segment, out + *done, &got, NULL) !=
				LZO_E_OK)
			return -EUCLEAN;
		*done += got;
		at += segment;
		if (sector - at % sector < sizeof(uint32_t))
			at += sector - at % sector;
		if (at > total)
			break;
	}
	return 0;
}

int btrfs_unpack(const struct btrfs *btrfs, uint8_t packing, const uint8_t *packed, size_t len,
	uint8_t *out, size_t room, size_t *done)
{
	switch (packing) {
	case BTRFS_ZLIB:
		return unpack_zlib(packed, len, out, room, done);
	case BTRFS_LZO:
		return unpack_lzo(btrfs->sector_size, packed, len, out, room, done);
	case BTRFS_ZSTD:
		return unpack_zstd(packed, len, out, room, done);
	default:
		return -ENOTSUP;
	}
}
