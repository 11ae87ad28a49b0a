/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/question.h"

#include "inspect/answer/answer.h"
#include "tests/support/image.h"

#include <assert.h>
#include <sys/mman.h>

static const char *const paths[] = {"/srv/mail.img", "/srv/mail1.img", "/srv/mail2.img"};

struct question question_make(enum question_kind kind)
{
	return (struct question){.kind = kind, .limits = limits_default()};
}

static void add_disk(struct question *question, int fd, uint64_t size)
{
	if (question->n_disks == ARRAY_SIZE(paths))
		abort();
	question->disks[question->n_disks] = (struct question_disk){
		.fd = fd,
		.path = text_of(paths[question->n_disks]),
		.size = size,
		.sector_size = 512,
	};
	question->n_disks++;
}

void question_add_image(struct question *question, uint64_t size, const char *command)
{
	add_disk(question, image_make(size, command), size);
}

void question_add_bytes(struct question *question, const void *bytes, size_t size)
{
	int fd = memfd_create("test-disk", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, bytes, size, 0) != (ssize_t)size)
		abort();
	add_disk(question, fd, size);
}

void question_done(struct question *question)
{
	for (uint32_t i = 0; i < question->n_disks; i++)
		close(question->disks[i].fd);
}

struct inspection *question_answer(const struct question *question)
{
	struct inspection *inspection = inspection_new(question->limits.memory / 2);
	struct err err = {0};

	if (inspection && answer_menu(question, inspection, &err) == 0)
		return inspection;
	fprintf(stderr, "no answer: %s\n", err.text);
	abort();
}

static void read_disk(const struct question *question, const struct piece *piece, char *to)
{
	if (pread(question->disks[piece->disk].fd, to, piece->length, (off_t)piece->at) !=
		(ssize_t)piece->length)
		abort();
}

char *content_bytes(const struct question *question, const struct inspection *inspection,
	const struct content *content)
{
	char *bytes = malloc(content->size + 1), *to = bytes;

	if (!bytes)
		abort();
	for (uint32_t i = 0; i < content->count; i++) {
		const struct piece *piece = &content->pieces[i];

		memset(to, piece->kind == PIECE_LATER ? '?' : 0, piece->length);
		if (piece->kind == PIECE_DISK)
			read_disk(question, piece, to);
		else if (piece->kind == PIECE_BYTES)
			memcpy(to, inspection->menu.bytes.at + piece->at, piece->length);
		to += piece->length;
	}
	*to = '\0';
	return bytes;
}
