/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/memfiles.h"

#include "core/checked.h"

#include <stdio.h>
#include <stdlib.h>

enum { BUCKETS = 4096 };

struct memnode {
	struct memnode *parent, *first, *next, *chain;
	struct text name, content, target;
	struct file_stat stat;
};

struct memfiles_volume {
	struct volume_info info;
	struct memnode root;
	struct memnode *bucket[BUCKETS];
	struct text backing; /* an image: "(hd0,msdos1)/x.iso" */
	bool hidden;         /* an image that no loopback shows */
};

static void must(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "memfiles: %s\n", what);
	abort();
}

static struct text copy(struct text text)
{
	char *at = malloc(text.len + 1);

	must(at, "out of memory");
	memcpy(at, text.len ? text.at : "", text.len);
	at[text.len] = '\0';
	return (struct text){at, text.len};
}

static void drop(struct text text)
{
	union {
		const char *borrowed;
		char *owned;
	} at = {text.at};

	free(at.owned);
}

/* ---- nodes -------------------------------------------------------------------------------- */

static size_t bucket_of(const struct memnode *parent, struct text name)
{
	uint64_t hash = (uintptr_t)parent / sizeof(*parent);

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.at[i]) * 1099511628211u;
	return (size_t)(hash % BUCKETS);
}

static struct memnode *child(
	struct memfiles_volume *volume, struct memnode *parent, struct text name)
{
	struct memnode *node = volume->bucket[bucket_of(parent, name)];

	while (node && (node->parent != parent || !text_equal(node->name, name)))
		node = node->chain;
	return node;
}

static struct memnode *make(struct memfiles *guest, struct memfiles_volume *volume,
	struct memnode *parent, struct text name)
{
	struct memnode *node = child(volume, parent, name);
	struct memnode **bucket = &volume->bucket[bucket_of(parent, name)];

	if (node)
		return node;
	node = calloc(1, sizeof(*node));
	must(node, "out of memory");
	node->name = copy(name);
	node->parent = parent;
	node->stat = (struct file_stat){.type = FILE_FOLDER, .identity = ++guest->next_identity};
	node->next = parent->first;
	parent->first = node;
	node->chain = *bucket;
	*bucket = node;
	return node;
}

static void free_node(struct memnode *node)
{
	drop(node->name);
	drop(node->content);
	drop(node->target);
	free(node);
}

/* Follows a path as a file system does. `hops` bounds the links. */
static int walk(struct memfiles_volume *volume, struct memnode *at, struct text path, int *hops,
	struct memnode **ret)
{
	struct text name;

	while (text_cut(&path, '/', &name)) {
		if (!name.len || text_is(name, "."))
			continue;
		if (at->stat.type != FILE_FOLDER)
			return -ENOTDIR;
		if (text_is(name, "..")) {
			at = at->parent ? at->parent : at;
			continue;
		}
		at = child(volume, at, name);
		if (!at)
			return -ENOENT;
		if (at->target.len) {
			struct memnode *from = at->target.at[0] == '/' ? &volume->root : at->parent;
			int r = --*hops < 0 ? -ELOOP : walk(volume, from, at->target, hops, &at);

			if (r)
				return r;
		}
	}
	*ret = at;
	return 0;
}

static int find_node(
	struct files *files, const struct volume_info *info, struct text path, struct memnode **ret)
{
	struct memfiles *guest = files->context;
	int hops = MAX_LINK_HOPS;

	if (!info->readable)
		return -ENOTSUP;
	for (uint32_t i = 0; i < guest->count; i++) {
		if (&guest->volumes[i]->info == info)
			return walk(guest->volumes[i], &guest->volumes[i]->root, path, &hops, ret);
	}
	must(false, "a volume that is none of ours");
	return -EINVAL;
}

/* ---- struct files_ops --------------------------------------------------------------------- */

static const struct volume_info *mem_volume(struct files *files, uint32_t index)
{
	struct memfiles *guest = files->context;

	for (uint32_t i = 0; i < guest->count; i++) {
		if (!guest->volumes[i]->hidden && index-- == 0)
			return &guest->volumes[i]->info;
	}
	return NULL;
}

/* "hd0,1" for "hd0,msdos1". */
static bool is_short_name(const struct volume_info *info, struct text name)
{
	struct text disk;
	uint64_t number;

	return info->number && text_cut(&name, ',', &disk) && text_equal(disk, info->disk_name) &&
	       text_number(name, &number) && number == info->number;
}

