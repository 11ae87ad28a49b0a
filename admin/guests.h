/* Domains and images, as the tree shows them: found by name, their menus read side by side. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "admin/view.h"

#include <jansson.h>
#include <stdint.h>

struct guest {
	char *name;    /* a domain's, or the path of an image as it was given */
	bool is_image; /* shown below .disk/ */
	int folder;    /* O_PATH, after loading; -1: it could not be opened */
	json_t *menu;  /* menu.json, after loading; NULL: err says why it could not be read */
	char *version; /* of the default entry's kernel; NULL: not known */
	struct err err;
};

struct guests {
	struct guest *at;
	size_t n;
};

/*
 * The guests that the operands name, in that order; without operands all domains, by name. A word
 * with a slash in it is an image, else a domain, else an image in the current folder. -errno with
 * err, also for a domain that is not there.
 */
int guests_find(const struct view *view, const struct admin_options *options, struct guests *ret,
	struct err *err) MUST_CHECK;

/*
 * Reads the menus, several at once: an inspection waits for its disk, and one that hangs shall
 * not keep the others waiting. What cannot be read has its reason in guest->err.
 */
void guests_load(const struct view *view, struct guests *guests);

/*
 * The guest's tree with this entry as its default, whatever names it (bootfs.conf(5), `entry`): the
 * inspector chooses. -errno with err; -EACCES: only root may.
 */
int guest_choose(const struct view *view, struct guest *guest, const char *entry,
	struct err *err) MUST_CHECK;

/* Opens the view, finds the guests and loads them; false: it could not, and that was said. */
bool guests_open(
	const struct admin_options *options, struct view *view, struct guests *ret) MUST_CHECK;

/* For a host where nothing is configured: what to do about it. */
extern const char guests_none[];

void guests_free(struct guests *guests);
#define _guests_ CLEANUP(guests_free)

enum { MOST_THREADS = 16 };

/*
 * Calls work(context, i) for every i below n, in at most so many threads; returns when all is
 * done.
 */
void side_by_side(size_t n, size_t threads, void (*work)(void *context, size_t i), void *context);

/* Of a loaded guest. Does its default entry boot? */
bool guest_boots(const struct guest *guest);

/* Why it does not, as raw text; empty: it does. */
struct text guest_error(const struct guest *guest);

/* The default entry; NULL: none. Borrowed. */
json_t *guest_default(const struct guest *guest);

/* Why xl does not use this menu (kernel=, HVM); empty where it does. */
struct text guest_unused(const struct guest *guest);
