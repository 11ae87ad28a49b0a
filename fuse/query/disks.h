/* The disks of one inspection: opened together, compared with what they were before. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/layers.h"
#include "core/arena.h"
#include "model/limits.h"
#include "model/question.h"

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/* What tells a disk from another, and a regular file from what it was. */
struct disk_stamp {
	dev_t dev;  /* of the file, or of the device's node */
	ino_t ino;  /* likewise */
	dev_t rdev; /* of a block device, else 0 */
	/* Of a regular file: birth, since numbers are given again (its ctime where none is known). */
	struct timespec born;
	uint64_t size; /* bytes, of a regular file */
	nlink_t links;
	struct timespec mtime, ctime;
	bool regular;
};

struct disk {
	struct text path, vdev; /* as configured; path may be the URL of an NBD server */
	uint32_t partition;
	bool is_image;      /* not plain bytes behind a descriptor of ours: */
	struct image image; /* a remote disk, or the layers; layer 0 is the disk itself */
	struct image_layer layers[MAX_IMAGE_LAYERS];
	struct text problem; /* why it is not to be opened; after disks_open() why it was not */
	bool open;           /* can be asked about; a remote disk has no descriptor */
	struct question_disk opened; /* what ask_open_disk() measured */
	struct disk_stamp stamp;     /* when it was opened */
};

/* How they are to be looked at. */
struct how {
	bool only_config; /* disk 0 is a bare configuration file */
	bool ignore_one_shot;
	uint64_t offset;                       /* see struct question */
	struct text domain, platform, flavour; /* likewise */
	struct boot_policy policy;
	struct limits limits;
	uid_t uid; /* the inspector's */
	gid_t gid;
};

/* A heap object with all its texts; a worker fills it, then the loop's thread owns it. */
struct disks {
	struct arena arena;
	struct how how;
	uint32_t n, n_open;
	int fds[MAX_DISKS];       /* -1: not open */
	int child_fds[MAX_DISKS]; /* the same, opened again for inspectors */
	struct disk disk[];
};

/* `n` disks, none open, to be filled by disks_set(). NULL: out of memory. */
struct disks *disks_new(uint32_t n) MUST_CHECK;
void disks_free(struct disks *disks);

/* Copies the texts. -ENOMEM. */
int disks_set(struct disks *disks, uint32_t index, struct text path, struct text vdev,
	uint32_t partition, struct text problem) MUST_CHECK;

/*
 * The disk, set already, consists of these layers (0: of plain bytes); copies the texts. Where the
 * layers could not be found, `n` is -ELOOP. -ENOMEM.
 */
int disks_set_layers(
	struct disks *disks, uint32_t index, const struct disk_layer *layers, int n) MUST_CHECK;

/* Sets disks->how with copies of all texts. -ENOMEM. */
int disks_set_how(struct disks *disks, const struct how *how) MUST_CHECK;

/* For log lines: the domain they are looked at for, else the first one's path. */
struct text disks_subject(const struct disks *disks);

/* Fills the question about them but for what a content needs; borrows texts and descriptors. */
void disks_question(const struct disks *disks, struct question *question);

/* Opens what is not open and has no problem. May wait for ever: for a worker. */
void disks_open(struct disks *disks);

/* Closes all; the stamps stay. */
void disks_close(struct disks *disks);

/*
 * Are these the disks they were, with the same bytes? Only regular files can tell; wherever
 * something else was or a disk was not open the answer is no.
 */
bool disks_unchanged(const struct disks *before, const struct disks *now);

/* Is one of them a regular file that is not the one it was, or has other bytes? */
bool disks_differ(const struct disks *before, const struct disks *now);

/* The same file or device, whatever is on it now and by whatever name? */
bool disk_is_same(const struct disk_stamp *a, const struct disk_stamp *b);

/*
 * The same of all disks of two sets, in order, and no device made anew under its old number; true
 * also for none (NULL) and none.
 */
bool disks_are_same(const struct disks *a, const struct disks *b);

/*
 * Of the file or device at `path`, seen from folder_fd; of folder_fd itself where it is "". May
 * wait. -errno; -EINVAL for what can be no disk.
 */
int disk_stamp_read(int folder_fd, const char *path, struct disk_stamp *ret) MUST_CHECK;

/* The same file with the same bytes? */
bool disk_stamp_equal(const struct disk_stamp *a, const struct disk_stamp *b);

/* A number for the disk, the same as long as disk_is_same(); never 0. */
uint64_t disk_key(const struct disk_stamp *stamp);