static const struct volume_info *mem_find(struct files *files, struct text name)
{
	struct memfiles *guest = files->context;

	for (uint32_t i = 0; i < guest->count; i++) {
		struct memfiles_volume *volume = guest->volumes[i];

		if (!volume->hidden &&
			(text_equal(volume->info.name, name) || is_short_name(&volume->info, name)))
			return &volume->info;
	}
	return NULL;
}

static int mem_stat(struct files *files, const struct volume_info *volume, struct text path,
	struct file_stat *ret)
{
	struct memfiles *guest = files->context;
	struct memnode *node;
	int r = find_node(files, volume, path, &node);

	guest->stats++;
	if (!r)
		*ret = node->stat;
	return r;
}

static int mem_read(struct files *files, const struct volume_info *volume, struct text path,
	uint64_t offset, uint64_t max, struct text *ret)
{
	struct memfiles *guest = files->context;
	struct memnode *node;
	int r = find_node(files, volume, path, &node);

	guest->reads++;
	if (r)
		return r;
	if (node->stat.type != FILE_REGULAR)
		return node->stat.type == FILE_FOLDER ? -EISDIR : -EINVAL;
	return arena_text(files->arena,
		text_first(text_skip(node->content, (size_t)offset), (size_t)max), ret);
}

static int mem_list(struct files *files, const struct volume_info *volume, struct text path,
	files_visit *visit, void *context)
{
	struct memnode *node;
	int r = find_node(files, volume, path, &node);

	if (r)
		return r;
	if (node->stat.type != FILE_FOLDER)
		return -ENOTDIR;
	for (node = node->first; node && !r; node = node->next)
		r = visit(context, node->name);
	return r;
}

static struct memfiles_volume *volume_of(struct memfiles *guest, struct text name)
{
	for (uint32_t i = 0; i < guest->count; i++) {
		if (text_equal(guest->volumes[i]->info.name, name))
			return guest->volumes[i];
	}
	return NULL;
}

static int mem_loopback(struct files *files, struct text name, const struct volume_info *on,
	struct text path, bool remove)
{
	struct memfiles *guest = files->context;
	struct memfiles_volume *volume = volume_of(guest, name);
	struct text full;

	if (remove) {
		if (!volume || !volume->backing.len || volume->hidden)
			return -ENODEV;
		volume->hidden = true;
		return 0;
	}
	if (volume && !volume->hidden)
		return -EEXIST;
	if (!files_is_regular(files, on, path))
		return -ENOENT;
	full = files_full_name(files, on, path);
	for (uint32_t i = 0; i < guest->count; i++) {
		volume = guest->volumes[i];
		if (!volume->hidden || !text_equal(volume->backing, full))
			continue;
		drop(volume->info.name);
		volume->info.name = copy(name);
		volume->hidden = false;
		return 0;
	}
	/* A file with nothing in it that we know: a device without a file system. */
	must(guest->count < ARRAY_SIZE(guest->volumes), "too many volumes");
	volume = calloc(1, sizeof(*volume));
	must(volume, "out of memory");
	volume->info.name = copy(name);
	volume->backing = copy(full);
	guest->volumes[guest->count++] = volume;
	return 0;
}

static const struct files_ops mem_ops = {
	.volume = mem_volume,
	.find = mem_find,
	.stat = mem_stat,
	.read = mem_read,
	.list = mem_list,
	.loopback = mem_loopback,
};

/* ---- what tests call ---------------------------------------------------------------------- */

void memfiles_init_empty(struct memfiles *guest)
{
	*guest = (struct memfiles){.limits = limits_default()};
	arena_init(&guest->arena, (size_t)guest->limits.memory);
	report_init(&guest->report, &guest->arena);
	guest->settings.platform = TEXT("xen");
	guest->files = (struct files){
		.ops = &mem_ops,
		.arena = &guest->arena,
		.report = &guest->report,
		.limits = &guest->limits,
		.settings = &guest->settings,
		.context = guest,
	};
	bootmenu_init(&guest->menu, &guest->arena);
}

void memfiles_init(struct memfiles *guest)
{
	memfiles_init_empty(guest);
	memfiles_volume(guest, "hd0,msdos1", "3f0c2c1e-0000-4000-8000-000000000001", "root");
}

