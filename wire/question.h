/* A question as a message. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/question.h"
#include "wire/message.h"

/* Appends the encoded question (descriptors are not part of it). */
void wire_put_question(struct strbuf *buf, const struct question *question);

/* The texts live in the arena; every disk's fd is -1. -EPROTO with err naming the field. */
int wire_get_question(
	struct text bytes, struct arena *arena, struct question *ret, struct err *err) MUST_CHECK;
