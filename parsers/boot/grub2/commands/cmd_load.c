/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that load something to boot: linux, initrd, multiboot, module, chainloader, boot. */
#include "parsers/boot/grub2/commands/commands.h"
#include "parsers/boot/grub2/commands/device.h"

/*
 * The words as Linux gets them: joined by one blank; quotes and backslashes with a backslash
 * before them, a word with a blank in it inside double quotes.
 */
static int join_words(struct grub *g, const struct text *words, uint32_t count, struct text *ret)
{
	struct strbuf *buf = &g->word;
	int r = GRUB_OK;

	strbuf_cut(buf, 0);
	for (uint32_t i = 0; i < count; i++) {
		struct text word = words[i];
		bool quoted = text_find(word, ' ') < word.len;

		if (i)
			strbuf_addc(buf, ' ');
		if (quoted)
			strbuf_addc(buf, '"');
		for (size_t n = 0; n < word.len; n++) {
			char c = word.at[n];

			if ((c == '\\' && !grub_is_hex_escape(g, text_skip(word, n))) ||
				c == '\'' || c == '"')
				strbuf_addc(buf, '\\');
			strbuf_addc(buf, c);
		}
		if (quoted)
			strbuf_addc(buf, '"');
	}
	*ret = grub_keep(g, strbuf_text(buf));
	if (buf->failed || g->stop == STOP_MEMORY)
		r = grub_no_memory(g);
	strbuf_cut(buf, 0);
	return r;
}

/* A file that a command names, and where that leads. */
struct attempt {
	const char *what; /* "kernel", "initrd" */
	struct text name, path;
	const struct volume_info *volume; /* NULL: no such device */
	const char *reason;
	int status;
};

/* "what missing: /boot/vmlinuz", the first time. */
static void say_missing(struct grub *g, const struct attempt *attempt, struct text *ret)
{
	bool gone = attempt->status == GRUB_NOT_FOUND;
	struct text shown = gone ? attempt->path : attempt->name;
	const char *more = gone ? "" : attempt->reason;

	/* An entry's number says more than a line that many entries may run. */
	if (gone && g->entry)
		report_add(g->files->report, REPORT_WARNING, "entry %u: %.*s not found on %.*s",
			(unsigned)g->leaves, TEXT_ARG(shown), TEXT_ARG(attempt->volume->name));
	else
		grub_warn(
			g, "%s: %.*s: %s", attempt->what, TEXT_ARG(attempt->name), attempt->reason);
	if (!ret->len && arena_printf(g->files->arena, ret, "%s missing: %.*s%s%s%s", attempt->what,
				 TEXT_ARG(shown), *more ? " (" : "", more, *more ? ")" : ""))
		grub_no_memory(g);
}

/*
 * A file in the arena, by GRUB's name; NULL: it cannot be. Where only the file itself is missing
 * its place is known all the same: attempt.status tells.
 */
static struct boot_file *open_file(
	struct grub *g, const char *what, struct text name, struct text *missing, int *status)
{
	struct attempt attempt = {.what = what, .name = name, .reason = ""};
	struct boot_file *file;

	attempt.status = grub_file_find(g, name, &attempt.volume, &attempt.path, &attempt.reason);
	*status = attempt.status;
	if (*status)
		say_missing(g, &attempt, missing);
	if (*status && *status != GRUB_NOT_FOUND)
		return NULL;
	file = arena_new(g->files->arena, struct boot_file);
	if (!file) {
		*status = grub_no_memory(g);
		return NULL;
	}
	file->volume = attempt.volume->name;
	file->path = grub_keep(g, attempt.path);
	return file;
}

static void loaded_by(struct grub *g, const struct grub_call *call)
{
	g->loaded.loader = grub_keep(g, call->name);
	g->loaded.linux_ready = g->loaded.multiboot_ready = false;
	g->loaded.kernel = g->loaded.hypervisor = NULL;
	g->loaded.initrds = g->loaded.modules = NULL;
	g->loaded.n_initrds = g->loaded.n_modules = 0;
	g->loaded.cmdline = (struct text){0};
}

static int no_file_name(struct grub *g, const struct grub_call *call)
{
	grub_warn(g, "%.*s: no file name", TEXT_ARG(call->name));
	return GRUB_BAD_ARGUMENT;
}

int grub_cmd_linux(struct grub *g, const struct grub_call *call)
{
	struct boot_file *kernel;
	struct text cmdline;
	uint32_t first = 0;
	int r;

	/* legacy_kernel's options */
	while (text_is(call->name, "legacy_kernel") && first < call->count &&
		text_starts(call->args[first], TEXT("--")))
		first++;
	if (first >= call->count) {
		g->loaded.linux_ready = false;
		return no_file_name(g, call);
	}
	kernel = open_file(g, "kernel", call->args[first], &g->loaded.kernel_error, &r);
	if (r || !kernel) {
		g->loaded.linux_ready = false;
		if (!g->loaded.missing_kernel)
			g->loaded.missing_kernel = kernel;
		return r;
	}
	r = join_words(g, call->args + first + 1, call->count - first - 1, &cmdline);
	if (r)
		return r;
	loaded_by(g, call);
	g->loaded.kernel = kernel;
	g->loaded.cmdline = cmdline;
	g->loaded.linux_ready = true;
	return GRUB_OK;
}

