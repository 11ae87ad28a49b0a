/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/lvm/lvm.h"

#include "core/checked.h"
#include "parsers/disk/mapped.h"

#include <errno.h>

enum {
	MAX_LEVELS = 16, /* volumes that lie on volumes */
	MAX_LEGS = 256,  /* stripes of one segment */
};

static int compare_lvs(const void *a, const void *b)
{
	return text_compare(((const struct lvm_lv *)a)->name, ((const struct lvm_lv *)b)->name);
}

static int read_lvs(struct lvm_vg *vg, struct arena *arena)
{
	const struct lvm_node *list = lvm_child(vg->section, "logical_volumes", LVM_SECTION);
	const struct lvm_node *node;
	uint32_t n = 0;

	for (node = list ? list->children : NULL; node; node = node->next)
		n += node->kind == LVM_SECTION;
	vg->lvs = arena_array(arena, n + 1, sizeof(*vg->lvs));
	if (!vg->lvs)
		return -ENOMEM;
	for (node = list ? list->children : NULL; node; node = node->next) {
		if (node->kind != LVM_SECTION)
			continue;
		vg->lvs[vg->n_lvs++] = (struct lvm_lv){
			.name = node->name,
			.id = lvm_string(node, "id"),
			.visible = lvm_list_has(node, "status", "VISIBLE"),
			.section = node,
		};
	}
	qsort(vg->lvs, vg->n_lvs, sizeof(*vg->lvs), compare_lvs);
	return 0;
}

int lvm_vg_read(struct text text, struct arena *arena, struct lvm_vg *ret)
{
	const struct lvm_node *root;
	int err = lvm_text_parse(text, arena, &root);

	if (err)
		return err;
	*ret = (struct lvm_vg){.arena = arena};
	for (const struct lvm_node *node = root->children; node && !ret->section;
		node = node->next) {
		if (node->kind == LVM_SECTION && lvm_string(node, "id").len)
			ret->section = node;
	}
	if (!ret->section)
		return -EINVAL;
	ret->name = ret->section->name;
	ret->id = lvm_string(ret->section, "id");
	if (!checked_mul(
		    lvm_number(ret->section, "extent_size"), (uint64_t)512, &ret->extent_size) ||
		!ret->extent_size)
		return -EINVAL;
	return read_lvs(ret, arena);
}

static const struct lvm_node *pv_sections(const struct lvm_vg *vg)
{
	const struct lvm_node *list = lvm_child(vg->section, "physical_volumes", LVM_SECTION);

	return list ? list->children : NULL;
}

bool lvm_vg_has(const struct lvm_vg *vg, const struct lvm_pv *pv)
{
	for (const struct lvm_node *node = pv_sections(vg); node; node = node->next) {
		if (lvm_id_equal(pv->id, lvm_string(node, "id")))
			return true;
	}
	return false;
}

static int set_problem(struct lvm_vg *vg, struct lvm_lv *lv, const char *what, struct text name)
{
	return arena_printf(vg->arena, &lv->problem, "%s%.*s", what, TEXT_ARG(name));
}

static int map_lv(struct lvm_vg *vg, struct lvm_lv *lv, unsigned level);

/* The device called `name` in the group: a physical volume (from its first extent on), or a
 * logical one. 0: not there. */
static int find_device(struct lvm_vg *vg, struct text name, unsigned level, struct mapped_leg *ret)
{
	const struct lvm_lv key = {.name = name};
	struct lvm_lv *lv;
	int err;

	for (const struct lvm_node *node = pv_sections(vg); node; node = node->next) {
		if (!text_equal(node->name, name))
			continue;
		for (uint32_t i = 0; i < vg->n_pvs; i++) {
			if (!lvm_id_equal(vg->pvs[i].id, lvm_string(node, "id")))
				continue;
			ret->dev = vg->pvs[i].dev;
			return checked_mul(
				lvm_number(node, "pe_start"), (uint64_t)512, &ret->start);
		}
		return 0;
	}
	lv = bsearch(&key, vg->lvs, vg->n_lvs, sizeof(*vg->lvs), compare_lvs);
	if (!lv || level >= MAX_LEVELS)
		return 0;
	err = map_lv(vg, lv, level + 1);
	if (err)
		return err;
	*ret = (struct mapped_leg){.dev = lv->dev};
	return !lv->problem.len && lv->state == LV_DONE;
}

