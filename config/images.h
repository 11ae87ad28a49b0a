/* Bare disk images as domains: for CI and image stores without Xen. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"

/*
 * Adds a domain for each regular file or block device that config->images match, named by the file
 * without its suffix. Comes last: a name that is taken gets a warning, an image that is a disk of
 * another domain already is passed over. -ENOMEM.
 */
int images_read(struct config *config) MUST_CHECK;
