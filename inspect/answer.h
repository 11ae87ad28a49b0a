/* The child's side: from opened disks to a filled inspection. Runs inside the sandbox. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "inspect/inspection.h"
#include "inspect/question.h"

/*
 * Answers QUESTION_MENU and QUESTION_CONFIG: scans the disks (question->disks[i].fd), tries the
 * configuration places in the order of design section 5, completes the menu with sizes, contents,
 * kernel info and the administrator's policy, writes the report. Bad guests are no failure:
 * inspection->error tells. -ENOMEM when not even that could be said.
 */
int answer_menu(
	const struct question *question, struct inspection *inspection, struct err *err) MUST_CHECK;

/*
 * Answers QUESTION_CONTENT: finds the same entry again and writes its PIECE_LATER parts into
 * content_fd at their content offsets. -ESTALE when the content is not the one asked for.
 */
int answer_content(const struct question *question, int content_fd, struct err *err) MUST_CHECK;
