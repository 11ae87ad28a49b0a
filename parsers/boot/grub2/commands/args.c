/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of commands, as GRUB's extended commands read them. */
#include "parsers/boot/grub2/commands/commands.h"

struct parse {
	struct grub *g;
	const struct grub_call *call;
	struct grub_options *options;
	uint32_t at; /* argument being read */
};

static int32_t find_long(const struct grub_options *options, struct text name)
{
	for (int32_t i = 0; options->known[i].name; i++) {
		if (text_is(name, options->known[i].name))
			return i;
	}
	return -1;
}

static int32_t find_letter(const struct grub_options *options, char letter)
{
	for (int32_t i = 0; options->known[i].name; i++) {
		if (options->known[i].letter && options->known[i].letter == letter)
			return i;
	}
	return -1;
}

static bool is_dashed(struct text text)
{
	return text.len && text.at[0] == '-';
}

static int use(struct parse *parse, int32_t option, struct text value)
{
	struct grub_options *options = parse->options;
	const struct grub_option *known = &options->known[option];
	bool given = value.at != NULL;

	if (known->value ? !given && !known->optional : given) {
		grub_warn(parse->g, "%.*s: option --%s %s", TEXT_ARG(parse->call->name),
			known->name, known->value ? "needs a value" : "takes no value");
		return GRUB_BAD_ARGUMENT;
	}
	options->set[option]++;
	options->value[option] = value;
	options->uses[options->n_uses++] =
		(struct grub_option_use){.option = (uint32_t)option, .value = value};
	return GRUB_OK;
}

static int unknown(struct parse *parse, struct text argument)
{
	if (parse->options->accept_dash) {
		parse->options->args[parse->options->count++] = argument;
		return GRUB_OK;
	}
	grub_warn(parse->g, "%.*s: unknown option \"%.*s\"", TEXT_ARG(parse->call->name),
		TEXT_ARG(text_first(argument, 80)));
	return GRUB_BAD_ARGUMENT;
}

/* To GRUB a { ... } is one more argument. at is NULL where there is none. */
static struct text block_value(struct parse *parse)
{
	const struct grub_part *block = parse->call->block;

	if (!block || parse->options->block_used)
		return (struct text){0};
	parse->options->block_used = true;
	return grub_block_text(parse->g, block);
}

/* The next argument as an option's value; `dashed`: may it begin with a dash? */
static struct text next_value(struct parse *parse, bool dashed)
{
	struct text next;

	if (parse->at + 1 >= parse->call->count)
		return block_value(parse);
	next = parse->call->args[parse->at + 1];
	if (is_dashed(next) && !dashed)
		return (struct text){0};
	parse->at++;
	return next.at ? next : TEXT("");
}

static int long_option(struct parse *parse, struct text argument)
{
	struct text name = text_skip(argument, 2), value = {0};
	size_t equals = text_find(name, '=');
	int32_t option;

	if (equals < name.len) {
		value = text_skip(name, equals + 1);
		name = text_first(name, equals);
	}
	option = find_long(parse->options, name);
	if (option < 0)
		return unknown(parse, argument);
	if (!value.at && parse->options->known[option].value)
		value = next_value(parse, false);
	return use(parse, option, value);
}

static int short_options(struct parse *parse, struct text argument)
{
	struct text letters = text_skip(argument, 1), value = {0};
	const struct grub_option *known;
	int32_t option;
	int r = GRUB_OK;

	for (size_t i = 0; i < letters.len; i++) {
		if (find_letter(parse->options, letters.at[i]) < 0)
			return unknown(parse, argument);
	}
	for (size_t i = 0; i < letters.len && !r; i++) {
		option = find_letter(parse->options, letters.at[i]);
		known = &parse->options->known[option];
		if (i + 1 == letters.len && known->value)
			value = next_value(parse, !known->optional);
		r = use(parse, option, value);
	}
	return r;
}

int grub_options_parse(struct grub *g, const struct grub_call *call, struct grub_options *options)
{
	struct parse parse = {.g = g, .call = call, .options = options};
	size_t room = call->count + 1;
	size_t letters = 0;
	int r = GRUB_OK;

	for (uint32_t i = 0; i < call->count; i++)
		letters += is_dashed(call->args[i]) ? call->args[i].len : 0;
	options->args = grub_pool_alloc(&g->scratch, room * sizeof(*options->args));
	options->uses = grub_pool_alloc(&g->scratch, (room + letters) * sizeof(*options->uses));
	if (!options->args || !options->uses)
		return grub_no_memory(g);
	for (; parse.at < call->count && !r; parse.at++) {
		struct text argument = call->args[parse.at];

		if (!is_dashed(argument) || argument.len == 1 ||
			(options->at_start && options->count)) {
			options->args[options->count++] = argument;
		} else if (argument.at[1] != '-') {
			r = short_options(&parse, argument);
		} else if (argument.len > 2) {
			r = long_option(&parse, argument);
		} else {
			while (++parse.at < call->count)
				options->args[options->count++] = call->args[parse.at];
		}
	}
	return r;
}
