/* statx() where the C library lacks it: musl before 1.2.5. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <sys/stat.h>

#ifndef STATX_BASIC_STATS

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux, include/uapi/linux/stat.h, whose other definitions clash with musl's. */
#define STATX_BASIC_STATS 0x7ffu
#define STATX_BTIME       0x800u
#define STATX_MNT_ID      0x1000u

struct statx_timestamp {
	int64_t tv_sec;
	uint32_t tv_nsec;
	int32_t reserved;
};

struct statx {
	uint32_t stx_mask, stx_blksize;
	uint64_t stx_attributes;
	uint32_t stx_nlink, stx_uid, stx_gid;
	uint16_t stx_mode, reserved;
	uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
	struct statx_timestamp stx_atime, stx_btime, stx_ctime, stx_mtime;
	uint32_t stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
	uint64_t stx_mnt_id; /* Linux 5.8 */
	uint64_t spare[13];
};

_Static_assert(sizeof(struct statx) == 256, "the kernel writes all of it");

static inline int statx(int folder, const char *path, int flags, unsigned mask, struct statx *ret)
{
	return (int)syscall(SYS_statx, folder, path, flags, mask, ret);
}

#endif
