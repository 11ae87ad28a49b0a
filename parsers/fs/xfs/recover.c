/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/xfs/recover.h"

#include "core/bytes.h"
#include "core/checked.h"
#include "parsers/fs/xfs/format.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/*
 * The data of the log's records is a row of operations. Those with one transaction number are a
 * transaction: a start, regions, a commit. Transactions may stand interleaved, a region may go on
 * in the next record.
 *
 *      operation | bytes | operation | bytes | ...
 *
 * The first region is the transaction's header. The others are items: a format structure, which
 * says how many regions the item has, then these regions. All of it has the writer's byte order,
 * except what is copied as it lies on the disk.
 *
 * Two walks, as in fs/xfs/xfs_log_recover.c: the first collects which buffers were freed later
 * and must not be replayed, and which announced changes were not carried out; the second replays.
 */
struct operation {
	struct be32 transaction, length;
	uint8_t client, flags;
	struct be16 unused;
} __attribute__((packed));

enum {
	CLIENT_TRANSACTION = 0x69,
	CLIENT_LOG = 0xaa,
	/* flags of an operation */
	START = 1,
	COMMIT = 2,
	CONTINUE = 4,  /* the region goes on in the next record */
	CONTINUED = 8, /* the region began in an earlier record */
	END = 0x10,    /* of a continued region */
	UNMOUNT = 0x20,
	/* bounds */
	MAX_TRANSACTIONS = 4096,           /* open at once */
	MAX_OPEN_BYTES = 128 << 20,        /* of regions in open transactions */
	MAX_REGIONS = 65536 / 128 / 2 + 1, /* of one item: the kernel's bound */
	MAX_PROMISES = 1 << 16,
	CHUNK = 128, /* bytes of a buffer for each bit of its map */
	TRANSACTION_HEADER = 16,
};

#define TRANSACTION_MAGIC 0x5452414eU /* "TRAN" */

/* Types of items. */
enum {
	ITEM_EFI = 0x1236, /* announces that extents become free; EFD: done */
	ITEM_EFD,
	ITEM_UNLINK,
	ITEM_INODE = 0x123b,
	ITEM_BUFFER,
	ITEM_DQUOT,
	ITEM_QUOTA_OFF,
	ITEM_ICREATE,
	ITEM_RUI, /* reverse map */
	ITEM_RUD,
	ITEM_CUI, /* reference counts */
	ITEM_CUD,
	ITEM_BUI, /* a file's map */
	ITEM_BUD,
	ITEM_ATTRI, /* extended attributes */
	ITEM_ATTRD,
	ITEM_XMI, /* two files' maps change places */
	ITEM_XMD,
	ITEM_LAST = 0x124f, /* up to here: the same for the realtime device */
};

struct buffer_format {
	struct le16 type, regions, flags, length; /* length: in 512 bytes */
	struct le64 block;                        /* of 512 bytes */
	struct le32 map_words;                    /* the map stands behind */
} __attribute__((packed));

enum {
	BUFFER_INODES = 1, /* only the lists of unlinked inodes in it were changed */
	BUFFER_CANCEL = 2, /* freed: what was logged of it before must not be replayed */
	BUFFER_DQUOTS = 0x1c,
	BUFFER_TYPE_SHIFT = 11,
};

/* What a buffer holds, by the upper bits of its flags. */
enum {
	HOLDS_AGF = 5,
	HOLDS_AGFL = 6,
	HOLDS_AGI = 7,
	HOLDS_DIR_FREE = 12,
	HOLDS_ATTR_LEAF = 16,
	HOLDS_ATTR_VALUE = 17,
	HOLDS_RT_BITMAP = 19,
	HOLDS_RT_SUMMARY = 20,
};

struct inode_format {
	struct le16 type, regions;
	struct le32 fields;
	struct le16 attr_size, data_size;
	struct le32 pad; /* absent in what 32-bit kernels wrote */
	struct le64 ino;
	uint8_t device[16];
	struct le64 block;  /* of 512 bytes: the buffer that holds the inode */
	struct le32 length; /* of that buffer, in 512 bytes */
	struct le32 offset; /* bytes, in that buffer */
} __attribute__((packed));
_Static_assert(sizeof(struct inode_format) == 56, "inode log format");

enum {
	INODE_FORMAT_32 = 52,
	INODE_FORMAT_PAD = offsetof(struct inode_format, pad),
	/* fields */
	FIELD_DATA = 2,
	FIELD_EXTENTS = 4,
	FIELD_ROOT = 8,
	FIELD_DEVICE = 0x10,
	FIELDS_FORK = FIELD_DATA | FIELD_EXTENTS | FIELD_ROOT,
};

struct icreate_format {
	struct le16 type, size;
	struct be32 group, block, count, inode_size, length, generation;
} __attribute__((packed));

/* Of EFI, RUI, CUI, BUI and their "done", which have the same first fields. */
struct intent_format {
	struct le16 type, regions;
	struct le32 count;
	struct le64 id;
} __attribute__((packed));

struct map_change {
	struct le64 ino, block, start;
	struct le32 count, flags;
} __attribute__((packed));

enum { CHANGE_KIND = 0xff, CHANGE_MAP = 1, CHANGE_UNMAP = 2 };
#define CHANGE_UNWRITTEN 0x40000000U
#define CHANGE_ATTR      0x80000000U

