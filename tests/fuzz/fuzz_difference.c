/* Fuzz: command lines of pygrub and of ours, two lines of input. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/difference.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text ours = {(const char *)data, size}, pygrub;
	_strbuf_ struct strbuf out = {0}, same = {0};

	if (!text_cut(&ours, '\n', &pygrub))
		return 0;
	difference_of_args(&out, pygrub, ours);
	assert(out.len && !memchr(out.at, '\n', out.len) && !memchr(out.at, '\033', out.len));
	assert(args_are_alike(pygrub, ours) == args_are_alike(ours, pygrub));
	assert(args_are_alike(ours, ours));
	difference_of_args(&same, ours, ours);
	assert(text_is(strbuf_text(&same), "the same words in another order"));
	return 0;
}
