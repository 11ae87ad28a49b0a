/* Questions for tests: images made by a shell, opened as the asker does. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/inspection.h"
#include "model/question.h"

/* An empty question of this kind with the default limits. */
struct question question_make(enum question_kind kind);

/* Adds a disk: see image_make(). Its path is "/srv/mail.img" ("/srv/mail1.img"...). */
void question_add_image(struct question *question, uint64_t size, const char *command);

/* Adds a disk with these bytes. */
void question_add_bytes(struct question *question, const void *bytes, size_t size);

/* Closes the disks. */
void question_done(struct question *question);
#define _question_ CLEANUP(question_done)

/* The answer to QUESTION_MENU or QUESTION_CONFIG; the program aborts where there is none. */
struct inspection *question_answer(const struct question *question);

/* The bytes of a content in malloc'ed memory; PIECE_LATER is filled with '?'. */
char *content_bytes(const struct question *question, const struct inspection *inspection,
	const struct content *content);
