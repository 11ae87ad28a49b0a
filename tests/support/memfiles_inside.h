/* Between memfiles.c and memfiles_ops.c only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "tests/support/memfiles.h"

enum { BUCKETS = 4096 };

struct memnode {
	struct memnode *parent, *first, *last, *next, *chain;
	struct text name, content, target;
	struct file_stat stat;
};

struct memfiles_volume {
	struct volume_info info;
	struct memnode root;
	struct memnode *bucket[BUCKETS];
	struct text backing; /* an image: "(hd0,msdos1)/x.iso" */
	bool hidden;         /* an image that no loopback shows */
};

extern const struct files_ops memfiles_ops;

/* Aborts the test. */
void memfiles_must(bool truth, const char *what);

/* Copies outside of the arena: the guest is not the parser's. */
struct text memfiles_copy(struct text text);
void memfiles_drop(struct text text);

/* The node of this name in a folder; NULL: none. */
struct memnode *memfiles_child(
	struct memfiles_volume *volume, struct memnode *parent, struct text name);

struct memfiles_volume *memfiles_volume_of(struct memfiles *guest, struct text name);
