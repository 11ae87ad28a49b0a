/* Fuzz: GRUB 2's regular expressions: the pattern up to the first newline, then the text. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/regex/regex.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = {(const char *)data, size}, pattern = {0};
	struct regex_span spans[REGEX_MAX_GROUPS];
	uint64_t budget = 1000000;
	struct grub_regex regex;
	_arena_ struct arena arena;
	struct grub_pool pool = {.arena = &arena};
	const char *why;

	arena_init(&arena, 64 << 20);
	text_cut(&text, '\n', &pattern);
	if (grub_regex_compile(&pool, pattern, &regex, &why)) {
		assert(why);
		return 0;
	}
	assert(regex.n_code <= REGEX_MAX_CODE && regex.groups < REGEX_MAX_GROUPS);
	if (grub_regex_match(&pool, &regex, text, spans, &budget) != 1)
		return 0;
	assert(spans[0].set);
	for (uint32_t i = 0; i <= regex.groups; i++)
		assert(!spans[i].set || (spans[i].from <= spans[i].to && spans[i].to <= text.len &&
						spans[i].from >= spans[0].from));
	return 0;
}
