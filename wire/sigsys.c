/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/sigsys.h"

#include "core/syscalls.h"

#include <errno.h>
#include <string.h>

void wire_put_sigsys(struct wire_sigsys *message, uint32_t call, const char *libraries)
{
	size_t length = strnlen(libraries, sizeof(message->libraries) - 1);

	*message = (struct wire_sigsys){
		.kind = WIRE_SIGSYS,
		.length = offsetof(struct wire_sigsys, libraries) - WIRE_HEAD + length + 1,
		.call = call,
		.libraries_length = (uint32_t)length,
	};
	memcpy(message->version, WIRE_VERSION, sizeof(message->version));
	memcpy(message->libraries, libraries, length);
}

static void add_plain(struct strbuf *out, struct text text)
{
	const struct text plain = TEXT("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789 .,+~-");

	for (size_t i = 0; i < text.len; i++) {
		if (memchr(plain.at, text.at[i], plain.len))
			strbuf_addc(out, text.at[i]);
	}
}

/* What is made by it: the number alone would send whoever reads it the wrong way. */
static const char *reason_of(struct text name)
{
	return text_equal(name, TEXT("tgkill")) || text_equal(name, TEXT("tkill"))
		       ? ", as abort() makes it"
		       : "";
}

int wire_get_sigsys(struct text fields, struct err *err)
{
	_strbuf_ struct strbuf libraries = {.limit = sizeof(err->text)};
	struct text said = text_skip(fields, 2 * sizeof(uint32_t)), name;
	uint32_t call, length;

	if (fields.len <= 2 * sizeof(uint32_t))
		return err_set(err, EPROTO, "last words: end too early");
	memcpy(&call, fields.at, sizeof(call));
	memcpy(&length, fields.at + sizeof(call), sizeof(length));
	if (length != said.len - 1 || length >= sizeof(((struct wire_sigsys *)0)->libraries))
		return err_set(err, EPROTO, "last words: wrong length");
	name = syscall_name(call);
	add_plain(&libraries, text_first(said, length));
	return err_set(err, ECHILD,
		"inspector killed by SIGSYS: its sandbox forbids %.*s%s (system call %u%s; %s)",
		TEXT_ARG(name.len ? name : TEXT("what Linux 7.0 does not know")),
		name.len ? "()" : "", call, reason_of(name), libraries.len ? libraries.at : "");
}
