/* The CRC-32 of zlib, Ethernet and GPT. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Continues `crc` (0 at the start) over `len` bytes. */
uint32_t crc32_update(uint32_t crc, const void *bytes, size_t len);
