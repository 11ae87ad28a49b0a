/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/memfiles_inside.h"

#include <stdio.h>
#include <stdlib.h>

void memfiles_must(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "memfiles: %s\n", what);
	abort();
}

struct text memfiles_copy(struct text text)
{
	char *at = malloc(text.len + 1);

	memfiles_must(at, "out of memory");
	memcpy(at, text.len ? text.at : "", text.len);
	at[text.len] = '\0';
	return (struct text){at, text.len};
}

void memfiles_drop(struct text text)
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

struct memnode *memfiles_child(
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
	struct memnode *node = memfiles_child(volume, parent, name);
	struct memnode **bucket = &volume->bucket[bucket_of(parent, name)];

	if (node)
		return node;
	node = calloc(1, sizeof(*node));
	memfiles_must(node, "out of memory");
	node->name = memfiles_copy(name);
	node->parent = parent;
	node->stat = (struct file_stat){.type = FILE_FOLDER, .identity = ++guest->next_identity};
	/* Listed in the order of making, as on a disk. */
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	node->chain = *bucket;
	*bucket = node;
	return node;
}

static void free_node(struct memnode *node)
{
	memfiles_drop(node->name);
	memfiles_drop(node->content);
	memfiles_drop(node->target);
	free(node);
}

struct memfiles_volume *memfiles_volume_of(struct memfiles *guest, struct text name)
{
	for (uint32_t i = 0; i < guest->count; i++) {
		if (text_equal(guest->volumes[i]->info.name, name))
			return guest->volumes[i];
	}
	return NULL;
}

/* ---- what tests call ---------------------------------------------------------------------- */

void memfiles_init_empty(struct memfiles *guest)
{
	*guest = (struct memfiles){.limits = limits_default()};
	arena_init(&guest->arena, (size_t)guest->limits.memory);
	report_init(&guest->report, &guest->arena);
	guest->settings.platform = TEXT("xen");
	guest->files = (struct files){
		.ops = &memfiles_ops,
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
		memfiles_drop(volume->info.name);
		memfiles_drop(volume->info.disk_name);
		memfiles_drop(volume->backing);
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

	memfiles_must(volume && guest->count < ARRAY_SIZE(guest->volumes), "too many volumes");
	volume->root.stat.type = FILE_FOLDER;
	volume->root.stat.identity = ++guest->next_identity;
	volume->info = (struct volume_info){
		.name = memfiles_copy(rest),
		.fs_name = TEXT("ext4"),
		.uuid = text_of(uuid),
		.label = text_of(label),
		.readable = true,
	};
	if (text_starts(rest, TEXT("hd")) && text_cut(&rest, ',', &disk)) {
		volume->info.disk_name = memfiles_copy(disk);
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
	const struct volume_info *info = memfiles_ops.find(&guest->files, text_of(name));

	memfiles_must(info, "no such volume");
	return info;
}

/* Makes every part of "(volume)/a/b" that is not there yet. */
static struct memnode *make_all(struct memfiles *guest, const char *name)
{
	struct text path = text_of(name), part;
	struct memfiles_volume *volume;
	struct memnode *node;

	memfiles_must(
		text_cut(&path, ')', &part) && part.len && part.at[0] == '(', "want (volume)/path");
	volume = memfiles_volume_of(guest, text_skip(part, 1));
	memfiles_must(volume, "a file on a volume that does not exist");
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

	memfiles_drop(node->content);
	node->content = memfiles_copy((struct text){content, length});
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

	memfiles_drop(node->target);
	node->target = memfiles_copy(text_of(target));
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
	volume->backing = memfiles_copy(text_of(file));
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
