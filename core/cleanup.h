/* Scope cleanup: resources that end with the block that declared them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define CLEANUP(f)        __attribute__((cleanup(f)))

#define ARRAY_SIZE(a)     (sizeof(a) / sizeof((a)[0]))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

/* `_free_ char *p = NULL;` `_close_ int fd = -1;` `_fclose_ FILE *f = NULL;` */
#define _free_   CLEANUP(cleanup_free)
#define _close_  CLEANUP(cleanup_close)
#define _fclose_ CLEANUP(cleanup_fclose)

/* Hands the descriptor to a new owner: the scope's cleanup will not close it. */
static inline int steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
