/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/installed/grub_core.h"

#include "core/bytes.h"
#include "core/checked.h"
#include "parsers/fs/unpack.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

/*
 * A core image for a BIOS (GRUB 2.00 and later), as it lies on the disk:
 *
 *	sector 0         diskboot.img; its end is a list of where the other sectors lie
 *	from sector 1    lzma_decompress.img, with the fields of struct raw_head
 *	payload          LZMA without a header: the kernel, then the area of modules
 *	redundancy       Reed-Solomon codes, made when it was installed
 *
 * Sources: GRUB's grub-core/boot/i386/pc/{diskboot,startup_raw}.S, include/grub/offsets.h,
 * include/grub/kernel.h, util/mkimage.c and util/setup.c.
 */
enum {
	SECTOR = 512,
	PAYLOAD_ALIGN = 16,
	MAX_DECOMPRESSOR = 0xe00, /* bytes in front of the payload */
	MIN_TRIES = 4,
	MAX_WORK = 64 << 20, /* bytes unpacked while the payload is looked for */
};

/* An entry of the block list; the first one stands last in the sector, 0 sectors end the list. */
struct block {
	struct le64 start; /* sectors of 512 bytes from the start of the disk */
	struct le16 count; /* sectors */
	struct le16 segment;
};
_Static_assert(sizeof(struct block) == 12, "block list entry");

struct raw_head {
	uint8_t jump[8];
	struct le32 packed;     /* 0x08: bytes of the payload */
	struct le32 unpacked;   /* 0x0c */
	struct le32 redundancy; /* 0x10: bytes behind the payload */
	struct le16 plain;      /* 0x14: bytes without redundancy */
	struct le16 filler;
	uint8_t boot_device[4]; /* 0x18: BSD partition, partition, 0xff; drive */
};
_Static_assert(sizeof(struct raw_head) == 0x1c, "fields of startup_raw.S");

/* GRUB 1.98 and 1.99 have their prefix in the part of the kernel that is not packed. */
struct old_head {
	uint8_t jump[8];
	struct le32 modules;  /* 0x08 */
	struct le32 kernel;   /* 0x0c */
	struct le32 packed;   /* 0x10 */
	struct le32 dos_part; /* 0x14: from 0; -1 none, -2 where the prefix says so */
	struct le32 bsd_part; /* 0x18 */
	char prefix[0x64];
};

/* ---- the area of modules ----------------------------------------------------------------------- */

/*
 *	32 bits  "mimg" offset  size		64 bits  "mimg" padding  offset(8)  size(8)
 *
 * `offset` is that of the first module from here, `size` that of the whole area. A module is its
 * kind and its size with this head (4 bytes each), then its bytes.
 */
struct info32 {
	char magic[4];
	struct le32 offset, size;
};
struct info64 {
	char magic[4];
	struct le32 padding;
	struct le64 offset, size;
};
struct module {
	struct le32 kind, size;
};
enum { MODULE_ELF, MODULE_MEMDISK, MODULE_CONFIG, MODULE_PREFIX, MODULE_KINDS_KNOWN = 16 };
enum { MAX_MODULES = 4096 };

static struct text until_nul(struct text text)
{
	return text_first(text, text_find(text, '\0'));
}

static void note_module(struct grub_core *core, uint32_t kind, struct text body)
{
	if (kind == MODULE_MEMDISK && !core->memdisk.len)
		core->memdisk = body;
	else if (kind == MODULE_CONFIG && !core->config.len)
		core->config = until_nul(body);
	else if (kind == MODULE_PREFIX && !core->prefix.len)
		core->prefix = until_nul(body);
}

/* All modules of an area; false where they do not fill it, so that it is none. */
static bool walk_modules(struct text area, uint64_t offset, struct grub_core *ret)
{
	struct grub_core core = {.dos_part = 0xff};
	uint32_t count = 0;

	while (offset < area.len) {
		struct text rest = text_skip(area, (size_t)offset);
		struct module head;
		uint32_t size;

		if (rest.len < sizeof(head) || count++ == MAX_MODULES)
			return false;
		memcpy(&head, rest.at, sizeof(head));
		size = le32_get(head.size);
		if (size < sizeof(head) || size > rest.len ||
			le32_get(head.kind) >= MODULE_KINDS_KNOWN)
			return false;
		note_module(&core, le32_get(head.kind),
			text_skip(text_first(rest, size), sizeof(head)));
		offset += size;
	}
	if (!count)
		return false;
	*ret = core;
	return true;
}

