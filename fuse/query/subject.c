/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/subject.h"

#include "config/layers.h"

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
	/* Who names an entry wants no other in its place because of a missing kernel. */
	if (request->entry.len) {
		how->policy.entry = request->entry;
		how->policy.next_when_missing = false;
	}
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

/* Of a Xen domain's disk "auto" is no question: Xen's toolstack starts what lies there. */
static void settle_platform(
	struct how *how, const struct domain *domain, const struct disk_request *request)
{
	bool asked = request && request->platform.len;

	if (text_is(how->platform, "auto") && !asked && !(domain && domain->bare_image))
		how->platform = TEXT("xen");
}

static struct how subject_settings(const struct folder *folder, const struct domain *domain)
{
	struct how how = host_how(folder->daemon);

	if (domain)
		add_domain_settings(&how, domain);
	if (folder->request)
		add_request_settings(&how, folder->request);
	settle_platform(&how, domain, folder->request);
	return how;
}

/* In the format that the disk line or an [image] section says, with what backs it. */
static int set_layers(struct disks *disks, const struct folder *folder, uint32_t i,
	struct text path, struct text format)
{
	struct disk_layer layers[MAX_IMAGE_LAYERS];
	int n = config_layers(folder->daemon->config, path, format, layers);

	return disks_set_layers(disks, i, layers, n);
}

static int set_domain_disk(
	struct disks *disks, const struct folder *folder, const struct domain *domain, uint32_t i)
{
	const struct domain_disk *disk = &domain->disks[i];
	int r = disks_set(disks, i, disk->path, disk->vdev, disk->partition, disk->problem);

	return r || disk->problem.len ? r : set_layers(disks, folder, i, disk->path, disk->format);
}

/* Of a name below .disk, before it is known whose disk it is. */
static int set_named_disk(struct disks *disks, const struct folder *folder)
{
	struct text path = folder->request->path;
	int r = disks_set(disks, 0, path, TEXT(""), 0, TEXT(""));

	if (r || folder->request->only_config)
		return r;
	return set_layers(disks, folder, 0, path, TEXT("raw"));
}

static int set_disks(struct disks *disks, const struct folder *folder)
{
	const struct domain *domain = folder->domain;
	struct how how = subject_settings(folder, domain);
	int r = disks_set_how(disks, &how);

	if (!r && !domain)
		r = set_named_disk(disks, folder);
	for (uint32_t i = 0; !r && domain && i < domain->n_disks; i++)
		r = set_domain_disk(disks, folder, domain, i);
	return r;
}

struct disks *subject_first_disks(struct folder *folder)
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
	disks->child_fds[0] = from->child_fds[0];
	from->fds[0] = from->child_fds[0] = -1;
}

/*
 * A domain that was named may be asked about through another disk than its own first one: the
 * block device that xl made of its image, which has raw bytes.
 */
static int set_first_disk(
	struct disks *disks, const struct folder *folder, const struct domain *domain, bool same)
{
	const struct domain_disk *first = &domain->disks[0];
	struct text path = folder->request->path;
	int r = disks_set(disks, 0, path, first->vdev, first->partition, TEXT(""));

	if (r)
		return r;
	if (same || text_equal(path, first->path))
		return set_layers(disks, folder, 0, first->path, first->format);
	return set_layers(disks, folder, 0, path, TEXT("raw"));
}

struct disks *subject_domain_disks(struct folder *folder, const struct domain *domain, bool same)
{
	struct how how = subject_settings(folder, domain);
	struct disks *disks = disks_new(domain->n_disks);
	int r;

	if (!disks)
		return NULL;
	r = disks_set_how(disks, &how);
	if (!r)
		r = set_first_disk(disks, folder, domain, same);
	for (uint32_t i = 1; !r && i < domain->n_disks; i++)
		r = set_domain_disk(disks, folder, domain, i);
	if (r) {
		disks_free(disks);
		return NULL;
	}
	take_first(disks, folder->query.disks);
	return disks;
}
