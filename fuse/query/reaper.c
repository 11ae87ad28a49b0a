/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/reaper.h"

struct dying {
	struct loop *loop;
	struct servers servers; /* one */
	struct source source;
};

static void dying_ready(struct source *source)
{
	struct dying *dying = container_of(source, struct dying, source);

	loop_forget(dying->loop, source);
	servers_reap(&dying->servers);
	free(dying);
}

/* Where it cannot be watched it stays a zombie until we end: nothing waits for it. */
static void watch(struct loop *loop, const struct server *server)
{
	struct dying *dying = calloc(1, sizeof(*dying));

	if (!dying) {
		close(server->pidfd);
		return;
	}
	*dying = (struct dying){
		.loop = loop,
		.servers = {.at = {*server}, .n = 1},
		.source = {server->pidfd, dying_ready},
	};
	if (loop_watch(loop, &dying->source)) {
		close(server->pidfd);
		free(dying);
	}
}

void reaper_take(struct loop *loop, struct servers *servers)
{
	for (uint32_t i = 0; i < servers->n; i++) {
		if (servers->at[i].pidfd >= 0)
			watch(loop, &servers->at[i]);
	}
	servers->n = 0;
}
