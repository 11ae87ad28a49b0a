/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/pe_image.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 512, PE_AT = 0x80, OPTIONAL = 240, TABLE = PE_AT + 24 + OPTIONAL };

static void put16(unsigned char *at, uint16_t value)
{
	value = htole16(value);
	memcpy(at, &value, sizeof(value));
}

static void put32(unsigned char *at, size_t value)
{
	uint32_t raw = htole32((uint32_t)value);

	memcpy(at, &raw, sizeof(raw));
}

static size_t aligned(size_t size)
{
	return (size + ALIGN - 1) / ALIGN * ALIGN;
}

unsigned char *pe_image(const struct pe_part *parts, size_t *size)
{
	size_t count = 0, offset, length;
	unsigned char *image, *header;

	while (parts[count].name)
		count++;
	offset = aligned(TABLE + count * 40);
	*size = offset;
	for (size_t i = 0; i < count; i++)
		*size += aligned(parts[i].content ? strlen(parts[i].content) : 0);
	image = calloc(1, *size);
	if (!image)
		abort();
	memcpy(image, "MZ", 2);
	put32(image + 0x3c, PE_AT);
	memcpy(image + PE_AT, "PE\0\0", 4);
	put16(image + PE_AT + 4, 0x8664);
	put16(image + PE_AT + 6, (uint16_t)count);
	put16(image + PE_AT + 20, OPTIONAL);
	for (size_t i = 0; i < count; i++) {
		length = parts[i].content ? strlen(parts[i].content) : 0;
		header = image + TABLE + i * 40;
		memcpy(header, parts[i].name, strlen(parts[i].name));
		put32(header + 8, length);
		put32(header + 16, aligned(length));
		put32(header + 20, length ? offset : 0);
		if (length)
			memcpy(image + offset, parts[i].content, length);
		offset += aligned(length);
	}
	return image;
}
