/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask/trial_disk.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

enum { DISK_BYTES = 8 * 512 + 64 * 1024 };

/*
 * All bytes of the disk that are not 0, as mke2fs wrote them: nothing here knows what they mean.
 * tests/support/trial_disk.py prints this table.
 */
static const struct piece {
	uint32_t at, length;
	const char *bytes; /* NULL: all are 0xff */
} pieces[] = {
	{440, 19,
		"P_\007\260\000\000\200\000\000\000\203\000\000\000\010\000\000\000"
		"\200"},
	{510, 2, "U\252"},
	{5120, 21,
		"\020\000\000\000@\000\000\000\000\000\000\000'\000\000\000\002\000"
		"\000\000\001"},
	{5153, 8, " \000\000\000 \000\000\020"},
	{5169, 19,
		"\020^_\000\000\377\377S\357\001\000\001\000\000\000\000\020^"
		"_"},
	{5196, 49,
		"\001\000\000\000\000\000\000\000\013\000\000\000\000\001\000\000\010\000"
		"\000\000\302\002\000\000k\004\000\000\260\007_P~WM\025"
		"\213\000\000\000\000\000\000\001trial"},
	{5356, 21,
		"\260\007_P~WM\025\213\000\000\000\000\000\000\002\001\000"
		"@\000\014"},
	{5385, 3, "\020^_"},
	{5468, 5, " \000 \000\001"},
	{5492, 5, "\004\001\000\000\027"},
	{5704, 1, "\011"},
	{6140, 36,
		"\212\217_\324\003\000\000\000\023\000\000\000#\000\000\000'\000"
		"\002\000\003\000\004\000\000\000\000\0003;\344\021\002\000\356\016"},
	{6200, 3, "\352\371T"},
	{7168, 8, "\377\377\017\000<\000\000\200"},
	{7176, 1016, NULL},
	{8192, 71,
		"\002\000\000\000\014\000\001\002.\000\000\000\002\000\000\000\014\000"
		"\002\002..\000\000\013\000\000\000\024\000\012\002lost"
		"+found\000\000\014\000\000\000\014\000\004\002gr"
		"ub\016\000\000\000\274\003\007\001vmlinuz"},
	{9208, 30,
		"\014\000\000\336)M\362}\013\000\000\000\014\000\001\002.\000"
		"\000\000\002\000\000\000\350\003\002\002.."},
	{10232, 14, "\014\000\000\336\377rp\244\000\000\000\000\364\003"},
	{11256, 14, "\014\000\000\336\201C\245P\000\000\000\000\364\003"},
	{12280, 14, "\014\000\000\336\201C\245P\000\000\000\000\364\003"},
	{13304, 14, "\014\000\000\336\201C\245P\000\000\000\000\364\003"},
	{14328, 14, "\014\000\000\336\201C\245P\000\000\000\000\364\003"},
	{15352, 14, "\014\000\000\336\201C\245P\000\000\000\000\364\003"},
	{16376, 14, "\014\000\000\336\201C\245P\000\000\000\000\364\003"},
	{17400, 14, "\014\000\000\336\201C\245P\000\000\000\000\364\003"},
	{18424, 14, "\014\000\000\336\201C\245P\000\000\000\000\364\003"},
	{19448, 14, "\014\000\000\336\201C\245P\000\000\000\000\364\003"},
	{20472, 14, "\014\000\000\336\201C\245P\000\000\000\000\364\003"},
	{21496, 48,
		"\014\000\000\336\201C\245P\014\000\000\000\014\000\001\002.\000"
		"\000\000\002\000\000\000\014\000\002\002..\000\000\015\000\000\000"
		"\334\003\010\001grub.cfg"},
	{22520, 69,
		"\014\000\000\336\371\234\224@menuentry "
		"'bootfs can read g"
		"uests' {\012\011linux /v"
		"mlinuz trial\012}\012"},
	{23552, 2, "\377\077"},
	{23554, 1022, NULL},
	{24576, 32,
		"not a kernel: a tr"
		"ial of bootfs\012"},
	{39945, 11, "\020^_\000\020^_\000\020^_"},
	{40060, 2, "#\370"},
	{40192, 45,
		"\355A\000\000\000\004\000\000\000\020^_\000\020^_\000\020"
		"^_\000\000\000\000\000\000\004\000\002\000\000\000\000\000\010\000"
		"\000\000\000\000\012\363\001\000\004"},
	{40248, 5, "\001\000\000\000\004"},
	{40316, 8, "\310\270\000\000 \000M\216"},
	{40337, 3, "\020^_"},
	{40572, 2, "H\351"},
	{40828, 2, "\242N"},
	{41084, 2, "\354t"},
	{41340, 2, ">:"},
	{41596, 1, "p"},
	{41852, 2, "\352u"},
	{42108, 2, "\244O"},
	{42364, 2, "v\001"},
	{42496, 45,
		"\300A\000\000\0000\000\000\000\020^_\000\020^_\000\020"
		"^_\000\000\000\000\000\000\002\000\030\000\000\000\000\000\010\000"
		"\000\000\000\000\012\363\001\000\004"},
	{42552, 5, "\014\000\000\000\005"},
	{42620, 8, "\301\012\000\000 \000\244*"},
	{42641, 3, "\020^_"},
	{42752, 45,
		"\355A\000\000\000\004\000\000\000\020^_V\322\012k\000\020"
		"^_\000\000\000\000\000\000\002\000\002\000\000\000\000\000\010\000"
		"\000\000\000\000\012\363\001\000\004"},
	{42808, 5, "\001\000\000\000\021"},
	{42876, 8, "\227\263\000\000 \000'\017"},
	{42897, 3, "\020^_"},
	{43008, 45,
		"\244\201\000\000=\000\000\000\000\020^_V\322\012k\000\020"
		"^_\000\000\000\000\000\000\001\000\002\000\000\000\000\000\010\000"
		"\000\000\000\000\012\363\001\000\004"},
	{43064, 5, "\001\000\000\000\022"},
	{43132, 8, "\357\365\000\000 \000\305\222"},
	{43153, 3, "\020^_"},
	{43264, 45,
		"\244\201\000\000 \000\000\000\000\020^_V\322\012k\000\020"
		"^_\000\000\000\000\000\000\001\000\002\000\000\000\000\000\010\000"
		"\000\000\000\000\012\363\001\000\004"},
	{43320, 5, "\001\000\000\000\024"},
	{43388, 8, "\250\352\000\000 \000J\026"},
	{43409, 3, "\020^_"},
};

