/* Sizes as people read them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

/* "512 B", "10.0 GiB": binary units, one decimal, cut and not rounded up. Longest: 10 bytes. */
struct size_text {
	char at[16];
};

struct size_text size_text(uint64_t bytes);
