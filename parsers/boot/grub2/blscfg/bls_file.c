/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the files of a blscfg, and puts them in order. */
#include "parsers/boot/grub2/blscfg/bls.h"

#include "parsers/boot/grub2/blscfg/filevercmp.h"
#include "parsers/boot/grub2/blscfg/rpmver.h"

enum { MAX_BLS_BYTES = 1 << 20 }; /* of one file; a bigger one is passed over */

/* ---- reading ------------------------------------------------------------------------------ */

/* The next line as GRUB's reader hands it on: without carriage returns. False: no more. */
static bool next_line(struct grub_bls *bls, struct text *rest, struct text *ret)
{
	char *at;
	size_t n = 0;

	if (!text_cut(rest, '\n', ret))
		return false;
	if (text_find(*ret, '\r') == ret->len)
		return true;
	at = arena_alloc(bls->g->files->arena, ret->len);
	for (size_t i = 0; at && i < ret->len; i++) {
		if (ret->at[i] != '\r')
			at[n++] = ret->at[i];
	}
	*ret = (struct text){at, n};
	return at != NULL;
}

static struct text skip_blanks(struct text text)
{
	while (text.len && (text.at[0] == ' ' || text.at[0] == '\t'))
		text = text_skip(text, 1);
	return text;
}

/*
 * Key and value are parted by the first blank, or tab where there is no blank. Upstream takes what
 * comes first of both, and wants a value of more than blanks.
 */
static bool split_line(enum grub_bls_kind kind, struct text line, struct grub_bls_field *field)
{
	size_t at = text_find(line, ' '), tab = text_find(line, '\t');

	if (at == line.len || (kind == BLS_UPSTREAM && tab < at))
		at = tab;
	if (at + 1 >= line.len)
		return false;
	field->key = text_first(line, at);
	field->value = skip_blanks(text_skip(line, at));
	return kind == BLS_FEDORA || field->value.len;
}

static void read_fields(struct grub_bls *bls, struct grub_bls_file *file)
{
	struct text rest = file->content, line;
	struct grub_bls_field **tail = &file->fields, *field;

	while (next_line(bls, &rest, &line)) {
		line = skip_blanks(line);
		if (line.len && line.at[0] == '#')
			continue;
		field = arena_new(bls->g->files->arena, struct grub_bls_field);
		if (!field) {
			bls->failed = grub_no_memory(bls->g);
			return;
		}
		/* A line without a value ends the file. */
		if (!split_line(bls->kind, line, field) || !grub_step(bls->g, 1))
			return;
		*tail = field;
		tail = &field->next;
	}
}

static struct text join_path(struct grub_bls *bls, struct text name)
{
	struct text path = {0};

	if (arena_printf(bls->g->files->arena, &path, "%.*s%s%.*s", TEXT_ARG(bls->folder),
		    text_ends(bls->folder, TEXT("/")) ? "" : "/", TEXT_ARG(name)))
		bls->failed = grub_no_memory(bls->g);
	return path;
}

void grub_bls_read_file(struct grub_bls *bls, struct text name)
{
	struct files *files = bls->g->files;
	struct grub_bls_file *file = arena_new(files->arena, struct grub_bls_file);
	struct text path = join_path(bls, name);
	struct file_stat stat;

	if (!file || bls->failed || files->ops->stat(files, bls->volume, path, &stat) ||
		stat.type != FILE_REGULAR)
		return;
	if (bls->kind != BLS_UKI && (stat.size > MAX_BLS_BYTES || files_read_all(files, bls->volume,
									  path, &file->content)))
		return;
	file->name = grub_keep(bls->g, name);
	file->id = bls->kind == BLS_UKI ? file->name : text_first(file->name, name.len - 5);
	file->full = files_full_name(files, bls->volume, path);
	read_fields(bls, file);
	file->next = bls->files;
	bls->files = file;
	bls->count++;
}

static int visit_name(void *context, struct text name)
{
	struct grub_bls *bls = context;

	if (!grub_step(bls->g, 4))
		return -ENOMEM;
	if (bls->kind == BLS_FEDORA && (name.len <= 5 || name.at[0] == '.'))
		return 0;
	if (!text_ends(name, bls->kind == BLS_UKI ? TEXT(".efi") : TEXT(".conf")))
		return 0;
	if (bls->count >= bls->g->files->limits->max_entries)
		return 1;
	grub_bls_read_file(bls, name);
	return bls->failed;
}

int grub_bls_read(struct grub_bls *bls)
{
	struct files *files = bls->g->files;

	return files->ops->list(files, bls->volume, bls->folder, visit_name, bls);
}

/* ---- order -------------------------------------------------------------------------------- */

/* Two sorted lists to one, highest first; of two equal ones the second is dropped. */
static struct grub_bls_file *merge(
	struct grub_bls_file *a, struct grub_bls_file *b, enum grub_bls_kind kind)
{
	struct grub_bls_file *first = NULL, **tail = &first;

	while (a && b) {
		int order = kind == BLS_FEDORA ? grub_rpm_compare_names(a->id, b->id)
					       : filevercmp(a->name, b->name);
		struct grub_bls_file **from = order >= 0 ? &a : &b;

		*tail = *from;
		tail = &(*tail)->next;
		*from = (*from)->next;
		if (order == 0)
			b = b->next;
	}
	*tail = a ? a : b;
	return first;
}

/* Merging runs of 1, 2, 4... files: no memory and no recursion. */
struct grub_bls_file *grub_bls_sort(struct grub_bls_file *list, enum grub_bls_kind kind)
{
	struct grub_bls_file *runs[32] = {NULL}, *sorted = NULL;

	while (list) {
		struct grub_bls_file *run = list;
		size_t i = 0;

		list = list->next;
		run->next = NULL;
		for (; i + 1 < ARRAY_SIZE(runs) && runs[i]; i++) {
			run = merge(runs[i], run, kind);
			runs[i] = NULL;
		}
		runs[i] = run;
	}
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
		sorted = merge(runs[i], sorted, kind);
	return sorted;
}

/* ---- fields ------------------------------------------------------------------------------- */

const struct grub_bls_field *grub_bls_field(
	const struct grub_bls_file *file, const struct grub_bls_field *after, const char *key)
{
	const struct grub_bls_field *field = after ? after->next : file->fields;

	while (field && !text_is(field->key, key))
		field = field->next;
	return field;
}

struct text grub_bls_value(const struct grub_bls_file *file, const char *key)
{
	const struct grub_bls_field *field = grub_bls_field(file, NULL, key);

	return field ? field->value : (struct text){0};
}
