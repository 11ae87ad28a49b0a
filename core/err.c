/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/err.h"

#include "core/checked.h"

#include <stdarg.h>
#include <string.h>

int err_set(struct err *err, int code, const char *format, ...)
{
	va_list args;

	if (!err || err->code)
		return -code;
	err->code = code;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return -code;
}

/* As much of it as fits. */
static void append(struct err *err, const char *text)
{
	size_t used = strlen(err->text);
	size_t len = min_size(strlen(text), sizeof(err->text) - 1 - used);

	memcpy(err->text + used, text, len);
	err->text[used + len] = '\0';
}

int err_prefix(struct err *err, const char *format, ...)
{
	struct err old;
	va_list args;

	if (!err)
		return 0;
	old = *err;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	append(err, ": ");
	append(err, old.text);
	return -err->code;
}
