/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/host/trial.h"

#include "ask/trial.h"
#include "config/layers.h"
#include "core/nbd_url.h"

#include <errno.h>
#include <string.h>

/* An overloaded host, or one that is just starting, is no reason to give up. */
enum { LEAST_MS = 20000 };

static void look_at_disk(
	const struct config *config, const struct domain_disk *disk, struct trial_subject *ret)
{
	struct disk_layer layers[MAX_IMAGE_LAYERS];

	if (disk->problem.len)
		return;
	if (is_url(disk->path))
		ret->remote = true;
	else if (config_layers(config, disk->path, disk->format, layers) > 0)
		ret->images = true;
}

void trial_subject_fill(
	const struct ask_settings *settings, const struct config *config, struct trial_subject *ret)
{
	*ret = (struct trial_subject){
		.uid = settings->uid,
		.gid = settings->gid,
		.memory = config->limits.memory,
		.timeout_ms = config->limits.timeout_ms,
	};
	snprintf(ret->qemu_nbd, sizeof(ret->qemu_nbd), "%s", config->qemu_nbd.at);
	for (const struct domain *domain = config->domains; domain; domain = domain->next) {
		for (uint32_t i = 0; i < domain->n_disks; i++)
			look_at_disk(config, &domain->disks[i], ret);
	}
}

bool trial_subject_equal(const struct trial_subject *a, const struct trial_subject *b)
{
	return a->uid == b->uid && a->gid == b->gid && a->memory == b->memory &&
	       a->timeout_ms == b->timeout_ms && a->images == b->images && a->remote == b->remote &&
	       strcmp(a->qemu_nbd, b->qemu_nbd) == 0;
}

/* There is no server to ask: that its inspector reads a plain disk is what can be tried. */
static int try_remote(const struct ask_settings *settings, const struct limits *limits,
	uint32_t *gaps, struct err *err)
{
	struct ask_settings remote = *settings;

	remote.inspector = settings->inspector_nbd;
	if (!remote.inspector || !settings->serve)
		return err_set(err, ENOENT,
			"bootfs-serve or bootfs-inspect-nbd is not installed (the package "
			"bootfs-nbd; make NBD=no leaves them out)");
	return trial_run(&remote, limits, false, gaps, err);
}

void trial_of_host(const struct ask_settings *settings, const struct trial_subject *subject,
	struct trial_result *ret)
{
	struct ask_settings with = *settings;
	struct limits limits = limits_default();
	uint32_t gaps;
	int r;

	with.uid = subject->uid;
	with.gid = subject->gid;
	with.qemu_nbd = subject->qemu_nbd;
	limits.memory = subject->memory;
	limits.timeout_ms = subject->timeout_ms > LEAST_MS ? subject->timeout_ms : LEAST_MS;
	*ret = (struct trial_result){0};
	if (trial_run(&with, &limits, false, &ret->gaps, &ret->guests) < 0) {
		err_prefix(&ret->guests, "no guest could be read: the inspector");
		return;
	}
	r = subject->images ? trial_run(&with, &limits, true, &gaps, &ret->images) : 0;
	if (r < 0)
		err_prefix(&ret->images, "no disk that is not raw could be read");
	else if (subject->remote && try_remote(&with, &limits, &gaps, &ret->images) < 0)
		err_prefix(&ret->images, "no disk of an NBD server could be read");
}
