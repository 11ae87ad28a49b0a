/* Requests that wait for an inspection. Each is answered: by it, its deadline or an interrupt. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/loop/loop.h"

struct fuse_req;
struct parked_list;

/* Part of whatever remembers what was asked. */
struct parked {
	struct parked *next, *previous;
	struct parked_list *list;
	struct fuse_req *req;
	/*
	 * Called once. error 0: what was waited for is there; else a positive errno to answer
	 * with. Answers req (or parks it again) and frees what this is part of.
	 */
	void (*resume)(struct parked *parked, int error);
};

/* The oldest first. A zeroed struct is an empty list. */
struct parked_list {
	struct parked *first, *last;
};

/* Appends it; an interrupt takes it out again and resumes it with EINTR. */
void parked_add(struct parked_list *list, struct parked *parked);

/* Resumes all that stand in the list now. */
void parked_resume(struct parked_list *list, int error);
