/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/runas.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>

int runas(uid_t uid, pid_t parent, struct err *err)
{
	/* As pygrub: the group has the user's number. */
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		return err_set(err, errno, "--runas=%u: %m", uid);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL))
		return err_set(err, errno, "--runas=%u: %m", uid);
	if (getppid() != parent)
		return err_set(err, ECANCELED, "the caller is gone");
	return 0;
}
