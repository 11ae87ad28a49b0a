/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fedora's blscfg: an entry for every file of /loader/entries, newest first. */
#include "parsers/boot/grub2/blscfg/bls.h"
#include "parsers/boot/grub2/commands/commands.h"
#include "parsers/boot/grub2/commands/device.h"
#include "parsers/boot/grub2/menu/menu.h"
#include "parsers/boot/grub2/script/number.h"

/* An entry that was made before is not made again. */
struct grub_bls_shown {
	const struct grub_bls_shown *next;
	struct text full;
};

/* ---- making entries ----------------------------------------------------------------------- */

static bool in_name(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* A piece of a value: itself, or a variable's value and a blank. False: nothing, not even empty. */
static bool add_piece(struct grub *g, struct strbuf *buf, struct text piece, bool variable)
{
	const struct grub_var *var;

	if (!variable) {
		strbuf_add(buf, piece);
		return true;
	}
	var = grub_var_find(g, piece);
	if (!var)
		return false;
	strbuf_add(buf, var->value);
	strbuf_addc(buf, ' ');
	return true;
}

bool grub_bls_expand(struct grub *g, struct strbuf *buf, struct text value)
{
	size_t start = 0, end = 0; /* of the piece, as GRUB counts: `end` is its last byte */
	bool variable = false, made = false;

	for (size_t i = 0; i < value.len; i++) {
		/* \$ stays as it is: a dollar for the script. */
		bool dollar = value.at[i] == '$' && !(i && value.at[i - 1] == '\\');

		if (dollar) {
			if (start != end)
				made |= add_piece(
					g, buf, text_skip(text_first(value, i), start), variable);
			variable = true;
			start = i + 1;
		} else if (variable && !in_name(value.at[i])) {
			made |= add_piece(g, buf, text_skip(text_first(value, i), start), true);
			variable = false;
			start = i + (value.at[i] == ' ');
		}
		end = i;
	}
	/* A last piece of one byte is lost. */
	if (start != end)
		made |= add_piece(g, buf, text_skip(value, start), variable);
	return made;
}

static struct text folder_of(struct text path)
{
	while (path.len && path.at[path.len - 1] != '/')
		path.len--;
	return path;
}

/* Every name in a blank-separated list, an empty one too, in the folder of `beside`. */
static void add_early_initrds(struct strbuf *buf, struct text names, struct text beside)
{
	size_t blank;

	do {
		blank = text_find(names, ' ');
		strbuf_adds(buf, " ($root)");
		strbuf_add(buf, folder_of(beside));
		strbuf_add(buf, text_first(names, blank));
		names = text_skip(names, blank + (blank < names.len));
	} while (names.len);
}

static void add_initrds(struct grub *g, struct strbuf *buf, const struct grub_bls_file *file)
{
	const struct grub_bls_field *field = grub_bls_field(file, NULL, "initrd");
	struct text beside = field ? field->value : grub_bls_value(file, "linux");
	const struct grub_var *early = grub_var_find(g, TEXT("early_initrd"));

	if (!early && !field)
		return;
	strbuf_adds(buf, "initrd");
	if (early)
		add_early_initrds(buf, early->value, beside);
	for (; field; field = grub_bls_field(file, field, "initrd")) {
		strbuf_adds(buf, " ($root)");
		strbuf_add(buf, field->value);
	}
	strbuf_addc(buf, '\n');
}

/* Of the file, or of the variable and then in the kernel's folder. */
static void add_devicetree(struct grub *g, struct strbuf *buf, const struct grub_bls_file *file)
{
	size_t before = buf->len;

	strbuf_adds(buf, "devicetree ($root)");
	if (!grub_bls_expand(g, buf, grub_bls_value(file, "devicetree"))) {
		strbuf_add(buf, folder_of(grub_bls_value(file, "linux")));
		if (!grub_bls_expand(g, buf, grub_var_get(g, "devicetree"))) {
			strbuf_cut(buf, before);
			return;
		}
	}
	strbuf_addc(buf, '\n');
}

/* The commands of the entry, to be run when it is chosen. */
static struct text make_script(struct grub *g, const struct grub_bls_file *file)
{
	struct strbuf *buf = &g->word;
	struct text script;

	strbuf_cut(buf, 0);
	if (text_is(grub_var_get(g, "save_default"), "true"))
		strbuf_adds(buf, "savedefault\n");
	if (grub_function_find(g, TEXT("load_video")))
		strbuf_adds(buf, "load_video\n");
	strbuf_adds(buf, "set gfxpayload=keep\ninsmod gzio\nlinux ($root)");
	strbuf_add(buf, grub_bls_value(file, "linux"));
	strbuf_addc(buf, ' ');
	if (!grub_bls_expand(g, buf, grub_bls_value(file, "options")))
		grub_bls_expand(g, buf, grub_var_get(g, "default_kernelopts"));
	strbuf_addc(buf, '\n');
	add_initrds(g, buf, file);
	add_devicetree(g, buf, file);
	script = grub_keep(g, strbuf_text(buf));
	strbuf_cut(buf, 0);
	return script;
}

int grub_bls_set_args(struct grub *g, struct grub_item *item, const struct grub_bls_file *file)
{
	const struct grub_bls_field *field = NULL;
	uint32_t count = 1;

	while ((field = grub_bls_field(file, field, "grub_arg")))
		count++;
	item->args = arena_array(g->files->arena, count, sizeof(*item->args));
	if (!item->args)
		return grub_no_memory(g);
	item->args[item->count++] = item->title;
	while ((field = grub_bls_field(file, field, "grub_arg")))
		item->args[item->count++] = field->value;
	return GRUB_OK;
}

bool grub_bls_set_users(struct grub *g, struct grub_item *item, struct text value)
{
	strbuf_cut(&g->word, 0);
	item->restricted = grub_bls_expand(g, &g->word, value);
	item->users = grub_keep(g, text_trim(strbuf_text(&g->word)));
	strbuf_cut(&g->word, 0);
	return !g->stop;
}

static int make_entry(struct grub *g, const struct grub_bls_file *file)
{
	const struct grub_bls_field *title = grub_bls_field(file, NULL, "title");
	struct text kernel = grub_bls_value(file, "linux");
	struct grub_item *item;

	if (!kernel.len) {
		grub_note(g, "%.*s has no linux line: no entry", TEXT_ARG(file->full));
		return GRUB_OK;
	}
	item = grub_menu_add(g);
	if (!item)
		return g->stop ? GRUB_OUT_OF_MEMORY : GRUB_OK;
	item->title = title ? title->value : kernel;
	item->id = file->id;
	/* --unrestricted stands among the arguments and means nothing there. */
	if (!grub_bls_set_users(g, item, grub_bls_value(file, "grub_users")))
		return GRUB_OUT_OF_MEMORY;
	item->script = text_first(file->content, 16 << 10);
	item->file = file->full;
	item->line = 1;
	item->body = (struct grub_text){
		.text = make_script(g, file), .file = file->full, .line = 1, .lasting = true};
	return grub_bls_set_args(g, item, file);
}

/* ---- the command -------------------------------------------------------------------------- */

/* Which entries: all, only the default, all others, or the one with this id. */
struct choice {
	bool standard, others;
	struct text id;
};

static bool is_default(const struct grub *g, const struct grub_bls_file *file, uint64_t position)
{
	struct text value = grub_var_get(g, "default"), rest;
	uint64_t number;

	if (!value.len)
		return false;
	if (text_equal(value, file->id) || text_equal(value, grub_bls_value(file, "title")))
		return true;
	return grub_number(value, 0, &number, &rest) && number == position;
}

static bool was_shown(struct grub *g, const struct grub_bls_file *file)
{
	const struct grub_bls_shown *shown;

	for (shown = g->bls_shown; shown && grub_step(g, 1); shown = shown->next) {
		if (text_equal(shown->full, file->full))
			return true;
	}
	return false;
}

static int remember_shown(struct grub *g, const struct grub_bls_file *file)
{
	struct grub_bls_shown *shown = arena_new(g->files->arena, struct grub_bls_shown);

	if (!shown)
		return grub_no_memory(g);
	shown->full = file->full;
	shown->next = g->bls_shown;
	g->bls_shown = shown;
	return GRUB_OK;
}

static int make_entries(struct grub_bls *bls, const struct choice *choice)
{
	const struct grub_bls_file *file = grub_bls_sort(bls->files, bls->kind);
	const struct grub_bls_shown *before = bls->g->bls_shown;
	struct grub *g = bls->g;
	int r = GRUB_OK;

	for (uint64_t i = 0; file && !r; file = file->next, i++) {
		bool wanted = choice->id.len           ? text_equal(choice->id, file->id)
			      : is_default(g, file, i) ? choice->standard
						       : choice->others;

		if (!grub_step(g, 4))
			return GRUB_OUT_OF_MEMORY;
		/* Only what an earlier blscfg made is looked at: this one has each file once. */
		if (!wanted || (before && was_shown(g, file)))
			continue;
		r = make_entry(g, file);
		if (!r)
			r = remember_shown(g, file);
	}
	return r;
}

/* (device)/folder or (device)/folder/file.conf instead of $root and $blsdir */
static int read_path(struct grub_bls *bls, struct text where)
{
	struct text name;
	int r = grub_file_locate(bls->g, where, &bls->volume, &bls->folder, NULL);

	if (r)
		return r;
	if (!text_ends(where, TEXT(".conf")))
		return grub_bls_read(bls) < 0 ? GRUB_NOT_FOUND : GRUB_OK;
	name = bls->folder;
	bls->folder = folder_of(name);
	grub_bls_read_file(bls, text_skip(name, bls->folder.len));
	return GRUB_OK;
}

static int read_root(struct grub_bls *bls)
{
	struct grub *g = bls->g;
	int r;

	bls->volume = grub_device_find(g, grub_var_get(g, "root"));
	bls->folder = grub_keep(g, grub_var_get(g, "blsdir"));
	if (!bls->folder.len)
		bls->folder = TEXT("/loader/entries/");
	if (!bls->volume)
		return GRUB_UNKNOWN_DEVICE;
	if (!bls->volume->readable)
		return GRUB_UNKNOWN_FS;
	r = grub_bls_read(bls);
	if (r < 0 && !g->stop) {
		bls->folder = TEXT("/boot/loader/entries/");
		r = grub_bls_read(bls);
	}
	if (r < 0 && !g->stop)
		grub_note(g, "blscfg: no folder %.*s", TEXT_ARG(bls->folder));
	return GRUB_OK;
}

int grub_cmd_blscfg(struct grub *g, const struct grub_call *call)
{
	struct choice choice = {.standard = true, .others = true};
	struct text argument = call->count == 1 ? call->args[0] : (struct text){0};
	struct grub_bls bls = {.g = g};
	bool path = argument.len && argument.at[0] == '(';
	int r;

	if (grub_blsuki_is_meant(g, call))
		return grub_blsuki_run(g, call);
	if (text_is(argument, "default"))
		choice.others = false;
	else if (text_is(argument, "non-default"))
		choice.standard = false;
	else if (!path)
		choice.id = argument;
	r = path ? read_path(&bls, argument) : read_root(&bls);
	if (g->stop)
		return GRUB_OUT_OF_MEMORY;
	return r ? r : make_entries(&bls, &choice);
}
