/* The child's side: from opened disks to a filled inspection. Runs inside the sandbox. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/inspection.h"
#include "model/question.h"

/*
 * Answers QUESTION_MENU and QUESTION_CONFIG: scans the disks (question->disks[i].fd), tries the
 * configuration places in the order of inspect/answer/places.h, completes the menu with sizes, contents,
 * kernel info and the administrator's policy, writes the report. Bad guests are no failure:
 * inspection->error tells. -ENOMEM when not even that could be said.
 */
int answer_menu(
	const struct question *question, struct inspection *inspection, struct err *err) MUST_CHECK;

struct guest;

/*
 * The first step of every answer: opens the guest, which must be closed where it is not NULL. A
 * disk that cannot be read is no failure, but the inspection's error.
 */
int answer_open_guest(const struct question *question, struct inspection *inspection,
	struct guest **ret, struct err *err) MUST_CHECK;

/*
 * Answer QUESTION_FOLDER and QUESTION_FILE: fill inspection->look. -ESTALE when the volume, the
 * folder or the file is not what was asked about, -EFBIG for more names than LOOK_MAX_NAMES.
 */
int answer_folder(
	const struct question *question, struct inspection *inspection, struct err *err) MUST_CHECK;
int answer_file(
	const struct question *question, struct inspection *inspection, struct err *err) MUST_CHECK;

/* Answers QUESTION_BYTES: writes the range of the file to the start of content_fd. */
int answer_bytes(const struct question *question, int content_fd, struct err *err) MUST_CHECK;

/*
 * Answers QUESTION_CONTENT: finds the same entry again and writes its PIECE_LATER parts into
 * content_fd at their content offsets. -ESTALE when the content is not the one asked for.
 */
int answer_content(const struct question *question, int content_fd, struct err *err) MUST_CHECK;
