/* What is to be done in one run, and how the reading process tells what became of it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"
#include "model/login.h"
#include "pygrub/copies.h"
#include "pygrub/options.h"
#include "pygrub/pick.h"

#include <stdatomic.h>

/*
 * Memory shared with the process that reads the mount. That process can hang for ever in the
 * mount; then it is left behind, so it holds no descriptor that anybody waits for, and all it
 * says goes through here and through a memfd.
 */
struct exchange {
	_Atomic uint64_t progress; /* rises as long as it gets on */
	_Atomic bool opened;       /* the mount has answered at all */
	struct err err;            /* why it failed */
	bool final; /* the failure is the guest's or the folder's: no other mount helps */
	bool with_ramdisk;
	/* The one-shot entry that is the default: to be recorded once the answer is out. */
	char one_shot_domain[256], one_shot_key[512]; /* empty: none */
	char warnings[2048];                          /* one a line */
};

/* What the reading process is to bring. */
enum job_kind {
	JOB_BOOT,     /* the answer, and the copies where there are any */
	JOB_LIST,     /* -l */
	JOB_DESCRIBE, /* --isconfig */
	JOB_MENU,     /* the menu.json, for the menu on the terminal */
};

struct job {
	enum job_kind kind;
	const struct options *options;
	const struct config *config; /* without xl files */
	struct copies *copies;       /* NULL: nothing is copied */
	struct exchange *exchange;
	const struct login_request *login; /* JOB_MENU: as it is with this password; NULL: none */
	const struct pick *pick; /* JOB_BOOT: who chose it at the menu; NULL: nobody was asked */
	int result_fd;           /* memfd: what it brought */
	pid_t parent;
};

/* Appends to exchange->warnings. */
void job_warn(const struct job *job, const char *format, ...) PRINTF_LIKE(2, 3);

/* Marks the failure as one that another mount would not mend; returns -err->code. */
int job_final(const struct job *job, struct err *err);

/*
 * The reading process: everything that touches the mount. `mountpoint` NULL: starts a private
 * bootfs. Fills the exchange and the memfd; returns its exit status.
 */
int reader_run(const struct job *job, const char *mountpoint) MUST_CHECK;
