/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the tree of a script. */
#include "parsers/boot/grub2/script/interp.h"

#include "parsers/boot/grub2/commands/commands.h"

/* ---- functions ---------------------------------------------------------------------------- */

static size_t function_bucket(struct text name)
{
	size_t hash = 0;

	for (size_t i = 0; i < name.len; i++)
		hash = hash * 31 + (unsigned char)name.at[i];
	return hash % FUNCTION_BUCKETS;
}

const struct grub_function *grub_function_find(const struct grub *g, struct text name)
{
	const struct grub_function *function = g->functions[function_bucket(name)];

	while (function && !text_equal(function->name, name))
		function = function->next;
	return function;
}

/* Where the lines of a function are told to be: its text lasts, its description must too. */
static const struct grub_text *lasting_source(struct grub *g)
{
	struct grub_text *copy;

	if (g->source->lasting)
		return g->source;
	copy = grub_pool_new(&g->lasting, struct grub_text);
	if (!copy)
		return NULL;
	*copy = *g->source;
	copy->text = (struct text){0};
	return copy;
}

static void define(void *context, struct text name, const struct grub_node *body)
{
	struct grub *g = context;
	struct grub_function *function = grub_pool_new(&g->lasting, struct grub_function);
	size_t bucket = function_bucket(name);

	if (!function) {
		grub_no_memory(g);
		return;
	}
	function->name = name;
	function->body = body;
	function->source = lasting_source(g);
	function->next = g->functions[bucket];
	if (!function->source)
		grub_no_memory(g);
	else
		g->functions[bucket] = function;
}

static void leave_scope(struct grub *g, struct grub_scope *outer)
{
	arena_release(g->files->arena, g->scope->owned);
	g->scope = outer;
}

static int call_function(
	struct grub *g, const struct grub_function *function, struct text *args, uint32_t count)
{
	struct grub_scope scope = {.args = args, .count = count}, *outer = g->scope;
	const struct grub_text *source = g->source;
	uint32_t loops = g->loop_depth, line = g->line;
	int r;

	g->loop_depth = 0;
	/* leave_scope() puts the outer one back. */
	/* cppcheck-suppress autoVariables */
	g->scope = &scope;
	g->source = function->source;
	r = grub_run_node(g, function->body);
	g->source = source;
	g->line = line;
	g->returning = false;
	g->loop_depth = loops;
	leave_scope(g, outer);
	return r;
}

/* ---- statements --------------------------------------------------------------------------- */

/* The last resort: NAME=VALUE, or a command that does not exist. Neither is an error. */
static int assign_or_unknown(
	struct grub *g, struct grub_argv *argv, struct text word, const struct grub_node *node)
{
	size_t equals = text_find(word, '=');
	struct text name = text_first(word, equals);

	if (equals == word.len) {
		grub_warn(g, "unknown command \"%.*s\"", TEXT_ARG(text_first(word, 200)));
		grub_blame(g, "unknown command \"%.*s\"", TEXT_ARG(text_first(word, 200)));
		return GRUB_OK;
	}
	if ((name.len && name.at[0] >= '0' && name.at[0] <= '9') || text_is(name, "#") ||
		text_is(name, "*") || text_is(name, "@")) {
		grub_warn(g, "invalid variable name \"%.*s\"", TEXT_ARG(text_first(name, 200)));
		return GRUB_OK;
	}
	if (!name.len)
		return GRUB_OK;
	grub_assign(g, name, text_skip(word, equals + 1), node->words);
	(void)argv;
	return GRUB_OK;
}

static int run_argv(struct grub *g, struct grub_argv *argv, const struct grub_node *node)
{
	struct grub_call call = {.node = node, .block = argv->block};
	const struct grub_function *function;
	const struct grub_command *command;
	uint32_t first = 0;
	int r;

	if (text_is(argv->at[0], "!")) {
		if (argv->count < 2) {
			grub_warn(g, "no command after !");
			return GRUB_BAD_ARGUMENT;
		}
		first = 1;
	}
	call.name = argv->at[first];
	call.args = argv->at + first + 1;
	call.count = argv->count - first - 1;
	command = grub_command_find(call.name);
	function = command ? NULL : grub_function_find(g, call.name);
	if (command)
		r = grub_command_run(g, command, &call);
	else if (function && call.block && grub_call_add_block(g, &call))
		r = GRUB_OUT_OF_MEMORY;
	else if (function)
		r = call_function(g, function, call.args, call.count);
	else
		return assign_or_unknown(g, argv, call.name, node);
	if (!first)
		return r;
	return r == GRUB_OK ? GRUB_FALSE : GRUB_OK;
}

static int run_command(struct grub *g, const struct grub_node *node)
{
	struct grub_mark mark = grub_pool_mark(&g->scratch);
	struct grub_argv argv;
	int r;

	g->line = node->line;
	r = grub_expand(g, node->words, &argv);
	if (!r && argv.count)
		r = run_argv(g, &argv, node);
	grub_pool_release(&g->scratch, mark);
	return r;
}

