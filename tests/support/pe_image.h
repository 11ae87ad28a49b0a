/* Makes PE programs for tests: unified kernel images out of named sections. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct pe_part {
	const char *name, *content;
};

/*
 * Writes an image with these sections (content NULL: an empty one) into a malloc'ed buffer;
 * sections are aligned to 512 bytes, as objcopy and ukify make them. The list ends with a NULL name.
 */
unsigned char *pe_image(const struct pe_part *parts, size_t *size);
