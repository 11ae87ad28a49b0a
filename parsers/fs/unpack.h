/* Decompressing one block: the compressions that read-only file systems use. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"

#include <sys/types.h>

enum packing {
	PACKED_ZLIB,
	PACKED_LZMA,
	PACKED_LZMA_BARE,
	PACKED_LZO,
	PACKED_XZ,
	PACKED_LZ4,
	PACKED_ZSTD
};

/*
 * What EROFS packs with: pieces of a stream without its size, of which the beginning may be enough.
 * PACKED_ZLIB is a bare deflate stream here, PACKED_LZMA MicroLZMA. Fills all `want` bytes.
 * -EUCLEAN damaged or shorter, -ENOMEM.
 */
int unpack_start(
	enum packing kind, const void *packed, size_t len, void *out, size_t want) MUST_CHECK;

/*
 * Decompresses all of `packed` into `out`, which has `room` bytes; the bytes written. What the
 * libraries need besides is bounded: 32 MiB at most. PACKED_LZMA_BARE is LZMA without any header,
 * the way GRUB packs itself (lc=3, lp=0, pb=2); it may end where `out` is full. -EUCLEAN damaged or larger than `room`,
 * -ENOMEM.
 */
ssize_t unpack(
	enum packing kind, const void *packed, size_t len, void *out, size_t room) MUST_CHECK;
