/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/err.h"

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

int err_prefix(struct err *err, const char *format, ...)
{
	struct err old;
	va_list args;
	size_t used;

	if (!err)
		return 0;
	old = *err;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	used = strlen(err->text);
	strncat(err->text, ": ", sizeof(err->text) - 1 - used);
	used = strlen(err->text);
	strncat(err->text, old.text, sizeof(err->text) - 1 - used);
	return -err->code;
}
