/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/lvm/lvm.h"
#include "parsers/disk/scan.h"

#include <errno.h>

/* The physical volumes that were found. */
struct found {
	struct lvm_pv *at;
	struct volume **volumes; /* that they are */
	bool *used;              /* by a group */
	uint32_t count;
};

static bool may_be_pv(const struct volume *volume)
{
	return text_is(volume->fs_name, "LVM2_member");
}

/* A clone of a disk: two physical volumes with one id. The first counts. */
static bool is_known(
	const struct volumes *volumes, const struct found *found, const struct lvm_pv *pv)
{
	for (uint32_t i = 0; i < found->count; i++) {
		if (memcmp(found->at[i].id, pv->id, LVM_ID) != 0)
			continue;
		report_add(volumes->report, REPORT_WARNING,
			"%.*s is a copy of the LVM physical volume %.*s: not used",
			TEXT_ARG(pv->volume), TEXT_ARG(found->at[i].volume));
		return true;
	}
	return false;
}

static int find_pvs(struct volumes *volumes, struct found *found)
{
	uint32_t n = volumes->count + 1;

	found->at = arena_array(volumes->arena, n, sizeof(*found->at));
	found->volumes = arena_array(volumes->arena, n, sizeof(*found->volumes));
	found->used = arena_array(volumes->arena, n, sizeof(*found->used));
	if (!found->at || !found->volumes || !found->used)
		return -ENOMEM;
	for (uint32_t i = 0; i < volumes->count; i++) {
		struct volume *volume = volumes->at[i];
		struct lvm_pv *pv = &found->at[found->count];
		int got;

		if (!may_be_pv(volume))
			continue;
		got = lvm_pv_read(&volume->dev, volumes->arena, pv);
		if (got == -ENOMEM)
			return got;
		pv->volume = volume->name;
		if (got != 1 || is_known(volumes, found, pv))
			continue;
		if (pv->damaged)
			report_add(volumes->report, REPORT_WARNING,
				"%.*s: its copy of the LVM metadata is damaged",
				TEXT_ARG(pv->volume));
		found->volumes[found->count++] = volume;
	}
	return 0;
}

/*
 * The newest description of the group that PV `from` belongs to, among all copies. Marks all
 * physical volumes whose copies are of this group. -ENOENT: none can be read.
 */
static int read_newest(
	struct volumes *volumes, struct found *found, uint32_t from, struct lvm_vg *ret)
{
	bool any = false;
	struct lvm_vg vg;

	for (uint32_t i = from; i < found->count; i++) {
		const struct lvm_pv *pv = &found->at[i];
		int err;

		if (found->used[i] || !pv->text.len)
			continue;
		if (any && text_equal(pv->text, found->at[from].text)) {
			found->used[i] = true;
			continue;
		}
		err = lvm_vg_read(pv->text, volumes->arena, &vg);
		if (err == -ENOMEM)
			return err;
		if (err || (any && !text_equal(vg.id, ret->id))) {
			if (i == from)
				return -ENOENT;
			continue;
		}
		found->used[i] = true;
		if (!any || lvm_number(vg.section, "seqno") > lvm_number(ret->section, "seqno"))
			*ret = vg;
		any = true;
	}
	return any ? 0 : -ENOENT;
}

/* "vg-with-dashes" as "vg--with--dashes": the one dash that is left stands between the names. */
static int double_dashes(struct arena *arena, struct text name, struct text *ret)
{
	char *to = arena_alloc(arena, 2 * name.len + 1);
	size_t len = 0;

	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < name.len; i++) {
		if (name.at[i] == '-')
			to[len++] = '-';
		to[len++] = name.at[i];
	}
	*ret = (struct text){to, len};
	return 0;
}

static int add_lv(struct volumes *volumes, const struct lvm_vg *vg, const struct lvm_lv *lv)
{
	struct text group, own, name, id_name;
	struct blockdev none = blockdev_on_memory("", 0);
	struct volume *volume;
	int err;

	if (double_dashes(volumes->arena, vg->name, &group) ||
		double_dashes(volumes->arena, lv->name, &own) ||
		arena_printf(
			volumes->arena, &name, "lvm/%.*s-%.*s", TEXT_ARG(group), TEXT_ARG(own)) ||
		arena_printf(volumes->arena, &id_name, "lvmid/%.*s/%.*s", TEXT_ARG(vg->id),
			TEXT_ARG(lv->id)))
		return -ENOMEM;
	if (volumes_find(volumes, name))
		name = id_name;
	volume = scan_new_volume(volumes, name, lv->problem.len ? &none : &lv->dev);
	if (!volume)
		return -ENOMEM;
	volume->id_name = id_name;
	volume->problem = lv->problem;
	if (lv->unsure)
		report_add(volumes->report, REPORT_WARNING,
			"%.*s: a part is missing and its parity was never complete: what is "
			"computed out of it may be wrong",
			TEXT_ARG(name));
	err = scan_add(volumes, volume);
	return err == -ENOSPC ? 0 : err;
}

/* Reports the group and marks the volumes that it lies on. */
static void report_group(
	struct volumes *volumes, const struct found *found, const struct lvm_vg *vg)
{
	char list[400] = "";
	size_t len = 0;

	for (uint32_t i = 0; i < found->count; i++) {
		if (!lvm_vg_has(vg, &found->at[i]))
			continue;
		found->volumes[i]->grouped = true;
		if (len < sizeof(list))
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%.*s",
				len ? ", " : "", TEXT_ARG(found->at[i].volume));
	}
	report_add(
		volumes->report, REPORT_OK, "lvm/%.*s LVM group on %s", TEXT_ARG(vg->name), list);
}

static int add_group(struct volumes *volumes, const struct found *found, struct lvm_vg *vg)
{
	int err;

	vg->pvs = found->at;
	vg->n_pvs = found->count;
	report_group(volumes, found, vg);
	err = lvm_vg_map(vg);
	for (uint32_t i = 0; i < vg->n_lvs && !err; i++) {
		if (vg->lvs[i].visible)
			err = add_lv(volumes, vg, &vg->lvs[i]);
	}
	return err;
}

int scan_lvm(struct volumes *volumes)
{
	struct found found = {0};
	int err = find_pvs(volumes, &found);

	for (uint32_t i = 0; i < found.count && !err; i++) {
		struct lvm_vg vg;

		if (found.used[i] || !found.at[i].text.len)
			continue;
		err = read_newest(volumes, &found, i, &vg);
		if (!err)
			err = add_group(volumes, &found, &vg);
		else if (err == -ENOENT)
			report_add(volumes->report, REPORT_WARNING,
				"%.*s: its LVM metadata cannot be understood",
				TEXT_ARG(found.at[i].volume));
		if (err == -ENOENT)
			err = 0;
	}
	return err;
}
