/* CRC-32C (Castagnoli), the checksum of XFS's and btrfs' metadata. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h> /* for ext2fs.h, with musl */

#include <ext2fs/ext2fs.h>

/* Goes on with a checksum begun earlier; begins with CRC32C_START, ends with crc32c_end(). */
#define CRC32C_START UINT32_MAX

static inline uint32_t crc32c_add(uint32_t crc, const void *bytes, size_t len)
{
	return ext2fs_crc32c_le(crc, bytes, len);
}

static inline uint32_t crc32c_end(uint32_t crc)
{
	return ~crc;
}
