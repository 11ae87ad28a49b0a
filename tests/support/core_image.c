/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/core_image.h"

#include <lzma.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512, ROOM = 1 << 20 };

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void put32(unsigned char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

/* A module: kind, size with this head, bytes filled up to four. */
static size_t put_module(unsigned char *out, uint32_t kind, struct text body)
{
	size_t size = (8 + body.len + 1 + 3) / 4 * 4;

	put32(out, kind);
	put32(out + 4, (uint32_t)size);
	memcpy(out + 8, body.at, body.len);
	return size;
}

static size_t put_modules(unsigned char *out, const struct core_recipe *recipe)
{
	size_t size = put_module(out, 0,
		TEXT("\x7f"
		     "ELF, a module"));

	if (recipe->memdisk.len)
		size += put_module(out + size, 1, recipe->memdisk);
	if (recipe->config.len)
		size += put_module(out + size, 2, recipe->config);
	if (recipe->prefix.len)
		size += put_module(out + size, 3, recipe->prefix);
	return size;
}

unsigned char *core_modules(const struct core_recipe *recipe, size_t *size)
{
	unsigned char *out = must(calloc(1, ROOM));

	*size = 24 + put_modules(out + 24, recipe);
	memcpy(out, "mimg", 4);
	put32(out + 8, 24);
	put32(out + 16, (uint32_t)*size);
	return out;
}

/* The kernel with a "mimg" in its code, and the area of modules, 32 bits wide. */
static size_t put_kernel(unsigned char *out, const struct core_recipe *recipe)
{
	static const char code[] = "Welcome to GRUB! cmp mimg\x75\x03\x40\x08\xc3 and so on   ";
	size_t at = (sizeof(code) + 3) / 4 * 4, size;

	memcpy(out, code, sizeof(code));
	size = 12 + put_modules(out + at + 12, recipe);
	memcpy(out + at, "mimg", 4);
	put32(out + at + 4, 12);
	put32(out + at + 8, (uint32_t)size);
	return at + size;
}

static size_t pack(const unsigned char *in, size_t len, unsigned char *out)
{
	lzma_options_lzma options;
	lzma_filter filters[] = {
		{.id = LZMA_FILTER_LZMA1, .options = &options},
		{.id = LZMA_VLI_UNKNOWN, .options = NULL},
	};
	size_t packed = 0;

	if (lzma_lzma_preset(&options, 6))
		abort();
	options.dict_size = 1 << 16;
	if (lzma_raw_buffer_encode(filters, NULL, in, len, out, &packed, ROOM / 2) != LZMA_OK)
		abort();
	return packed;
}

unsigned char *core_image(const struct core_recipe *recipe, uint64_t sector, size_t *size)
{
	unsigned char *out = must(calloc(1, ROOM)), *kernel = must(calloc(1, ROOM));
	unsigned char *raw = out + SECTOR;
	size_t unpacked = put_kernel(kernel, recipe);
	size_t packed = pack(kernel, unpacked, raw + CORE_DECOMPRESSOR), whole;

	whole = CORE_DECOMPRESSOR + packed + recipe->redundancy + recipe->padding;
	*size = SECTOR + (whole + SECTOR - 1) / SECTOR * SECTOR;
	put32(raw + 8, (uint32_t)packed);
	put32(raw + 12, (uint32_t)unpacked);
	/* The installer counts what fills the last sector to the codes. */
	if (recipe->redundancy)
		put32(raw + 16, (uint32_t)(*size - SECTOR - CORE_DECOMPRESSOR - packed));
	raw[0x14] = 0x5b;
	raw[0x15] = 7;
	memset(raw + 0x18, 0xff, 3);
	put32(out + SECTOR - 12, (uint32_t)sector + 1);
	out[SECTOR - 4] = (unsigned char)((*size - SECTOR) / SECTOR);
	free(kernel);
	return out;
}

void core_boot_sector(uint8_t *sector_bytes, uint64_t sector)
{
	memset(sector_bytes, 0, SECTOR);
	sector_bytes[0] = 0xeb;
	sector_bytes[1] = 0x63;
	sector_bytes[0x5b] = 0x80;
	put32(sector_bytes + 0x5c, (uint32_t)sector);
	sector_bytes[0x64] = 0xff;
	memcpy(sector_bytes + 0x180, "GRUB \0Geom\0Hard Disk\0Read\0 Error", 33);
	sector_bytes[510] = 0x55;
	sector_bytes[511] = 0xaa;
}
