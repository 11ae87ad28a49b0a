/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/inspection.h"

#include <errno.h>

struct inspection *inspection_new(size_t limit)
{
	struct inspection *inspection = calloc(1, sizeof(*inspection));

	if (!inspection)
		return NULL;
	arena_init(&inspection->arena, limit);
	report_init(&inspection->report, &inspection->arena);
	bootmenu_init(&inspection->menu, &inspection->arena);
	return inspection;
}

void inspection_free(struct inspection *inspection)
{
	if (!inspection)
		return;
	arena_done(&inspection->arena);
	free(inspection);
}

struct inspection *inspection_of_error(const struct err *err)
{
	enum { ROOM = 16 * 1024 };
	struct inspection *inspection = inspection_new(ROOM);

	if (!inspection ||
		arena_text(&inspection->arena, text_of(err->text), &inspection->error) == 0)
		return inspection;
	inspection_free(inspection);
	return NULL;
}

const struct inspection_volume *inspection_volume(
	const struct inspection *inspection, struct text name)
{
	for (uint32_t i = 0; i < inspection->n_volumes; i++) {
		if (text_equal(inspection->volumes[i].name, name))
			return &inspection->volumes[i];
	}
	return NULL;
}

const struct inspection_disk *inspection_disk_of(
	const struct inspection *inspection, struct text volume)
{
	struct text disk = text_first(volume, text_find(volume, ','));

	for (uint32_t i = 0; i < inspection->n_disks; i++) {
		if (text_equal(inspection->disks[i].name, disk))
			return &inspection->disks[i];
	}
	return NULL;
}

const char *sandbox_gap_text(enum sandbox_gap gap)
{
	switch (gap) {
	case GAP_NAMESPACES:
		return "no namespaces of its own (needs CAP_SYS_ADMIN; a container may refuse "
		       "them)";
	case GAP_PIVOT:
		return "chroot instead of a root of its own (/ is no mount point)";
	case GAP_ROOT:
		return "the host's root stays visible, without a call to open anything there";
	case GAP_USER:
		return "runs under the user who asked";
	case GAP_LANDLOCK:
		return "this kernel has no Landlock (CONFIG_SECURITY_LANDLOCK)";
	case GAP_LANDLOCK_OFF:
		return "Landlock is not switched on (add it to lsm= on the kernel's command line)";
	case GAP_LANDLOCK_REFUSED:
		return "Landlock is refused here (by a container's filter of system calls?)";
	case GAP_ALL:
	default:
		return "unknown gap";
	}
}
