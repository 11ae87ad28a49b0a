/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small commands: true, insmod, cpuid, time, cmp, tr and those that mean nothing here. */
#include "parsers/boot/grub2/commands/commands.h"
#include "parsers/boot/grub2/commands/device.h"

int grub_cmd_true(struct grub *g, const struct grub_call *call)
{
	(void)g;
	(void)call;
	return GRUB_OK;
}

int grub_cmd_false(struct grub *g, const struct grub_call *call)
{
	(void)g;
	(void)call;
	return GRUB_FALSE;
}

/* What only changes screens, keyboards, memory or modules has no meaning here and succeeds. */
int grub_cmd_accept(struct grub *g, const struct grub_call *call)
{
	(void)g;
	(void)call;
	return GRUB_OK;
}

/* A module changes nothing here but for the one that expands wildcards. */
int grub_cmd_insmod(struct grub *g, const struct grub_call *call)
{
	if (!call->count)
		return GRUB_BAD_ARGUMENT;
	if (text_is(call->args[0], "regexp") || text_ends(call->args[0], TEXT("/regexp.mod")))
		g->wildcards = true;
	return GRUB_OK;
}

/* cpuid -l (long mode), -p (PAE): the answers of a 64-bit processor. */
int grub_cmd_cpuid(struct grub *g, const struct grub_call *call)
{
	(void)g;
	for (uint32_t i = 0; i < call->count; i++) {
		if (text_is(call->args[i], "-l") || text_is(call->args[i], "--long-mode") ||
			text_is(call->args[i], "-p") || text_is(call->args[i], "--pae"))
			return GRUB_OK;
	}
	return GRUB_BAD_ARGUMENT;
}

/* Nobody holds a key, nor can a key be seen. */
int grub_cmd_keystatus(struct grub *g, const struct grub_call *call)
{
	(void)g;
	(void)call;
	return GRUB_FALSE;
}

int grub_cmd_gettext(struct grub *g, const struct grub_call *call)
{
	(void)g;
	return call->count == 1 ? GRUB_OK : GRUB_BAD_ARGUMENT;
}

int grub_cmd_cryptomount(struct grub *g, const struct grub_call *call)
{
	(void)call;
	grub_warn(g, "cryptomount: encrypted volumes are not opened");
	return GRUB_UNKNOWN_DEVICE;
}

/* Only firmware of the EFI kind has a setup; elsewhere GRUB does not know the command. */
int grub_cmd_fwsetup(struct grub *g, const struct grub_call *call)
{
	if (text_is(g->files->settings->platform, "efi"))
		/* --is-supported: firmware that has no setup is rare. */
		return call->count ? GRUB_OK : grub_cmd_chainloader(g, call);
	grub_warn(g, "unknown command \"fwsetup\"");
	return GRUB_OK;
}

int grub_cmd_blocklist(struct grub *g, const struct grub_call *call)
{
	(void)call;
	grub_warn(g, "blocklist: lists of blocks are not shown");
	return GRUB_NOT_IMPLEMENTED;
}

/* time COMMAND...: runs it. Functions and assignments are not known to it. */
int grub_cmd_time(struct grub *g, const struct grub_call *call)
{
	const struct grub_command *command;
	struct grub_call inner = *call;

	if (!call->count)
		return GRUB_BAD_ARGUMENT;
	command = grub_command_find(call->args[0]);
	if (!command) {
		grub_warn(g, "unknown command \"%.*s\"", TEXT_ARG(text_first(call->args[0], 200)));
		return GRUB_UNKNOWN_COMMAND;
	}
	inner.name = call->args[0];
	inner.args = call->args + 1;
	inner.count = call->count - 1;
	inner.node = NULL;
	/* A menuentry needs its words; `time time...` would nest without end. */
	if (command->block || command->run == grub_cmd_time)
		return GRUB_BAD_ARGUMENT;
	return grub_command_run(g, command, &inner);
}

/* Have two files the same content? */
int grub_cmd_cmp(struct grub *g, const struct grub_call *call)
{
	const struct volume_info *volume;
	struct text path, a, b;
	int r;

	if (call->count != 2)
		return GRUB_BAD_ARGUMENT;
	r = grub_read_file(g, call->args[0], &a, &volume, &path);
	if (!r)
		r = grub_read_file(g, call->args[1], &b, &volume, &path);
	if (r || !grub_step(g, a.len / 64))
		return r;
	return text_equal(a, b) ? GRUB_OK : GRUB_FALSE;
}

static int translate(
	struct grub *g, struct text variable, struct text from, struct text to, struct text string)
{
	struct text copy;
	char *at;

	if (from.len != to.len)
		return GRUB_BAD_ARGUMENT;
	if (!grub_step(g, string.len / 16))
		return GRUB_OUT_OF_MEMORY;
	at = grub_pool_alloc(&g->scratch, string.len + 1);
	if (!at)
		return grub_no_memory(g);
	for (size_t i = 0; i < string.len; i++) {
		size_t n = text_find(from, string.at[i]);

		at[i] = n < from.len ? to.at[n] : string.at[i];
	}
	copy = (struct text){at, string.len};
	return variable.len ? grub_var_set(g, variable, copy) : GRUB_OK;
}

/*
 * tr [--set VARIABLE] [--upcase | --downcase | FROM TO] [STRING]. Without STRING the variable's own
 * value is translated.
 */
int grub_cmd_tr(struct grub *g, const struct grub_call *call)
{
	static const struct grub_option known[] = {{"set", 's', true, false},
		{"upcase", 'U', false, false}, {"downcase", 'D', false, false}, {0}};
	const struct text lower = TEXT("abcdefghijklmnopqrstuvwxyz");
	const struct text upper = TEXT("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	struct grub_options options = {.known = known};
	struct text from = {0}, to = {0}, string;
	const struct grub_var *own;
	bool have_sets, have_string;
	int r = grub_options_parse(g, call, &options);

	if (r || options.count > 3)
		return r ? r : GRUB_BAD_ARGUMENT;
	own = options.set[0] ? grub_var_find(g, options.value[0]) : NULL;
	have_sets = options.set[1] || options.set[2] || options.count >= 2;
	have_string = own || options.count % 2 == 1;
	if (!have_sets || !have_string)
		return GRUB_BAD_ARGUMENT;
	if (options.set[1] || options.set[2]) {
		from = options.set[2] ? upper : lower;
		to = options.set[2] ? lower : upper;
	}
	if (options.count >= 2) {
		from = options.args[0];
		to = options.args[1];
	}
	string = options.count % 2 == 1 ? options.args[options.count - 1] : own->value;
	return translate(g, options.value[0], from, to, string);
}
