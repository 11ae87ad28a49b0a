/* Every bound on what a guest can make us do, in one place. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/* What an administrator can set (bootfs.conf); limits_default() gives the values of the manual. */
struct limits {
	uint64_t max_kernel; /* bytes; a bigger kernel is an error before anything is copied */
	uint64_t max_initrd; /* bytes, all initrds of an entry together */
	uint64_t memory;     /* bytes an inspection may use */
	uint64_t max_config; /* bytes of one configuration file */
	uint32_t timeout_ms; /* wall clock of one inspection */
	uint32_t max_entries;
	uint64_t max_steps; /* statements and expansions of a boot script */
	uint32_t max_log;   /* lines of `log`; repeated ones count once */
};

static inline struct limits limits_default(void)
{
	return (struct limits){
		.max_kernel = 256 * MIB,
		.max_initrd = GIB,
		.memory = 256 * MIB,
		.max_config = 16 * MIB,
		.timeout_ms = 10000,
		.max_entries = 10000,
		.max_steps = 2000000,
		.max_log = 1000,
	};
}

/* What nobody needs to set. */
enum {
	MAX_DISKS = 32,            /* of one domain */
	MAX_IMAGE_LAYERS = 8,      /* an image and its backing images */
	MAX_LAYERS = 64,           /* of all disks of one domain */
	MAX_PARTITIONS = 128,      /* of one disk */
	MAX_VOLUMES = 1024,        /* of one domain, all kinds */
	MAX_LINK_HOPS = 40,        /* symbolic links followed in one look-up, as Linux */
	MAX_PATH_BYTES = 4096,     /* a path in a guest */
	MAX_MENU_DEPTH = 16,       /* submenus in submenus */
	MAX_REPORT_LINES = 100000, /* lines of `log`, whatever the setting */
	MAX_EXTENTS = 1 << 20,     /* pieces of one file */
	MAX_INITRDS = 64,          /* files of one entry's initrd */
	MAX_OTHER_CONFIGS = 64,    /* configurations found beside the menu's */
	MAX_MODULES = 64,          /* multiboot modules of one entry */
};