struct swap_format {
	struct le16 type, regions;
	struct le32 pad;
	struct le64 id, ino1, ino2;
} __attribute__((packed));

/* A growing array. */
struct pile {
	void *at;
	uint32_t count, room;
};

/* Room for `count` more things of `size` bytes; NULL: out of memory. */
static void *pile_add(struct pile *pile, size_t size, uint32_t count)
{
	uint32_t room = pile->room ? pile->room : 64;
	void *at;

	while (room - pile->count < count) {
		if (!checked_mul(room, 2U, &room))
			return NULL;
	}
	if (room != pile->room) {
		at = reallocarray(pile->at, room, size);
		if (!at)
			return NULL;
		pile->at = at;
		pile->room = room;
	}
	at = (char *)pile->at + size * pile->count;
	pile->count += count;
	return at;
}

/* A region's place in the bytes of its transaction. */
struct region {
	uint32_t offset, length;
};

struct item {
	uint32_t first, regions, wanted; /* regions: how many have come, of `wanted` */
};

/* A transaction that has started and was not committed so far. */
struct transaction {
	struct transaction *next;
	uint32_t number;
	uint64_t lsn; /* of the record that it started in */
	uint8_t header[TRANSACTION_HEADER];
	uint32_t header_length;
	struct pile bytes, regions, items;
};

/* A freed buffer: what was logged of it up to this transaction is not replayed. */
struct cancelled {
	uint64_t block;
	uint32_t length, order;
};

struct recovery {
	const struct xfs_recovery_source *source;
	struct xfs_recovery *to;
	struct transaction *open;
	uint32_t n_open;
	uint64_t open_bytes;
	bool replay;           /* the second walk */
	uint32_t order;        /* of the transaction that commits, from 0 */
	struct pile cancelled; /* struct cancelled; sorted for the second walk, each block once */
	struct pile promises;  /* struct xfs_promise */
	struct err *err;
};

static int damaged(struct recovery *recovery, const char *what)
{
	return err_set(recovery->err, EUCLEAN, "%s", what);
}

static int no_memory(struct recovery *recovery)
{
	return err_set(recovery->err, ENOMEM, "its changes need more memory (inspect-memory)");
}

/* ---- transactions -------------------------------------------------------------------------- */

static void transaction_free(struct recovery *recovery, struct transaction *transaction)
{
	struct transaction **at = &recovery->open;

	while (*at != transaction)
		at = &(*at)->next;
	*at = transaction->next;
	recovery->n_open--;
	recovery->open_bytes -= transaction->bytes.count;
	free(transaction->bytes.at);
	free(transaction->regions.at);
	free(transaction->items.at);
	free(transaction);
}

static void recovery_done(struct recovery *recovery)
{
	while (recovery->open)
		transaction_free(recovery, recovery->open);
	free(recovery->cancelled.at);
	free(recovery->promises.at);
}

static struct transaction *find_transaction(struct recovery *recovery, uint32_t number)
{
	struct transaction *at = recovery->open;

	while (at && at->number != number)
		at = at->next;
	return at;
}

static int start_transaction(struct recovery *recovery, uint32_t number, uint64_t lsn)
{
	struct transaction *transaction;

	if (recovery->n_open >= MAX_TRANSACTIONS)
		return damaged(recovery, "too many transactions at once");
	transaction = calloc(1, sizeof(*transaction));
	if (!transaction)
		return no_memory(recovery);
	transaction->number = number;
	transaction->lsn = lsn;
	transaction->next = recovery->open;
	recovery->open = transaction;
	recovery->n_open++;
	return 0;
}

static int add_bytes(struct recovery *recovery, struct transaction *transaction, const uint8_t *at,
	uint32_t length)
{
	uint8_t *to;

	if (length > MAX_OPEN_BYTES - recovery->open_bytes)
		return damaged(recovery, "transactions larger than any writer makes");
	to = pile_add(&transaction->bytes, 1, length);
	if (!to)
		return no_memory(recovery);
	memcpy(to, at, length);
	recovery->open_bytes += length;
	return 0;
}

/* The header can be cut anywhere, the rest of it stands in the next record. */
static int add_header(struct recovery *recovery, struct transaction *transaction, const uint8_t *at,
	uint32_t length)
{
	struct le32 magic;

	if (length > TRANSACTION_HEADER - transaction->header_length)
		return damaged(recovery, "a transaction's header has a wrong length");
	memcpy(transaction->header + transaction->header_length, at, length);
	transaction->header_length += length;
	memcpy(&magic, transaction->header, sizeof(magic));
	if (transaction->header_length >= sizeof(magic) && le32_get(magic) != TRANSACTION_MAGIC)
		return damaged(recovery, "a transaction has no header");
	return 0;
}

/* The item that a new region belongs to. */
static int take_item(struct recovery *recovery, struct transaction *transaction, const uint8_t *at,
	uint32_t length, struct item **ret)
{
	struct pile *items = &transaction->items;
	struct item *last = items->count ? (struct item *)items->at + items->count - 1 : NULL;
	struct le16 type_and_regions[2];
	uint32_t wanted;

	*ret = last;
	if (last && last->regions < last->wanted)
		return 0;
	memset(type_and_regions, 0, sizeof(type_and_regions));
	memcpy(type_and_regions, at, min_size(length, sizeof(type_and_regions)));
	wanted = le16_get(type_and_regions[1]);
	if (wanted == 0 || wanted > MAX_REGIONS)
		return damaged(recovery, "an item has a wrong number of regions");
	*ret = pile_add(items, sizeof(**ret), 1);
	if (!*ret)
		return no_memory(recovery);
	**ret = (struct item){.first = transaction->regions.count, .wanted = wanted};
	return 0;
}