void memfiles_done(struct memfiles *guest)
{
	for (uint32_t i = 0; i < guest->count; i++) {
		struct memfiles_volume *volume = guest->volumes[i];

		for (size_t b = 0; b < BUCKETS; b++) {
			while (volume->bucket[b]) {
				struct memnode *node = volume->bucket[b];

				volume->bucket[b] = node->chain;
				free_node(node);
			}
		}
		drop(volume->info.name);
		drop(volume->info.disk_name);
		drop(volume->backing);
		free(volume);
	}
	arena_done(&guest->arena);
	guest->count = 0;
}

struct volume_info *memfiles_volume(
	struct memfiles *guest, const char *name, const char *uuid, const char *label)
{
	struct text rest = text_of(name), disk = {0}, digits;
	struct memfiles_volume *volume = calloc(1, sizeof(*volume));
	uint64_t number = 0;

	must(volume && guest->count < ARRAY_SIZE(guest->volumes), "too many volumes");
	volume->root.stat.type = FILE_FOLDER;
	volume->root.stat.identity = ++guest->next_identity;
	volume->info = (struct volume_info){
		.name = copy(rest),
		.fs_name = TEXT("ext4"),
		.uuid = text_of(uuid),
		.label = text_of(label),
		.readable = true,
	};
	if (text_starts(rest, TEXT("hd")) && text_cut(&rest, ',', &disk)) {
		volume->info.disk_name = copy(disk);
		digits = text_skip(rest, rest.len);
		while (digits.at > rest.at && digits.at[-1] >= '0' && digits.at[-1] <= '9')
			digits = (struct text){digits.at - 1, digits.len + 1};
		if (text_number(digits, &number)) {
			volume->info.number = (uint32_t)number;
			volume->info.partmap =
				text_starts(rest, TEXT("gpt")) ? TEXT("gpt") : TEXT("msdos");
		}
	}
	guest->volumes[guest->count++] = volume;
	return &volume->info;
}

const struct volume_info *memfiles_find(struct memfiles *guest, const char *name)
{
	const struct volume_info *info = mem_find(&guest->files, text_of(name));

	must(info, "no such volume");
	return info;
}

/* Makes every part of "(volume)/a/b" that is not there yet. */
static struct memnode *make_all(struct memfiles *guest, const char *name)
{
	struct text path = text_of(name), part;
	struct memfiles_volume *volume;
	struct memnode *node;

	must(text_cut(&path, ')', &part) && part.len && part.at[0] == '(', "want (volume)/path");
	volume = volume_of(guest, text_skip(part, 1));
	must(volume, "a file on a volume that does not exist");
	node = &volume->root;
	while (text_cut(&path, '/', &part)) {
		if (part.len)
			node = make(guest, volume, node, part);
	}
	return node;
}

void memfiles_add_bytes(
	struct memfiles *guest, const char *name, const void *content, size_t length)
{
	struct memnode *node = make_all(guest, name);

	drop(node->content);
	node->content = copy((struct text){content, length});
	node->stat.type = FILE_REGULAR;
	node->stat.size = length;
}

void memfiles_add(struct memfiles *guest, const char *name, const char *content)
{
	memfiles_add_bytes(guest, name, content, strlen(content));
}

void memfiles_folder(struct memfiles *guest, const char *name)
{
	make_all(guest, name)->stat.type = FILE_FOLDER;
}

void memfiles_link(struct memfiles *guest, const char *name, const char *target)
{
	struct memnode *node = make_all(guest, name);

	drop(node->target);
	node->target = copy(text_of(target));
}

void memfiles_other(struct memfiles *guest, const char *name)
{
	make_all(guest, name)->stat.type = FILE_OTHER;
}

void memfiles_mtime(struct memfiles *guest, const char *name, int64_t mtime_s)
{
	make_all(guest, name)->stat.mtime_s = mtime_s;
}

struct volume_info *memfiles_image(struct memfiles *guest, const char *image, const char *file)
{
	struct volume_info *info = memfiles_volume(guest, image, NULL, NULL);
	struct memfiles_volume *volume = guest->volumes[guest->count - 1];

	info->fs_name = TEXT("iso9660");
	volume->backing = copy(text_of(file));
	volume->hidden = true;
	return info;
}

const struct report_line *memfiles_said(
	const struct memfiles *guest, enum report_kind kind, const char *part)
{
	const struct report_line *line;

	for (line = guest->report.first; line; line = line->next) {
		if (line->kind == kind && memmem(line->text.at, line->text.len, part, strlen(part)))
			return line;
	}
	return NULL;
}
