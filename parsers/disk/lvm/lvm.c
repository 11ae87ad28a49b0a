/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/lvm/lvm.h"

#include "core/checked.h"
#include "parsers/disk/lvm/raid.h"

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
			.suspect = lvm_list_has(node, "status", "REBUILD"),
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

/* A segment being read: its legs, each by a name in a list. */
struct segment {
	struct lvm_vg *vg;
	struct lvm_lv *lv;
	const struct lvm_node *node;
	unsigned level;
	struct mapped_leg legs[MAX_LEGS];
	struct lvm_raid_note notes[MAX_LEGS]; /* dm-raid's, of images that have metadata */
	uint32_t n_legs;
};

/* A device in the group, found by its name. */
struct found_device {
	struct mapped_leg leg;
	bool suspect; /* another copy is to be preferred */
};

/* A physical volume, from its first extent on. 0: not there. */
static int find_pv(const struct lvm_vg *vg, const struct lvm_node *node, struct found_device *ret)
{
	for (uint32_t i = 0; i < vg->n_pvs; i++) {
		if (!lvm_id_equal(vg->pvs[i].id, lvm_string(node, "id")))
			continue;
		/* It came back after the group had done without it. */
		ret->suspect = lvm_list_has(node, "flags", "MISSING");
		ret->leg = (struct mapped_leg){.dev = vg->pvs[i].dev};
		return checked_mul(lvm_number(node, "pe_start"), (uint64_t)512, &ret->leg.start);
	}
	return 0;
}

/* The device called `name`: a physical volume or a logical one. 0: not there. */
static int find_device(const struct segment *segment, struct text name, struct found_device *ret)
{
	struct lvm_vg *vg = segment->vg;
	const struct lvm_lv key = {.name = name};
	struct lvm_lv *lv;
	int err;

	*ret = (struct found_device){.leg.absent = true};
	for (const struct lvm_node *node = pv_sections(vg); node; node = node->next) {
		if (text_equal(node->name, name))
			return find_pv(vg, node, ret);
	}
	lv = bsearch(&key, vg->lvs, vg->n_lvs, sizeof(*vg->lvs), compare_lvs);
	if (!lv || segment->level >= MAX_LEVELS)
		return 0;
	err = map_lv(vg, lv, segment->level + 1);
	if (err)
		return err;
	if (lv->problem.len || lv->state != LV_DONE)
		return 0;
	ret->leg = (struct mapped_leg){.dev = lv->dev};
	ret->suspect = lv->suspect;
	return 1;
}

static int senseless(const struct segment *segment)
{
	return set_problem(
		segment->vg, segment->lv, "its description makes no sense: ", segment->node->name);
}

static int missing(const struct segment *segment, struct text name)
{
	/* What the part's own problem is, where it is this very volume. */
	if (segment->lv->problem.len)
		return 0;
	return set_problem(segment->vg, segment->lv, "a part of it is missing: ", name);
}

/*
 * The list of legs, `step` nodes each. 0 legs: there is none, it has too many, or another number
 * than the text itself says: LVM and GRUB refuse those, too.
 */
static const struct lvm_node *leg_list(
	struct segment *segment, const char *key, uint32_t step, const char *count)
{
	const struct lvm_node *list = lvm_child(segment->node, key, LVM_LIST);
	const struct lvm_node *said = lvm_child(segment->node, count, LVM_NUMBER);
	uint32_t n = 0;

	for (const struct lvm_node *node = list ? list->children : NULL; node; node = node->next)
		n++;
	if (!n || n % step || n / step > MAX_LEGS || (said && said->number != n / step))
		return NULL;
	segment->n_legs = n / step;
	return list->children;
}

/* `stripes = ["pv0", 5, "pv1", 7]`: names and extents in turns. */
static int read_stripes(struct segment *segment, struct mapped_segment *ret)
{
	const struct lvm_node *name = leg_list(segment, "stripes", 2, "stripe_count");
	struct found_device device;
	uint64_t bytes;

	if (!name || !lvm_child(segment->node, "stripe_count", LVM_NUMBER) ||
		lvm_number(segment->node, "extent_count") % segment->n_legs)
		return senseless(segment);
	ret->form = MAPPED_STRIPES;
	for (uint32_t i = 0; i < segment->n_legs; i++, name = name->next->next) {
		int found = find_device(segment, name->string, &device);

		if (found < 0)
			return found;
		if (!found || !checked_mul(name->next->number, segment->vg->extent_size, &bytes) ||
			!checked_add(device.leg.start, bytes, &device.leg.start))
			return missing(segment, name->string);
		segment->lv->suspect |= device.suspect;
		segment->legs[i] = device.leg;
	}
	return 0;
}

