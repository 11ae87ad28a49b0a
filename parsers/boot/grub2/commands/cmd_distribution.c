/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that only some distributions' GRUB has: Flatcar's, Home Assistant's, SUSE's. */
#include "parsers/boot/grub2/commands/commands.h"
#include "parsers/boot/grub2/commands/device.h"

/* ---- gptprio.next -------------------------------------------------------------------------- */

/*
 * The attributes of a system partition, from ChromeOS by way of CoreOS:
 *
 *	bits 48..51  priority, 0 is none
 *	bits 52..55  tries left
 *	bit  56      booted successfully
 */
enum { PRIORITY_SHIFT = 48, TRIES_SHIFT = 52, SUCCESSFUL_SHIFT = 56 };

static unsigned priority(const struct volume_info *volume)
{
	return volume->part_attributes >> PRIORITY_SHIFT & 15;
}

static unsigned tries_left(const struct volume_info *volume)
{
	return volume->part_attributes >> TRIES_SHIFT & 15;
}

static bool can_be_next(const struct volume_info *volume)
{
	bool system = text_is(volume->part_type, "5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6") ||
		      text_is(volume->part_type, "6b636168-7420-6568-2070-6c616e657421");

	return system && (tries_left(volume) || volume->part_attributes >> SUCCESSFUL_SHIFT & 1);
}

/* The system partition of $root's disk with the highest priority; of equal ones the first. */
static const struct volume_info *find_next(struct grub *g)
{
	const struct volume_info *root = grub_device_find(g, grub_var_get(g, "root"));
	const struct volume_info *volume, *best = NULL;
	uint32_t index = 0;

	while (root && (volume = grub_device_at(g, &index))) {
		if (!grub_step(g, 1))
			return NULL;
		if (!text_equal(volume->disk_name, root->disk_name) || !can_be_next(volume) ||
			!priority(volume))
			continue;
		if (!best || priority(volume) > priority(best) ||
			(priority(volume) == priority(best) && volume->number < best->number))
			best = volume;
	}
	return best;
}

/* gptprio.next -d DEVICE -u UUID: the names of variables. */
int grub_cmd_gptprio_next(struct grub *g, const struct grub_call *call)
{
	static const struct grub_option known[] = {
		{"set-device", 'd', true, false}, {"set-uuid", 'u', true, false}, {0}};
	struct grub_options options = {.known = known};
	const struct volume_info *next;
	int r = grub_options_parse(g, call, &options);

	if (r)
		return r;
	if (!options.set[0] || !options.set[1])
		return GRUB_INVALID_COMMAND;
	next = find_next(g);
	if (!next) {
		grub_warn(g, "gptprio.next: no system partition has a priority and tries left");
		grub_blame(g, "gptprio.next finds no partition");
		return GRUB_UNKNOWN_DEVICE;
	}
	if (tries_left(next))
		grub_note(g, "gptprio.next: the tries left on %.*s are not counted down",
			TEXT_ARG(next->name));
	r = grub_var_set(g, options.value[0], grub_device_name(g, next));
	return r ? r : grub_var_set(g, options.value[1], next->part_uuid);
}

/* ---- file_env ------------------------------------------------------------------------------ */

/* file_env -f FILE VARIABLE: the first line of the file becomes the variable's value. */
int grub_cmd_file_env(struct grub *g, const struct grub_call *call)
{
	static const struct grub_option known[] = {{"file", 'f', true, false}, {0}};
	struct grub_options options = {.known = known};
	const struct volume_info *volume;
	struct text content, path;
	int r = grub_options_parse(g, call, &options);

	if (!r && (!options.set[0] || options.count != 1))
		r = GRUB_BAD_ARGUMENT;
	if (!r)
		r = grub_read_file(g, options.value[0], &content, &volume, &path);
	if (r)
		return r;
	content = text_first(content, text_find(content, '\n'));
	content = text_first(content, text_find(content, '\r'));
	return grub_var_set(g, options.args[0], content);
}
