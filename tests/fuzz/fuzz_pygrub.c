/* Fuzz: the wrapper's answer; a strict reader must see exactly the items that were meant. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/answer.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes KEY and a value as repr() wrote it off the front; compares with what it stands for. */
static void expect_item(struct text *answer, struct text key, struct text value)
{
	_strbuf_ struct strbuf quoted = {0};

	if (!value.len)
		return;
	repr_add(&quoted, value);
	/* The value ends at the first quote that no backslash stands before, not earlier. */
	for (size_t i = 1; i + 1 < quoted.len; i++) {
		assert((unsigned char)quoted.at[i] >= 0x20 && quoted.at[i] != 0x7f);
		if (quoted.at[i] == '\\')
			i++;
		else
			assert(quoted.at[i] != quoted.at[0]);
	}
	assert(text_starts(*answer, key));
	*answer = text_skip(*answer, key.len);
	assert(text_starts(*answer, strbuf_text(&quoted)));
	*answer = text_skip(*answer, quoted.len);
	assert(text_starts(*answer, TEXT(")")));
	*answer = text_skip(*answer, 1);
}

static void expect_line(struct text *answer, struct text key, struct text value, char separator)
{
	struct text line;

	if (!value.len)
		return;
	assert(text_cut(answer, separator, &line));
	assert(text_starts(line, key) && text_equal(text_skip(line, key.len), value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text args = {(const char *)data, size}, kernel = TEXT("/run/boot_kernel.abcd0123"),
		    ramdisk = TEXT("/run/boot_ramdisk.abcd0123"), rest;

	for (enum answer_form form = ANSWER_SXP; form <= ANSWER_SIMPLE0; form++) {
		_strbuf_ struct strbuf out = {0};
		char separator = form == ANSWER_SIMPLE ? '\n' : '\0';
		struct err err = {0};

		if (answer_print(&out, form, kernel, ramdisk, args, &err))
			continue;
		rest = strbuf_text(&out);
		if (form == ANSWER_SXP) {
			assert(text_starts(rest, TEXT("linux ")));
			rest = text_skip(rest, strlen("linux "));
			expect_item(&rest, TEXT("(kernel "), kernel);
			expect_item(&rest, TEXT("(ramdisk "), ramdisk);
			expect_item(&rest, TEXT("(args "), args);
			assert(!rest.len);
			continue;
		}
		expect_line(&rest, TEXT("kernel "), kernel, separator);
		expect_line(&rest, TEXT("ramdisk "), ramdisk, separator);
		expect_line(&rest, TEXT("args "), args, separator);
		assert(rest.len == 1 && rest.at[0] == separator);
	}
	return 0;
}
