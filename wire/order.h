/* How an inspector or a server is started: its descriptors, and its order on the command line. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Where the asker puts the descriptors; 0, 1 and 2 are /dev/null. */
enum worker_fd {
	WORKER_NULL = 0,
	WORKER_QUESTION = 3, /* sealed memfd */
	WORKER_ANSWER = 4,   /* memfd of fixed size */
	WORKER_PARENT = 5,   /* socket: its end of file means that the asker is gone */
	WORKER_CONTENT = 6,  /* memfd of fixed size, or /dev/null */
	WORKER_DISKS = 7,    /* and up: the question's disks, then the layers of its images */
};

/* What the process must know before it may look at the question; its second argument. */
struct worker_order {
	uid_t uid; /* (uid_t)-1: keep */
	gid_t gid;
	uint64_t memory;      /* bytes */
	uint32_t cpu_seconds; /* processor time */
	uint32_t disks;       /* descriptors from WORKER_DISKS on */
	bool private_root;    /* it has namespaces of its own */
};

enum { WORKER_ORDER_LENGTH = 100 }; /* bytes of a printed order, NUL included */
#define WORKER_ARGUMENT "--worker"

void worker_order_print(const struct worker_order *order, char out[WORKER_ORDER_LENGTH]);
/* False: not what worker_order_print() writes. */
bool worker_order_parse(const char *string, struct worker_order *ret);
