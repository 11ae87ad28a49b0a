/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/commands/device.h"

#include "parsers/boot/grub2/commands/commands.h"

/* A volume that a loopback opened; it stays until the end, under a name of its own. */
struct grub_loop_volume {
	struct grub_loop_volume *next;
	const struct volume_info *volume, *on;
	struct text path;
};

static const struct grub_loop *find_loop(const struct grub *g, struct text name)
{
	const struct grub_loop *loop = g->loops;

	while (loop && !text_equal(loop->name, name))
		loop = loop->next;
	return loop;
}

static bool is_loop_volume(const struct grub *g, const struct volume_info *volume)
{
	const struct grub_loop_volume *at;

	for (at = g->loop_volumes; at; at = at->next) {
		if (at->volume == volume)
			return true;
	}
	return false;
}

/* "loop,msdos1" of the loopback device "loop", whose volume may have another name. */
static const struct volume_info *find_loop_part(
	struct grub *g, const struct grub_loop *loop, struct text rest)
{
	struct text full;

	if (!loop->volume || !rest.len)
		return loop->volume;
	if (arena_printf(g->files->arena, &full, "%.*s%.*s", TEXT_ARG(loop->volume->name),
		    TEXT_ARG(rest)))
		return NULL;
	return g->files->ops->find(g->files, full);
}

const struct volume_info *grub_device_find(struct grub *g, struct text name)
{
	size_t disk = text_find(name, ',');
	const struct grub_loop *loop;
	const struct volume_info *volume;

	if (!name.len)
		return NULL;
	loop = find_loop(g, text_first(name, disk));
	if (loop)
		return find_loop_part(g, loop, text_skip(name, disk));
	volume = g->files->ops->find(g->files, name);
	return volume && is_loop_volume(g, volume) ? NULL : volume;
}

struct text grub_device_name(struct grub *g, const struct volume_info *volume)
{
	const struct grub_loop *loop;

	for (loop = g->loops; loop; loop = loop->next) {
		if (loop->volume == volume)
			return loop->name;
	}
	return volume->name;
}

/* Does a loopback name lead to this volume now? */
static bool is_looped(const struct grub *g, const struct volume_info *volume)
{
	const struct grub_loop *loop;

	for (loop = g->loops; loop; loop = loop->next) {
		if (loop->volume == volume)
			return find_loop(g, loop->name) == loop;
	}
	return false;
}

const struct volume_info *grub_device_at(struct grub *g, uint32_t *index)
{
	const struct volume_info *volume;

	do {
		volume = g->files->ops->volume(g->files, (*index)++);
	} while (volume && is_loop_volume(g, volume) && !is_looped(g, volume));
	return volume;
}

/* ---- SUSE's view of a btrfs ---------------------------------------------------------------- */

static bool is_below(struct text path, struct text folder)
{
	while (folder.len && folder.at[folder.len - 1] == '/')
		folder.len--;
	return text_starts(path, folder) && (path.len == folder.len || path.at[folder.len] == '/');
}

/* subvolume + rest of the path, where that is a file or folder; else the path as it was. */
static struct text in_subvolume(struct grub *g, const struct volume_info *volume,
	struct text subvolume, struct text rest, struct text path)
{
	struct file_stat stat;
	struct text joined;

	while (subvolume.len && subvolume.at[0] == '/')
		subvolume = text_skip(subvolume, 1);
	if (!subvolume.len || arena_printf(g->files->arena, &joined, "/%.*s%.*s",
				      TEXT_ARG(subvolume), TEXT_ARG(rest)))
		return path;
	return g->files->ops->stat(g->files, volume, joined, &stat) ? path : joined;
}

/*
 * SUSE's patches: btrfs-mount-subvol puts a subvolume on a folder; with $btrfs_relative_path paths
 * begin in $btrfs_subvol. (They begin in the default subvolume otherwise, which the reader of btrfs
 * looks through by itself.)
 */
static struct text suse_path(struct grub *g, const struct volume_info *volume, struct text path)
{
	struct text relative = grub_var_get(g, "btrfs_relative_path");
	const struct grub_mounted *mounted;

	if (!text_is(volume->fs_name, "btrfs"))
		return path;
	for (mounted = g->mounted; mounted; mounted = mounted->next) {
		if (!grub_step(g, 1))
			return path;
		if (mounted->volume == volume && is_below(path, mounted->folder))
			return in_subvolume(g, volume, mounted->subvolume,
				text_skip(path,
					text_is(mounted->folder, "/") ? 0 : mounted->folder.len),
				path);
	}
	if (!relative.len || (relative.at[0] != '1' && relative.at[0] != 'y'))
		return path;
	return in_subvolume(g, volume, grub_var_get(g, "btrfs_subvol"), path, path);
}

/* btrfs-mount-subvol DEVICE FOLDER SUBVOLUME */
int grub_cmd_btrfs_mount(struct grub *g, const struct grub_call *call)
{
	struct grub_mounted *mounted;
	struct text device;

	if (call->count != 3)
		return GRUB_BAD_ARGUMENT;
	device = call->args[0];
	if (device.len > 1 && device.at[0] == '(' && device.at[device.len - 1] == ')')
		device = (struct text){device.at + 1, device.len - 2};
	mounted = arena_new(g->files->arena, struct grub_mounted);
	if (!mounted || !grub_step(g, 8))
		return grub_no_memory(g);
	mounted->volume = grub_device_find(g, device);
	if (!mounted->volume)
		return GRUB_UNKNOWN_DEVICE;
	if (!text_is(mounted->volume->fs_name, "btrfs"))
		return GRUB_BAD_ARGUMENT;
	mounted->folder = grub_keep(g, call->args[1]);
	mounted->subvolume = grub_keep(g, call->args[2]);
	mounted->next = g->mounted;
	g->mounted = mounted;
	return GRUB_OK;
}