static int add_region(struct recovery *recovery, struct transaction *transaction, const uint8_t *at,
	uint32_t length)
{
	struct region *region;
	struct item *item;
	int r;

	if (!length)
		return 0;
	if (transaction->header_length < TRANSACTION_HEADER)
		return add_header(recovery, transaction, at, length);
	r = take_item(recovery, transaction, at, length, &item);
	if (r)
		return r;
	region = pile_add(&transaction->regions, sizeof(*region), 1);
	if (!region)
		return no_memory(recovery);
	*region = (struct region){transaction->bytes.count, length};
	item->regions++;
	return add_bytes(recovery, transaction, at, length);
}

/* The rest of the region that was added last: its bytes are the last ones, so they only grow. */
static int continue_region(struct recovery *recovery, struct transaction *transaction,
	const uint8_t *at, uint32_t length)
{
	struct pile *regions = &transaction->regions;

	if (transaction->header_length < TRANSACTION_HEADER)
		return add_header(recovery, transaction, at, length);
	if (!regions->count)
		return length ? damaged(recovery, "a region goes on that never began") : 0;
	((struct region *)regions->at)[regions->count - 1].length += length;
	return add_bytes(recovery, transaction, at, length);
}

static int commit(struct recovery *recovery, struct transaction *transaction);

static int take_operation(struct recovery *recovery, const struct operation *operation,
	const uint8_t *bytes, uint64_t lsn)
{
	uint32_t number = be32_get(operation->transaction), length = be32_get(operation->length);
	struct transaction *transaction = find_transaction(recovery, number);
	unsigned flags = operation->flags & ~(unsigned)END;
	int r;

	if (operation->client != CLIENT_TRANSACTION && operation->client != CLIENT_LOG)
		return damaged(recovery, "an operation of an unknown client");
	/* Without its start a transaction lies partly before the tail and counts no more. */
	if (!transaction)
		return flags & START ? start_transaction(recovery, number, lsn) : 0;
	if (flags & CONTINUED)
		flags &= ~(unsigned)CONTINUE;
	switch (flags) {
	case 0:
	case CONTINUE:
		return add_region(recovery, transaction, bytes, length);
	case CONTINUED:
		return continue_region(recovery, transaction, bytes, length);
	case COMMIT:
		r = commit(recovery, transaction);
		transaction_free(recovery, transaction);
		recovery->order++;
		return r;
	case UNMOUNT:
		transaction_free(recovery, transaction);
		return 0;
	default:
		return damaged(recovery, "an operation has unknown flags");
	}
}

static int take_record(void *context, const struct xfs_log_record *record, struct err *err)
{
	struct recovery *recovery = context;
	const uint8_t *at = record->data, *end = at + record->length;
	struct operation operation;
	int r = 0;

	recovery->err = err;
	for (uint32_t i = 0; !r && i < record->operations && at < end; i++) {
		if ((size_t)(end - at) < sizeof(operation))
			return damaged(recovery, "an operation is cut off");
		memcpy(&operation, at, sizeof(operation));
		at += sizeof(operation);
		if (be32_get(operation.length) > (size_t)(end - at))
			return damaged(recovery, "an operation is longer than its record");
		r = take_operation(recovery, &operation, at, record->lsn);
		at += be32_get(operation.length);
	}
	return r;
}

/* A region of an item: its bytes and length. The item has it. */
static const uint8_t *region_of(const struct transaction *transaction, const struct item *item,
	uint32_t index, uint32_t *length)
{
	const struct region *region = (const struct region *)transaction->regions.at;

	region += item->first + index;
	*length = region->length;
	return (const uint8_t *)transaction->bytes.at + region->offset;
}

/* Copies the item's format structure, as much of it as the log has; false: less than `least`. */
static bool read_format(const struct transaction *transaction, const struct item *item, void *to,
	size_t size, size_t least)
{
	uint32_t length;
	const uint8_t *at = region_of(transaction, item, 0, &length);

	memset(to, 0, size);
	memcpy(to, at, min_size(size, length));
	return length >= least;
}

/* ---- freed buffers --------------------------------------------------------------------------- */

static int compare_cancelled(const void *a, const void *b)
{
	const struct cancelled *one = a, *two = b;

	if (one->block != two->block)
		return one->block < two->block ? -1 : 1;
	if (one->length != two->length)
		return one->length < two->length ? -1 : 1;
	return (one->order > two->order) - (one->order < two->order);
}

/* Of the same buffer freed several times, the last one counts. */
static void sort_cancelled(struct pile *pile)
{
	struct cancelled *at = pile->at;
	uint32_t kept = 0;

	if (pile->count)
		qsort(at, pile->count, sizeof(*at), compare_cancelled);
	for (uint32_t i = 0; i < pile->count; i++) {
		if (i + 1 < pile->count && at[i + 1].block == at[i].block &&
			at[i + 1].length == at[i].length)
			continue;
		at[kept++] = at[i];
	}
	pile->count = kept;
}

