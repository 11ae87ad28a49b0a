/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/unpack.h"

#include <errno.h>
#include <limits.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>
#include <zstd.h>

enum {
	LZMA_MEMORY = 32 << 20,
	MAX_WINDOW_LOG = 24, /* 16 MiB */
};

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

static int start_deflate(const void *packed, size_t len, void *out, size_t want)
{
	z_stream stream = {0};
	int r = inflateInit2(&stream, -MAX_WBITS);

	if (r != Z_OK)
		return -ENOMEM;
	/* zlib's type is not const; it only reads there. */
	stream.next_in = (void *)(uintptr_t)packed;
	stream.avail_in = (uInt)len;
	stream.next_out = out;
	stream.avail_out = (uInt)want;
	r = inflate(&stream, Z_SYNC_FLUSH);
	inflateEnd(&stream);
	if (r == Z_MEM_ERROR)
		return -ENOMEM;
	return stream.avail_out ? -EUCLEAN : 0;
}

/* A dictionary as large as what comes out is enough: no match reaches further back. */
static int start_microlzma(const void *packed, size_t len, void *out, size_t want)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	uint32_t dictionary = want > LZMA_DICT_SIZE_MIN ? (uint32_t)want : LZMA_DICT_SIZE_MIN;
	lzma_ret r = lzma_microlzma_decoder(&stream, len, want, false, dictionary);

	stream.next_in = packed;
	stream.avail_in = len;
	stream.next_out = out;
	stream.avail_out = want;
	if (r == LZMA_OK)
		r = lzma_code(&stream, LZMA_FINISH);
	lzma_end(&stream);
	if (r == LZMA_MEM_ERROR)
		return -ENOMEM;
	return stream.avail_out ? -EUCLEAN : 0;
}

static void zstd_done(ZSTD_DStream **stream)
{
	ZSTD_freeDStream(*stream);
}

static int start_zstd(const void *packed, size_t len, void *out, size_t want)
{
	ZSTD_DStream *stream CLEANUP(zstd_done) = ZSTD_createDStream();
	ZSTD_inBuffer from = {packed, len, 0};
	ZSTD_outBuffer to = {out, want, 0};
	size_t r = 1, before;

	if (!stream)
		return -ENOMEM;
	/* A window of more than the limit on unpacked pieces is of no use. */
	ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, MAX_WINDOW_LOG);
	do {
		before = from.pos + to.pos;
		r = ZSTD_decompressStream(stream, &to, &from);
	} while (!ZSTD_isError(r) && r && to.pos < to.size && from.pos + to.pos > before);
	return to.pos == to.size ? 0 : -EUCLEAN;
}

static int start_lz4(const void *packed, size_t len, void *out, size_t want)
{
	int got = LZ4_decompress_safe_partial(packed, out, (int)len, (int)want, (int)want);

	return got >= 0 && (size_t)got == want ? 0 : -EUCLEAN;
}

int unpack_start(enum packing kind, const void *packed, size_t len, void *out, size_t want)
{
	if (len > INT_MAX || want > INT_MAX)
		return -EUCLEAN;
	switch (kind) {
	case PACKED_ZLIB:
		return start_deflate(packed, len, out, want);
	case PACKED_LZMA:
		return start_microlzma(packed, len, out, want);
	case PACKED_LZ4:
		return start_lz4(packed, len, out, want);
	case PACKED_ZSTD:
		return start_zstd(packed, len, out, want);
	case PACKED_LZMA_BARE:
	case PACKED_LZO:
	case PACKED_XZ:
		break;
	}
	return -EUCLEAN;
}
