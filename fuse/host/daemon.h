/* The whole state of the running daemon; one thread has it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"
#include "fuse/tree/content.h"
#include "fuse/query/inspector.h"
#include "fuse/query/login.h"
#include "fuse/loop/loop.h"
#include "fuse/report/notice.h"
#include "fuse/tree/owner.h"
#include "fuse/loop/pool.h"
#include "fuse/ops/shrink.h"
#include "fuse/host/trial.h"
#include "fuse/tree/snapshot.h"
#include "fuse/report/stats.h"
#include "fuse/report/status.h"
#include "fuse/host/watch.h"
#include "fuse/tree/volume.h"

#include <fuse_lowlevel.h>
#include <sys/types.h>
#include <time.h>

struct folder;
struct reload;

enum { FOLDER_BUCKETS = 4096 };

struct daemon {
	struct loop loop;
	struct pool pool;
	struct notice notice;
	struct owners owners;
	struct shrink shrink;
	struct cache cache;
	struct inspector inspector;
	struct contents contents;
	struct laters laters;
	struct serving_stats stats;
	struct volume_folders volumes;
	struct folder *folders, *last_folder; /* of domains, by serial number */
	struct folder *by_name[FOLDER_BUCKETS];
	struct folder *disk_folders;
	struct logins logins;
	struct config *config;
	uint32_t generation;     /* of the configuration */
	gid_t group;             /* who may read besides root; 0: nobody */
	struct timespec started; /* wall clock: the times of root and folders */
	dev_t ns_dev;            /* our mount namespace; .disk is for it alone */
	ino_t ns_ino;

	struct trial_subject tried; /* with what guests could be read */

	const char *config_file; /* absolute */
	const char *xl_helper;   /* bootfs-config; NULL where xl's domains are not wanted */
	struct reload *reload;   /* one at a time; NULL: none */
	char *service_manager;   /* systemd's socket; NULL: it did not start us */
	struct status status;
	struct watch watch;

	struct fuse_session *session;
	struct fuse_buf request; /* the one being received; libfuse owns the memory */
	struct scratch listing;  /* what a folder's listing is written into */
	struct source fuse, signals;
	bool answering;                         /* FUSE's handshake is done */
	void (*answers)(struct daemon *daemon); /* called then, once */
};

/*
 * Who inspectors run as: worker-user, or nobody, whom others use too (config_check_users() warns).
 * Never root, whatever the configuration says.
 */
void worker_settings(const struct config *config, struct ask_settings *settings);

/*
 * Takes over a configuration without errors whose users were looked up, also when it fails:
 * domains come, go and change. -errno with err.
 */
int daemon_configure(struct daemon *daemon, struct config *config, struct err *err) MUST_CHECK;
