/* The one hash of the project: FNV-1a over bytes, a finaliser for numbers.  Not against attackers. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"

/* FNV's offset basis and prime of 64 bits, http://www.isthe.com/chongo/tech/comp/fnv/ */
#define HASH_START ((uint64_t)0xcbf29ce484222325)
#define HASH_PRIME ((uint64_t)0x100000001b3)

/* FNV-1a: goes on with `hash`, which begins as HASH_START. */
static inline uint64_t hash_bytes(uint64_t hash, struct text bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		hash = (hash ^ (unsigned char)bytes.at[i]) * HASH_PRIME;
	return hash;
}

/*
 * Mixes one more number in (the finaliser of MurmurHash3). A guest may make two of its own files
 * collide; the asker keeps guests apart.
 */
static inline uint64_t hash_number(uint64_t hash, uint64_t number)
{
	hash = (hash ^ number) + 0x9e3779b97f4a7c15;
	hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccd;
	hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53;
	return hash ^ hash >> 33;
}

/* A text with its length, so that two texts in a row differ from their pieces cut elsewhere. */
static inline uint64_t hash_text(uint64_t hash, struct text text)
{
	return hash_number(hash_bytes(hash, text), text.len);
}
