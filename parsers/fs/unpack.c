/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/unpack.h"

#include <errno.h>
#include <limits.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <stdint.h>
#include <zlib.h>
#include <zstd.h>

enum { LZMA_MEMORY = 32 << 20 };

static ssize_t unpack_zlib(const void *packed, size_t len, void *out, size_t room)
{
	uLongf got = room;
	uLong taken = len;
	int r = uncompress2(out, &got, packed, &taken);

	if (r == Z_MEM_ERROR)
		return -ENOMEM;
	return r == Z_OK ? (ssize_t)got : -EUCLEAN;
}

static ssize_t unpack_xz(const void *packed, size_t len, void *out, size_t room)
{
	uint64_t memory = LZMA_MEMORY;
	size_t taken = 0, got = 0;
	lzma_ret r =
		lzma_stream_buffer_decode(&memory, 0, NULL, packed, &taken, len, out, &got, room);

	if (r == LZMA_MEM_ERROR)
		return -ENOMEM;
	return r == LZMA_OK ? (ssize_t)got : -EUCLEAN;
}

/* The older format without a container. */
static ssize_t unpack_lzma(const void *packed, size_t len, void *out, size_t room)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret r = lzma_alone_decoder(&stream, LZMA_MEMORY);

	stream.next_in = packed;
	stream.avail_in = len;
	stream.next_out = out;
	stream.avail_out = room;
	if (r == LZMA_OK)
		r = lzma_code(&stream, LZMA_FINISH);
	lzma_end(&stream);
	if (r == LZMA_MEM_ERROR)
		return -ENOMEM;
	return r == LZMA_STREAM_END ? (ssize_t)(room - stream.avail_out) : -EUCLEAN;
}

/* No header at all, and often no end: the size is known from elsewhere. */
static ssize_t unpack_lzma_bare(const void *packed, size_t len, void *out, size_t room)
{
	lzma_options_lzma options = {.dict_size = 1 << 20, .lc = 3, .lp = 0, .pb = 2};
	const lzma_filter filters[] = {
		{.id = LZMA_FILTER_LZMA1, .options = &options},
		{.id = LZMA_VLI_UNKNOWN, .options = NULL},
	};
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret r = lzma_raw_decoder(&stream, filters);

	stream.next_in = packed;
	stream.avail_in = len;
	stream.next_out = out;
	stream.avail_out = room;
	if (r == LZMA_OK)
		r = lzma_code(&stream, LZMA_FINISH);
	lzma_end(&stream);
	if (r == LZMA_MEM_ERROR)
		return -ENOMEM;
	if (r != LZMA_STREAM_END && (r != LZMA_OK || stream.avail_out))
		return -EUCLEAN;
	return (ssize_t)(room - stream.avail_out);
}

static ssize_t unpack_lzo(const void *packed, size_t len, void *out, size_t room)
{
	lzo_uint got = room;

	if (lzo_init() != LZO_E_OK)
		return -ENOMEM;
	if (lzo1x_decompress_safe(packed, len, out, &got, NULL) != LZO_E_OK)
		return -EUCLEAN;
	return (ssize_t)got;
}

static ssize_t unpack_lz4(const void *packed, size_t len, void *out, size_t room)
{
	int got;

	if (len > INT_MAX || room > INT_MAX)
		return -EUCLEAN;
	got = LZ4_decompress_safe(packed, out, (int)len, (int)room);
	return got < 0 ? -EUCLEAN : got;
}

static ssize_t unpack_zstd(const void *packed, size_t len, void *out, size_t room)
{
	size_t got = ZSTD_decompress(out, room, packed, len);

	return ZSTD_isError(got) ? -EUCLEAN : (ssize_t)got;
}

ssize_t unpack(enum packing kind, const void *packed, size_t len, void *out, size_t room)
{
	switch (kind) {
	case PACKED_ZLIB:
		return unpack_zlib(packed, len, out, room);
	case PACKED_LZMA:
		return unpack_lzma(packed, len, out, room);
	case PACKED_LZMA_BARE:
		return unpack_lzma_bare(packed, len, out, room);
	case PACKED_LZO:
		return unpack_lzo(packed, len, out, room);
	case PACKED_XZ:
		return unpack_xz(packed, len, out, room);
	case PACKED_LZ4:
		return unpack_lz4(packed, len, out, room);
	case PACKED_ZSTD:
		return unpack_zstd(packed, len, out, room);
	}
	return -EUCLEAN;
}