/* One image for every leg, all with the same bytes. */
static void set_mirror(const struct segment *segment, struct mapped_segment *ret)
{
	ret->form = MAPPED_COPIES;
	ret->chunk = ret->length;
	ret->copies =
		(struct mapped_copies){.near = segment->n_legs, .far = 1, .set = segment->n_legs};
}

/* Images that LVM knows to be old count only where there are no others. */
static void drop_suspects(struct segment *segment, const bool *suspect)
{
	uint32_t good = 0;

	for (uint32_t i = 0; i < segment->n_legs; i++)
		good += !segment->legs[i].absent && !suspect[i];
	for (uint32_t i = 0; good && i < segment->n_legs; i++)
		segment->legs[i].absent |= suspect[i];
}

/* `mirrors = ["lv_mimage_0", 0, "lv_mimage_1", 0]`: the first that is there. */
static int read_mirrors(struct segment *segment, struct mapped_segment *ret)
{
	const struct lvm_node *name = leg_list(segment, "mirrors", 2, "mirror_count");
	bool suspect[MAX_LEGS] = {0};
	struct found_device device;

	if (!name)
		return senseless(segment);
	for (uint32_t i = 0; i < segment->n_legs; i++, name = name->next->next) {
		int found = find_device(segment, name->string, &device);

		if (found < 0)
			return found;
		segment->legs[i] = device.leg;
		suspect[i] = device.suspect;
	}
	drop_suspects(segment, suspect);
	set_mirror(segment, ret);
	return 0;
}

/*
 * `raids = ["lv_rmeta_0", "lv_rimage_0", "lv_rmeta_1", "lv_rimage_1"]`, without the first of each
 * pair in `raid0_lvs`.
 */
static int read_images(struct segment *segment, const struct lvm_node *node, uint32_t step)
{
	bool suspect[MAX_LEGS] = {0};
	struct found_device device;
	int found = 0;

	for (uint32_t i = 0; i < step * segment->n_legs && found >= 0; i++, node = node->next) {
		found = find_device(segment, node->string, &device);
		if (i % step != step - 1) {
			if (found > 0)
				segment->notes[i / step] = lvm_raid_read(&device.leg.dev);
			continue;
		}
		segment->legs[i / step] = device.leg;
		suspect[i / step] = device.suspect;
	}
	drop_suspects(segment, suspect);
	return found < 0 ? found : 0;
}

/* Form and layout of a type; false where they do not fit the number of images. */
static bool set_form(
	const struct segment *segment, const struct lvm_raid_type *type, struct mapped_segment *ret)
{
	uint64_t copies = lvm_number(segment->node, "data_copies");

	if (type->level == 1) {
		set_mirror(segment, ret);
	} else if (type->level == 10) {
		copies = copies ? copies : 2;
		ret->form = MAPPED_COPIES;
		ret->copies = (struct mapped_copies){
			.near = (uint32_t)copies, .far = 1, .set = segment->n_legs};
		return copies <= segment->n_legs;
	} else if (type->level >= 5) {
		ret->form = MAPPED_PARITY;
		ret->layout = type->layout;
		ret->n_parity = type->level == 6 ? 2 : 1;
		return segment->n_legs > ret->n_parity;
	}
	return true;
}

static int read_raid(
	struct segment *segment, const struct lvm_raid_type *type, struct mapped_segment *ret)
{
	bool bare = lvm_child(segment->node, "raid0_lvs", LVM_LIST);
	const char *count = lvm_child(segment->node, "device_count", LVM_NUMBER) ? "device_count"
										 : "stripe_count";
	const struct lvm_node *list =
		leg_list(segment, bare ? "raid0_lvs" : "raids", bare ? 1 : 2, count);
	struct lvm_raid_state state;
	int err;

	if (!list || !set_form(segment, type, ret))
		return senseless(segment);
	err = read_images(segment, list, bare ? 1 : 2);
	if (err)
		return err;
	state = lvm_raid_judge(segment->notes, segment->legs, segment->n_legs);
	if (state.reshaping || lvm_number(segment->node, "data_offset") ||
		lvm_number(segment->node, "delta_disks"))
		return set_problem(segment->vg, segment->lv,
			"an LVM RAID that is being reshaped, which is not read", (struct text){0});
	segment->lv->unsure |= state.dirty;
	return 0;
}

/* The mode of a cache: noted with the cache itself, or with its pool. */
static struct text cache_mode(const struct segment *segment)
{
	const struct lvm_lv key = {.name = lvm_string(segment->node, "cache_pool")};
	struct text mode = lvm_string(segment->node, "cache_mode");
	const struct lvm_lv *pool = bsearch(
		&key, segment->vg->lvs, segment->vg->n_lvs, sizeof(*segment->vg->lvs), compare_lvs);

