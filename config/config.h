/* bootfs.conf and the domains: what the administrator said. Never guest data. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "core/err.h"
#include "model/limits.h"

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
	struct text source;        /* file its disks come from, for log and messages */
	struct domain_disk *disks; /* in the order of the configuration, at most MAX_DISKS */
	uint32_t n_disks;
	struct text type;                /* "pv", "pvh", "hvm" */
	struct text kernel;              /* xl's own kernel=; then xl does not use this menu */
	struct text entry, args, config; /* empty: none */
	struct text platform, flavour;   /* empty: the whole host's setting */
	bool bare_image; /* found by `images` alone: nobody but its file's name says who it is */
	/* Its own or the whole host's setting. */
	bool refuse_missing_entry, next_when_missing, ignore_one_shot;
};

/* menu-wait = forever */
#define MENU_WAIT_FOREVER UINT32_MAX

/* glob(7) patterns of a setting that may repeat; each with a NUL behind it. */
struct patterns {
	struct text *at;
	uint32_t n;
};

/* A mistake of the administrator; printed as "FILE:LINE: TEXT". */
struct config_problem {
	struct config_problem *next;
	struct text file;
	uint32_t line; /* from 1; 0: the whole file */
	bool warning;  /* else an error: what the file says cannot be done */
	struct text text;
};

/* Everything lives in its arena. Times in ms, sizes in bytes. */
struct image_section;

struct config {
	struct arena arena;
	struct text file;         /* where it was read */
	struct text mountpoint;   /* "/bootfs" */
	struct patterns xl_files; /* xl-config; none: no xl files */
	struct patterns images;   /* bare images, each a domain; none: none */
	struct text conf;         /* the text of `file` as it was read */
	struct text sources;      /* what xl_files and images matched then: config/sources.h */
	uint32_t cache_ttl_ms;
	uint64_t cache_memory; /* snapshots and memfds together; least recently used goes first */
	uint32_t inspections;  /* at once; 0: as many as processors */
	struct limits limits;
	struct image_section *image_sections; /* config/layers.h */
	struct text qemu_nbd;                 /* path: reads the images that are not raw */
	struct text worker_user;
	uid_t worker_uid; /* config_check_users() fills these; 0: no such user */
	gid_t worker_gid;
	gid_t access_gid;                       /* 0: no such group, or none is named */
	struct text access_group;               /* empty: root only */
	uint32_t worker_user_line, access_line; /* where they are set; 0: nowhere */
	bool volumes, disk_paths;               /* volumes = root; disk-paths = on (.disk/) */
	struct text platform, flavour;          /* "auto"; flavour empty: found out */
	bool refuse_missing_entry, next_when_missing, ignore_one_shot;
	bool menu_never;          /* menu = never: bootfs-pygrub shows none */
	uint32_t menu_wait_ms;    /* where the guest sets no timeout; MENU_WAIT_FOREVER */
	struct text state_folder; /* "/var/lib/bootfs": what must outlive us (config/oneshot.h) */
	struct domain *domains;   /* [domain ...] sections, xl files, images; by name unique */
	uint32_t n_domains;
	struct config_problem *problems, *last_problem;
	uint32_t n_problems;
	uint32_t errors;    /* mistakes in bootfs.conf itself: it cannot be used */
	uint32_t xl_errors; /* mistakes in xl files: each costs its domain only */
};

/*
 * Reads bootfs.conf (missing: the defaults) and, where `xl_helper` (path of bootfs-config) is not
 * NULL, the domains of the xl files. Every mistake is in problems, all at once. NULL: out of
 * memory. The caller decides what a configuration with errors means. Where the helper is not
 * installed, there is one warning, no xl domain, and `disk =` lines are read by an own reader of
 * the everyday forms (config/disk_spec.h).
 */
struct config *config_read(const char *file, const char *xl_helper) MUST_CHECK;
void config_free(struct config *config);

static inline void cleanup_config(struct config **config)
{
	config_free(*config);
}
#define _config_ CLEANUP(cleanup_config)

/*
 * Looks up worker-user and the group of access; an error in problems for one that this host does
 * not know. For programs that use them.
 */
void config_check_users(struct config *config);

/*
 * Reads the domains again by the bootfs.conf that `running` was made of, whatever the file says
 * now: what xl's files and images became is taken over at once, its settings only when asked for.
 */
struct config *config_read_again(const struct config *running, const char *xl_helper) MUST_CHECK;

/* Adds a problem; over 1,000 (or without memory) it is only counted. */
void config_add_problem(struct config *config, struct text file, uint32_t line, bool warning,
	const char *format, ...) PRINTF_LIKE(5, 6);

/* The partition that a vdev names: "hda1" is 1, "xvdb12" is 12, "d0p3" is 3; all else is 0. */
uint32_t vdev_partition(struct text vdev);

/* "5s", "200ms", "2m", "1h"; bare numbers are seconds. */
bool parse_duration_ms(struct text value, uint32_t *ret);

/* "64M", "1G", "512KiB"; bare numbers are bytes. */
bool parse_size(struct text value, uint64_t *ret);

/* NULL where a domain's name can be the name of a folder; else what is wrong with it. */
const char *domain_name_fault(struct text name);
