/* bootfs.conf and the domains: what the administrator said. Never guest data. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "core/err.h"
#include "core/limits.h"

#include <sys/types.h>

/* One disk of a domain, as xl's disk syntax gives it. */
struct domain_disk {
	struct text path;    /* file or block device on this host, made absolute as xl does */
	struct text vdev;    /* "xvda", "hda1" */
	uint32_t partition;  /* from vdev: 1 for hda1; 0: a whole disk */
	struct text format;  /* "raw", "qcow2", "vhd"... */
	struct text problem; /* why it cannot be read here ("format qcow2 ..."); empty: it can */
};

struct domain {
	struct domain *next;
	struct text name;
	struct text source; /* file it comes from, for log and messages */
	struct domain_disk disks[MAX_DISKS];
	uint32_t n_disks;
	struct text type;   /* "pv", "pvh", "hvm" */
	struct text kernel; /* xl's own kernel=; then xl does not use this menu */
	struct text entry, args, config, platform, flavour; /* empty: the whole host's setting */
	bool refuse_missing_entry, next_when_missing;
};

/* A mistake of the administrator; printed as "FILE:LINE: TEXT". */
struct config_problem {
	struct config_problem *next;
	struct text file;
	uint32_t line; /* from 1; 0: the whole file */
	bool warning;  /* else an error: the file cannot be used */
	struct text text;
};

/* Everything lives in its arena. Times in ms, sizes in bytes. */
struct config {
	struct arena arena;
	struct text file;       /* where it was read */
	struct text mountpoint; /* "/bootfs" */
	struct text *xl_globs;  /* xl-config, may repeat */
	uint32_t n_xl_globs;
	uint32_t cache_ttl_ms;
	uint64_t cache_memory; /* snapshots and memfds together; least recently used goes first */
	uint32_t inspections;  /* at once; 0: as many as processors */
	struct limits limits;
	struct text worker_user;
	struct text access_group; /* empty: root only */
	bool volumes, disk_paths; /* volumes = root; disk-paths = on (.disk/) */
	struct text platform, flavour;
	bool refuse_missing_entry, next_when_missing;
	struct domain *domains; /* [domain ...] sections first, then xl files, by name unique */
	struct config_problem *problems;
	uint32_t errors; /* problems that are no warnings */
};

/*
 * Reads bootfs.conf (missing: the defaults) and, where `xl_helper` (path of bootfs-config) is not
 * NULL, the domains of the xl files. Every mistake is in problems, all at once. NULL: out of
 * memory. The caller decides what a configuration with errors means.
 */
struct config *config_read(const char *file, const char *xl_helper) MUST_CHECK;
void config_free(struct config *config);

/* "hda1" is 1, "xvdb12" is 12, "xvda" and all else 0. */
uint32_t vdev_partition(struct text vdev);

/* "5s", "200ms", "2m", bare numbers are seconds. "64M", "1G", bare numbers are bytes. */
bool parse_duration_ms(struct text value, uint32_t *ret);
bool parse_size(struct text value, uint64_t *ret);
