/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/blscfg/bls.h"
#include "parsers/boot/grub2/commands/commands.h"
#include "parsers/boot/grub2/commands/device.h"
#include "parsers/boot/grub2/menu/menu.h"
#include "parsers/boot/grub2/script/number.h"

/* Fedora's blscfg: an entry for every file of /loader/entries, newest first. */

/* An entry that was made before is not made again. */
struct grub_bls_shown {
	const struct grub_bls_shown *next;
	struct text full;
};

/* ---- making entries ----------------------------------------------------------------------- */

static size_t name_length(struct text text)
{
	size_t n = 0;

	while (n < text.len && (text.at[n] == '_' || (text.at[n] >= '0' && text.at[n] <= '9') ||
				       ((text.at[n] | 0x20) >= 'a' && (text.at[n] | 0x20) <= 'z')))
		n++;
	return n;
}

/* $name by its value and a blank, now and not when the entry runs; \$ stays a dollar then. */
static void add_expanded(struct grub *g, struct strbuf *buf, struct text value)
{
	const struct grub_var *var;
	struct text name;

	while (value.len) {
		if (value.at[0] == '\\' && value.len > 1 && value.at[1] == '$') {
			strbuf_adds(buf, "\\$");
			value = text_skip(value, 2);
			continue;
		}
		if (value.at[0] != '$') {
			strbuf_addc(buf, value.at[0]);
			value = text_skip(value, 1);
			continue;
		}
		name = text_skip(value, 1);
		name.len = name_length(name);
		value = text_skip(value, name.len + 1);
		var = grub_var_find(g, name);
		if (var) {
			strbuf_add(buf, var->value);
			strbuf_addc(buf, ' ');
		}
		if (value.len && value.at[0] == ' ')
			value = text_skip(value, 1);
	}
}

static struct text folder_of(struct text path)
{
	while (path.len && path.at[path.len - 1] != '/')
		path.len--;
	return path;
}

/* Blank-separated names in a variable, each in the folder of `beside`. */
static void add_beside(struct grub *g, struct strbuf *buf, const char *variable, struct text beside)
{
	struct text names = grub_var_get(g, variable), name;

	while (text_cut(&names, ' ', &name)) {
		if (!name.len)
			continue;
		strbuf_adds(buf, " ($root)");
		strbuf_add(buf, folder_of(beside));
		strbuf_add(buf, name);
	}
}

static void add_initrds(struct grub *g, struct strbuf *buf, const struct grub_bls_file *file)
{
	const struct grub_bls_field *field = grub_bls_field(file, NULL, "initrd");
	struct text beside = field ? field->value : grub_bls_value(file, "linux");
	size_t before = buf->len;

	strbuf_adds(buf, "initrd");
	add_beside(g, buf, "early_initrd", beside);
	for (; field; field = grub_bls_field(file, field, "initrd")) {
		strbuf_adds(buf, " ($root)");
		strbuf_add(buf, field->value);
	}
	if (buf->len == before + 6)
		strbuf_cut(buf, before);
	else
		strbuf_addc(buf, '\n');
}

static void add_devicetree(struct grub *g, struct strbuf *buf, const struct grub_bls_file *file)
{
	struct text tree = grub_bls_value(file, "devicetree");

	if (tree.len) {
		strbuf_adds(buf, "devicetree ($root)");
		strbuf_add(buf, tree);
		strbuf_addc(buf, '\n');
	} else if (grub_var_get(g, "devicetree").len) {
		strbuf_adds(buf, "devicetree");
		add_beside(g, buf, "devicetree", grub_bls_value(file, "linux"));
		strbuf_addc(buf, '\n');
	}
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
	if (grub_bls_field(file, NULL, "options"))
		add_expanded(g, buf, grub_bls_value(file, "options"));
	else
		add_expanded(g, buf, grub_var_get(g, "default_kernelopts"));
	strbuf_addc(buf, '\n');
	add_initrds(g, buf, file);
	add_devicetree(g, buf, file);
	script = grub_keep(g, strbuf_text(buf));
	strbuf_cut(buf, 0);
	return script;
}

static int set_args(struct grub *g, struct grub_item *item, const struct grub_bls_file *file)
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

static struct text expanded(struct grub *g, struct text value)
{
	struct text result;

	strbuf_cut(&g->word, 0);
	add_expanded(g, &g->word, value);
	result = grub_keep(g, text_trim(strbuf_text(&g->word)));
	strbuf_cut(&g->word, 0);
	return result;
}

static int make_entry(struct grub *g, const struct grub_bls_file *file)
{
	struct text kernel = grub_bls_value(file, "linux"), title = grub_bls_value(file, "title");
	struct grub_item *item;

	if (!kernel.len) {
		grub_note(g, "%.*s has no linux line: no entry", TEXT_ARG(file->full));
		return GRUB_OK;
	}
	item = grub_menu_add(g);
	if (!item)
		return g->stop ? GRUB_OUT_OF_MEMORY : GRUB_OK;
	item->title = title.len ? title : kernel;
	item->id = file->id;
	/* --unrestricted stands among the arguments and means nothing there. */
	item->users = expanded(g, grub_bls_value(file, "grub_users"));
	item->restricted = item->users.len > 0;
	item->script = text_first(file->content, 16 << 10);
	item->file = file->full;
	item->line = 1;
	item->body = (struct grub_text){
		.text = make_script(g, file), .file = file->full, .line = 1, .lasting = true};
	return set_args(g, item, file);
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
	const struct grub_bls_file *file = grub_bls_sort(bls->files);
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
	if (!bls->count && !g->stop) {
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
	struct text argument = call->count ? call->args[0] : (struct text){0};
	struct grub_bls bls = {.g = g};
	bool path = argument.len && argument.at[0] == '(';
	int r;

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