static bool try_area(struct text from, struct grub_core *ret)
{
	struct info64 wide;
	struct info32 narrow;

	if (from.len >= sizeof(wide)) {
		memcpy(&wide, from.at, sizeof(wide));
		if (le64_get(wide.offset) >= sizeof(wide) && le64_get(wide.size) <= from.len &&
			walk_modules(text_first(from, (size_t)le64_get(wide.size)),
				le64_get(wide.offset), ret))
			return true;
	}
	if (from.len < sizeof(narrow))
		return false;
	memcpy(&narrow, from.at, sizeof(narrow));
	return le32_get(narrow.offset) >= sizeof(narrow) && le32_get(narrow.size) <= from.len &&
	       walk_modules(text_first(from, le32_get(narrow.size)), le32_get(narrow.offset), ret);
}

static int keep(struct arena *arena, struct grub_core *core)
{
	if (arena_text(arena, core->prefix, &core->prefix) ||
		arena_text(arena, core->config, &core->config) ||
		arena_text(arena, core->memdisk, &core->memdisk))
		return -ENOMEM;
	return 0;
}

int grub_core_modules(struct text image, struct arena *arena, struct grub_core *ret)
{
	static const char magic[4] = {'m', 'i', 'm', 'g'};
	struct text rest = image;
	const char *found;

	/* GRUB's own code compares with the same four bytes. */
	while (rest.len && (found = memmem(rest.at, rest.len, magic, sizeof(magic)))) {
		rest = text_skip(rest, (size_t)(found - rest.at));
		if (try_area(rest, ret))
			return keep(arena, ret);
		rest = text_skip(rest, sizeof(magic));
	}
	return -ENOENT;
}

/* ---- reading the sectors ----------------------------------------------------------------------- */

/* Reads what the block list of the first sector names into `out`; bytes read. */
static int64_t read_blocks(
	const struct blockdev *disk, const uint8_t *first, uint8_t *out, struct err *err)
{
	size_t filled = 0;

	for (size_t at = SECTOR - sizeof(struct block); at >= SECTOR / 2;
		at -= sizeof(struct block)) {
		struct block block;
		uint64_t start;
		size_t size;

		memcpy(&block, first + at, sizeof(block));
		size = (size_t)le16_get(block.count) * SECTOR;
		if (!size)
			return (int64_t)filled;
		if (size > GRUB_CORE_PACKED - filled)
			return err_set(err, EUCLEAN, "its list of sectors is too long");
		if (!checked_mul(le64_get(block.start), SECTOR, &start) ||
			!range_inside(start, size, disk->size))
			return err_set(err, ERANGE, "it names sector %" PRIu64 ", outside the disk",
				le64_get(block.start));
		if (blockdev_read(disk, start, out + filled, size))
			return err_set(err, EIO, "sector %" PRIu64 " cannot be read",
				le64_get(block.start));
		filled += size;
	}
	return err_set(err, EUCLEAN, "its list of sectors has no end");
}

/* ---- unpacking --------------------------------------------------------------------------------- */

static bool unpack_from(struct text packed, char *out, size_t room, struct arena *arena,
	struct grub_core *ret, int *problem)
{
	int r;

	/* The range coder's first byte is always 0. */
	if (!packed.len || packed.at[0] ||
		unpack(PACKED_LZMA_BARE, packed.at, packed.len, out, room) != (ssize_t)room)
		return false;
	r = grub_core_modules((struct text){out, room}, arena, ret);
	*problem = r == -ENOENT ? 0 : r;
	return r != -ENOENT;
}

/*
 * Where the payload begins is written nowhere; it ends where the image ends. The redundancy tells
 * the exact end. Without one the sectors of a whole file are listed, whose last block is padded;
 * then the payload begins somewhere behind the code that needs no redundancy, aligned.
 */
