/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command regexp. */
#include "parsers/boot/grub2/commands/commands.h"
#include "parsers/boot/grub2/script/number.h"
#include "parsers/boot/grub2/regex/regex.h"

static const struct grub_option regexp_options[] = {{"set", 's', true, false}, {0}};

/* [NUMBER:]VARIABLE: group 1 where no number is given. A group that matched nothing unsets it. */
static int set_group(struct grub *g, struct text option, struct text string,
	const struct regex_span *spans, uint32_t count)
{
	size_t colon = text_find(option, ':');
	uint64_t number = 1;
	struct text value;

	if (colon < option.len) {
		if (!grub_whole_number(text_first(option, colon), 10, &number))
			return GRUB_BAD_ARGUMENT;
		option = text_skip(option, colon + 1);
	}
	if (number >= count || !spans[number].set) {
		grub_var_unset(g, option);
		return GRUB_OK;
	}
	value = text_first(string, spans[number].to);
	return grub_var_set(g, option, text_skip(value, spans[number].from));
}

static int match(struct grub *g, const struct grub_options *options)
{
	struct text pattern = options->args[0], string = options->args[1];
	uint64_t budget = g->max_steps * 4, before = budget;
	struct regex_span *spans;
	struct grub_regex regex;
	const char *why;
	int r;

	r = grub_regex_compile(&g->scratch, pattern, &regex, &why);
	if (r) {
		grub_warn(g, "regexp: \"%.*s\": %s", TEXT_ARG(text_first(pattern, 200)), why);
		return r == -ENOMEM ? grub_no_memory(g) : GRUB_FALSE;
	}
	spans = grub_pool_alloc(&g->scratch, (regex.groups + 1) * sizeof(*spans));
	if (!spans)
		return grub_no_memory(g);
	r = grub_regex_match(&g->scratch, &regex, string, spans, &budget);
	if (!grub_step(g, (before - budget) / 32) || r == -ENOMEM)
		return grub_no_memory(g);
	if (r < 0)
		grub_warn(g, "regexp: \"%.*s\": too much work", TEXT_ARG(text_first(pattern, 200)));
	if (r <= 0)
		return GRUB_FALSE;
	r = GRUB_OK;
	for (uint32_t i = 0; i < options->n_uses && !r; i++)
		r = set_group(g, options->uses[i].value, string, spans, regex.groups + 1);
	return r;
}

int grub_cmd_regexp(struct grub *g, const struct grub_call *call)
{
	struct grub_options options = {.known = regexp_options};
	int r = grub_options_parse(g, call, &options);

	g->wildcards = true;
	if (r)
		return r;
	return options.count == 2 ? match(g, &options) : GRUB_BAD_ARGUMENT;
}