/* newc:PATH:FILE wraps the file into an archive under that name. */
static struct text cut_newc(struct text *name)
{
	struct text rest = *name, newc = {0};

	if (!text_starts(rest, TEXT("newc:")))
		return newc;
	rest = text_skip(rest, 5);
	while (rest.len && rest.at[0] == '/')
		rest = text_skip(rest, 1);
	if (text_find(rest, ':') == rest.len) {
		*name = rest;
		return newc;
	}
	(void)text_cut(&rest, ':', &newc);
	*name = rest;
	return newc;
}

_Static_assert(MAX_INITRDS == 64 && MAX_MODULES == 64, "what the entries' errors say");

int grub_cmd_initrd(struct grub *g, const struct grub_call *call)
{
	struct boot_file *file, *first = NULL, **tail = &first;
	int r = GRUB_OK;

	if (!call->count)
		return no_file_name(g, call);
	if (!g->loaded.linux_ready) {
		if (!g->loaded.kernel_error.len)
			grub_warn(g, "%.*s: no kernel is loaded", TEXT_ARG(call->name));
		return GRUB_BAD_ARGUMENT;
	}
	if (call->count > MAX_INITRDS) {
		g->loaded.bound = TEXT("more than 64 files for an initrd");
		grub_warn(g, "%s", g->loaded.bound.at);
		return GRUB_BAD_ARGUMENT;
	}
	for (uint32_t i = 0; i < call->count && !r; i++) {
		struct text name = call->args[i], newc = cut_newc(&name);

		file = open_file(g, "initrd", name, &g->loaded.initrd_error, &r);
		if (r || !file)
			return r;
		file->newc = grub_keep(g, newc);
		*tail = file;
		tail = &file->next;
	}
	g->loaded.initrds = first;
	g->loaded.n_initrds = call->count;
	g->loaded.initrd_error = (struct text){0};
	return GRUB_OK;
}

int grub_cmd_multiboot(struct grub *g, const struct grub_call *call)
{
	struct boot_file *hypervisor;
	uint32_t first = 0;
	int r;

	while (first < call->count && text_starts(call->args[first], TEXT("--quirk-")))
		first++;
	if (first >= call->count)
		return no_file_name(g, call);
	hypervisor = open_file(g, "hypervisor", call->args[first], &g->loaded.kernel_error, &r);
	if (r || !hypervisor)
		return r;
	r = join_words(g, call->args + first + 1, call->count - first - 1, &hypervisor->cmdline);
	if (r)
		return r;
	loaded_by(g, call);
	g->loaded.hypervisor = hypervisor;
	g->loaded.multiboot_ready = true;
	return GRUB_OK;
}

int grub_cmd_module(struct grub *g, const struct grub_call *call)
{
	struct boot_file *module, **tail = &g->loaded.modules;
	uint32_t first = 0;
	int r;

	if (first < call->count && text_is(call->args[first], "--nounzip"))
		first++;
	if (first >= call->count)
		return no_file_name(g, call);
	if (!g->loaded.multiboot_ready) {
		grub_warn(g, "%.*s: no hypervisor is loaded", TEXT_ARG(call->name));
		return GRUB_BAD_ARGUMENT;
	}
	if (g->loaded.n_modules >= MAX_MODULES) {
		g->loaded.bound = TEXT("more than 64 modules");
		grub_warn(g, "%s", g->loaded.bound.at);
		return GRUB_BAD_ARGUMENT;
	}
	module = open_file(g, "module", call->args[first], &g->loaded.initrd_error, &r);
	if (r || !module)
		return r;
	r = join_words(g, call->args + first + 1, call->count - first - 1, &module->cmdline);
	if (r)
		return r;
	while (*tail)
		tail = &(*tail)->next;
	*tail = module;
	g->loaded.n_modules++;
	return GRUB_OK;
}

int grub_cmd_devicetree(struct grub *g, const struct grub_call *call)
{
	struct text missing = {0};
	struct boot_file *file;
	int r;

	/* Without a file the one that was loaded is dropped. */
	if (!call->count) {
		g->loaded.devicetree = NULL;
		return GRUB_OK;
	}
	file = open_file(g, "devicetree", call->args[0], &missing, &r);
	if (!r)
		g->loaded.devicetree = file;
	return r;
}

/* Everything that loads or starts what is no Linux: other loaders, halt, reboot. */
int grub_cmd_chainloader(struct grub *g, const struct grub_call *call)
{
	bool leaves = text_is(call->name, "exit") || text_is(call->name, "halt") ||
		      text_is(call->name, "reboot") || text_is(call->name, "fwsetup");

	if (leaves && !g->entry) {
		grub_note(g, "\"%.*s\" outside of an entry: not obeyed", TEXT_ARG(call->name));
		return GRUB_OK;
	}
	loaded_by(g, call);
	g->loaded.other = g->loaded.loader;
	if (leaves) {
		g->booted = true;
		g->stop = STOP_SHOWN;
	}
	return GRUB_OK;
}

int grub_cmd_boot(struct grub *g, const struct grub_call *call)
{
	(void)call;
	if (!g->loaded.loader.len) {
		grub_warn(g, "boot: no kernel is loaded");
		return GRUB_NO_KERNEL;
	}
	g->booted = true;
	g->stop = STOP_SHOWN;
	return GRUB_OK;
}
