/* URLs of NBD servers, as doc/uri.md of the NBD project has them: where, and which export. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "core/err.h"

#include <stdbool.h>

/* Texts are C strings too (they end with a NUL). */
struct nbd_url {
	struct text host,
		port;       /* of nbd://HOST[:PORT][/EXPORT]; port "10809" where none is given */
	struct text socket; /* of nbd+unix:///[EXPORT]?socket=PATH; then host is empty */
	struct text export; /* empty: the server's default one */
};

/* Is it a URL at all, with any scheme? */
bool is_url(struct text text);

/* Texts live in the arena. -EINVAL with err for another scheme, or what is malformed; -ENOMEM. */
int nbd_url_parse(
	struct text url, struct arena *arena, struct nbd_url *ret, struct err *err) MUST_CHECK;
