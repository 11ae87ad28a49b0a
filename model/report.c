/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/report.h"

#include "core/hash.h"
#include "model/limits.h"

#include <stdarg.h>

/* The longest text of one line; what is longer is cut. */
enum { REPORT_TEXT = 1024 };

void report_init(struct report *report, struct arena *arena)
{
	*report = (struct report){.arena = arena, .limit = limits_default().max_log};
}

/* The line that says the same as `wanted`: kind, file and text. */
static struct report_line *report_find(
	const struct report *report, const struct report_line *wanted)
{
	struct report_line *line;

	line = report->buckets[wanted->hash % REPORT_BUCKETS];
	for (; line; line = line->next_in_bucket) {
		if (line->hash == wanted->hash && line->kind == wanted->kind &&
			text_equal(line->text, wanted->text) &&
			text_equal(line->file, wanted->file))
			return line;
	}
	return NULL;
}

static struct report_line *report_new_line(struct report *report)
{
	struct report_line *line;

	if (report->lines >= report->limit)
		return NULL;
	line = arena_new(report->arena, struct report_line);
	if (!line)
		return NULL;
	if (report->last)
		report->last->next = line;
	else
		report->first = line;
	report->last = line;
	report->lines++;
	return line;
}

void report_add_text(struct report *report, enum report_kind kind, struct text file,
	uint32_t line_number, struct text text)
{
	struct report_line wanted = {
		.kind = kind,
		.file = file,
		.line = line_number,
		.count = 1,
		.text = text_first(text, REPORT_TEXT),
	};
	struct report_line *line, **bucket;

	wanted.hash = hash_text(hash_text(HASH_START ^ (uint64_t)kind, wanted.file), wanted.text);
	line = report_find(report, &wanted);
	if (line) {
		line->count += line->count < UINT32_MAX;
		return;
	}
	line = report_new_line(report);
	if (!line) {
		report->dropped += report->dropped < UINT32_MAX;
		return;
	}
	*line = wanted;
	if (arena_text(report->arena, wanted.text, &line->text) ||
		arena_text(report->arena, wanted.file, &line->file)) {
		*line = (struct report_line){.kind = kind, .count = 1, .text = TEXT("(no memory)")};
		return;
	}
	bucket = &report->buckets[line->hash % REPORT_BUCKETS];
	line->next_in_bucket = *bucket;
	*bucket = line;
}

void report_add(struct report *report, enum report_kind kind, const char *format, ...)
{
	char text[REPORT_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	report_add_text(report, kind, (struct text){0}, 0, text_of(text));
}

void report_add_at(struct report *report, enum report_kind kind, struct text file, uint32_t line,
	const char *format, ...)
{
	char text[REPORT_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	report_add_text(report, kind, file, line, text_of(text));
}

void report_add_first(struct report *report, enum report_kind kind, struct text text)
{
	struct report_line *first = report->first, *before = report->last, *line;

	report_add_text(report, kind, (struct text){0}, 0, text);
	line = report->last;
	if (!before || line == before)
		return;
	before->next = NULL;
	report->last = before;
	line->next = first;
	report->first = line;
}

const char *report_kind_name(enum report_kind kind)
{
	static const char *const names[REPORT_KINDS] = {"ok", "note", "warning", "error", "result"};

	return (unsigned)kind < REPORT_KINDS ? names[kind] : "note";
}