/* A segment being read: its legs, each by the name in a list and the extent behind it. */
struct segment {
	struct lvm_vg *vg;
	struct lvm_lv *lv;
	const struct lvm_node *node;
	unsigned level;
	struct mapped_leg *legs;
	uint32_t n_legs;
};

static int add_leg(struct segment *segment, struct mapped_leg leg)
{
	if (segment->n_legs >= MAX_LEGS)
		return set_problem(segment->vg, segment->lv, "too many stripes", (struct text){0});
	segment->legs[segment->n_legs++] = leg;
	return 0;
}

static int missing(struct segment *segment, struct text name)
{
	/* What the part's own problem is, where it is this very volume. */
	if (segment->lv->problem.len)
		return 0;
	return set_problem(segment->vg, segment->lv, "a part of it is missing: ", name);
}

/* `stripes = ["pv0", 5, "pv1", 7]`: names and extents in turns. */
static int read_stripes(struct segment *segment)
{
	const struct lvm_node *list = lvm_child(segment->node, "stripes", LVM_LIST);
	const struct lvm_node *name = list ? list->children : NULL;
	struct mapped_leg leg;
	uint64_t bytes;
	int found;

	for (; name && name->next && !segment->lv->problem.len; name = name->next->next) {
		found = find_device(segment->vg, name->string, segment->level, &leg);
		if (found < 0)
			return found;
		if (!found || !checked_mul(name->next->number, segment->vg->extent_size, &bytes) ||
			!checked_add(leg.start, bytes, &leg.start))
			return missing(segment, name->string);
		if (add_leg(segment, leg))
			return -ENOMEM;
	}
	return 0;
}

/* `mirrors = ["lv_mimage_0", 0, "lv_mimage_1", 0]`: the first that is there. */
static int read_mirrors(struct segment *segment)
{
	const struct lvm_node *list = lvm_child(segment->node, "mirrors", LVM_LIST);
	const struct lvm_node *name = list ? list->children : NULL;
	struct mapped_leg leg;
	int found = 0;

	for (; name && name->next && !found; name = name->next->next) {
		found = find_device(segment->vg, name->string, segment->level, &leg);
		if (found < 0)
			return found;
	}
	return found ? add_leg(segment, leg) : missing(segment, TEXT("every mirror"));
}

/*
 * `raids = ["lv_rmeta_0", "lv_rimage_0", "lv_rmeta_1", "lv_rimage_1"]`, without the first of each
 * pair in `raid0_lvs`: of every `copies` images the first that is there.
 */
static int read_raids(struct segment *segment, const char *key, uint32_t step, uint32_t copies)
{
	const struct lvm_node *list = lvm_child(segment->node, key, LVM_LIST);
	const struct lvm_node *node = list ? list->children : NULL;
	struct mapped_leg leg;
	uint32_t place = 0;
	int found = 0;

	for (uint32_t i = 0; node && !segment->lv->problem.len; i++, node = node->next) {
		if (i % step != step - 1)
			continue;
		if (!found)
			found = find_device(segment->vg, node->string, segment->level, &leg);
		if (found < 0)
			return found;
		if (++place < copies && node->next)
			continue;
		if (!found)
			return missing(segment, node->string);
		if (add_leg(segment, leg))
			return -ENOMEM;
		place = 0;
		found = 0;
	}
	return 0;
}

