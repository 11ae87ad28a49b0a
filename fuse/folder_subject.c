/* What a folder's question is about: which disks, looked at how. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/folder_steps.h"

static struct text first_of(struct text a, struct text b)
{
	return a.len ? a : b;
}

static struct how host_how(const struct daemon *daemon)
{
	const struct config *config = daemon->config;

	return (struct how){
		.platform = config->platform,
		.flavour = config->flavour,
		.policy.refuse_missing_entry = config->refuse_missing_entry,
		.policy.next_when_missing = config->next_when_missing,
		.ignore_one_shot = config->ignore_one_shot,
		.limits = config->limits,
		.uid = daemon->inspector.settings.uid,
		.gid = daemon->inspector.settings.gid,
	};
}

static void add_domain_settings(struct how *how, const struct domain *domain)
{
	how->domain = domain->name;
	how->ignore_one_shot = domain->ignore_one_shot;
	how->platform = first_of(domain->platform, how->platform);
	how->flavour = first_of(domain->flavour, how->flavour);
	how->policy = (struct boot_policy){
		.entry = domain->entry,
		.refuse_missing_entry = domain->refuse_missing_entry,
		.next_when_missing = domain->next_when_missing,
		.args = domain->args,
		.config = domain->config,
	};
}

static void add_request_settings(struct how *how, const struct disk_request *request)
{
	how->only_config = request->only_config;
	how->ignore_one_shot |= request->ignore_one_shot;
	how->offset = request->offset;
	how->platform = first_of(request->platform, how->platform);
	how->flavour = first_of(request->flavour, how->flavour);
	how->policy.config = first_of(request->config, how->policy.config);
	/* All of the policy is about menus, but for what is named here. */
	if (request->kernel.len)
		how->policy = (struct boot_policy){
			.kernel = request->kernel,
			.ramdisk = request->ramdisk,
		};
	if (request->max_kernel)
		how->limits.max_kernel = request->max_kernel;
	if (request->max_initrd)
		how->limits.max_initrd = request->max_initrd;
	if (request->uid != (uid_t)-1) {
		how->uid = request->uid;
		how->gid = (gid_t)request->uid;
	}
}

static struct how folder_how(const struct folder *folder, const struct domain *domain)
{
	struct how how = host_how(folder->daemon);

	if (domain)
		add_domain_settings(&how, domain);
	if (folder->request)
		add_request_settings(&how, folder->request);
	return how;
}

static int set_domain_disk(struct disks *disks, const struct domain *domain, uint32_t i)
{
	const struct domain_disk *disk = &domain->disks[i];

	return disks_set(disks, i, disk->path, disk->vdev, disk->partition, disk->problem);
}

static int set_disks(struct disks *disks, const struct folder *folder)
{
	const struct domain *domain = folder->domain;
	struct how how = folder_how(folder, domain);
	int r = disks_set_how(disks, &how);

	if (!r && !domain)
		r = disks_set(disks, 0, folder->request->path, TEXT(""), 0, TEXT(""));
	for (uint32_t i = 0; !r && domain && i < domain->n_disks; i++)
		r = set_domain_disk(disks, domain, i);
	return r;
}

struct disks *folder_first_disks(struct folder *folder)
{
	struct disks *disks = disks_new(folder->domain ? folder->domain->n_disks : 1);

	if (disks && set_disks(disks, folder)) {
		disks_free(disks);
		disks = NULL;
	}
	return disks;
}

/* The disk that was named stays the first, whatever path the configuration has for it. */
static void take_first(struct disks *disks, struct disks *from)
{
	disks->disk[0].opened = from->disk[0].opened;
	disks->disk[0].stamp = from->disk[0].stamp;
	disks->fds[0] = from->fds[0];
	disks->n_open = from->n_open;
	disks->child_fds[0] = from->child_fds[0];
	from->fds[0] = from->child_fds[0] = -1;
}

struct disks *folder_domain_disks(struct folder *folder, const struct domain *domain)
{
	const struct domain_disk *first = &domain->disks[0];
	struct how how = folder_how(folder, domain);
	struct disks *disks = disks_new(domain->n_disks);
	int r;

	if (!disks)
		return NULL;
	r = disks_set_how(disks, &how);
	if (!r)
		r = disks_set(
			disks, 0, folder->request->path, first->vdev, first->partition, TEXT(""));
	for (uint32_t i = 1; !r && i < domain->n_disks; i++)
		r = set_domain_disk(disks, domain, i);
	if (r) {
		disks_free(disks);
		return NULL;
	}
	take_first(disks, folder->disks);
	return disks;
}
