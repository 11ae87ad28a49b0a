/* What the inspector is asked: one question a process, in a sealed memfd. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "model/menu.h"
#include "core/err.h"
#include "model/limits.h"

enum question_kind {
	QUESTION_MENU,    /* find and read the boot menu */
	QUESTION_CONTENT, /* the PIECE_LATER parts of one content of one entry */
	QUESTION_CONFIG,  /* disk 0 is a bare configuration file (bootfs-pygrub --isconfig) */
	QUESTION_FOLDER,  /* what is in a folder of a volume */
	QUESTION_FILE,    /* where the bytes of a file of a volume lie */
	QUESTION_BYTES,   /* a range of such a file, for where they do not lie plainly */
};
#define QUESTION_KINDS (QUESTION_BYTES + 1)

struct served_ops;

/* What the child's word begins with where a disk's server, not the disk, is the reason. */
#define NBD_SERVER "NBD server"

/* One file of an image that is not plain bytes: the image itself, or one that backs it. */
struct image_layer {
	/* Asker's side: open read-only; child's side: the same, to check the header. */
	int fd;
	struct text path;   /* as configured */
	struct text format; /* QEMU's name, never guessed: "qcow2", "vpc", "raw" */
	uint64_t size;      /* bytes of the file */
};

/* A disk that an NBD server has: a remote one, or QEMU for an image in a format of its own. */
struct image {
	struct text url;            /* nbd://..., nbd+unix://...; empty: an image of layers */
	struct image_layer *layers; /* the image itself first, then what backs it */
	uint32_t n_layers;
};

struct question_disk {
	/*
	 * Asker's side: open read-only; passed at a fixed number. -1 and size 0: not to be had.
	 * Child's side, of an image: the socket on which wire/handoff.h gets the connection.
	 */
	int fd;
	const struct image
		*image;       /* NULL: plain bytes behind fd; else size is the child's to find */
	struct text path;     /* as configured, for log and source */
	struct text vdev;     /* "xvda", "hda1"; empty: in order */
	uint32_t partition;   /* from vdev: 1 for hda1; 0: a whole disk */
	uint64_t size;        /* bytes, as the asker measured it */
	uint64_t device;      /* st_rdev of a block device, 0 for a file */
	uint64_t file_device; /* st_dev of a file, 0 for a block device */
	uint64_t inode;       /* st_ino of a file, 0 for a block device */
	uint32_t sector_size; /* logical: BLKSSZGET, or 512 */
};

/* What to do where the administrator's wish and the menu do not meet: bootfs.conf(5). */
struct boot_policy {
	struct text entry;         /* index, title, id or place "1>2"; empty: the default */
	bool refuse_missing_entry; /* missing-entry = refuse */
	bool next_when_missing;    /* missing-kernel = next */
	struct text args;          /* appended to every command line after one blank */
	struct text config;        /* "(hd0,msdos1)/boot/grub/grub.cfg": read this one only */
	/* Boot these files of the guest, and read no menu; `ramdisk` may be empty then. */
	struct text kernel, ramdisk;
};

struct question {
	enum question_kind kind;
	struct question_disk disks[MAX_DISKS];
	uint32_t n_disks;
	uint64_t offset;    /* bytes: disk 0's file system starts here, no table; 0: look for one */
	struct text domain; /* for messages; empty: none */
	struct text platform; /* "xen" */
	struct text flavour;  /* empty: found out */
	bool ignore_one_shot;
	struct boot_policy policy;
	struct limits limits;
	bool has_login;                         /* what does this password open? */
	struct text login_name, login_password; /* name: empty where there is only one */
	uint32_t content_entry;                 /* QUESTION_CONTENT: index of the entry */
	enum content_slot content_slot;
	uint64_t content_size;     /* as the menu's answer said; different now: an error */
	uint64_t content_identity; /* likewise; QUESTION_FILE and _BYTES too */
	/* QUESTION_FOLDER and behind: a volume by GRUB's name, a path in it without links. */
	struct text volume, path;
	uint64_t range_at, range_length; /* QUESTION_BYTES: bytes of the file, at most RANGE_MOST */
	const struct served_ops *served; /* child's side: how images are read; NULL: they are not */
};

enum { RANGE_MOST = 8 << 20 }; /* bytes */

/* The size of the memfd that the child writes bytes of a file into; 0: it gets none. */
static inline uint64_t question_memory(const struct question *question)
{
	if (question->kind == QUESTION_CONTENT)
		return question->content_size;
	return question->kind == QUESTION_BYTES ? question->range_length : 0;
}

/* The most bytes an answer to it may have; also what the answer's memfd is made with. */
static inline uint64_t question_answer_size(const struct question *question)
{
	const uint64_t most = 64 * MIB, least = MIB;
	uint64_t share = question->limits.memory / 4;

	if (question_memory(question) || share < least)
		return least;
	return share < most ? share : most;
}
