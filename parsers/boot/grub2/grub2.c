/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/grub2.h"

#include "parsers/boot/entry.h"
#include "parsers/boot/grub2/flavour.h"
#include "parsers/boot/grub2/script/interp.h"
#include "parsers/boot/grub2/menu/menu.h"

#include "core/checked.h"

#include <inttypes.h>
#include <stdarg.h>

/* ---- bounds and reports ------------------------------------------------------------------- */

static void stop(struct grub *g, enum grub_stop why)
{
	if (!g->stop || g->stop == STOP_SHOWN)
		g->stop = why;
}

/* The longest word, in bytes; it is built outside of the arena. */
static size_t word_limit(const struct files *files)
{
	return files->arena->limit / 16;
}

int grub_no_memory(struct grub *g)
{
	if (g->stop != STOP_MEMORY)
		grub_warn(g, "more memory than the bound allows; stopped");
	stop(g, STOP_MEMORY);
	g->memory_out = true;
	/* The buffer's failure would stick; what it held is of no use any more. */
	if (g->word.failed) {
		strbuf_done(&g->word);
		g->word = (struct strbuf){.limit = word_limit(g->files)};
	}
	return GRUB_OUT_OF_MEMORY;
}

bool grub_step(struct grub *g, uint64_t cost)
{
	if (g->stop)
		return false;
	g->steps += cost;
	if (g->steps > g->max_steps) {
		grub_warn(g, "the script does not come to an end (bound: max-steps); stopped");
		stop(g, STOP_STEPS);
		return false;
	}
	if (g->files->arena->used > g->max_memory)
		grub_no_memory(g);
	return !g->stop;
}

struct text grub_short_name(const struct grub *g, struct text file)
{
	size_t close = text_find(file, ')');

	if (close == file.len ||
		!text_equal(text_skip(text_first(file, close), 1), g->volume->name))
		return file;
	return text_skip(file, close + 1);
}

static void report(struct grub *g, enum report_kind kind, const char *text)
{
	struct text file = g->source ? g->source->file : (struct text){0};

	report_add_at(g->files->report, kind, grub_short_name(g, file), g->line, "%s", text);
}

void grub_warn(struct grub *g, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	report(g, REPORT_WARNING, text);
}

void grub_note(struct grub *g, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	report(g, REPORT_NOTE, text);
}

void grub_blame(struct grub *g, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!g->entry || g->loaded.cause.len)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	g->loaded.cause = grub_keep(g, text_of(text));
}

struct text grub_keep(struct grub *g, struct text text)
{
	struct text copy = {0};

	if (text.len && arena_text(g->files->arena, text, &copy))
		grub_no_memory(g);
	return copy;
}

/* ---- the beginning ------------------------------------------------------------------------ */

static int set_exported(struct grub *g, const char *name, struct text value)
{
	int r = grub_var_set(g, text_of(name), value);

	return r ? r : grub_var_export(g, text_of(name));
}

/* What GRUB has set when it reads its configuration. */
static int set_variables(struct grub *g, struct text root, struct text prefix, struct text cmdpath)
{
	static const char *const features[] = {
		"feature_chainloader_bpb",
		"feature_ntldr",
		"feature_platform_search_hint",
		"feature_default_font_path",
		"feature_all_video_module",
		"feature_menuentry_id",
		"feature_menuentry_options",
		"feature_200_final",
		"feature_nativedisk_cmd",
		"feature_timeout_style",
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(features) && !r; i++)
		r = set_exported(g, features[i], TEXT("y"));
	if (!r && g->fedora)
		r = set_exported(g, "feature_search_cryptodisk_only", TEXT("y"));
	if (r || set_exported(g, "root", root) || set_exported(g, "prefix", prefix) ||
		set_exported(g, "cmdpath", cmdpath) ||
		set_exported(g, "grub_cpu", TEXT("x86_64")) ||
		set_exported(g, "grub_platform", g->files->settings->platform) ||
		set_exported(g, "color_normal", TEXT("light-gray/black")) ||
		set_exported(g, "color_highlight", TEXT("black/light-gray")) ||
		set_exported(g, "pager", (struct text){0}))
		return GRUB_OUT_OF_MEMORY;
	return GRUB_OK;
}

