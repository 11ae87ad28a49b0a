/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The notes by which a kernel tells Xen how it can start. */
#include "core/bytes.h"
#include "core/checked.h"
#include "parsers/kernel/bytes.h"

enum {
	MAX_HEADERS = 256,      /* program or section headers that are looked at */
	MAX_NOTES = 64 << 10,   /* bytes of one segment of notes */
	SEGMENT_NOTE = 4,       /* PT_NOTE */
	SECTION_NOTE = 7,       /* SHT_NOTE */
	NOTE_ENTRY = 1,         /* XEN_ELFNOTE_ENTRY: where a PV guest starts */
	NOTE_VIRT_BASE = 3,     /* XEN_ELFNOTE_VIRT_BASE: only PV has one */
	NOTE_INIT_P2M = 15,     /* XEN_ELFNOTE_INIT_P2M: likewise */
	NOTE_PHYS32_ENTRY = 18, /* XEN_ELFNOTE_PHYS32_ENTRY: where a PVH guest starts */
};

/* Both classes of ELF header, little-endian. */
struct elf32 {
	uint8_t ident[16];
	struct le16 type, machine;
	struct le32 version, entry, segments, sections, flags;
	struct le16 size, segment_size, n_segments, section_size, n_sections, names;
} __attribute__((packed));
_Static_assert(sizeof(struct elf32) == 52, "Elf32_Ehdr");

struct elf64 {
	uint8_t ident[16];
	struct le16 type, machine;
	struct le32 version;
	struct le64 entry, segments, sections;
	struct le32 flags;
	struct le16 size, segment_size, n_segments, section_size, n_sections, names;
} __attribute__((packed));
_Static_assert(sizeof(struct elf64) == 64, "Elf64_Ehdr");

struct note {
	struct le32 name_size, value_size, type;
} __attribute__((packed));

/* A table of segments or sections, and where in its lines the fields stand. */
struct table {
	uint64_t at;
	uint32_t size, count; /* of a line, of lines */
	uint32_t note;        /* the type that is notes */
	uint32_t type, offset, length;
	bool wide; /* 64-bit fields */
};

static uint64_t field(struct text line, uint32_t at, bool wide)
{
	struct le32 narrow = {0};
	struct le64 whole = {0};

	if (wide && range_inside(at, sizeof(whole), line.len)) {
		memcpy(&whole, line.at + at, sizeof(whole));
		return le64_get(whole);
	}
	if (!wide && range_inside(at, sizeof(narrow), line.len)) {
		memcpy(&narrow, line.at + at, sizeof(narrow));
		return le32_get(narrow);
	}
	return 0;
}

/* Cuts one note off; the name and the value are padded to 4 bytes each. */
static bool next_note(struct text *notes, struct text *name, uint32_t *type)
{
	struct note note;
	uint64_t name_size, value_size;

	if (notes->len < sizeof(note))
		return false;
	memcpy(&note, notes->at, sizeof(note));
	name_size = ((uint64_t)le32_get(note.name_size) + 3) & ~(uint64_t)3;
	value_size = ((uint64_t)le32_get(note.value_size) + 3) & ~(uint64_t)3;
	*notes = text_skip(*notes, sizeof(note));
	if (name_size > notes->len)
		return false;
	*name = text_first(*notes, le32_get(note.name_size));
	*type = le32_get(note.type);
	*notes = text_skip(*notes, (size_t)min_u64(name_size + value_size, notes->len));
	return true;
}

static bool read_notes(struct text notes, struct kernel_info *ret)
{
	bool any = false;
	struct text name;
	uint32_t type;

	while (next_note(&notes, &name, &type)) {
		if (!text_equal(name, TEXT("Xen\0")))
			continue;
		any = true;
		if (type == NOTE_ENTRY || type == NOTE_VIRT_BASE || type == NOTE_INIT_P2M)
			ret->xen_pv = XEN_YES;
		if (type == NOTE_PHYS32_ENTRY)
			ret->xen_pvh = XEN_YES;
	}
	return any;
}

static bool read_table(const struct kernel_bytes *kernel, uint64_t start, const struct table *table,
	struct kernel_info *ret)
{
	uint32_t count = table->count < MAX_HEADERS ? table->count : MAX_HEADERS;
	bool any = false;
	uint64_t at, place;

	if (!checked_add(start, table->at, &at))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct text line = kernel_peek(kernel, at + (uint64_t)i * table->size, table->size);

		if (field(line, table->type, false) != table->note ||
			!checked_add(start, field(line, table->offset, table->wide), &place))
			continue;
		any |= read_notes(
			kernel_peek(kernel, place,
				min_u64(field(line, table->length, table->wide), MAX_NOTES)),
			ret);
	}
	return any;
}

static void tables_of_32(const struct elf32 *elf, struct table *segments, struct table *sections)
{
	*segments = (struct table){le32_get(elf->segments), le16_get(elf->segment_size),
		le16_get(elf->n_segments), SEGMENT_NOTE, 0, 4, 16, false};
	*sections = (struct table){le32_get(elf->sections), le16_get(elf->section_size),
		le16_get(elf->n_sections), SECTION_NOTE, 4, 16, 20, false};
}

static void tables_of_64(const struct elf64 *elf, struct table *segments, struct table *sections)
{
	*segments = (struct table){le64_get(elf->segments), le16_get(elf->segment_size),
		le16_get(elf->n_segments), SEGMENT_NOTE, 0, 8, 32, true};
	*sections = (struct table){le64_get(elf->sections), le16_get(elf->section_size),
		le16_get(elf->n_sections), SECTION_NOTE, 4, 24, 32, true};
}

bool xen_notes_read(const struct kernel_bytes *kernel, uint64_t offset, struct kernel_info *ret)
{
	struct table segments, sections;
	struct elf32 narrow;
	struct elf64 wide;

	if (!kernel_get(kernel, offset, &narrow, sizeof(narrow)) ||
		memcmp(narrow.ident,
			"\x7f"
			"ELF",
			4) != 0 ||
		narrow.ident[5] != 1)
		return false;
	if (narrow.ident[4] == 1)
		tables_of_32(&narrow, &segments, &sections);
	else if (narrow.ident[4] == 2 && kernel_get(kernel, offset, &wide, sizeof(wide)))
		tables_of_64(&wide, &segments, &sections);
	else
		return false;
	ret->xen_pv = ret->xen_pvh = XEN_NO;
	if (!read_table(kernel, offset, &segments, ret))
		read_table(kernel, offset, &sections, ret);
	return true;
}
