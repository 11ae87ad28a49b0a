/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/name.h"
#include "parsers/fs/squashfs/squashfs.h"

#include <errno.h>

enum { MAX_RUN = 256 }; /* entries behind one header */

/* In front of entries whose inodes lie in one metadata block. */
struct run_header {
	struct le32 count; /* one less */
	struct le32 block, number;
};

struct entry {
	struct le16 offset, number_change, kind;
	struct le16 name_len; /* one less */
};

/* In an extended folder's inode: where in the listing names from this one on stand. */
struct index_entry {
	struct le32 at, block;
	struct le32 name_len; /* one less */
};

/* A place in a listing. */
struct listing {
	struct squash_place place;
	uint32_t left; /* bytes */
	uint32_t run;  /* entries left behind the current header */
	uint32_t block;
};

/* An entry as it goes by. */
struct item {
	uint64_t ref;
	struct text name;
	char bytes[SQUASH_NAME_MAX];
};

static void begin(const struct node *folder, struct listing *ret)
{
	*ret = (struct listing){
		.place = {folder->aux[SQUASH_AUX_START],
			(uint32_t)folder->aux[SQUASH_AUX_FRAGMENT]},
		.left = (uint32_t)folder->aux[SQUASH_AUX_LENGTH],
	};
}

/* Reads bytes of the listing, which must have them. */
static int take(struct squash *squash, struct listing *listing, void *buf, size_t len)
{
	if (len > listing->left)
		return -EUCLEAN;
	listing->left -= (uint32_t)len;
	return squash_read_meta(squash, &listing->place, buf, len);
}

static int next_run(struct squash *squash, struct listing *listing)
{
	struct run_header header;
	int r = take(squash, listing, &header, sizeof(header));

	if (r < 0)
		return r;
	if (le32_get(header.count) >= MAX_RUN)
		return -EUCLEAN;
	listing->run = le32_get(header.count) + 1;
	listing->block = le32_get(header.block);
	return 0;
}

static int next_entry(struct squash *squash, struct listing *listing, struct item *ret)
{
	struct entry entry;
	size_t len;
	int r = take(squash, listing, &entry, sizeof(entry));

	if (r < 0)
		return r;
	len = le16_get(entry.name_len) + (size_t)1;
	if (len > sizeof(ret->bytes))
		return -EUCLEAN;
	r = take(squash, listing, ret->bytes, len);
	if (r < 0)
		return r;
	ret->name = (struct text){ret->bytes, len};
	ret->ref = squash_place_pack((struct squash_place){listing->block, le16_get(entry.offset)});
	listing->run--;
	return 0;
}

/* The next entry: 1, 0 at the listing's end. */
static int next_item(struct squash *squash, struct listing *listing, struct item *ret)
{
	int r;

	do {
		if (!listing->run && !listing->left)
			return 0;
		r = listing->run ? 0 : next_run(squash, listing);
		if (r == 0)
			r = next_entry(squash, listing, ret);
		if (r < 0)
			return r;
	} while (!name_is_usable(ret->name));
	return 1;
}

/* One entry of an index: where it points and whether `name` stands there or behind. */
static int read_index(struct squash *squash, struct squash_place *place, struct text name,
	struct index_entry *ret)
{
	char bytes[SQUASH_NAME_MAX];
	size_t len;
	int r = squash_read_meta(squash, place, ret, sizeof(*ret));

	if (r < 0)
		return r;
	if (le32_get(ret->name_len) >= sizeof(bytes))
		return -EUCLEAN;
	len = le32_get(ret->name_len) + 1;
	r = squash_read_meta(squash, place, bytes, len);
	if (r < 0)
		return r;
	return text_compare((struct text){bytes, len}, name) <= 0;
}

/* Goes forward in a large folder, by its index, to where `name` must stand. */
static int skip_by_index(
	struct squash *squash, const struct node *folder, struct text name, struct listing *listing)
{
	struct squash_place place = squash_place_unpack(folder->aux[SQUASH_AUX_MORE]);
	uint32_t count = (uint32_t)(folder->aux[SQUASH_AUX_LENGTH] >> 32);
	struct listing whole = *listing;
	struct index_entry entry;
	int r = 1;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t at;

		r = read_index(squash, &place, name, &entry);
		if (r <= 0)
			break;
		at = le32_get(entry.at);
		if (at > whole.left)
			return -EUCLEAN;
		listing->left = whole.left - at;
		listing->place.block = squash->folders + le32_get(entry.block);
		listing->place.offset = (whole.place.offset + at) % SQUASH_META_SIZE;
	}
	return r < 0 ? r : 0;
}

int squash_find(struct fs *fs, const struct node *folder, struct text name, struct node *ret)
{
	struct squash *squash = squash_of(fs);
	struct listing listing;
	struct item item;
	int r;

	begin(folder, &listing);
	r = skip_by_index(squash, folder, name, &listing);
	if (r < 0)
		return r;
	while ((r = next_item(squash, &listing, &item)) > 0) {
		if (text_equal(item.name, name))
			return squash_read_inode(squash, item.ref, ret);
	}
	return r < 0 ? r : -ENOENT;
}

int squash_list(struct fs *fs, const struct node *folder, fs_visit *visit, void *context)
{
	struct squash *squash = squash_of(fs);
	struct listing listing;
	struct item item;
	int r;

	begin(folder, &listing);
	while ((r = next_item(squash, &listing, &item)) > 0) {
		r = visit(context, item.name);
		if (r)
			return r;
	}
	return r;
}
