/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that make entries and users: menuentry, submenu, password. */
#include "parsers/boot/entry.h"
#include "parsers/boot/grub2/commands/commands.h"
#include "parsers/boot/grub2/menu/menu.h"

#include "core/checked.h"

enum {
	OPTION_CLASS,
	OPTION_USERS,
	OPTION_HOTKEY,
	OPTION_SOURCE,
	OPTION_ID,
	OPTION_UNRESTRICTED,
};

static const struct grub_option menuentry_options[] = {
	{"class", 0, true, false},
	{"users", 0, true, false},
	{"hotkey", 0, true, false},
	{"source", 0, true, false},
	{"id", 0, true, false},
	{"unrestricted", 0, false, false},
	{0},
};

/* Red Hat's: `--users` without a value lifts the restriction. */
static const struct grub_option fedora_options[] = {
	{"class", 0, true, false},
	{"users", 0, true, true},
	{"hotkey", 0, true, false},
	{"source", 0, true, false},
	{"id", 0, true, false},
	{"unrestricted", 0, false, false},
	{0},
};

enum {
	SCRIPT_BYTES = 16 << 10,     /* of one entry, as shown */
	ALL_SCRIPT_BYTES = 16 << 20, /* of all entries */
};

/* The entry as written, for people to read: cut where it is very long, without passwords. */
static struct text shown_script(struct grub *g, struct text script)
{
	size_t room = ALL_SCRIPT_BYTES - (size_t)min_u64(g->script_bytes, ALL_SCRIPT_BYTES);

	script = text_first(script, min_size(SCRIPT_BYTES, room));
	g->script_bytes += script.len;
	if (!g->source->lasting)
		script = grub_keep(g, script);
	return entry_script(g->files, script, "\n;}");
}

static int keep_args(struct grub *g, struct grub_item *item, const struct grub_options *options)
{
	item->args = arena_array(g->files->arena, options->count, sizeof(*item->args));
	if (!item->args)
		return grub_no_memory(g);
	for (uint32_t i = 0; i < options->count; i++)
		item->args[i] = grub_keep(g, options->args[i]);
	item->count = options->count;
	item->title = item->args[0];
	item->id = item->title;
	if (options->set[OPTION_ID])
		item->id = grub_keep(g, options->value[OPTION_ID]);
	return GRUB_OK;
}

/* The commands of the entry: the block as written, or the text given by --source. */
static void keep_body(struct grub *g, struct grub_item *item, const struct grub_call *call,
	const struct grub_options *options)
{
	item->body = (struct grub_text){
		.file = g->source->file,
		.line = g->line,
		.lasting = true,
	};
	item->file = g->source->file;
	item->line = g->line;
	if (!call->block) {
		item->body.text = grub_keep(g, options->value[OPTION_SOURCE]);
		return;
	}
	if (options->block_used) {
		/* GRUB cuts the braces off whatever stands last. */
		struct text last = options->args[options->count];

		last = text_skip(last, 1);
		last.len -= last.len > 0;
		item->setparams = true;
		item->body.text = grub_keep(g, last);
		return;
	}
	item->setparams = true;
	item->body.text = call->block->text;
	item->body.line = call->block->line;
	item->body.from_file = g->source->from_file;
	if (!g->source->lasting)
		item->body.text = grub_keep(g, item->body.text);
}

int grub_cmd_menuentry(struct grub *g, const struct grub_call *call)
{
	struct grub_options options = {
		.known = g->fedora ? fedora_options : menuentry_options, .accept_dash = true};
	struct grub_item *item;
	int r = grub_options_parse(g, call, &options);

	if (r)
		return r;
	/* An option took the block for its value: the last word is taken for the block. */
	if (options.block_used && options.count)
		options.count--;
	if (!options.count || !options.set[OPTION_SOURCE] == !call->block) {
		grub_warn(g, "%.*s without %s", TEXT_ARG(call->name),
			options.count ? "commands" : "a title");
		return options.count || !call->block ? GRUB_BAD_ARGUMENT : GRUB_MENU_ERROR;
	}
	item = grub_menu_add(g);
	if (!item)
		return g->stop ? GRUB_OUT_OF_MEMORY : GRUB_OK;
	if (keep_args(g, item, &options))
		return GRUB_OUT_OF_MEMORY;
	item->submenu = call->name.at[0] == 's';
	item->restricted = options.set[OPTION_USERS] ? options.value[OPTION_USERS].at != NULL
						     : !options.set[OPTION_UNRESTRICTED];
	item->users = grub_keep(g, options.value[OPTION_USERS]);
	keep_body(g, item, call, &options);
	item->script = shown_script(g, call->node->source);
	return GRUB_OK;
}

int grub_cmd_password(struct grub *g, const struct grub_call *call)
{
	struct menu_user *user, **tail = &g->out->users;

	if (call->count != 2)
		return GRUB_BAD_ARGUMENT;
	while (*tail && !text_equal((*tail)->name, call->args[0])) {
		if (!grub_step(g, 1))
			return GRUB_OUT_OF_MEMORY;
		tail = &(*tail)->next;
	}
	/* A user given twice has the later password. */
	user = *tail ? *tail : arena_new(g->files->arena, struct menu_user);
	if (!user)
		return grub_no_memory(g);
	user->name = grub_keep(g, call->args[0]);
	user->password.kind = text_is(call->name, "password") ? PASSWORD_PLAIN : PASSWORD_PBKDF2;
	user->password.value = grub_keep(g, call->args[1]);
	*tail = user;
	return GRUB_OK;
}
