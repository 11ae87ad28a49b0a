/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/window.h"

#include "core/checked.h"

#include <errno.h>

void window_seek(const struct content *content, struct window_place *place, uint64_t offset)
{
	if (offset < place->start)
		*place = (struct window_place){0};
	while (place->piece < content->count &&
		offset - place->start >= content->pieces[place->piece].length) {
		place->start += content->pieces[place->piece].length;
		place->piece++;
	}
}

static int read_fd(int fd, uint64_t offset, char *buf, size_t len)
{
	while (len) {
		ssize_t n = pread(fd, buf, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		buf += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

/* `len` bytes of one piece, from `inside` on; `at` is where they stand in the content. */
static int read_piece(const struct window *window, const struct piece *piece, uint64_t inside,
	uint64_t at, char *buf, size_t len)
{
	switch (piece->kind) {
	case PIECE_DISK:
		if (piece->disk >= window->n_disks || window->disks[piece->disk] < 0)
			return -EIO;
		return read_fd(window->disks[piece->disk], piece->at + inside, buf, len);
	case PIECE_BYTES:
		if (!range_inside(piece->at, piece->length, window->bytes.len))
			return -EIO;
		memcpy(buf, window->bytes.at + piece->at + inside, len);
		return 0;
	case PIECE_ZERO:
		memset(buf, 0, len);
		return 0;
	case PIECE_LATER:
		if (window->later_fd < 0 || at < window->later_at)
			return -EIO;
		return read_fd(window->later_fd, at - window->later_at, buf, len);
	}
	return -EIO;
}

int window_read(const struct window *window, struct window_place place, uint64_t offset, void *buf,
	size_t len)
{
	const struct content *content = window->content;
	char *to = buf;

	if (!range_inside(offset, len, content->size))
		return -EIO;
	for (window_seek(content, &place, offset); len; window_seek(content, &place, offset)) {
		const struct piece *piece;
		uint64_t inside = offset - place.start;
		size_t part;
		int r;

		if (place.piece >= content->count)
			return -EIO;
		piece = &content->pieces[place.piece];
		part = (size_t)min_u64(len, piece->length - inside);
		r = read_piece(window, piece, inside, offset, to, part);
		if (r)
			return r;
		to += part;
		offset += part;
		len -= part;
	}
	return 0;
}

uint64_t content_later_bytes(const struct content *content)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < content->count; i++) {
		if (content->pieces[i].kind == PIECE_LATER)
			sum += content->pieces[i].length;
	}
	return sum;
}
