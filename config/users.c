/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config.h"

#include "core/passwd.h"

#include <grp.h>
#include <pwd.h>

/*
 * In /etc/passwd first: asking the host's other sources loads libraries and talks to daemons,
 * which costs a private bootfs more than its mount. false: no such user; both numbers are 0.
 */
static bool find_user(const char *name, uid_t *uid, gid_t *gid)
{
	const struct passwd *user;

	if (!passwd_find("/etc/passwd", name, uid, gid))
		return true;
	user = getpwnam(name);
	*uid = user ? user->pw_uid : 0;
	*gid = user ? user->pw_gid : 0;
	return user;
}

/* Apart from the rest: only dynamic programs can look users up. */
void config_check_users(struct config *config)
{
	const struct group *group = NULL;

	if (!find_user(config->worker_user.at, &config->worker_uid, &config->worker_gid))
		config_add_problem(config, config->file, config->worker_user_line,
			!config->worker_user_line,
			"worker-user: no user \"%s\" on this host; try: "
			"useradd --system %s (it owns nothing and needs no home)",
			config->worker_user.at, config->worker_user.at);
	else if (!config->worker_uid || !config->worker_gid)
		config_add_problem(config, config->file, config->worker_user_line, false,
			"worker-user: \"%s\" has root's %s: inspectors read what guests wrote, "
			"and must not be root; name another user, as bootfs or nobody",
			config->worker_user.at, config->worker_uid ? "group" : "number");
	if (config->access_group.len)
		group = getgrnam(config->access_group.at);
	config->access_gid = group ? group->gr_gid : 0;
	if (config->access_group.len && !group)
		config_add_problem(config, config->file, config->access_line, false,
			"access: no group \"%s\" on this host", config->access_group.at);
}
