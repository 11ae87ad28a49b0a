/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/isconfig.h"

#include "config/run.h"
#include "pygrub/menu.h"
#include "pygrub/message.h"
#include "pygrub/private.h"

#include <errno.h>

enum {
	INSPECT_TIMEOUT_MS = 60000,
	INSPECT_BYTES = 256 << 20,
};

static int inspect(const struct options *options, struct strbuf *out, struct err *err)
{
	_strbuf_ struct strbuf platform = {0}, flavour = {0};
	char program[4096];
	char *argv[8] = {program, (char[]){"--isconfig"}, (char[]){"--json"}};
	int n = 3;

	if (private_program("bootfs-inspect", program, sizeof(program)))
		return err_set(err, ENOENT, "cannot find bootfs-inspect beside this program");
	if (options->platform) {
		strbuf_addf(&platform, "--grub-platform=%s", options->platform);
		argv[n++] = platform.at;
	}
	if (options->flavour) {
		strbuf_addf(&flavour, "--grub-flavour=%s", options->flavour);
		argv[n++] = flavour.at;
	}
	argv[n++] = (char[]){"--"};
	argv[n++] = (char *)(uintptr_t)options->disk; /* execve() takes no const */
	return run_and_read(argv, INSPECT_TIMEOUT_MS, out, err);
}

/* The entry that is asked for; NULL with err. Borrowed from the menu. */
static json_t *wanted_entry(const struct options *options, json_t *menu, struct err *err)
{
	json_t *index = json_object_get(menu, "default_index"), *entry = NULL;
	_strbuf_ struct strbuf why = {0};
	uint64_t found;

	if (options->entry) {
		if (menu_find(menu, options->entry, &found) == MENU_FOUND)
			return menu_entry(menu, found);
		message_warning(options, TEXT("no such entry: showing the default"));
	}
	if (json_is_integer(index))
		entry = menu_entry(menu, (uint64_t)json_integer_value(index));
	if (!entry) {
		menu_add_fault(menu, &why);
		err_set(err, ENOENT, "%s", why.len ? why.at : "nothing would boot");
	}
	return entry;
}

int isconfig_print(const struct options *options, struct err *err)
{
	_strbuf_ struct strbuf json = {.limit = INSPECT_BYTES}, out = {0};
	struct answer_file terminal = {.fd = STDOUT_FILENO};
	json_t *menu, *entry;

	if (inspect(options, &json, err))
		return -err->code;
	menu = menu_parse(strbuf_text(&json), err);
	if (!menu)
		return -err->code;
	entry = wanted_entry(options, menu, err);
	if (entry)
		menu_describe(entry, options->args, &out);
	json_decref(menu);
	if (!entry)
		return -err->code;
	return answer_write(&terminal, strbuf_text(&out), -1, err);
}