	if (!mode.len && pool)
		mode = lvm_string(lvm_child(pool->section, "segment1", LVM_SECTION), "cache_mode");
	return mode;
}

/* A cache that writes through has nothing newer than its origin. */
static int read_cache(struct segment *segment, struct mapped_segment *ret)
{
	struct text origin = lvm_string(segment->node, "origin"), mode = cache_mode(segment);
	struct found_device device;
	int found;

	if (!text_is(mode, "writethrough") && !text_is(mode, "passthrough"))
		return arena_printf(segment->vg->arena, &segment->lv->problem,
			"an LVM cache in %.*s mode: what the guest wrote last may be in the cache "
			"only",
			TEXT_ARG(mode.len ? mode : TEXT("an unknown")));
	found = find_device(segment, origin, &device);
	if (found <= 0)
		return found ? found : missing(segment, origin);
	ret->form = MAPPED_STRIPES;
	segment->legs[0] = device.leg;
	segment->n_legs = 1;
	return 0;
}

/* What is not read, where LVM's word for it says too little. */
static int name_type(const struct segment *segment, struct text type)
{
	static const struct {
		const char *type, *problem;
	} known[] = {
		{"integrity", "an LVM volume with integrity data, whose journal is not read"},
		{"vdo", "an LVM VDO volume (deduplicated), which is not read"},
		{"vdo-pool", "an LVM VDO pool, which is not read"},
		{"writecache",
			"an LVM write cache: what the guest wrote last may be in the cache only"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
		if (text_is(type, known[i].type))
			return set_problem(
				segment->vg, segment->lv, known[i].problem, (struct text){0});
	}
	return arena_printf(segment->vg->arena, &segment->lv->problem,
		"an LVM %.*s volume, which is not read", TEXT_ARG(type));
}

static int read_legs(struct segment *segment, struct mapped_segment *ret)
{
	struct text type = lvm_string(segment->node, "type");
	const struct lvm_raid_type *raid = lvm_raid_find(type);

	if (text_is(type, "striped") || text_is(type, "linear"))
		return read_stripes(segment, ret);
	if (text_is(type, "mirror"))
		return read_mirrors(segment, ret);
	/* With flags of what is in use behind a "+": its pool's format, or a volume for a pool. */
	if (text_is(text_first(type, text_find(type, '+')), "cache"))
		return read_cache(segment, ret);
	return raid ? read_raid(segment, raid, ret) : name_type(segment, type);
}

static int keep_legs(const struct segment *segment, struct mapped_segment *ret)
{
	struct mapped_leg *legs = arena_array(segment->vg->arena, segment->n_legs, sizeof(*legs));

	if (!legs)
		return -ENOMEM;
	memcpy(legs, segment->legs, segment->n_legs * sizeof(*legs));
	ret->legs = legs;
	ret->n_legs = segment->n_legs;
	return 0;
}

/* One `segmentN { ... }` into the device that is put together. */
static int map_segment(struct lvm_vg *vg, struct lvm_lv *lv, const struct lvm_node *node,
	unsigned level, struct mapped_segment *ret)
{
	_free_ struct segment *segment = calloc(1, sizeof(*segment));
	uint64_t product;
	int err;

	if (!segment)
		return -ENOMEM;
	segment->vg = vg;
	segment->lv = lv;
	segment->node = node;
	segment->level = level;
	if (!checked_mul(lvm_number(node, "start_extent"), vg->extent_size, &ret->start) ||
		!checked_mul(lvm_number(node, "extent_count"), vg->extent_size, &ret->length) ||
		!checked_mul(ret->length, (uint64_t)MAX_LEGS, &product) ||
		!checked_mul(lvm_number(node, "stripe_size"), (uint64_t)512, &ret->chunk))
		return senseless(segment);
	err = read_legs(segment, ret);
	if (err || lv->problem.len)
		return err;
	if (!ret->chunk && (segment->n_legs != 1 || ret->form != MAPPED_STRIPES))
		return senseless(segment);
	return keep_legs(segment, ret);
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
	bool recovers;

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
	if (mapped->count != lvm_number(lv->section, "segment_count"))
		return set_problem(
			vg, lv, "its description makes no sense: ", TEXT("segment_count"));
	if (!mapped_is_whole(mapped, &recovers))
		return set_problem(vg, lv, "too many parts of it are missing or out of date",
			(struct text){0});
	lv->unsure = lv->unsure && recovers;
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
