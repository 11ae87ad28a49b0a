/*
 * scan-damaged COUNT IMAGE...: scans the disks of one guest once for each seed, with bytes changed
 * here and there on all of them, opens whatever is found and looks at it. Tells for each seed how
 * many volumes and files it saw, and in the end what the costliest one cost. Aborts where answers
 * contradict each other; SIGALRM ends it after 20 seconds with one seed.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "model/limits.h"
#include "parsers/disk/volumes.h"
#include "tests/support/fsfuzz.h"
#include "tests/support/trial.h"

#include <assert.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HANGS_S = 20, SECTOR = 512 };

/* A copy of an image that can be damaged and mended. */
struct victim {
	int fd;
	uint8_t *bytes; /* mapped, shared with fd */
	uint64_t size;
	uint64_t *sectors; /* those with anything in them */
	uint8_t *whole;    /* what they held, one behind the other */
	size_t count, room;
};

static void keep_sector(struct victim *victim, uint64_t sector)
{
	if (victim->count == victim->room) {
		victim->room = victim->room ? victim->room * 2 : 1024;
		victim->sectors = reallocarray(victim->sectors, victim->room, sizeof(uint64_t));
		victim->whole = reallocarray(victim->whole, victim->room, SECTOR);
		if (!victim->sectors || !victim->whole)
			errx(1, "out of memory");
	}
	victim->sectors[victim->count] = sector;
	memcpy(victim->whole + victim->count * SECTOR, victim->bytes + sector * SECTOR, SECTOR);
	victim->count++;
}

/* Copies what is not a hole; remembers the sectors that are not zeros. */
static void copy_image(struct victim *victim, int from)
{
	static const uint8_t zeros[SECTOR];
	off_t at = 0, end;
	uint64_t sector;

	while ((at = lseek(from, at, SEEK_DATA)) >= 0) {
		end = lseek(from, at, SEEK_HOLE);
		for (; at < end; at += SECTOR) {
			sector = (uint64_t)at / SECTOR;
			if (pread(from, victim->bytes + sector * SECTOR, SECTOR, at) != SECTOR)
				break;
			if (memcmp(victim->bytes + sector * SECTOR, zeros, SECTOR) != 0)
				keep_sector(victim, sector);
		}
	}
}

static void open_victim(struct victim *victim, const char *path)
{
	int from = open(path, O_RDONLY | O_CLOEXEC);

	victim->size = from < 0 ? 0 : (uint64_t)lseek(from, 0, SEEK_END) / SECTOR * SECTOR;
	victim->fd = memfd_create("victim", MFD_CLOEXEC);
	if (!victim->size || victim->fd < 0 || ftruncate(victim->fd, (off_t)victim->size))
		err(1, "%s", path);
	victim->bytes = mmap(NULL, victim->size, PROT_READ | PROT_WRITE, MAP_SHARED, victim->fd, 0);
	if (victim->bytes == MAP_FAILED)
		err(1, "%s", path);
	copy_image(victim, from);
	close(from);
}

static void damage(const struct victim *victim, uint64_t seed)
{
	for (size_t i = 0; i < victim->count; i++)
		damage_sector(
			seed, victim->sectors[i], victim->bytes + victim->sectors[i] * SECTOR);
}

static void close_victim(struct victim *victim)
{
	munmap(victim->bytes, victim->size);
	close(victim->fd);
	free(victim->sectors);
	free(victim->whole);
}

static void mend(const struct victim *victim)
{
	for (size_t i = 0; i < victim->count; i++)
		memcpy(victim->bytes + victim->sectors[i] * SECTOR, victim->whole + i * SECTOR,
			SECTOR);
}

/* The last part of a volume must lie on the disks where it says. */
static void use_volume(const struct volume *volume, const struct blockdev *devs, uint32_t n)
{
	_extents_ struct extents map = {0};
	uint64_t size = volume->dev.size, end = min_u64(size, MIB);

	if (volume->dev.fd >= 0)
		assert(range_inside(volume->dev.start, size, devs[volume->dev.disk].size));
	if (!blockdev_map(&volume->dev, size - end, end, &map) && map.count)
		assert(map.at[map.count - 1].offset + map.at[map.count - 1].length == end);
	for (uint32_t i = 0; i < map.count; i++)
		assert(map.at[i].kind != EXTENT_DISK ||
			(map.at[i].disk < n && range_inside(map.at[i].at, map.at[i].length,
						       devs[map.at[i].disk].size)));
}

static void scan(const struct disk *disks, const struct blockdev *devs, uint32_t n)
{
	_arena_ struct arena arena = {.limit = 64 * MIB};
	static struct volumes volumes;
	struct report report;
	struct err why = {0};
	uint32_t files = 0;

	report_init(&report, &arena);
	if (volumes_scan(&volumes, &arena, &report, disks, n, &why)) {
		assert(why.code);
		printf(" 0 volumes, 0 files\n");
		return;
	}
	for (uint32_t i = 0; i < volumes.count; i++) {
		use_volume(volumes.at[i], devs, n);
		if (volumes.at[i]->fs)
			files += fsfuzz_walk(volumes.at[i]->fs, devs, n);
	}
	printf(" %u volumes, %u files\n", volumes.count, files);
	volumes_done(&volumes);
}

int main(int argc, char **argv)
{
	struct victim victims[MAX_DISKS] = {0};
	struct blockdev devs[MAX_DISKS];
	struct disk disks[MAX_DISKS];
	struct trials trials = {0};
	uint64_t count = argc > 2 ? strtoull(argv[1], NULL, 10) : 0;
	uint32_t n = 0;

	if (!count)
		errx(2, "usage: scan-damaged COUNT IMAGE...");
	for (; n < MAX_DISKS && argv[n + 2]; n++) {
		open_victim(&victims[n], argv[n + 2]);
		devs[n] = blockdev_on_fd(victims[n].fd, n, victims[n].size, SECTOR);
		disks[n] = (struct disk){.dev = devs[n], .path = text_of(argv[n + 2])};
	}
	for (uint64_t seed = 0; seed < count; seed++) {
		printf("seed %llu:", (unsigned long long)seed);
		fflush(stdout);
		for (uint32_t i = 0; i < n; i++)
			damage(&victims[i], seed + (uint64_t)i * count);
		trial_begin(&trials, HANGS_S);
		scan(disks, devs, n);
		trial_end(&trials);
		for (uint32_t i = 0; i < n; i++)
			mend(&victims[i]);
	}
	trials_print(&trials);
	for (uint32_t i = 0; i < n; i++)
		close_victim(&victims[i]);
	return 0;
}