static int run_list(struct grub *g, const struct grub_node *list)
{
	const struct grub_node *node;
	int r = GRUB_OK;

	for (node = list->first; node && !g->breaks && !g->stop; node = node->next) {
		r = grub_run_node(g, node);
		if (g->returning)
			break;
	}
	return r;
}

static int run_if(struct grub *g, const struct grub_node *node)
{
	int r = grub_run_node(g, node->condition);

	if (g->returning || g->stop)
		return r;
	return grub_run_node(g, g->status == GRUB_OK ? node->body : node->otherwise);
}

static int run_for(struct grub *g, const struct grub_node *node)
{
	struct grub_mark mark = grub_pool_mark(&g->scratch);
	struct grub_argv argv;
	int r = grub_expand(g, node->words, &argv);

	if (r)
		return r;
	g->loop_depth++;
	for (uint32_t i = 0; i < argv.count && !g->stop && !g->returning; i++) {
		if (g->continuing && g->breaks == 1)
			g->breaks = 0;
		if (g->breaks)
			break;
		r = grub_var_set(g, node->name, argv.at[i]);
		if (!r)
			r = grub_run_node(g, node->body);
	}
	g->breaks -= g->breaks > 0;
	g->loop_depth--;
	grub_pool_release(&g->scratch, mark);
	return r;
}

static int run_while(struct grub *g, const struct grub_node *node)
{
	bool until = node->type == NODE_UNTIL;
	int r = GRUB_OK;

	g->loop_depth++;
	while (!g->stop) {
		r = grub_run_node(g, node->condition);
		if (g->returning || g->stop || (r == GRUB_OK) == until)
			break;
		r = grub_run_node(g, node->body);
		if (g->returning)
			break;
		if (g->breaks == 1 && g->continuing)
			g->breaks = 0;
		if (g->breaks)
			break;
	}
	g->breaks -= g->breaks > 0;
	g->loop_depth--;
	return r;
}

static int run_by_type(struct grub *g, const struct grub_node *node)
{
	switch (node->type) {
	case NODE_COMMAND:
		return run_command(g, node);
	case NODE_LIST:
		return run_list(g, node);
	case NODE_IF:
		return run_if(g, node);
	case NODE_FOR:
		return run_for(g, node);
	case NODE_WHILE:
	case NODE_UNTIL:
		return run_while(g, node);
	}
	return GRUB_OK;
}

int grub_run_node(struct grub *g, const struct grub_node *node)
{
	int r;

	if (!node)
		return GRUB_OK;
	if (!grub_step(g, 1))
		return GRUB_OUT_OF_MEMORY;
	/* GRUB forgets to count down here, and later commands have less room: so do we. */
	if (++g->depth >= GRUB_MAX_DEPTH) {
		grub_warn(g, "more than %d commands inside each other", GRUB_MAX_DEPTH - 1);
		return GRUB_RECURSION;
	}
	r = run_by_type(g, node);
	g->status = r;
	g->has_status = true;
	g->depth--;
	return r;
}

/* ---- texts -------------------------------------------------------------------------------- */

static void report_syntax(struct grub *g, const struct grub_parser *parser)
{
	struct text found = text_first(parser->found, 40);

	g->line = parser->error_line;
	if (!found.len || found.at[0] == '\n')
		grub_warn(g, "syntax error: %s", parser->error);
	else
		grub_warn(g, "syntax error: %s, found \"%.*s\"", parser->error, TEXT_ARG(found));
}

int grub_run_text(struct grub *g, const struct grub_text *text)
{
	const struct grub_text *outer = g->source;
	uint32_t line = g->line;
	struct grub_lexer lexer;
	struct grub_parser parser = {
		.lexer = &lexer,
		.pool = &g->scratch,
		.lasting = &g->lasting,
		.define = define,
		.context = g,
	};
	int r = GRUB_OK;

	if (!grub_step(g, text->text.len / 64))
		return GRUB_OUT_OF_MEMORY;
	g->source = text;
	grub_lexer_init(&lexer, text, &g->scratch);
	while (!g->stop && grub_lexer_group(&lexer)) {
		struct grub_mark mark = grub_pool_mark(&g->scratch);
		struct grub_node *node;
		bool good = grub_parse_group(&parser, &node);

		if (lexer.failed)
			r = grub_no_memory(g);
		else if (!good)
			report_syntax(g, &parser);
		else if (node)
			r = grub_run_node(g, node);
		grub_pool_release(&g->scratch, mark);
		if (!good)
			grub_lexer_skip_line(&lexer);
		if (!good && !text->whole)
			break;
	}
	g->source = outer;
	g->line = line;
	return r;
}

int grub_run_scoped(struct grub *g, const struct grub_text *text, struct text *args, uint32_t count)
{
	struct grub_scope scope = {.args = args, .count = count}, *outer = g->scope;
	int r;

	/* leave_scope() puts the outer one back. */
	/* cppcheck-suppress autoVariables */
	g->scope = &scope;
	r = grub_run_text(g, text);
	leave_scope(g, outer);
	return r;
}
