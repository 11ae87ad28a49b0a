/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/content.h"

#include "core/checked.h"

enum { PIECE_LENGTH = 1 + 4 + 16 }; /* bytes a piece takes */

void wire_put_content(struct strbuf *buf, const struct content *content)
{
	wire_put_u8(buf, content->present);
	if (!content->present)
		return;
	wire_put_u64(buf, content->size);
	wire_put_u64(buf, content->identity);
	wire_put_u32(buf, content->count);
	for (uint32_t i = 0; i < content->count; i++) {
		const struct piece *piece = &content->pieces[i];

		wire_put_u8(buf, (uint8_t)piece->kind);
		wire_put_u32(buf, piece->disk);
		wire_put_u64(buf, piece->at);
		wire_put_u64(buf, piece->length);
	}
}

/* Does the piece lie inside what it is a range of? */
static bool piece_inside(const struct piece *piece, const struct wire_bounds *bounds)
{
	switch (piece->kind) {
	case PIECE_DISK:
		return piece->disk < bounds->n_disks &&
		       range_inside(piece->at, piece->length, bounds->disk_sizes[piece->disk]);
	case PIECE_BYTES:
		return range_inside(piece->at, piece->length, bounds->bytes);
	case PIECE_ZERO:
	case PIECE_LATER:
		return true;
	default:
		return false;
	}
}

static void get_piece(
	struct wire_in *in, const struct wire_bounds *bounds, struct piece *piece, uint64_t *size)
{
	piece->kind = wire_get_enum(in, PIECE_KINDS, "piece kind");
	piece->disk = wire_get_u32(in, "piece disk");
	piece->at = wire_get_u64(in, "piece offset");
	piece->length = wire_get_u64(in, "piece length");
	if (!piece->length || !checked_add(*size, piece->length, size) || *size > INT64_MAX)
		wire_refuse(in, "piece length", "nothing, or too big");
	if (!piece_inside(piece, bounds))
		wire_refuse(in, "piece", "outside the disk");
}

void wire_get_content(struct wire_in *in, const struct wire_bounds *bounds, struct content *content)
{
	uint64_t size = 0;

	content->present = wire_get_bool(in, "content");
	if (!content->present)
		return;
	content->size = wire_get_u64(in, "content size");
	content->identity = wire_get_u64(in, "content identity");
	content->count = wire_get_count(in, UINT32_MAX, PIECE_LENGTH, "pieces of a content");
	content->pieces = wire_array(in, content->count, sizeof(*content->pieces), "pieces");
	for (uint32_t i = 0; i < content->count && content->pieces; i++)
		get_piece(in, bounds, &content->pieces[i], &size);
	if (size != content->size)
		wire_refuse(in, "content size", "not the sum of its pieces");
}
