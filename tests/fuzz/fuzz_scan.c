/* scan: a disk through libblkid and every reader behind it; a file of it as a loopback disk. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/disk/volumes.h"
#include "tests/support/fsfuzz.h"

#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The disk as a file: libblkid reads nothing else. */
static int disk_file(const struct sparse_disk *disk)
{
	static uint8_t sector[4096];
	int fd = memfd_create("disk", MFD_CLOEXEC);

	assert(fd >= 0 && ftruncate(fd, (off_t)disk->dev.size) == 0);
	for (uint64_t at = 0; at + sizeof(sector) <= disk->dev.size; at += sizeof(sector)) {
		static const uint8_t zeros[sizeof(sector)];

		assert(blockdev_read(&disk->dev, at, sector, sizeof(sector)) == 0);
		if (memcmp(sector, zeros, sizeof(sector)) != 0)
			assert(pwrite(fd, sector, sizeof(sector), (off_t)at) == sizeof(sector));
	}
	return fd;
}

static void scan(const struct disk *disk)
{
	_arena_ struct arena arena = {.limit = 64 * MIB};
	static struct volumes volumes;
	struct report report;
	struct err err = {0};

	report_init(&report, &arena);
	if (volumes_scan(&volumes, &arena, &report, disk, 1, &err)) {
		assert(err.code);
		return;
	}
	for (uint32_t i = 0, n = volumes.count; i < n; i++) {
		if (volumes.at[i]->fs)
			(void)!volumes_loopback(
				&volumes, TEXT("loop"), volumes.at[i], TEXT("/image"), &err);
	}
	for (uint32_t i = 0; i < volumes.count; i++)
		assert(volumes_find(&volumes, volumes.at[i]->name));
	volumes_done(&volumes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sparse_disk sparse;
	struct disk disk = {.path = TEXT("disk")};
	int fd;

	if (!sparse_disk_init(&sparse, data, size) || sparse.dev.size > 4 * MIB)
		return 0;
	fd = disk_file(&sparse);
	disk.dev = blockdev_on_fd(fd, 0, sparse.dev.size, 512);
	scan(&disk);
	close(fd);
	return 0;
}
