/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config.h"

#include <grp.h>
#include <pwd.h>

/* Apart from the rest: only dynamic programs can look users up. */
void config_check_users(struct config *config)
{
	if (!getpwnam(config->worker_user.at))
		config_add_problem(config, config->file, config->worker_user_line,
			!config->worker_user_line,
			"worker-user: no user \"%s\" on this host; try: "
			"adduser --system --group --no-create-home %s",
			config->worker_user.at, config->worker_user.at);
	if (config->access_group.len && !getgrnam(config->access_group.at))
		config_add_problem(config, config->file, config->access_line, false,
			"access: no group \"%s\" on this host", config->access_group.at);
}
