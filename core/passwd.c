/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/passwd.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

int passwd_find(const char *file, const char *name, uid_t *uid, gid_t *gid)
{
	FILE *users = fopen(file, "re");
	const struct passwd *user = NULL;

	while (users && (user = fgetpwent(users)) && strcmp(user->pw_name, name) != 0)
		;
	if (users)
		fclose(users);
	if (!user)
		return -ENOENT;
	*uid = user->pw_uid;
	*gid = user->pw_gid;
	return 0;
}