static int write_at(int fd, const void *bytes, size_t length, uint64_t at)
{
	ssize_t n = pwrite(fd, bytes, length, (off_t)at);

	if (n >= 0 && (size_t)n != length)
		errno = ENOSPC;
	return (size_t)n == length ? 0 : -1;
}

static int write_pieces(int fd, uint64_t start)
{
	char ones[1024];

	memset(ones, 0xff, sizeof(ones));
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		const struct piece *piece = &pieces[i];

		if (write_at(fd, piece->bytes ? piece->bytes : ones, piece->length,
			    start + piece->at) < 0)
			return -1;
	}
	return ftruncate(fd, (off_t)(start + DISK_BYTES));
}

int trial_disk_write(int fd)
{
	return write_pieces(fd, 0);
}

/*
 * Clusters of 64 KiB (docs/interop/qcow2.txt of QEMU); numbers are big-endian:
 *
 *   0        1               2                3         4         5 ...
 *   +--------+---------------+----------------+---------+---------+------------
 *   | header | refcounts of  | refcounts of   | level 1 | level 2 | the disk
 *   |        | what is at 2  | clusters 0...6 | of maps | of maps |
 *   +--------+---------------+----------------+---------+---------+------------
 */
enum {
	CLUSTER_BITS = 16,
	CLUSTER = 1 << CLUSTER_BITS,
	DATA_CLUSTERS = (DISK_BYTES + CLUSTER - 1) / CLUSTER,
	FIRST_DATA = 5,
};
#define IN_USE_ONCE ((uint64_t)1 << 63)

struct qcow2_header {
	char magic[4];
	uint32_t version;
	uint64_t backing_at;
	uint32_t backing_length, cluster_bits;
	uint64_t size; /* of the disk, in bytes */
	uint32_t crypt, level1_entries;
	uint64_t level1_at, refcounts_at;
	uint32_t refcounts_clusters, snapshots;
	uint64_t snapshots_at, incompatible, compatible, autoclear;
	uint32_t refcount_order, header_length;
};
_Static_assert(sizeof(struct qcow2_header) == 104, "no padding");

int trial_disk_write_qcow2(int fd)
{
	const struct qcow2_header header = {
		.magic = {'Q', 'F', 'I', '\xfb'},
		.version = htobe32(3),
		.cluster_bits = htobe32(CLUSTER_BITS),
		.size = htobe64(DISK_BYTES),
		.level1_entries = htobe32(1),
		.level1_at = htobe64(3 * CLUSTER),
		.refcounts_at = htobe64(1 * CLUSTER),
		.refcounts_clusters = htobe32(1),
		.refcount_order = htobe32(4), /* 16 bits each */
		.header_length = htobe32(sizeof(header)),
	};
	const uint64_t refcounts = htobe64(2 * CLUSTER),
		       level2 = htobe64(IN_USE_ONCE | 4 * CLUSTER);
	uint16_t counts[FIRST_DATA + DATA_CLUSTERS];
	uint64_t data[DATA_CLUSTERS];

	for (unsigned i = 0; i < ARRAY_SIZE(counts); i++)
		counts[i] = htobe16(1);
	for (unsigned i = 0; i < ARRAY_SIZE(data); i++)
		data[i] = htobe64(IN_USE_ONCE | (uint64_t)(FIRST_DATA + i) * CLUSTER);
	if (write_at(fd, &header, sizeof(header), 0) < 0 ||
		write_at(fd, &refcounts, sizeof(refcounts), 1 * CLUSTER) < 0 ||
		write_at(fd, counts, sizeof(counts), 2 * CLUSTER) < 0 ||
		write_at(fd, &level2, sizeof(level2), 3 * CLUSTER) < 0 ||
		write_at(fd, data, sizeof(data), 4 * CLUSTER) < 0 ||
		write_pieces(fd, FIRST_DATA * CLUSTER) < 0)
		return -1;
	return ftruncate(fd, (off_t)(FIRST_DATA + DATA_CLUSTERS) * CLUSTER);
}
