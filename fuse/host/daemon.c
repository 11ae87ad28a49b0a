/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/host/daemon.h"

#include "fuse/query/one_shot.h"

#include "fuse/query/folder.h"
#include "fuse/host/reload.h"

#include <errno.h>

enum { NOBODY = 65534 };

void worker_settings(const struct config *config, struct ask_settings *settings)
{
	settings->uid = config->worker_uid ? config->worker_uid : NOBODY;
	settings->gid = config->worker_uid ? config->worker_gid : NOBODY;
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
	int r;

	worker_settings(config, &daemon->inspector.settings);
	daemon->group = config->access_gid;
	daemon->inspector.settings.qemu_nbd = config->qemu_nbd.at;
	daemon->cache.limit = config->cache_memory;
	daemon->cache.volumes = config->volumes;
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
