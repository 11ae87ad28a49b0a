/* The tree that a command reads: the host's mount, or a private one where there is none. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "admin/options.h"
#include "config/config.h"
#include "core/strbuf.h"
#include "pygrub/private.h"

/* A zeroed struct is none. */
struct view {
	struct strbuf mountpoint;
	struct private_bootfs own; /* running where mountpoint is its */
	struct config *config;     /* bootfs.conf without xl's domains */
};

/*
 * Finds the mount that --bootfs, $BOOTFS or the configuration names; where none answers there, a
 * private one is started (as root). -errno with err; view_close() it in either case.
 */
int view_open(const struct admin_options *options, struct view *ret, struct err *err) MUST_CHECK;

/* The same without a private one: -ENOENT where no bootfs is mounted. */
int view_open_shared(
	const struct admin_options *options, struct view *ret, struct err *err) MUST_CHECK;

/*
 * Appends the mistakes in the configuration that the view is made of, "FILE:LINE: TEXT" a line:
 * a domain whose file has one is not shown. How many; 0 also for who may not know.
 */
size_t view_mistakes(const struct view *view, struct strbuf *out);

void view_close(struct view *view);
#define _view_ CLEANUP(view_close)
