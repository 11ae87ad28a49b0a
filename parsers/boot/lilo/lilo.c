/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LILO: lilo.conf. */
#include "parsers/boot/entry.h"
#include "parsers/boot/table.h"

#include "core/checked.h"

/*
 * LILO boots from its map file; the configuration says what lilo wrote there when it last ran.
 * So the menu is a hint, and the log says so.
 */

/* What an image has, and what all have where it stands before the first image. */
struct image {
	struct text file, label, alias, initrd, root, append, addappend, literal, password;
	bool other, read_only, read_write, optional;
	bool open; /* "restricted" or "bypass": the password is not for booting as it is */
	uint32_t line;
	const char *from, *to; /* its lines */
};

struct lilo {
	struct files *files;
	struct bootmenu *menu;
	struct err *err;
	const struct volume_info *volume;
	struct text name, rest;
	uint32_t line; /* where `rest` begins */
	struct image common, image;
	bool in_image;
	struct text default_label;
	uint64_t timeout, delay; /* tenths of a second */
	bool prompt;
	uint32_t count;
	int problem;
};

/* ---- tokens (lilo's cfg.c): words, "=" and quoted texts ------------------------------------- */

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static void skip_blanks(struct lilo *lilo)
{
	bool comment = false;

	while (lilo->rest.len) {
		char c = lilo->rest.at[0];

		comment = (comment || c == '#') && c != '\n';
		if (!comment && !is_one_of(c, " \t\r\n"))
			return;
		lilo->line += c == '\n';
		lilo->rest = text_skip(lilo->rest, 1);
	}
}

/* What stands before any of `ends`, and whether backslashes are in it. */
static size_t token_length(struct text text, const char *ends, bool *escaped)
{
	size_t len = 0;

	*escaped = false;
	while (len < text.len && !is_one_of(text.at[len], ends)) {
		*escaped |= text.at[len] == '\\';
		len += text.at[len] == '\\' && len + 1 < text.len ? 2 : 1;
	}
	return min_size(len, text.len);
}

/* A backslash takes the next byte as it is; before a newline both vanish. */
static struct text unescape(struct lilo *lilo, struct text text)
{
	char *out = arena_array(lilo->files->arena, 1, text.len + 1);
	size_t used = 0;

	if (!out) {
		lilo->problem = -ENOMEM;
		return text;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\\' && i + 1 < text.len && text.at[++i] == '\n')
			continue;
		out[used++] = text.at[i];
	}
	return (struct text){out, used};
}

/* The next word or quoted text; false at the end. */
static bool next_token(struct lilo *lilo, struct text *ret)
{
	bool quoted, escaped;
	size_t len;

	skip_blanks(lilo);
	if (!lilo->rest.len)
		return false;
	quoted = lilo->rest.at[0] == '"';
	if (quoted)
		lilo->rest = text_skip(lilo->rest, 1);
	len = token_length(lilo->rest, quoted ? "\"" : " \t\r\n=#", &escaped);
	*ret = text_first(lilo->rest, len);
	for (size_t i = 0; i < len; i++)
		lilo->line += ret->at[i] == '\n';
	lilo->rest = text_skip(lilo->rest, quoted ? len + 1 : len);
	if (escaped)
		*ret = unescape(lilo, *ret);
	return true;
}

/* "= value" behind a key; false where there is none. */
static bool next_value(struct lilo *lilo, struct text *ret)
{
	skip_blanks(lilo);
	*ret = (struct text){0};
	if (!lilo->rest.len || lilo->rest.at[0] != '=')
		return false;
	lilo->rest = text_skip(lilo->rest, 1);
	return next_token(lilo, ret);
}

/* ---- one image ------------------------------------------------------------------------------ */

/* With /boot on a volume of its own, lilo saw it mounted: there its files lie at the top. */
static struct boot_file *add_file(struct lilo *lilo, struct boot_file **list, struct text path)
{
	const struct volume_info *volume = lilo->volume, *other;
	struct files *files = lilo->files;
	struct boot_file *file;

