/* Names in .disk/: a path of this host and how to look at it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"

#include <sys/types.h>

/* What a name asks for. Texts are in the arena, with a NUL behind them. */
struct disk_request {
	struct text path;   /* absolute; may hold any byte but NUL */
	uint64_t offset;    /* bytes: the file system starts here; 0: look for partitions */
	struct text domain; /* empty: found out by the disk */
	struct text config, platform, flavour; /* empty: the domain's or the host's setting */
	struct text kernel, ramdisk;           /* files of the guest; empty: as its menu says */
	struct text
		entry; /* index, title, id or place; empty: the domain's setting, or the default */
	uint64_t max_kernel, max_initrd; /* bytes; 0: the host's setting */
	uid_t uid;                       /* the inspector's; (uid_t)-1: the host's setting */
	uint64_t login;                  /* token of a password (model/login.h); 0: none */
	bool ignore_one_shot;
	bool only_config; /* the disk is a bare configuration file */
};

/*
 * Decodes PATH[,KEY=VALUE]... with %2F for /, %25 for %, %2C for comma and %3D for = in PATH and
 * the values. Keys, each at most once: offset, domain, config, platform, flavour, entry, kernel,
 * ramdisk (with kernel only; neither config, entry nor kind=config beside it), uid (not 0), max-kernel, max-initrd, one-shot (honour, ignore), kind (disk, config). -EINVAL: no such name;
 * -ENOMEM.
 */
int disk_request_parse(struct text name, struct arena *arena, struct disk_request *ret) MUST_CHECK;