static void init(struct grub *g, struct files *files, const struct volume_info *volume,
	struct bootmenu *menu)
{
	*g = (struct grub){
		.files = files,
		.out = menu,
		.volume = volume,
		.scratch = {.arena = files->arena},
		.lasting = {.arena = files->arena},
		.wildcards = !text_is(files->settings->platform, "pc"),
		.max_steps = files->limits->max_steps,
		/* What is read must leave room for the entries, and those for the answer. */
		.max_memory = files->arena->limit / 2,
		.word = {.limit = word_limit(files)},
	};
}

/* ---- the parser --------------------------------------------------------------------------- */

/* The configuration at `path` is read as one whose folder is $prefix. */
static struct text prefix_of(struct grub *g, struct text path)
{
	struct text prefix = files_full_name(g->files, g->volume, path);

	while (prefix.len && prefix.at[prefix.len - 1] != '/')
		prefix.len--;
	prefix.len -= prefix.len > 0;
	return prefix;
}

static int find_flavour(
	struct grub *g, const struct volume_info *volume, struct text path, struct text content)
{
	struct grub_flavour flavour;

	if (grub_flavour_find(g->files, volume, path, content, &flavour))
		return GRUB_OUT_OF_MEMORY;
	g->fedora = flavour.fedora;
	g->version = flavour.version;
	g->out->flavour = flavour.name;
	g->out->flavour_reason = flavour.reason;
	return GRUB_OK;
}

/* $prefix/grub.cfg; Red Hat's looks beside its own program first. */
static int run_normal(struct grub *g)
{
	const struct volume_info *volume;
	struct text name, content, path, own;
	int r;

	if (arena_printf(
		    g->files->arena, &name, "%.*s/grub.cfg", TEXT_ARG(grub_var_get(g, "prefix"))) ||
		arena_printf(g->files->arena, &own, "%.*s/grub.cfg",
			TEXT_ARG(grub_var_get(g, "cmdpath"))))
		return GRUB_OUT_OF_MEMORY;
	if (text_is(g->files->settings->loader_flavour, "fedora") &&
		!grub_read_file(g, own, &content, &volume, &path))
		name = own;
	r = grub_read_file(g, name, &content, &volume, &path);
	if (r)
		return r;
	r = find_flavour(g, volume, path, content);
	return r ? r : grub_run_file(g, name);
}

/* The embedded script, then the rest, as the core image does. */
static int run_start(struct grub *g, const struct grub_start *start)
{
	const struct grub_text script = {
		.text = start->script,
		.file = TEXT("core.img"),
		.line = 1,
		.from_file = true,
		.whole = true,
		.lasting = true,
	};
	int r = set_variables(g, start->root, start->prefix, start->cmdpath);

	if (r)
		return r;
	/* Which flavour it is shows when its prefix is known. */
	g->out->flavour = TEXT("upstream");
	if (g->files->settings->loader_flavour.len || g->files->settings->flavour.len)
		r = find_flavour(g, g->volume, TEXT("/"), (struct text){0});
	if (!r && script.text.len)
		grub_run_text(g, &script);
	return r || g->stop || g->booted ? r : run_normal(g);
}

/* Reads a file, or begins as an installed GRUB does. */
static int run_config(struct grub *g, struct text name, const struct grub_start *start)
{
	struct grub_open open = {0};
	struct grub_menu menu = {0};
	struct text prefix;
	int r;

	if (grub_context_open(g, false))
		return GRUB_OUT_OF_MEMORY;
	/* cppcheck-suppress autoVariables */
	g->open = &open;
	/* cppcheck-suppress autoVariables */
	g->menu = &menu; /* nobody looks at it behind this function */
	if (start) {
		r = run_start(g, start);
	} else {
		prefix = prefix_of(g, text_skip(name, text_find(name, ')') + 1));
		r = set_variables(g, g->volume->name, prefix, prefix);
		if (!r)
			r = grub_run_file(g, name);
	}
	/* A menu that was shown already, or a kernel that was booted, is what the guest does. */
	if (g->booted)
		grub_menu_direct(g);
	else if (grub_menu_showable(g, &menu))
		grub_menu_show(g, &menu);
	return r;
}

