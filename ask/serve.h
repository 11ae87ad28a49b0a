/* The asker's side of disks that an NBD server has: bootfs-serve, one process a disk. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "model/limits.h"
#include "core/strbuf.h"
#include "model/question.h"
#include "wire/serve.h"

#include <sys/types.h>

/* A running bootfs-serve, or the QEMU that it became. A value. */
struct server {
	uint32_t disk; /* of the question */
	pid_t pid;
	int pidfd;  /* -1: reaped */
	int log_fd; /* memfd of fixed size: what it wrote on standard error */
};

struct servers {
	struct server at[MAX_DISKS];
	uint32_t n;
};

struct ask_settings;

/*
 * Starts servers for all disks of the question that are images; to_inspector[i] becomes the socket
 * that the inspector gets in place of disk i, owned by the caller, -1 for plain disks. Does not
 * wait for any server. -errno with err; what was started by then is in `ret`.
 */
int servers_start(const struct ask_settings *settings, const struct question *question, int life_fd,
	struct servers *ret, int to_inspector[MAX_DISKS], struct err *err) MUST_CHECK;

/* Kills them all; a dead one is reaped by servers_reap(). */
void servers_kill(struct servers *servers);

/* Reaps those that are dead. True: none is left. */
bool servers_reap(struct servers *servers);

/* The last line of what a server of that disk complained of; empty: nothing. For people. */
void servers_complaint(const struct servers *servers, uint32_t disk, struct strbuf *out);

/* Closes the logs. */
void servers_forget_logs(struct servers *servers);
