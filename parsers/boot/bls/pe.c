/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/bls/pe.h"

#include "core/bytes.h"
#include "core/checked.h"

enum {
	DOS_PE_OFFSET = 0x3c, /* where the DOS header says the PE header begins */
	MAX_SECTIONS = 512,
	SECTION_NAME = 8,
};

struct pe_header {
	char magic[4];
	struct le16 machine, sections;
	struct le32 time, symbols, n_symbols;
	struct le16 optional_size, flags;
} __attribute__((packed));
_Static_assert(sizeof(struct pe_header) == 24, "PE header");

struct section_header {
	char name[SECTION_NAME];
	struct le32 virtual_size, virtual_address, raw_size, raw_offset;
	struct le32 unused[3];
	struct le32 flags;
} __attribute__((packed));
_Static_assert(sizeof(struct section_header) == 40, "section header");

/* Exactly `length` bytes of the file. -EINVAL: it is shorter. */
static int read_exactly(struct files *files, const struct volume_info *volume, struct text path,
	uint64_t offset, void *out, size_t length)
{
	struct text bytes;
	int r = files->ops->read(files, volume, path, offset, length, &bytes);

	if (r < 0)
		return r;
	if (bytes.len != length)
		return -EINVAL;
	memcpy(out, bytes.at, length);
	return 0;
}

static void set_section(
	struct pe_section *section, const struct section_header *header, uint64_t file_size)
{
	/* What of the section's memory does not come from the file is zeros. */
	uint64_t length = min_u64(le32_get(header->virtual_size), le32_get(header->raw_size));

	memcpy(section->name, header->name, SECTION_NAME);
	section->offset = le32_get(header->raw_offset);
	section->outside = !range_inside(section->offset, length, file_size);
	section->length = section->outside ? 0 : length;
}

static int read_sections(struct files *files, const struct volume_info *volume, struct text path,
	uint64_t offset, uint64_t file_size, struct pe *pe)
{
	struct section_header *headers;
	struct pe_section *sections;
	int r;

	headers = arena_array(files->arena, pe->count, sizeof(*headers));
	sections = arena_array(files->arena, pe->count, sizeof(*sections));
	if (!headers || !sections)
		return -ENOMEM;
	r = read_exactly(files, volume, path, offset, headers, pe->count * sizeof(*headers));
	if (r)
		return r;
	for (uint32_t i = 0; i < pe->count; i++) {
		set_section(&sections[i], &headers[i], file_size);
		pe->profiles += strcmp(sections[i].name, ".profile") == 0;
	}
	pe->sections = sections;
	return 0;
}

int pe_open(struct files *files, const struct volume_info *volume, struct text path, struct pe *ret)
{
	struct file_stat stat;
	struct pe_header header;
	struct le32 at;
	char mz[2];
	uint64_t offset;
	int r = files->ops->stat(files, volume, path, &stat);

	*ret = (struct pe){0};
	if (!r && stat.type != FILE_REGULAR)
		r = -EINVAL;
	if (!r)
		r = read_exactly(files, volume, path, 0, mz, sizeof(mz));
	if (!r && memcmp(mz, "MZ", sizeof(mz)) != 0)
		r = -EINVAL;
	if (!r)
		r = read_exactly(files, volume, path, DOS_PE_OFFSET, &at, sizeof(at));
	if (r)
		return r;
	offset = le32_get(at);
	r = read_exactly(files, volume, path, offset, &header, sizeof(header));
	if (r)
		return r;
	ret->machine = le16_get(header.machine);
	ret->count = le16_get(header.sections);
	if (memcmp(header.magic, "PE\0\0", sizeof(header.magic)) != 0 || ret->count > MAX_SECTIONS)
		return -EINVAL;
	offset += sizeof(header) + le16_get(header.optional_size);
	return ret->count ? read_sections(files, volume, path, offset, stat.size, ret) : 0;
}

const struct pe_section *pe_find(const struct pe *pe, const char *name, uint32_t profile)
{
	const struct pe_section *base = NULL;
	uint32_t begun = 0; /* .profile sections passed */

	for (uint32_t i = 0; i < pe->count; i++) {
		const struct pe_section *section = &pe->sections[i];

		begun += strcmp(section->name, ".profile") == 0;
		if (strcmp(section->name, name) != 0)
			continue;
		if (begun == profile + 1)
			return section;
		if (begun == 0 && !base)
			base = section;
	}
	return base;
}
