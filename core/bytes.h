/* On-disk integers as types of their own: a forgotten conversion does not compile. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <endian.h>
#include <stdint.h>

struct le16 {
	uint16_t raw;
} __attribute__((packed));
struct le32 {
	uint32_t raw;
} __attribute__((packed));
struct le64 {
	uint64_t raw;
} __attribute__((packed));
struct be16 {
	uint16_t raw;
} __attribute__((packed));
struct be32 {
	uint32_t raw;
} __attribute__((packed));
struct be64 {
	uint64_t raw;
} __attribute__((packed));

_Static_assert(sizeof(struct le16) == 2 && sizeof(struct be16) == 2, "16 bits");
_Static_assert(sizeof(struct le32) == 4 && sizeof(struct be32) == 4, "32 bits");
_Static_assert(sizeof(struct le64) == 8 && sizeof(struct be64) == 8, "64 bits");

static inline uint16_t le16_get(struct le16 v)
{
	return le16toh(v.raw);
}

static inline uint32_t le32_get(struct le32 v)
{
	return le32toh(v.raw);
}

static inline uint64_t le64_get(struct le64 v)
{
	return le64toh(v.raw);
}

static inline uint16_t be16_get(struct be16 v)
{
	return be16toh(v.raw);
}

static inline uint32_t be32_get(struct be32 v)
{
	return be32toh(v.raw);
}

static inline uint64_t be64_get(struct be64 v)
{
	return be64toh(v.raw);
}
