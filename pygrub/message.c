/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/message.h"

#include "core/escape.h"
#include "core/log.h"

#include <stdarg.h>
#include <syslog.h>

enum { MESSAGE_BYTES = 2000 };

void message_add(struct strbuf *out, struct text text)
{
	struct text part;
	bool first = true;

	text = text_first(text_trim(text), MESSAGE_BYTES);
	while (text_cut(&text, '\\', &part)) {
		if (!first)
			strbuf_addc(out, '\\');
		escape_add(out, part);
		first = false;
	}
}

static void print_line(const char *who, struct text line)
{
	_strbuf_ struct strbuf out = {0};

	strbuf_adds(&out, who);
	strbuf_add(&out, line);
	if (!out.failed)
		log_to_stderr(strbuf_text(&out));
}

static void log_line(const struct options *options, int severity, struct text reason)
{
	_strbuf_ struct strbuf domain = {0}, disk = {0}, line = {0};

	message_add(&domain, text_of(options->domain));
	message_add(&disk, text_of(options->disk ? options->disk : "(none)"));
	if (domain.len)
		strbuf_addf(&line, "domain %s, ", domain.at);
	strbuf_addf(&line, "disk %s: ", disk.len ? disk.at : "");
	strbuf_add(&line, reason);
	const struct journal_field fields[] = {
		{"BOOTFS_DOMAIN", strbuf_text(&domain)},
		{"BOOTFS_DISK", strbuf_text(&disk)},
		{"BOOTFS_REASON", reason},
	};
	const struct journal_message message = {
		"bootfs-pygrub", severity, strbuf_text(&line), fields, ARRAY_SIZE(fields)};

	if (!line.failed && log_to_journal(&message))
		log_to_syslog(message.who, severity, message.text);
}

void message_failure(const struct options *options, struct text text)
{
	bool for_xapi = options->form == ANSWER_SIMPLE && !isatty(STDERR_FILENO);
	_strbuf_ struct strbuf line = {0};

	message_add(&line, text);
	print_line(for_xapi ? "RuntimeError: " : "bootfs-pygrub: ", strbuf_text(&line));
	log_line(options, LOG_ERR, strbuf_text(&line));
}

void message_warning(const struct options *options, struct text text)
{
	_strbuf_ struct strbuf line = {0};

	strbuf_adds(&line, "warning: ");
	message_add(&line, text);
	print_line("bootfs-pygrub: ", strbuf_text(&line));
	log_line(options, LOG_WARNING, strbuf_text(&line));
}

void message_log(const struct options *options, struct text text)
{
	_strbuf_ struct strbuf line = {0};

	message_add(&line, text);
	log_line(options, LOG_NOTICE, strbuf_text(&line));
}

void message_debug(const struct options *options, const char *format, ...)
{
	_strbuf_ struct strbuf line = {0};
	char text[MESSAGE_BYTES];
	va_list args;

	if (!options->debug)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	message_add(&line, text_of(text));
	print_line("bootfs-pygrub: debug: ", strbuf_text(&line));
}
