/* One disk of xl's disk syntax, xl-disk-configuration(5). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"

/* The parameters of a disk specification that matter here; empty: not given. */
struct disk_spec {
	struct text target, vdev, format; /* format is "raw" where none is given, as in xl */
	struct text script;               /* xl's block script that attaches it */
	struct text backend;              /* domain that serves it; empty: this one */
	bool cdrom;
};

/*
 * Reads the everyday forms: `TARGET,FORMAT,VDEV,ACCESS`, key=value pairs, the old prefixes
 * file:, phy:, tap:aio: and the like. For bootfs.conf where bootfs-config, which asks xl's own
 * parser, is not installed. What it accepts it reads as xl does; -EINVAL with err for the rest.
 */
int disk_spec_parse(struct text spec, struct disk_spec *ret, struct err *err) MUST_CHECK;

/* A drive without a medium: no disk at all. */
bool disk_spec_is_empty(const struct disk_spec *spec);

/*
 * Turns a specification into a disk whose texts live in the arena: the path made absolute (xl
 * looks for relative ones in /dev), the problem filled where this version cannot read it. -ENOMEM.
 */
int disk_spec_to_disk(
	struct arena *arena, const struct disk_spec *spec, struct domain_disk *ret) MUST_CHECK;
