/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/say.h"

#include "pygrub/message.h"

#include <errno.h>
#include <stdarg.h>

void say(const char *format, ...)
{
	_strbuf_ struct strbuf line = {0};
	char text[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	message_add(&line, text_of(text));
	fprintf(stderr, "bootfs: %s\n", line.failed || !line.at ? "out of memory" : line.at);
}

bool colours_wanted(int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (!isatty(fd) || (no_color && no_color[0]))
		return false;
	return term && term[0] && strcmp(term, "dumb") != 0;
}

void add_coloured(struct strbuf *out, bool wanted, enum colour colour, struct text text)
{
	static const char *const codes[] = {
		[BOLD] = "1", [RED] = "31", [GREEN] = "32", [YELLOW] = "33", [BLUE] = "34"};

	if (!wanted || colour == PLAIN) {
		strbuf_add(out, text);
		return;
	}
	strbuf_addf(out, "\033[%sm", codes[colour]);
	strbuf_add(out, text);
	strbuf_adds(out, "\033[0m");
}

bool print_all(const struct strbuf *out)
{
	struct text rest = strbuf_text(out);

	if (out->failed) {
		say("out of memory");
		return false;
	}
	while (rest.len) {
		ssize_t n = write(STDOUT_FILENO, rest.at, rest.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			say("cannot write the answer: %m");
			return false;
		}
		rest = text_skip(rest, (size_t)n);
	}
	return true;
}
