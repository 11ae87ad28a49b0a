/* Identities of files and contents: numbers that differ when anything about them does. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"

#define HASH_START ((uint64_t)0xcbf29ce484222325)

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

static inline uint64_t hash_text(uint64_t hash, struct text text)
{
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * 0x100000001b3;
	return hash_number(hash, text.len);
}
