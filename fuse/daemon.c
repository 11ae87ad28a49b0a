/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/daemon.h"

#include "fuse/one_shot.h"

#include "fuse/folder.h"
#include "fuse/reload.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

enum { NOBODY = 65534 };

/*
 * Who inspectors run as: worker-user, or nobody, whom others use too (config_check_users() warns).
 * Never root, whatever the configuration says.
 */
static void find_worker(struct daemon *daemon, const struct config *config)
{
	const struct passwd *user = getpwnam(config->worker_user.at);
	struct ask_settings *settings = &daemon->inspector.settings;
	bool usable = user && user->pw_uid != 0;

	settings->uid = usable ? user->pw_uid : NOBODY;
	settings->gid = usable ? user->pw_gid : NOBODY;
}

static int find_group(const struct config *config, gid_t *ret, struct err *err)
{
	const struct group *group;

	*ret = 0;
	if (!config->access_group.len)
		return 0;
	group = getgrnam(config->access_group.at);
	if (!group)
		return err_set(err, ENOENT, "access: no group \"%s\" on this host",
			config->access_group.at);
	*ret = group->gr_gid;
	return 0;
}

/* Hands every folder its domain of the new configuration; makes and unlists others. -ENOMEM. */
static int update_folders(struct daemon *daemon, const struct config *config)
{
	struct folder *folder, *next;
	const struct domain *domain;
	int r = 0;

	for (folder = daemon->folders; folder; folder = folder->next)
		folder->domain = NULL;
	for (domain = config->domains; domain; domain = domain->next) {
		folder = folder_find(daemon, domain->name);
		if (folder)
			folder->domain = domain;
		else if (!folder_new_domain(daemon, domain))
			r = -ENOMEM;
	}
	for (folder = daemon->folders; folder; folder = next) {
		next = folder->next;
		if (!folder->domain)
			folder_unlist(folder);
	}
	return r;
}

static uint32_t processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (uint32_t)n : 1;
}

int daemon_configure(struct daemon *daemon, struct config *config, struct err *err)
{
	gid_t group;
	int r = find_group(config, &group, err);

	if (r) {
		config_free(config);
		return r;
	}
	find_worker(daemon, config);
	daemon->group = group;
	daemon->cache.limit = config->cache_memory;
	daemon->cache.idle_ms = config->cache_ttl_ms;
	daemon->inspector.limit = config->inspections ? config->inspections : processors();
	daemon->generation++;
	r = update_folders(daemon, config);
	config_free(daemon->config);
	daemon->config = config;
	if (daemon->xl_helper)
		one_shot_tidy(config);
	return r ? err_set(err, ENOMEM, "out of memory: not all domains are shown") : 0;
}