static int read_legs(struct segment *segment)
{
	struct text type = lvm_string(segment->node, "type");

	if (text_is(type, "striped") || text_is(type, "linear"))
		return read_stripes(segment);
	if (text_is(type, "mirror"))
		return read_mirrors(segment);
	if (text_is(type, "raid1"))
		return read_raids(segment, "raids", 2, UINT32_MAX);
	if (text_is(type, "raid0"))
		return read_raids(segment, "raid0_lvs", 1, 1);
	if (text_is(type, "raid0_meta"))
		return read_raids(segment, "raids", 2, 1);
	if (text_is(type, "raid10") || text_is(type, "raid10_near"))
		return read_raids(segment, "raids", 2, 2);
	return arena_printf(segment->vg->arena, &segment->lv->problem,
		"an LVM %.*s volume, which is not read", TEXT_ARG(type));
}

/* One `segmentN { ... }` into the device that is put together. */
static int map_segment(struct lvm_vg *vg, struct lvm_lv *lv, const struct lvm_node *node,
	unsigned level, struct mapped_segment *ret)
{
	struct mapped_leg legs[MAX_LEGS], *kept;
	struct segment segment = {vg, lv, node, level, legs, 0};
	int err = read_legs(&segment);

	if (err || lv->problem.len)
		return err;
	if (!segment.n_legs ||
		!checked_mul(lvm_number(node, "start_extent"), vg->extent_size, &ret->start) ||
		!checked_mul(lvm_number(node, "extent_count"), vg->extent_size, &ret->length) ||
		!checked_mul(lvm_number(node, "stripe_size"), (uint64_t)512, &ret->chunk) ||
		(segment.n_legs > 1 && !ret->chunk))
		return set_problem(vg, lv, "its description makes no sense: ", node->name);
	kept = arena_array(vg->arena, segment.n_legs, sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	memcpy(kept, legs, segment.n_legs * sizeof(*kept));
	ret->legs = kept;
	ret->n_legs = segment.n_legs;
	return 0;
}

static uint32_t count_segments(const struct lvm_lv *lv)
{
	uint32_t n = 0;

	for (const struct lvm_node *node = lv->section->children; node; node = node->next)
		n += node->kind == LVM_SECTION && text_starts(node->name, TEXT("segment"));
	return n;
}

/* Fills the segments; each must begin where the one before it ends. */
static int map_segments(struct lvm_vg *vg, struct lvm_lv *lv, unsigned level, struct mapped *mapped)
{
	uint64_t end = 0;

	for (const struct lvm_node *node = lv->section->children; node; node = node->next) {
		struct mapped_segment *to = &mapped->segments[mapped->count];
		int err;

		if (node->kind != LVM_SECTION || !text_starts(node->name, TEXT("segment")))
			continue;
		err = map_segment(vg, lv, node, level, to);
		if (err || lv->problem.len)
			return err;
		if (to->start != end || !checked_add(end, to->length, &end))
			return set_problem(vg, lv, "its description makes no sense: ", node->name);
		mapped->count++;
	}
	lv->dev = mapped_blockdev(mapped, end);
	return 0;
}

/* What lies on itself, or on what does, is found in the state LV_WORKING. */
static int map_lv(struct lvm_vg *vg, struct lvm_lv *lv, unsigned level)
{
	struct mapped *mapped;
	int err;

	if (lv->state == LV_WORKING)
		return set_problem(vg, lv, "it lies on itself", (struct text){0});
	if (lv->state == LV_DONE)
		return 0;
	lv->state = LV_WORKING;
	mapped = arena_new(vg->arena, struct mapped);
	if (!mapped)
		return -ENOMEM;
	mapped->segments =
		arena_array(vg->arena, count_segments(lv) + 1, sizeof(*mapped->segments));
	if (!mapped->segments)
		return -ENOMEM;
	err = map_segments(vg, lv, level, mapped);
	lv->state = LV_DONE;
	return err;
}

int lvm_vg_map(struct lvm_vg *vg)
{
	int err = 0;

	for (uint32_t i = 0; i < vg->n_lvs && !err; i++) {
		if (vg->lvs[i].visible)
			err = map_lv(vg, &vg->lvs[i], 0);
	}
	return err;
}