static int try_payloads(struct text core, const struct raw_head *head, char *out, size_t room,
	struct arena *arena, struct grub_core *ret)
{
	size_t packed = le32_get(head->packed), redundancy = le32_get(head->redundancy), last;
	size_t tries = MIN_TRIES + MAX_WORK / room, at;
	int problem = 0;

	if (packed > core.len || redundancy > core.len - packed)
		return -EUCLEAN;
	last = core.len - redundancy - packed;
	if (redundancy && unpack_from(text_first(text_skip(core, last), packed), out, room, arena,
				  ret, &problem))
		return problem;
	last = min_size(last, MAX_DECOMPRESSOR);
	at = le16_get(head->plain) / PAYLOAD_ALIGN * PAYLOAD_ALIGN;
	for (; at <= last && tries;
		at += PAYLOAD_ALIGN, tries -= core.at[at - PAYLOAD_ALIGN] == 0) {
		if (unpack_from(text_first(text_skip(core, at), packed), out, room, arena, ret,
			    &problem))
			return problem;
	}
	return -EUCLEAN;
}

static int unpack_core(struct text core, struct arena *arena, struct grub_core *ret)
{
	struct raw_head head;
	size_t room;
	char *out;
	int r;

	if (core.len < sizeof(head))
		return -EUCLEAN;
	memcpy(&head, core.at, sizeof(head));
	room = le32_get(head.unpacked);
	if (!room || room > GRUB_CORE_UNPACKED || !le32_get(head.packed))
		return -EUCLEAN;
	out = arena_alloc(arena, room);
	if (!out)
		return -ENOMEM;
	r = try_payloads(core, &head, out, room, arena, ret);
	arena_release(arena, out);
	return r;
}

static bool is_path_byte(char c)
{
	return c > ' ' && c < 0x7f;
}

/* GRUB 1.9x: a path in the head. */
static int old_core(struct text core, struct arena *arena, struct grub_core *ret)
{
	struct old_head head;
	struct text prefix;
	size_t at = 0;

	if (core.len < sizeof(head))
		return -EUCLEAN;
	memcpy(&head, core.at, sizeof(head));
	if (le32_get(head.packed) >= core.len || le32_get(head.kernel) > GRUB_CORE_UNPACKED)
		return -EUCLEAN;
	while (at < sizeof(head.prefix) && head.prefix[at] != '(' && head.prefix[at] != '/')
		at++;
	prefix = until_nul((struct text){head.prefix + at, sizeof(head.prefix) - at});
	if (at + prefix.len == sizeof(head.prefix) || prefix.len < strlen("/grub") ||
		!memmem(prefix.at, prefix.len, "/", 1))
		return -EUCLEAN;
	for (size_t i = 0; i < prefix.len; i++) {
		if (!is_path_byte(prefix.at[i]))
			return -EUCLEAN;
	}
	*ret = (struct grub_core){.prefix = prefix, .old = true, .dos_part = 0xff};
	if (le32_get(head.dos_part) < 0xff)
		ret->dos_part = (uint8_t)le32_get(head.dos_part);
	return keep(arena, ret);
}

int grub_core_read(const struct blockdev *disk, uint64_t sector, struct arena *arena,
	struct grub_core *ret, struct err *err)
{
	uint8_t first[SECTOR], *packed;
	uint64_t start;
	struct text core;
	int64_t size;
	int r;

	if (!checked_mul(sector, SECTOR, &start) || !range_inside(start, SECTOR, disk->size))
		return err_set(
			err, ERANGE, "it begins at sector %" PRIu64 ", outside the disk", sector);
	if (blockdev_read(disk, start, first, SECTOR))
		return err_set(err, EIO, "sector %" PRIu64 " cannot be read", sector);
	packed = arena_alloc(arena, GRUB_CORE_PACKED);
	if (!packed)
		return -ENOMEM;
	size = read_blocks(disk, first, packed, err);
	core = (struct text){(char *)packed, size > 0 ? (size_t)size : 0};
	r = size < 0 ? (int)size : unpack_core(core, arena, ret);
	if (size >= 0 && r == -EUCLEAN)
		r = old_core(core, arena, ret);
	arena_release(arena, packed);
	if (r == -EUCLEAN && size >= 0)
		return err_set(err, EUCLEAN, "it is damaged, or packed in a way that is not known");
	return r;
}
