/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/btrfs/btrfs.h"

#include "parsers/fs/crc32c.h"

#include <sodium/crypto_generichash.h>
#include <sodium/crypto_hash_sha256.h>
#include <xxhash.h>

enum { CHECKSUM_CRC32C, CHECKSUM_XXHASH, CHECKSUM_SHA256, CHECKSUM_BLAKE2 };

uint32_t btrfs_checksum_size(uint16_t type)
{
	static const uint8_t sizes[] = {4, 8, 32, 32};

	return type < sizeof(sizes) ? sizes[type] : 0;
}

void btrfs_checksum(uint16_t type, const void *bytes, size_t len, uint8_t *sum)
{
	uint64_t number;

	switch (type) {
	case CHECKSUM_CRC32C:
		number = htole64(crc32c_end(crc32c_add(CRC32C_START, bytes, len)));
		memcpy(sum, &number, sizeof(number));
		break;
	case CHECKSUM_XXHASH:
		number = htole64(XXH64(bytes, len, 0));
		memcpy(sum, &number, sizeof(number));
		break;
	case CHECKSUM_SHA256:
		crypto_hash_sha256(sum, bytes, len);
		break;
	default:
		crypto_generichash(sum, BTRFS_CHECKSUM_ROOM, bytes, len, NULL, 0);
		break;
	}
}

bool btrfs_checksum_good(uint16_t type, const void *bytes, size_t len, const uint8_t *expected)
{
	uint8_t sum[BTRFS_CHECKSUM_ROOM];

	btrfs_checksum(type, bytes, len, sum);
	return memcmp(sum, expected, btrfs_checksum_size(type)) == 0;
}

uint32_t btrfs_name_hash(struct text name)
{
	return crc32c_add(~(uint32_t)1, name.at, name.len);
}

void btrfs_checksum_note(struct btrfs *btrfs, const char *what)
{
	if (btrfs->checksum_told)
		return;
	btrfs->checksum_told = true;
	report_add(btrfs->report, REPORT_NOTE,
		"%.*s btrfs: wrong checksum on %s (further ones are not listed)",
		TEXT_ARG(btrfs->volume), what);
}
