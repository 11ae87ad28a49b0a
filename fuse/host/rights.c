/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/host/rights.h"

#include "core/cleanup.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* etc/bootfs.service names the same ones; a test compares. */
static const unsigned needed[] = {
	CAP_DAC_READ_SEARCH,  /* disks, whoever owns them */
	CAP_SYS_ADMIN,        /* the mount, the inspectors' namespaces */
	CAP_SETUID,           /* inspectors become worker-user */
	CAP_SETGID, CAP_KILL, /* and are ended when their time is over */
	CAP_SYS_CHROOT,       /* inspectors' empty root, where "/" is no mount: a plain chroot */
	CAP_SYS_PTRACE,       /* is a caller of .disk/ in our mount namespace? */
};

static bool is_needed(unsigned capability)
{
	for (unsigned i = 0; i < ARRAY_SIZE(needed); i++) {
		if (needed[i] == capability)
			return true;
	}
	return false;
}

/* A program of root's gets no more than this. Who may not lower it has had it lowered. */
static int lower_bound(struct err *err)
{
	for (unsigned i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++) {
		if (!is_needed(i) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0 && errno != EPERM)
			return err_set(err, errno, "cannot give up capability %u: %m", i);
	}
	return 0;
}

static int keep_needed(struct err *err)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3], keep[ARRAY_SIZE(sets)] = {0};

	if (syscall(SYS_capget, &head, sets) < 0)
		return err_set(err, errno, "cannot read our capabilities: %m");
	for (unsigned i = 0; i < ARRAY_SIZE(needed); i++) {
		unsigned word = CAP_TO_INDEX(needed[i]);

		keep[word].permitted |= sets[word].permitted & CAP_TO_MASK(needed[i]);
		keep[word].effective = keep[word].permitted;
	}
	if (syscall(SYS_capset, &head, keep) < 0)
		return err_set(err, errno, "cannot give up capabilities: %m");
	return 0;
}

int rights_drop(struct err *err)
{
	int r = lower_bound(err);

	if (r == 0)
		r = keep_needed(err);
	if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(err, errno, "no_new_privs: %m");
	return r;
}