	path = path_join(files, volume, TEXT("/"), path);
	if (text_starts(path, TEXT("/boot/")) && !files_is_regular(files, volume, path)) {
		struct text rest = text_skip(path, strlen("/boot"));

		for (uint32_t i = 0; (other = files->ops->volume(files, i)); i++) {
			if (!other->readable || !files_is_regular(files, other, rest))
				continue;
			volume = other;
			path = rest;
			break;
		}
	}
	file = entry_add_file(files, list, volume, path);
	if (!file)
		lilo->problem = -ENOMEM;
	return file;
}

/* The image's own value, or the common one. */
static struct text own_or(struct text own, struct text common)
{
	return own.len ? own : common;
}

/* Appends a word, or two that belong together, behind a blank where something stands already. */
static void put_word(char *out, size_t *used, struct text before, struct text word)
{
	if (!word.len)
		return;
	if (*used)
		out[(*used)++] = ' ';
	for (size_t i = 0; i < before.len; i++)
		out[(*used)++] = before.at[i];
	for (size_t i = 0; i < word.len; i++)
		out[(*used)++] = word.at[i];
}

static struct text make_cmdline(struct lilo *lilo)
{
	const struct image *image = &lilo->image, *common = &lilo->common;
	struct text literal = own_or(image->literal, common->literal), nothing = {0};
	struct text append = own_or(image->append, common->append);
	struct text root = own_or(image->root, common->root);
	bool own_mode = image->read_only || image->read_write;
	char *out = arena_array(
		lilo->files->arena, 1, append.len + image->addappend.len + root.len + 16);
	size_t used = 0;

	if (literal.len)
		return literal;
	if (!out) {
		lilo->problem = -ENOMEM;
		return nothing;
	}
	put_word(out, &used, nothing, append);
	put_word(out, &used, nothing, image->addappend);
	if (!text_is(root, "current"))
		put_word(out, &used, TEXT("root="), root);
	if (own_mode ? image->read_only : common->read_only)
		put_word(out, &used, nothing, TEXT("ro"));
	else if (own_mode ? image->read_write : common->read_write)
		put_word(out, &used, nothing, TEXT("rw"));
	return (struct text){out, used};
}

static struct text base_name(struct text path)
{
	struct text folder = path_folder(path);

	return text_skip(path, folder.len > 1 ? folder.len + 1 : path.len && path.at[0] == '/');
}

static void fill_entry(struct lilo *lilo, struct menu_entry *entry)
{
	const struct image *image = &lilo->image, *common = &lilo->common;
	struct text initrd = own_or(image->initrd, common->initrd);

	entry->title = own_or(image->label, base_name(image->file));
	entry->id = entry->title;
	entry->config = lilo->name;
	entry->config_line = image->line;
	entry->script = entry_script(lilo->files,
		text_trim((struct text){image->from, (size_t)(image->to - image->from)}), "\n");
	entry->loader = image->other ? TEXT("other") : TEXT("image");
	entry->password.value = own_or(image->password, common->password);
	entry->restricted = entry->password.value.len && !image->open && !common->open;
	lilo->menu->edit_restricted |= entry->password.value.len > 0;
	if (image->other)
		return entry_refuse(lilo->files, entry, "no kernel: other system");
	add_file(lilo, &entry->kernel, image->file);
	if (initrd.len)
		add_file(lilo, &entry->initrds, initrd);
	entry->cmdline = make_cmdline(lilo);
}

/* lilo leaves out an optional image whose file is not there. */
static bool is_left_out(struct lilo *lilo)
{
	struct boot_file *file = NULL;
	const struct volume_info *volume;

	if (!lilo->image.optional && !lilo->common.optional)
		return false;
	if (lilo->image.other || !add_file(lilo, &file, lilo->image.file))
		return false;
	volume = lilo->files->ops->find(lilo->files, file->volume);
	return !volume || !files_is_regular(lilo->files, volume, file->path);
}

static void end_image(struct lilo *lilo, const char *at)
{
	struct menu_entry *entry;

	if (!lilo->in_image)
		return;
	lilo->image.to = at;
	lilo->in_image = false;
	if (is_left_out(lilo))
		return;
	entry = menu_add(lilo->files, lilo->menu, NULL, lilo->count, &lilo->problem);
	if (!entry)
		return;
	lilo->count++;
	fill_entry(lilo, entry);
	/* Of two with one name the later one is meant. */
	if (text_equal(lilo->image.label, lilo->default_label) ||
		(lilo->image.alias.len && text_equal(lilo->image.alias, lilo->default_label)))
		lilo->menu->default_entry = entry;
}

