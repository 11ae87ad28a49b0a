/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/names.h"

#include "core/hash.h"

#include <errno.h>

enum { SLOTS = 128, NAME_BYTES = 30 };

/* A name in a folder. Longer names are not remembered. */
struct slot {
	uint64_t folder, aux[4];
	struct node node;
	int16_t result; /* 0 or -ENOENT */
	uint8_t len;    /* of the name; 0: an empty slot */
	char name[NAME_BYTES];
};

struct fs_names {
	struct slot slots[SLOTS];
};

struct fs_names *names_new(struct arena *arena)
{
	return arena_new(arena, struct fs_names);
}

static struct slot *slot_of(struct fs_names *names, const struct node *folder, struct text name)
{
	uint64_t hash = hash_bytes(HASH_START ^ folder->ino, name);

	return &names->slots[(hash >> 32) % SLOTS];
}

static bool slot_is(const struct slot *slot, const struct node *folder, struct text name)
{
	return text_equal((struct text){slot->name, slot->len}, name) &&
	       slot->folder == folder->ino &&
	       memcmp(slot->aux, folder->aux, sizeof(slot->aux)) == 0;
}

static void slot_fill(struct slot *slot, const struct node *folder, struct text name, int result,
	const struct node *node)
{
	*slot = (struct slot){.folder = folder->ino, .result = (int16_t)result};
	memcpy(slot->aux, folder->aux, sizeof(slot->aux));
	if (!result)
		slot->node = *node;
	slot->len = (uint8_t)name.len;
	memcpy(slot->name, name.at, name.len);
}

int names_find(struct fs *fs, const struct node *folder, struct text name, struct node *ret)
{
	struct node in = *folder; /* the caller's `ret` may be its folder */
	struct slot *slot;
	int result;

	if (!fs->names || !name.len || name.len > NAME_BYTES)
		return fs->ops->find(fs, folder, name, ret);
	slot = slot_of(fs->names, &in, name);
	if (slot_is(slot, &in, name)) {
		if (!slot->result)
			*ret = slot->node;
		return slot->result;
	}
	result = fs->ops->find(fs, folder, name, ret);
	if (result == 0 || result == -ENOENT)
		slot_fill(slot, &in, name, result, ret);
	return result;
}
