/* A folder or a file of a volume as a message. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/inspection.h"
#include "model/question.h"
#include "wire/message.h"

/* Appends the inspection's `look`: the answer to QUESTION_FOLDER, to QUESTION_FILE. */
void wire_put_folder(struct strbuf *buf, const struct volume_look *look);
void wire_put_file(struct strbuf *buf, const struct volume_look *look);

/*
 * Decodes and checks the same into a new inspection: names are file names, sorted, each once; no
 * link leads above the root of the volume that the question's path counts from; the file is of
 * the size that was asked for and lies inside its disks. -EPROTO, and failures as above.
 */
int wire_get_look(struct text bytes, const struct question *question, struct inspection *ret,
	struct err *err) MUST_CHECK;
