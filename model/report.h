/* What an inspection has to tell: the lines of `log`, as fields. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"

enum report_kind { REPORT_OK, REPORT_NOTE, REPORT_WARNING, REPORT_ERROR, REPORT_RESULT };
#define REPORT_KINDS (REPORT_RESULT + 1)

struct report_line {
	struct report_line *next;
	enum report_kind kind;
	struct text file; /* configuration file the line is about; empty: none */
	uint32_t line;    /* in that file, from 1; 0: none */
	uint32_t count;   /* how many times the same was said, from 1 */
	struct text text; /* raw bytes of the guest may stand in it */
	uint64_t hash;    /* of kind, file and text: finds repeated lines quickly */
	struct report_line *next_in_bucket;
};

enum { REPORT_BUCKETS = 64 };

/*
 * Bounded: a line that says the same as an earlier one (kind, file and text equal) raises that
 * one's count; after `limit` lines further ones are only counted in `dropped`. The order is
 * the order of adding. Everything lives in the arena; when that is full a line is dropped too.
 */
struct report {
	struct arena *arena;
	struct report_line *first, *last;
	uint32_t lines, dropped, limit;
	struct report_line *buckets[REPORT_BUCKETS]; /* by hash */
};

/* The limit is that of limits_default(), until another one is set. */
void report_init(struct report *report, struct arena *arena);

void report_add(struct report *report, enum report_kind kind, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* The same with the place in a configuration file it is about. */
void report_add_at(struct report *report, enum report_kind kind, struct text file, uint32_t line,
	const char *format, ...) PRINTF_LIKE(5, 6);

/* The same for a ready text of any bytes. */
void report_add_text(struct report *report, enum report_kind kind, struct text file, uint32_t line,
	struct text text);

/* The same in front of all lines, with no place: the last line of a log tells the result. */
void report_add_first(struct report *report, enum report_kind kind, struct text text);

/* "ok", "note", "warning", "error", "result". */
const char *report_kind_name(enum report_kind kind);
