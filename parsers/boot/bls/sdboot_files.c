/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the small files that systemd-boot reads: names, lines, boot counters. */
#include "parsers/boot/bls/sdboot.h"

#include <stdlib.h>

bool sdboot_spend(struct sdboot *sd, uint64_t bytes)
{
	if (bytes <= sd->bytes_left) {
		sd->bytes_left -= bytes;
		return true;
	}
	if (!sd->problem)
		report_add(sd->files->report, REPORT_WARNING,
			"the entries are larger than allowed together: the rest is left out");
	sd->problem = sd->problem ? sd->problem : -EFBIG;
	return false;
}

int sdboot_read(
	struct sdboot *sd, const struct volume_info *volume, struct text path, struct text *ret)
{
	struct file_stat stat;
	int r = sd->files->ops->stat(sd->files, volume, path, &stat);

	if (r)
		return r;
	if (stat.type != FILE_REGULAR)
		return -EISDIR;
	if (!sdboot_spend(sd, stat.size))
		return -EFBIG;
	return sd->files->ops->read(sd->files, volume, path, 0, stat.size, ret);
}

struct text sdboot_lower(struct sdboot *sd, struct text text)
{
	char *out = arena_array(sd->files->arena, 1, text.len + 1);

	if (!out)
		return (struct text){0};
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		out[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	return (struct text){out, text.len};
}

/* "2-1": two left, one done; "2": two left. */
static bool read_counter(struct text counter, int64_t *left, int64_t *done)
{
	uint64_t tries, tried = 0;
	struct text head = counter;

	if (!counter.len)
		return false;
	text_cut(&counter, '-', &head);
	if (!text_number(head, &tries) || tries > INT32_MAX)
		return false;
	if (counter.at && counter.len && (!text_number(counter, &tried) || tried > INT32_MAX))
		return false;
	*left = (int64_t)tries;
	*done = (int64_t)tried;
	return true;
}

int sdboot_set_id(struct sdboot *sd, struct sd_entry *entry, struct text file_name)
{
	size_t dot = file_name.len, plus;
	struct text id = file_name;

	entry->left = entry->done = -1;
	while (dot && file_name.at[dot - 1] != '.')
		dot--;
	for (plus = dot ? dot - 1 : 0; plus && file_name.at[plus - 1] != '+'; plus--)
		;
	if (plus &&
		read_counter(text_first(text_skip(file_name, plus), dot - 1 - plus), &entry->left,
			&entry->done) &&
		arena_printf(sd->files->arena, &id, "%.*s%.*s",
			TEXT_ARG(text_first(file_name, plus - 1)),
			TEXT_ARG(text_skip(file_name, dot - 1))))
		return -ENOMEM;
	entry->id = entry->base_id = sdboot_lower(sd, id);
	return entry->id.at ? 0 : -ENOMEM;
}

struct name_list {
	struct sdboot *sd;
	struct text ending, *names;
	uint32_t count;
	int problem;
};

static int note_name(void *context, struct text name)
{
	struct name_list *list = context;

	if (name.len < list->ending.len || name.at[0] == '.' ||
		!text_equal_nocase(text_skip(name, name.len - list->ending.len), list->ending) ||
		text_equal_nocase(text_first(name, 5), TEXT("auto-")))
		return 0;
	if (list->count >= list->sd->files->limits->max_entries)
		return 1;
	list->problem = arena_text(list->sd->files->arena, name, &list->names[list->count]);
	list->count += !list->problem;
	return list->problem;
}

static int compare_names(const void *a, const void *b)
{
	return text_compare(*(const struct text *)a, *(const struct text *)b);
}

int sdboot_names(struct sdboot *sd, const struct volume_info *volume, struct text folder,
	const char *ending, struct text **ret, uint32_t *count)
{
	struct name_list list = {.sd = sd, .ending = text_of(ending)};
	int r;

	list.names =
		arena_array(sd->files->arena, sd->files->limits->max_entries, sizeof(struct text));
	if (!list.names)
		return -ENOMEM;
	r = sd->files->ops->list(sd->files, volume, folder, note_name, &list);
	if (r < 0)
		return r;
	if (r > 0 && !list.problem)
		report_add(sd->files->report, REPORT_WARNING,
			"%.*s holds more than %u entries: the rest is left out", TEXT_ARG(folder),
			list.count);
	qsort(list.names, list.count, sizeof(struct text), compare_names);
	*ret = list.names;
	*count = list.count;
	return list.problem;
}

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static struct text unquote(struct text value)
{
	char quote = value.len > 1 ? value.at[0] : 0;

	if ((quote == '"' || quote == '\'') && value.at[value.len - 1] == quote)
		return text_first(text_skip(value, 1), value.len - 2);
	return value;
}

bool sdboot_next(struct text *content, const char *separators, struct text *key, struct text *value)
{
	struct text line;

	while (text_cut(content, '\n', &line)) {
		size_t at = 0;

		line = text_trim(text_first(line, text_find(line, '\0')));
		if (!line.len || line.at[0] == '#')
			continue;
		while (at < line.len && !is_one_of(line.at[at], separators))
			at++;
		if (at == line.len)
			continue;
		*key = text_first(line, at);
		while (at < line.len && is_one_of(line.at[at], separators))
			at++;
		*value = unquote(text_skip(line, at));
		return true;
	}
	return false;
}
