/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/answer.h"

#include <errno.h>

void args_join(struct text cmdline, const char *more, struct strbuf *out)
{
	strbuf_add(out, cmdline);
	if (cmdline.len && more && more[0])
		strbuf_addc(out, ' ');
	strbuf_adds(out, more ? more : "");
}

static void add_item_sxp(struct strbuf *out, const char *key, struct text value)
{
	if (!value.len)
		return;
	strbuf_addf(out, "(%s ", key);
	repr_add(out, value);
	strbuf_addc(out, ')');
}

static void print_sxp(struct strbuf *out, struct text kernel, struct text ramdisk, struct text args)
{
	strbuf_adds(out, "linux ");
	add_item_sxp(out, "kernel", kernel);
	add_item_sxp(out, "ramdisk", ramdisk);
	add_item_sxp(out, "args", args);
}

static void add_item_simple(struct strbuf *out, const char *key, struct text value, char separator)
{
	if (!value.len)
		return;
	strbuf_addf(out, "%s ", key);
	strbuf_add(out, value);
	strbuf_addc(out, separator);
}

static void print_simple(struct strbuf *out, struct text kernel, struct text ramdisk,
	struct text args, char separator)
{
	add_item_simple(out, "kernel", kernel, separator);
	add_item_simple(out, "ramdisk", ramdisk, separator);
	add_item_simple(out, "args", args, separator);
	strbuf_addc(out, separator);
}

/* Can this value be said so that every reader sees this value and nothing else? */
static int check_value(enum answer_form form, const char *key, struct text value, struct err *err)
{
	if (text_find(value, '\0') < value.len)
		return err_set(err, EINVAL, "the %s hold a NUL byte: no answer can say that", key);
	if (form == ANSWER_SIMPLE && text_find(value, '\n') < value.len)
		return err_set(err, EINVAL,
			"the %s hold a newline: the answer's form (simple) cannot say that", key);
	if (form == ANSWER_SIMPLE0 && strlen(key) + 1 + value.len >= SIMPLE0_ITEM_BYTES)
		return err_set(err, EINVAL,
			"the %s have %zu bytes: xl would drop them without an error", key,
			value.len);
	return 0;
}

int answer_print(struct strbuf *out, enum answer_form form, struct text kernel, struct text ramdisk,
	struct text args, struct err *err)
{
	if (check_value(form, "kernel", kernel, err) ||
		check_value(form, "ramdisk", ramdisk, err) || check_value(form, "args", args, err))
		return -err->code;
	switch (form) {
	case ANSWER_SXP:
		print_sxp(out, kernel, ramdisk, args);
		break;
	case ANSWER_SIMPLE:
		print_simple(out, kernel, ramdisk, args, '\n');
		break;
	case ANSWER_SIMPLE0:
		print_simple(out, kernel, ramdisk, args, '\0');
		break;
	}
	return out->failed ? err_set(err, -out->failed, "the answer is too long") : 0;
}