/* The first freed buffer that begins at `block` or behind it; the count where none does. */
static uint32_t find_cancelled(const struct recovery *recovery, uint64_t block)
{
	const struct cancelled *at = recovery->cancelled.at;
	uint32_t low = 0, high = recovery->cancelled.count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (at[middle].block < block)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Is this very buffer freed in this transaction or later? */
static bool is_cancelled(const struct recovery *recovery, uint64_t block, uint32_t length)
{
	const struct cancelled *at = recovery->cancelled.at;

	for (uint32_t i = find_cancelled(recovery, block);
		i < recovery->cancelled.count && at[i].block == block; i++) {
		if (at[i].length == length)
			return at[i].order >= recovery->order;
	}
	return false;
}

/* Is any buffer that begins in [block, block + length) freed in this transaction or later? */
static bool is_cancelled_inside(const struct recovery *recovery, uint64_t block, uint64_t length)
{
	const struct cancelled *at = recovery->cancelled.at;

	for (uint32_t i = find_cancelled(recovery, block);
		i < recovery->cancelled.count && at[i].block - block < length; i++) {
		if (at[i].order >= recovery->order)
			return true;
	}
	return false;
}

static int note_cancelled(
	struct recovery *recovery, const struct transaction *transaction, const struct item *item)
{
	struct buffer_format format;
	struct cancelled *cancelled;

	if (!read_format(transaction, item, &format, sizeof(format), sizeof(format)))
		return damaged(recovery, "a buffer's format is cut off");
	if (!(le16_get(format.flags) & BUFFER_CANCEL))
		return 0;
	cancelled = pile_add(&recovery->cancelled, sizeof(*cancelled), 1);
	if (!cancelled)
		return no_memory(recovery);
	*cancelled = (struct cancelled){
		le64_get(format.block), le16_get(format.length), recovery->order};
	return 0;
}

/* ---- announced changes ----------------------------------------------------------------------- */

static int add_promise(struct recovery *recovery, struct xfs_promise promise)
{
	struct xfs_promise *to;

	if (recovery->promises.count >= MAX_PROMISES)
		return damaged(recovery, "too many changes of maps under way");
	to = pile_add(&recovery->promises, sizeof(*to), 1);
	if (!to)
		return no_memory(recovery);
	*to = promise;
	return 0;
}

static int announce_map(
	struct recovery *recovery, const struct transaction *transaction, const struct item *item)
{
	struct intent_format format;
	struct map_change change;
	uint32_t length, count, flags, kind;
	const uint8_t *at = region_of(transaction, item, 0, &length);
	int r = 0;

	if (!read_format(transaction, item, &format, sizeof(format), sizeof(format)))
		return damaged(recovery, "an announced change is cut off");
	count = le32_get(format.count);
	if (count > (length - sizeof(format)) / sizeof(change))
		return damaged(recovery, "an announced change is cut off");
	at += sizeof(format);
	for (; count && !r; count--, at += sizeof(change)) {
		memcpy(&change, at, sizeof(change));
		flags = le32_get(change.flags);
		kind = flags & CHANGE_KIND;
		if (flags & CHANGE_ATTR || (kind != CHANGE_MAP && kind != CHANGE_UNMAP))
			continue;
		r = add_promise(recovery,
			(struct xfs_promise){
				.kind = kind == CHANGE_MAP ? XFS_PROMISE_MAP : XFS_PROMISE_UNMAP,
				.id = le64_get(format.id),
				.ino = le64_get(change.ino),
				.start = le64_get(change.start),
				.count = le32_get(change.count),
				.block = le64_get(change.block),
				.unwritten = flags & CHANGE_UNWRITTEN,
			});
	}
	return r;
}

static int announce_swap(
	struct recovery *recovery, const struct transaction *transaction, const struct item *item)
{
	struct xfs_promise promise = {.kind = XFS_PROMISE_SWAP};
	struct swap_format format;
	int r;

	if (!read_format(transaction, item, &format, sizeof(format), sizeof(format)))
		return damaged(recovery, "an announced exchange is cut off");
	promise.id = le64_get(format.id);
	promise.ino = le64_get(format.ino1);
	r = add_promise(recovery, promise);
	promise.ino = le64_get(format.ino2);
	return r ? r : add_promise(recovery, promise);
}

/* What was announced is done: forgets it. Numbers may be used again later. */
static int keep_promise(struct recovery *recovery, const struct transaction *transaction,
	const struct item *item, bool swap)
{
	struct xfs_promise *at = recovery->promises.at;
	struct intent_format format;
	uint32_t kept = 0;

	if (!read_format(transaction, item, &format, sizeof(format), sizeof(format)))
		return damaged(recovery, "the end of an announced change is cut off");
	for (uint32_t i = 0; i < recovery->promises.count; i++) {
		if (at[i].id != le64_get(format.id) || (at[i].kind == XFS_PROMISE_SWAP) != swap)
			at[kept++] = at[i];
	}
	recovery->promises.count = kept;
	return 0;
}

/* The first walk: what the second must know beforehand. */
static int note_item(
	struct recovery *recovery, const struct transaction *transaction, const struct item *item)
{
	struct le16 type;

	if (item->regions < item->wanted ||
		!read_format(transaction, item, &type, sizeof(type), sizeof(type)))
		return damaged(recovery, "an item is cut off");
	switch (le16_get(type)) {
	case ITEM_BUFFER:
		return note_cancelled(recovery, transaction, item);
	case ITEM_BUI:
		return announce_map(recovery, transaction, item);
	case ITEM_BUD:
		return keep_promise(recovery, transaction, item, false);
	case ITEM_XMI:
		return announce_swap(recovery, transaction, item);
	case ITEM_XMD:
		return keep_promise(recovery, transaction, item, true);
	default:
		/* Free space, counts, attributes and quotas: no file is read by them. */
		if (le16_get(type) >= ITEM_EFI && le16_get(type) <= ITEM_LAST)
			return 0;
		return err_set(recovery->err, ENOTSUP, "it has items of unknown type 0x%x",
			le16_get(type));
	}
}

/* ---- buffers --------------------------------------------------------------------------------- */

/* Bytes of a metadata block that say what it is, where its LSN and its UUID stand. */
enum { BLOCK_HEAD = 256 };

static const struct stamp {
	uint32_t magic;
	bool wide; /* 32 bits at 0; else 16 bits at 8 */
	uint16_t lsn, uuid;
} stamps[] = {
	{XFS_MAGIC, true, 240, 32},
	{XFS_BMAP_MAGIC_V5, true, 32, 40},
	{XFS_DIR_BLOCK_V5, true, 16, 24},
	{XFS_DIR_DATA_V5, true, 16, 24},
	{XFS_LINK_MAGIC, true, 48, 16},
	{0x41423342U /* "AB3B": free space by block */, true, 24, 32},
	{0x41423343U /* "AB3C": free space by size */, true, 24, 32},
	{0x49414233U /* "IAB3": inodes */, true, 24, 32},
	{0x46494233U /* "FIB3": free inodes */, true, 24, 32},
	{0x524d4233U /* "RMB3": reverse map */, true, 24, 32},
	{0x52334643U /* "R3FC": reference counts */, true, 24, 32},
	{XFS_LEAF1_V5, false, 24, 32},
	{XFS_LEAFN_V5, false, 24, 32},
	{XFS_NODE_V5, false, 24, 32},
};

/*
 * The position up to which the buffer on the disk has the log's changes; 0: not known, or none.
 * A block of an earlier life, or of another file system, has nothing to say.
 */
static uint64_t stamp_of(const struct recovery *recovery, const uint8_t head[BLOCK_HEAD])
{
	struct be32 wide;
	struct be16 narrow;
	struct be64 lsn;

	memcpy(&wide, head, sizeof(wide));
	memcpy(&narrow, head + 8, sizeof(narrow));
	for (unsigned i = 0; i < ARRAY_SIZE(stamps); i++) {
		const struct stamp *stamp = &stamps[i];

		if ((stamp->wide ? be32_get(wide) : be16_get(narrow)) != stamp->magic)
			continue;
		if (stamp->magic != XFS_MAGIC && memcmp(head + stamp->uuid, recovery->source->uuid,
							 sizeof(recovery->source->uuid)) != 0)
			return 0;
		memcpy(&lsn, head + stamp->lsn, sizeof(lsn));
		return be64_get(lsn) == UINT64_MAX ? 0 : be64_get(lsn);
	}
	return 0;
}

/* No reader of files looks at these. */
static bool is_needless(uint16_t flags)
{
	switch (flags >> BUFFER_TYPE_SHIFT) {
	case HOLDS_AGF:
	case HOLDS_AGFL:
	case HOLDS_AGI:
	case HOLDS_DIR_FREE:
	case HOLDS_ATTR_LEAF:
	case HOLDS_ATTR_VALUE:
	case HOLDS_RT_BITMAP:
	case HOLDS_RT_SUMMARY:
		return true;
	default:
		return flags & (BUFFER_INODES | BUFFER_CANCEL | BUFFER_DQUOTS);
	}
}

/* Is bit `index` of the map behind the format set? */
static bool map_bit(const uint8_t *format, uint32_t index)
{
	struct le32 word;

	memcpy(&word, format + sizeof(struct buffer_format) + index / 32 * sizeof(word),
		sizeof(word));
	return le32_get(word) >> index % 32 & 1;
}

/* Copies regions to the runs of chunks that the map says. A run may be in several regions. */
static int copy_chunks(struct recovery *recovery, const struct transaction *transaction,
	const struct item *item, const struct buffer_format *format)
{
	uint64_t at = le64_get(format->block) * XFS_LOG_BLOCK;
	uint32_t size = le16_get(format->length) * XFS_LOG_BLOCK, length, bit = 0, bits, most;
	const uint8_t *map = region_of(transaction, item, 0, &length), *from;
	int r = 0;

	most = (uint32_t)min_u64(le32_get(format->map_words),
		       (length - sizeof(*format)) / sizeof(struct le32)) *
	       32;
	most = (uint32_t)min_u64(most, size / CHUNK);
	for (uint32_t i = 1; i < item->regions && !r; i++, bit += bits) {
		while (bit < most && !map_bit(map, bit))
			bit++;
		from = region_of(transaction, item, i, &length);
		for (bits = 0; bit + bits < most && map_bit(map, bit + bits);)
			bits++;
		bits = (uint32_t)min_u64(bits, length / CHUNK);
		if (!bits)
			return damaged(recovery, "a buffer's map and regions disagree");
		r = overlay_write(&recovery->to->overlay, at + (uint64_t)bit * CHUNK, from,
			(size_t)bits * CHUNK);
	}
	return r;
}

static int replay_buffer(
	struct recovery *recovery, const struct transaction *transaction, const struct item *item)
{
	const struct overlay *overlay = &recovery->to->overlay;
	struct buffer_format format;
	uint8_t head[BLOCK_HEAD];
	uint64_t block, length;
	int r;

	if (!read_format(transaction, item, &format, sizeof(format), sizeof(format)))
		return damaged(recovery, "a buffer's format is cut off");
	block = le64_get(format.block);
	length = le16_get(format.length);
	if (is_needless(le16_get(format.flags)) || is_cancelled(recovery, block, (uint32_t)length))
		return 0;
	if (!length || !range_inside(block, length, overlay->dev.size / XFS_LOG_BLOCK))
		return damaged(recovery, "a buffer lies outside the volume");
	if (recovery->source->v5) {
		r = overlay_read(overlay, block * XFS_LOG_BLOCK, head, sizeof(head));
		if (r)
			return r;
		/* The kernel's comparison: a buffer that is as new needs nothing. */
		if (stamp_of(recovery, head) >= transaction->lsn)
			return 0;
	}
	return copy_chunks(recovery, transaction, item, &format);
}

/* ---- inodes ---------------------------------------------------------------------------------- */

/* A run of blocks that becomes empty inodes. */
static int replay_icreate(
	struct recovery *recovery, const struct transaction *transaction, const struct item *item)
{
	const struct xfs_recovery_source *source = recovery->source;
	struct icreate_format format;
	struct xfs_disk_inode empty = {0};
	uint64_t first, size, count, at, sectors = source->block_size / XFS_LOG_BLOCK;
	_free_ uint8_t *inode = NULL;
	int r = 0;

	if (!read_format(transaction, item, &format, sizeof(format), sizeof(format)))
		return damaged(recovery, "an item of new inodes is cut off");
	first = (uint64_t)be32_get(format.group) * source->ag_blocks + be32_get(format.block);
	count = be32_get(format.count);
	size = (uint64_t)be32_get(format.length) * source->block_size;
	if (be32_get(format.group) >= source->ag_count ||
		!range_inside(be32_get(format.block), be32_get(format.length), source->ag_blocks) ||
		be32_get(format.inode_size) != source->inode_size ||
		count > size / source->inode_size)
		return damaged(recovery, "new inodes outside the volume");
	if (is_cancelled_inside(recovery, first * sectors, be32_get(format.length) * sectors))
		return 0;
	inode = calloc(1, source->inode_size);
	if (!inode)
		return no_memory(recovery);
	empty.magic.raw = htobe16(XFS_INODE_MAGIC);
	empty.version = source->v5 ? 3 : 2;
	memcpy(inode, &empty, source->v5 ? sizeof(empty) : XFS_INODE_CORE_V2);
	for (at = first * source->block_size; count && !r; count--, at += source->inode_size)
		r = overlay_write(&recovery->to->overlay, at, inode, source->inode_size);
	return r;
}

/* Where the fields of an inode's core begin and how long they are: in the log in host order. */
static const struct field {
	uint8_t at, size;
} fields[] = {
	{0, 2}, {2, 2}, {4, 1}, {5, 1}, {6, 2},      /* magic, mode, version, format, old links */
	{8, 4}, {12, 4}, {16, 4}, {20, 2}, {22, 2},  /* owner, group, links, project */
	{56, 8}, {64, 8}, {72, 4},                   /* size, blocks, extent size */
	{82, 1}, {83, 1}, {84, 4}, {88, 2}, {90, 2}, /* attr start, format, dmapi, flags */
	{92, 4},                                     /* generation */
};

/* Fields that only version 3 has. Its checksum, LSN and list of unlinked ones are not taken. */
static const struct field fields_v3[] = {{104, 8}, {120, 8}, {128, 4}, {152, 8}};

static void copy_swapped(uint8_t *to, const uint8_t *from, unsigned at, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		to[at + i] = from[at + size - 1 - i];
}

static void copy_fields(uint8_t *to, const uint8_t *from, const struct field *field, size_t count)
{
	for (; count; count--, field++)
		copy_swapped(to, from, field->at, field->size);
}

/* Seconds and nanoseconds, or one number of 64 bits. */
static void copy_time(uint8_t *to, const uint8_t *from, unsigned at, bool big)
{
	if (big) {
		copy_swapped(to, from, at, 8);
		return;
	}
	copy_swapped(to, from, at, 4);
	copy_swapped(to, from, at + 4, 4);
}

enum {
	CORE_BIG_EXTENTS = 24,
	CORE_FLUSHES = 30,
	CORE_TIMES = 32, /* three */
	CORE_EXTENTS = 76,
	CORE_ATTR_EXTENTS = 80,
	CORE_FLAGS2 = 120,
	CORE_PAD = 132, /* 12 bytes */
	CORE_BIRTH = 144,
	CORE_UUID = 160,  /* 16 bytes */
	LOG_CORE_V2 = 96, /* bytes of a core before version 3 */
};

/* Turns a core of the log, little endian, into that of the disk. */
static void copy_core(uint8_t *to, const uint8_t *from, bool v3)
{
	struct le64 raw_flags = {0};
	uint64_t flags2;
	bool big_time;

	if (v3)
		memcpy(&raw_flags, from + CORE_FLAGS2, sizeof(raw_flags));
	flags2 = le64_get(raw_flags);
	big_time = flags2 & XFS_INODE_BIGTIME;
	copy_fields(to, from, fields, ARRAY_SIZE(fields));
	for (unsigned i = 0; i < 3; i++)
		copy_time(to, from, CORE_TIMES + 8 * i, big_time);
	copy_swapped(to, from, CORE_EXTENTS, 4);
	copy_swapped(to, from, CORE_ATTR_EXTENTS, 2);
	memset(to + CORE_BIG_EXTENTS, 0, 8);
	if (flags2 & XFS_INODE_NREXT64)
		copy_swapped(to, from, CORE_BIG_EXTENTS, 8);
	if (!v3)
		return;
	copy_fields(to, from, fields_v3, ARRAY_SIZE(fields_v3));
	copy_time(to, from, CORE_BIRTH, big_time);
	memcpy(to + CORE_PAD, from + CORE_PAD, CORE_BIRTH - CORE_PAD);
	memcpy(to + CORE_UUID, from + CORE_UUID, sizeof(struct xfs_disk_inode) - CORE_UUID);
}

/*
 * A version 2 inode counts how often it was written. The count starts over, and one that is far
 * smaller is newer.
 */
static bool flushed_later(const uint8_t *disk, const uint8_t *core)
{
	struct be16 written;
	struct le16 logged;

	memcpy(&written, disk + CORE_FLUSHES, sizeof(written));
	memcpy(&logged, core + CORE_FLUSHES, sizeof(logged));
	if (le16_get(logged) >= be16_get(written))
		return false;
	return !(be16_get(written) == UINT16_MAX && le16_get(logged) < UINT16_MAX / 2);
}

static bool is_newer(const struct recovery *recovery, const struct transaction *transaction,
	const uint8_t *disk, const uint8_t *core)
{
	const struct xfs_disk_inode *inode = (const struct xfs_disk_inode *)(const void *)disk;
	uint64_t lsn = be64_get(inode->lsn);

	if (!recovery->source->v5)
		return flushed_later(disk, core);
	return lsn != UINT64_MAX && lsn > transaction->lsn;
}

/*
 * The root of a tree of extents: in the log as a whole block with the largest key room that it
 * has, in the inode with a short head and the room that the fork has.
 */
static int copy_root(struct recovery *recovery, uint8_t *fork, uint32_t fork_size,
	const uint8_t *from, uint32_t length)
{
	uint32_t header =
		recovery->source->v5 ? XFS_BTREE_HEADER_V5 : sizeof(struct xfs_disk_btree);
	uint32_t room = (fork_size - (uint32_t)sizeof(struct xfs_disk_root)) / 16, had, count;
	const struct xfs_disk_btree *block = (const struct xfs_disk_btree *)(const void *)from;
	struct xfs_disk_root root;

	if (length < header || fork_size < sizeof(root))
		return damaged(recovery, "the root of a file's map is cut off");
	had = (length - header) / 16;
	count = be16_get(block->count);
	if (count > had || count > room)
		return damaged(recovery, "the root of a file's map is too large");
	root = (struct xfs_disk_root){block->level, block->count};
	memcpy(fork, &root, sizeof(root));
	fork += sizeof(root);
	memcpy(fork, from + header, (size_t)count * 8);
	memcpy(fork + (size_t)room * 8, from + header + (size_t)had * 8, (size_t)count * 8);
	return 0;
}

static int copy_fork(struct recovery *recovery, const struct transaction *transaction,
	const struct item *item, uint32_t fields_set, uint8_t *inode)
{
	const struct xfs_disk_inode *disk = (const struct xfs_disk_inode *)(const void *)inode;
	uint32_t core = recovery->source->v5 ? sizeof(*disk) : XFS_INODE_CORE_V2;
	uint32_t size = recovery->source->inode_size - core, length;
	const uint8_t *from;

	if (!(fields_set & FIELDS_FORK))
		return 0;
	if (item->regions < 3)
		return damaged(recovery, "an inode's item is cut off");
	if ((uint32_t)disk->attr_start * 8 > size)
		return damaged(recovery, "an inode's attributes begin outside it");
	if (disk->attr_start)
		size = (uint32_t)disk->attr_start * 8;
	from = region_of(transaction, item, 2, &length);
	if ((fields_set & FIELDS_FORK) == FIELD_ROOT)
		return copy_root(recovery, inode + core, size, from, length);
	if (length > size)
		return damaged(recovery, "an inode's content is larger than the inode");
	memcpy(inode + core, from, length);
	return 0;
}

/* The format as 64-bit kernels write it; false: cut off. */
static bool read_inode_format(
	const struct transaction *transaction, const struct item *item, struct inode_format *ret)
{
	uint32_t length;
	const uint8_t *at = region_of(transaction, item, 0, &length);

	memset(ret, 0, sizeof(*ret));
	if (length != INODE_FORMAT_32)
		return read_format(transaction, item, ret, sizeof(*ret), sizeof(*ret));
	memcpy(ret, at, INODE_FORMAT_PAD);
	memcpy(&ret->ino, at + INODE_FORMAT_PAD, length - INODE_FORMAT_PAD);
	return true;
}

/* The inode's bytes in the overlay, to be changed. */
static int find_inode(struct recovery *recovery, const struct inode_format *format, uint8_t **ret)
{
	struct overlay *overlay = &recovery->to->overlay;
	uint32_t inode_size = recovery->source->inode_size;
	uint64_t block = le64_get(format->block), length = le32_get(format->length), at;
	int r;

	if (!range_inside(block, length, overlay->dev.size / XFS_LOG_BLOCK) ||
		!range_inside(le32_get(format->offset), inode_size, length * XFS_LOG_BLOCK))
		return damaged(recovery, "an inode lies outside the volume");
	at = block * XFS_LOG_BLOCK + le32_get(format->offset);
	if (at % inode_size)
		return damaged(recovery, "an inode lies between two others");
	r = overlay_block(overlay, at / overlay->block_size, ret);
	*ret += at % overlay->block_size;
	return r;
}

static int replay_inode(
	struct recovery *recovery, const struct transaction *transaction, const struct item *item)
{
	bool v5 = recovery->source->v5;
	struct inode_format format;
	uint8_t *inode = NULL;
	const uint8_t *core;
	struct be16 magic;
	uint32_t length;
	int r;

	if (item->regions < 2 || !read_inode_format(transaction, item, &format))
		return damaged(recovery, "an inode's item is cut off");
	if (is_cancelled(recovery, le64_get(format.block), le32_get(format.length)))
		return 0;
	core = region_of(transaction, item, 1, &length);
	if (length < (v5 ? sizeof(struct xfs_disk_inode) : LOG_CORE_V2))
		return damaged(recovery, "an inode's item is cut off");
	r = find_inode(recovery, &format, &inode);
	if (r)
		return r;
	memcpy(&magic, inode, sizeof(magic));
	if (be16_get(magic) != XFS_INODE_MAGIC || core[0] != (XFS_INODE_MAGIC & 0xff) ||
		core[1] != XFS_INODE_MAGIC >> 8)
		return damaged(recovery, "an inode is none");
	if (is_newer(recovery, transaction, inode, core))
		return 0;
	copy_core(inode, core, v5);
	return copy_fork(recovery, transaction, item, le32_get(format.fields), inode);
}

/* ---- the two walks ----------------------------------------------------------------------------- */

static uint16_t item_type(const struct transaction *transaction, const struct item *item)
{
	struct le16 type;

	(void)read_format(transaction, item, &type, sizeof(type), 0);
	return le16_get(type);
}

/* Buffers and new inodes come before the inodes that are in them, whatever their order here. */
static int replay_items(struct recovery *recovery, const struct transaction *transaction)
{
	const struct item *items = transaction->items.at;
	int r = 0;

	for (uint32_t i = 0; i < transaction->items.count && !r; i++) {
		uint16_t type = item_type(transaction, &items[i]);

		if (type == ITEM_BUFFER)
			r = replay_buffer(recovery, transaction, &items[i]);
		if (type == ITEM_ICREATE)
			r = replay_icreate(recovery, transaction, &items[i]);
	}
	for (uint32_t i = 0; i < transaction->items.count && !r; i++) {
		if (item_type(transaction, &items[i]) == ITEM_INODE)
			r = replay_inode(recovery, transaction, &items[i]);
	}
	return r;
}

static int commit(struct recovery *recovery, struct transaction *transaction)
{
	const struct item *items = transaction->items.at;
	int r = 0;

	if (recovery->replay)
		r = replay_items(recovery, transaction);
	for (uint32_t i = 0; !recovery->replay && i < transaction->items.count && !r; i++)
		r = note_item(recovery, transaction, &items[i]);
	if (r == -ENOMEM)
		return no_memory(recovery);
	return r && !recovery->err->code ? err_set(recovery->err, -r, "a block cannot be read") : r;
}

static void close_all(struct recovery *recovery)
{
	while (recovery->open)
		transaction_free(recovery, recovery->open);
	recovery->order = 0;
}

static int take_promises(struct recovery *recovery)
{
	struct xfs_recovery *to = recovery->to;
	uint32_t count = recovery->promises.count;

	to->promises = arena_array(recovery->source->arena, count + 1, sizeof(*to->promises));
	if (!to->promises)
		return no_memory(recovery);
	if (count)
		memcpy(to->promises, recovery->promises.at, count * sizeof(*to->promises));
	to->n_promises = count;
	return 0;
}

int xfs_recover(struct xfs_log *log, const struct xfs_recovery_source *source,
	struct xfs_recovery *ret, struct err *err)
{
	struct recovery recovery CLEANUP(recovery_done) = {.source = source, .to = ret, .err = err};
	int r;

	*ret = (struct xfs_recovery){0};
	overlay_init(&ret->overlay, source->dev, source->block_size, source->arena);
	r = xfs_log_each(log, take_record, &recovery, err);
	ret->transactions = recovery.order;
	close_all(&recovery);
	sort_cancelled(&recovery.cancelled);
	recovery.replay = true;
	if (!r)
		r = xfs_log_each(log, take_record, &recovery, err);
	if (!r && overlay_finish(&ret->overlay))
		r = no_memory(&recovery);
	if (!r)
		r = take_promises(&recovery);
	if (r)
		overlay_done(&ret->overlay);
	return r;
}
