/* What the person at the menu wants. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A zeroed struct is: the default. */
struct pick {
	bool chosen; /* entry `index` of `menu` */
	uint64_t index;
	bool edited; /* with `cmdline` instead of its own */
	struct strbuf cmdline;
	json_t *menu; /* as it was shown last */
};

static inline void pick_done(struct pick *pick)
{
	strbuf_done(&pick->cmdline);
	json_decref(pick->menu);
}
