/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>

/*
 * In /etc/passwd first: asking the host's other sources loads libraries and talks to daemons,
 * which costs a private bootfs more than its mount. NULL: no such user.
 */
static const struct passwd *find_user(const char *name)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *user = NULL;

	while (file && (user = fgetpwent(file)) && strcmp(user->pw_name, name) != 0)
		;
	if (file)
		fclose(file);
	return user ? user : getpwnam(name);
}

/* Apart from the rest: only dynamic programs can look users up. */
void config_check_users(struct config *config)
{
	const struct passwd *user = find_user(config->worker_user.at);
	const struct group *group = NULL;

	config->worker_uid = user ? user->pw_uid : 0;
	config->worker_gid = user ? user->pw_gid : 0;
	if (!user)
		config_add_problem(config, config->file, config->worker_user_line,
			!config->worker_user_line,
			"worker-user: no user \"%s\" on this host; try: "
			"adduser --system --group --no-create-home %s",
			config->worker_user.at, config->worker_user.at);
	if (user && (!user->pw_uid || !user->pw_gid))
		config_add_problem(config, config->file, config->worker_user_line, false,
			"worker-user: \"%s\" has root's %s: inspectors read what guests wrote, "
			"and must not be root; name another user, as bootfs or nobody",
			config->worker_user.at, user->pw_uid ? "group" : "number");
	if (config->access_group.len)
		group = getgrnam(config->access_group.at);
	config->access_gid = group ? group->gr_gid : 0;
	if (config->access_group.len && !group)
		config_add_problem(config, config->file, config->access_line, false,
			"access: no group \"%s\" on this host", config->access_group.at);
}