/* ---- names of files ------------------------------------------------------------------------- */

int grub_file_locate(struct grub *g, struct text name, const struct volume_info **volume,
	struct text *path, const char **reason)
{
	struct text device;
	const char *ignored = NULL;

	reason = reason ? reason : &ignored;
	*volume = NULL;
	*path = name;
	if (name.len && name.at[0] == '(') {
		*path = text_skip(name, 1);
		if (!text_cut(path, ')', &device) || device.len + 1 == name.len) {
			*reason = "no ) in its name";
			return GRUB_BAD_FILENAME;
		}
	} else {
		device = grub_var_get(g, "root");
	}
	*volume = grub_device_find(g, device);
	if (!*volume) {
		*reason = "no such device";
		return GRUB_UNKNOWN_DEVICE;
	}
	if (!path->len || path->at[0] != '/') {
		*reason = path->len && (path->at[0] == '+' || path->at[0] == ',')
				  ? "a list of blocks is not a file"
				  : "its path does not begin with /";
		return GRUB_BAD_FILENAME;
	}
	if (!(*volume)->readable) {
		*reason = "its file system cannot be read";
		return GRUB_UNKNOWN_FS;
	}
	*path = suse_path(g, *volume, *path);
	return GRUB_OK;
}

int grub_file_find(struct grub *g, struct text name, const struct volume_info **volume,
	struct text *path, const char **reason)
{
	const char *ignored = NULL;
	int r;

	reason = reason ? reason : &ignored;
	r = grub_file_locate(g, name, volume, path, reason);
	if (r)
		return r;
	if (files_is_regular(g->files, *volume, *path))
		return GRUB_OK;
	*reason = "not found";
	return GRUB_NOT_FOUND;
}

/* ---- loopback ----------------------------------------------------------------------------- */

static int set_loop(struct grub *g, struct text name, const struct volume_info *volume)
{
	uint32_t count = g->loops ? g->loops->count + 1 : 1;
	struct grub_loop *loop;

	if (count > GRUB_MAX_LOOPS) {
		grub_warn(g, "loopback: more than %d uses", GRUB_MAX_LOOPS);
		return GRUB_OUT_OF_MEMORY;
	}
	loop = arena_new(g->files->arena, struct grub_loop);
	if (!loop || arena_text(g->files->arena, name, &loop->name))
		return grub_no_memory(g);
	loop->volume = volume;
	loop->count = count;
	loop->next = g->loops;
	g->loops = loop;
	return GRUB_OK;
}

/*
 * Asks for the volume under the name scripts will use or, where that is taken (every ISO entry
 * says "loop"), under one with a number: the menu's entries must keep their files apart.
 */
static const struct volume_info *open_volume(
	struct grub *g, struct text name, const struct volume_info *on, struct text path)
{
	struct files *files = g->files;
	struct text own = name;
	int r = files->ops->loopback(files, own, on, path, false);

	for (unsigned n = 2; r == -EEXIST && n <= MAX_VOLUMES; n++) {
		if (arena_printf(files->arena, &own, "%.*s.%u", TEXT_ARG(name), n))
			return NULL;
		r = files->ops->loopback(files, own, on, path, false);
	}
	return r ? NULL : files->ops->find(files, own);
}

static const struct volume_info *loop_volume(
	struct grub *g, struct text name, const struct volume_info *on, struct text path)
{
	struct grub_loop_volume *at;

	for (at = g->loop_volumes; at; at = at->next) {
		if (at->on == on && text_equal(at->path, path))
			return at->volume;
	}
	at = arena_new(g->files->arena, struct grub_loop_volume);
	if (!at || arena_text(g->files->arena, path, &at->path))
		return NULL;
	at->on = on;
	at->volume = open_volume(g, name, on, at->path);
	if (!at->volume)
		return NULL;
	at->next = g->loop_volumes;
	g->loop_volumes = at;
	return at->volume;
}

int grub_cmd_loopback(struct grub *g, const struct grub_call *call)
{
	static const struct grub_option known[] = {
		{"delete", 'd', false, false}, {"decompress", 'D', false, false}, {0}};
	struct grub_options options = {.known = known};
	const struct volume_info *on, *volume;
	const char *reason;
	struct text path;
	int r = grub_options_parse(g, call, &options);

	if (r || !options.count)
		return r ? r : GRUB_BAD_ARGUMENT;
	if (options.set[0]) {
		const struct grub_loop *loop = find_loop(g, options.args[0]);

		return loop && loop->volume ? set_loop(g, loop->name, NULL) : GRUB_BAD_DEVICE;
	}
	if (options.count < 2)
		return GRUB_BAD_ARGUMENT;
	r = grub_file_find(g, options.args[1], &on, &path, &reason);
	if (r) {
		grub_warn(g, "loopback: %.*s: %s", TEXT_ARG(options.args[1]), reason);
		return r;
	}
	volume = g->files->ops->loopback ? loop_volume(g, options.args[0], on, path) : NULL;
	if (!volume) {
		grub_warn(g, "loopback: %.*s cannot be opened", TEXT_ARG(options.args[1]));
		return GRUB_BAD_FILE_TYPE;
	}
	return set_loop(g, options.args[0], volume);
}