/* ---- the file ------------------------------------------------------------------------------- */

static bool set_flag(struct lilo *lilo, struct image *image, struct text key)
{
	if (text_is(key, "prompt"))
		lilo->prompt = true;
	else if (text_is(key, "read-only"))
		image->read_only = true;
	else if (text_is(key, "read-write"))
		image->read_write = true;
	else if (text_is(key, "optional"))
		image->optional = true;
	else if (text_is(key, "restricted") || text_is(key, "bypass"))
		image->open = true;
	else
		return false;
	return true;
}

static void set_value(struct lilo *lilo, struct image *image, struct text key, struct text value)
{
	const struct {
		const char *key;
		struct text *field;
	} fields[] = {
		{"addappend", &image->addappend},
		{"alias", &image->alias},
		{"append", &image->append},
		{"default", &lilo->default_label},
		{"initrd", &image->initrd},
		{"label", &image->label},
		{"literal", &image->literal},
		{"password", &image->password},
		{"root", &image->root},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (text_is(key, fields[i].key))
			*fields[i].field = value;
	}
	if (text_is(key, "timeout") && !text_number(value, &lilo->timeout))
		lilo->timeout = 0;
	if (text_is(key, "delay") && !text_number(value, &lilo->delay))
		lilo->delay = 0;
}

static void begin_image(
	struct lilo *lilo, struct text file, bool other, uint32_t number, const char *at)
{
	end_image(lilo, at);
	lilo->in_image = true;
	lilo->image = (struct image){.file = file, .other = other, .line = number, .from = at};
}

static void read_all(struct lilo *lilo)
{
	struct text key, value;

	for (;;) {
		struct image *image = lilo->in_image ? &lilo->image : &lilo->common;
		uint32_t number;
		const char *at;

		skip_blanks(lilo);
		number = lilo->line;
		at = lilo->rest.at;
		if (lilo->problem || !next_token(lilo, &key))
			break;
		if (set_flag(lilo, image, key) || !next_value(lilo, &value))
			continue;
		if (text_is(key, "image") || text_is(key, "other"))
			begin_image(lilo, value, text_is(key, "other"), number, at);
		else
			set_value(lilo, image, key, value);
	}
	end_image(lilo, lilo->rest.at);
}

static int lilo_parse(struct files *files, const struct volume_info *volume, struct text path,
	struct bootmenu *menu, struct err *err)
{
	struct lilo lilo = {
		.files = files,
		.menu = menu,
		.err = err,
		.volume = volume,
		.name = files_full_name(files, volume, path),
		.line = 1,
	};
	int r = files_read_all(files, volume, path, &lilo.rest);

	menu_begin(files, menu, &parser_lilo, volume, path);
	if (r)
		return err_set(err, -r, "%.*s: %s", TEXT_ARG(path), strerror(-r));
	read_all(&lilo);
	menu->default_reason = menu->default_entry ? TEXT("default") : TEXT("first image");
	if (!menu->default_entry)
		menu->default_entry = menu->first;
	menu->timeout_s = (int64_t)((lilo.delay + 9) / 10);
	menu->timeout_style = lilo.prompt ? TEXT("menu") : TEXT("hidden");
	if (lilo.prompt)
		menu->timeout_s = lilo.timeout ? (int64_t)((lilo.timeout + 9) / 10) : -1;
	if (menu->first)
		report_add(files->report, REPORT_NOTE,
			"LILO boots what its map file holds; %.*s says what that was when lilo ran",
			TEXT_ARG(lilo.name));
	menu_check_files(files, menu);
	return lilo.problem == -ENOMEM ? no_memory(err) : 0;
}

static bool lilo_recognise(struct text content)
{
	struct text line;

	while (text_cut(&content, '\n', &line)) {
		line = text_trim(line);
		if (text_starts(line, TEXT("image=")) || text_starts(line, TEXT("image =")))
			return true;
	}
	return false;
}

static const char *const places[] = {"/etc/lilo.conf", "/lilo.conf", NULL};

const struct parser parser_lilo = {
	.name = "lilo",
	.title = "LILO",
	.paths = places,
	.recognise = lilo_recognise,
	.parse = lilo_parse,
};
