/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/nbd.h"

#include "core/checked.h"

#include <errno.h>
#include <libnbd.h>
#include <string.h>

/*
 * Every request is a way to the server and back, and a server may insist on whole blocks: small
 * reads go through a cache of aligned blocks, big ones are cut at CHUNK.
 */
enum { BLOCK = 64 << 10, SLOTS = 64, CHUNK = 1 << 20 };

struct slot {
	uint64_t at; /* of the block on the disk */
	bool filled;
	char bytes[BLOCK];
};

struct nbd_disk {
	struct nbd_handle *handle;
	uint64_t size;
	struct slot *slots[SLOTS];
};

/* A blockdev borrows it as const, but reading fills the cache. */
struct nbd_ref {
	struct nbd_disk *disk;
};

static int fetch(struct nbd_disk *disk, uint64_t at, void *buf, size_t len)
{
	return nbd_pread(disk->handle, buf, len, at, 0) < 0 ? -EIO : 0;
}

static int fill_slot(struct nbd_disk *disk, uint64_t at, struct slot **ret)
{
	struct slot *slot = disk->slots[at / BLOCK % SLOTS];
	int r = 0;

	if (!slot->filled || slot->at != at) {
		slot->filled = false;
		r = fetch(disk, at, slot->bytes, (size_t)min_u64(BLOCK, disk->size - at));
		slot->at = at;
		slot->filled = r == 0;
	}
	*ret = slot;
	return r;
}

/* What one request or one block of the cache gives of the range; its length, or -EIO. */
static ssize_t read_some(struct nbd_disk *disk, uint64_t at, char *buf, size_t len)
{
	size_t into = at % BLOCK, part = min_size(len, BLOCK - into);
	struct slot *slot;
	int r;

	if (!into && len >= BLOCK) {
		part = min_size(len / BLOCK * BLOCK, CHUNK);
		r = fetch(disk, at, buf, part);
		return r < 0 ? r : (ssize_t)part;
	}
	r = fill_slot(disk, at - into, &slot);
	if (r < 0)
		return r;
	memcpy(buf, slot->bytes + into, part);
	return (ssize_t)part;
}

static int nbd_read(const struct blockdev *dev, uint64_t offset, void *buf, size_t len)
{
	const struct nbd_ref *ref = dev->under;
	uint64_t at = dev->start + offset;
	char *to = buf;

	while (len) {
		ssize_t n = read_some(ref->disk, at, to, len);

		if (n < 0)
			return (int)n;
		to += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int refused(struct err *err)
{
	const char *why = nbd_get_error();

	/* "nbd_connect_socket: recv: ...": the function's name says nothing to people. */
	if (why && strstr(why, ": "))
		why = strstr(why, ": ") + 2;
	return err_set(err, EIO, "%s", why ? why : "does not answer");
}

static int greet(struct nbd_disk *disk, int socket, struct text export, struct err *err)
{
	int64_t size;

	disk->handle = nbd_create();
	if (!disk->handle)
		return err_set(err, ENOMEM, "no memory for an NBD client (inspect-memory)");
	/* The fewer kinds of answers a server may send, the better. */
	if (nbd_set_request_structured_replies(disk->handle, false) < 0 ||
		nbd_set_export_name(disk->handle, export.len ? export.at : "") < 0 ||
		nbd_connect_socket(disk->handle, socket) < 0)
		return refused(err);
	size = nbd_get_size(disk->handle);
	if (size < 0)
		return refused(err);
	disk->size = (uint64_t)size;
	return 0;
}

int nbd_disk_open(int socket, struct text export, uint32_t number, struct arena *arena,
	struct blockdev *ret, struct err *err)
{
	struct nbd_disk *disk = arena_new(arena, struct nbd_disk);
	struct nbd_ref *ref = arena_new(arena, struct nbd_ref);
	int r;

	for (unsigned i = 0; i < SLOTS && disk; i++) {
		disk->slots[i] = arena_new(arena, struct slot);
		if (!disk->slots[i])
			ref = NULL;
	}
	if (!disk || !ref)
		return err_set(err, ENOMEM, "no memory for an NBD client (inspect-memory)");
	r = greet(disk, socket, export, err);
	if (r < 0)
		return r;
	ref->disk = disk;
	*ret = (struct blockdev){
		.read = nbd_read,
		.size = disk->size,
		.sector_size = 512,
		.disk = number,
		.fd = -1,
		.under = ref,
	};
	return 0;
}