static int error_of(struct grub *g, int status, struct err *err)
{
	switch (status) {
	case GRUB_OK:
		break;
	case GRUB_OUT_OF_MEMORY:
		return err_set(err, ENOMEM, "the configuration needs more memory than allowed");
	case GRUB_NOT_FOUND:
		return err_set(err, ENOENT, "no configuration there");
	default:
		return err_set(err, EIO, "the configuration cannot be read");
	}
	if (g->memory_out)
		return err_set(err, ENOMEM, "the configuration needs more memory than allowed");
	return 0;
}

static void begin_menu(struct files *files, struct bootmenu *menu, const struct volume_info *volume,
	struct text path)
{
	menu->loader = TEXT("grub2");
	menu->title = TEXT("GRUB 2");
	menu->platform = files->settings->platform;
	menu->config_volume = volume->name;
	menu->config_path = path;
}

static int finish(struct grub *g, int status, struct err *err)
{
	strbuf_done(&g->word);
	bootmenu_number(g->out);
	g->out->default_entry = g->chosen;
	menu_note_password(g->files, g->out);
	return error_of(g, status, err);
}

static int grub2_parse(struct files *files, const struct volume_info *volume, struct text path,
	struct bootmenu *menu, struct err *err)
{
	struct text content, name;
	struct grub g;
	int r = files_read_all(files, volume, path, &content);

	if (r == -EFBIG)
		return err_set(err, EFBIG, "the configuration is larger than max-config");
	if (r)
		return err_set(err, -r, "the configuration cannot be read");
	name = files_full_name(files, volume, path);
	begin_menu(files, menu, volume, path);
	init(&g, files, volume, menu);
	r = find_flavour(&g, volume, path, content);
	if (!r)
		r = run_config(&g, name, NULL);
	return finish(&g, r, err);
}

int grub2_start(
	struct files *files, const struct grub_start *start, struct bootmenu *menu, struct err *err)
{
	const struct volume_info *volume = files->ops->find(files, start->root);
	struct text path = text_skip(start->prefix, text_find(start->prefix, ')') + 1), prefix;
	struct grub g;
	int r;

	/* A script may find the right one. */
	if (!volume)
		volume = files->ops->volume(files, 0);
	if (!volume)
		return err_set(err, ENOENT, "no volume is there");
	if (arena_printf(files->arena, &path, "%.*s/grub.cfg", TEXT_ARG(path)))
		return err_set(err, ENOMEM, "the configuration needs more memory than allowed");
	begin_menu(files, menu, volume, path);
	init(&g, files, volume, menu);
	r = run_config(&g, (struct text){0}, start);
	prefix = grub_var_get(&g, "prefix");
	r = finish(&g, r, err);
	if (r != -ENOENT && r != -EIO)
		return r;
	*err = (struct err){0}; /* the place belongs to it */
	return err_set(err, -r, "%.*s/grub.cfg: %s", TEXT_ARG(prefix),
		r == -ENOENT ? "no configuration there" : "cannot be read");
}

/* What GRUB's scripts have and other languages do not. */
static bool grub2_recognise(struct text content)
{
	static const char *const words[] = {
		"menuentry ", "submenu ", "blscfg", "configfile ", "search.fs_uuid"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (content.len && memmem(content.at, content.len, words[i], strlen(words[i])))
			return true;
	}
	return false;
}

static const char *const grub2_paths[] = {
	"/boot/grub/grub.cfg",
	"/grub/grub.cfg",
	"/boot/grub2/grub.cfg",
	"/grub2/grub.cfg",
	/* btrfs from its top: the subvolumes of Ubuntu, of Debian's and of Fedora's installer */
	"/@/boot/grub/grub.cfg",
	"/@/boot/grub2/grub.cfg",
	"/@rootfs/boot/grub/grub.cfg",
	"/root/boot/grub2/grub.cfg",
	"/EFI/fedora/grub.cfg",
	"/EFI/centos/grub.cfg",
	"/EFI/redhat/grub.cfg",
	"/EFI/almalinux/grub.cfg",
	"/EFI/rocky/grub.cfg",
	"/EFI/debian/grub.cfg",
	"/EFI/ubuntu/grub.cfg",
	"/EFI/opensuse/grub.cfg",
	"/EFI/sles/grub.cfg",
	"/EFI/qubes/grub.cfg",
	"/EFI/BOOT/grub.cfg",
	NULL,
};

const struct parser parser_grub2 = {
	.name = "grub2",
	.title = "GRUB 2",
	.paths = grub2_paths,
	.recognise = grub2_recognise,
	.parse = grub2_parse,
};
