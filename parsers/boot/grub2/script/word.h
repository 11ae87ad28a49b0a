/* One word of a GRUB script: quotes, escapes, variables. Between lexer.c and word.c only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/grub2/script/lexer.h"

/* Reads the word (or the bad token) that begins at lexer->at, which is before lexer->end. */
void grub_lexer_word(struct grub_lexer *lexer, struct grub_token *ret);

void grub_lexer_skip_dropped(struct grub_lexer *lexer);
void grub_lexer_skip_unseen(struct grub_lexer *lexer);

/* Passes the newline at lexer->at, and dropped lines behind it. */
void grub_lexer_newline(struct grub_lexer *lexer);
