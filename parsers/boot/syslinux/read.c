/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the keywords of Syslinux's configuration. */
#include "parsers/boot/syslinux/syslinux.h"

#include "parsers/boot/lines.h"

enum { MAX_INCLUDE_DEPTH = 16 };

/* ---- keywords of a label, or of all labels when none is open ------------------------------- */

static void on_label(struct extlinux *ext, struct text value)
{
	extlinux_record(ext);
	ext->label = (struct ext_label){
		.open = true,
		.label = value,
		.kernel = value,
		.kind_name = TEXT("kernel"),
	};
}

/* What starts something: the keyword and its kind. All of them replace one another. */
static const struct {
	const char *word;
	enum ext_kind kind;
} kinds[] = {
	{"boot", EXT_OTHER},
	{"bss", EXT_OTHER},
	{"com32", EXT_COM32},
	{"comboot", EXT_OTHER},
	{"config", EXT_OTHER},
	{"fdimage", EXT_OTHER},
	{"kernel", EXT_KERNEL},
	{"linux", EXT_LINUX},
	{"localboot", EXT_OTHER},
	{"pxe", EXT_OTHER},
};

static bool start_keyword(struct extlinux *ext, struct text word, struct text value)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!text_equal_nocase(word, text_of(kinds[i].word)))
			continue;
		if (ext->label.open) {
			ext->label.kernel = value;
			ext->label.kind = kinds[i].kind;
			ext->label.kind_name = text_of(kinds[i].word);
		}
		return true;
	}
	return false;
}

static void on_append(struct extlinux *ext, struct text value)
{
	if (!ext->label.open) {
		ext->append = value;
		return;
	}
	ext->label.append = value;
	ext->label.has_append = true;
}

static void on_initrd(struct extlinux *ext, struct text value)
{
	ext->label.initrd = value;
}

static void on_fdt(struct extlinux *ext, struct text value)
{
	struct text name;

	if (text_word(&value, &name))
		ext->label.devicetree = name;
}

/* ---- keywords of the whole ----------------------------------------------------------------- */

static void on_default(struct extlinux *ext, struct text value)
{
	ext->default_label = value;
}

static void on_ui(struct extlinux *ext, struct text value)
{
	ext->has_ui = value.len > 0;
}

static void on_ontimeout(struct extlinux *ext, struct text value)
{
	ext->ontimeout = value;
}

static uint64_t leading_number(struct text value)
{
	uint64_t number = 0;

	for (size_t i = 0; i < value.len && value.at[i] >= '0' && value.at[i] <= '9'; i++) {
		if (number < UINT32_MAX)
			number = number * 10 + (uint64_t)(value.at[i] - '0');
	}
	return number;
}

static void on_timeout(struct extlinux *ext, struct text value)
{
	ext->timeout = leading_number(value);
}

static void on_prompt(struct extlinux *ext, struct text value)
{
	ext->prompt = leading_number(value) != 0;
}

static void on_totaltimeout(struct extlinux *ext, struct text value)
{
	ext->total_timeout = leading_number(value);
}

static void on_include(struct extlinux *ext, struct text value)
{
	struct text name;
	int r;

	if (!text_word(&value, &name))
		return;
	r = extlinux_read(ext, extlinux_path(ext, name));
	if (r == -ENOMEM)
		ext->problem = r;
	else if (r)
		report_add(ext->files->report, REPORT_WARNING, "include %.*s: %s", TEXT_ARG(name),
			strerror(-r));
}

/* ---- MENU ... ------------------------------------------------------------------------------ */

static void menu_begin_submenu(struct extlinux *ext, struct text value)
{
	struct ext_menu *parent = ext->menu, *menu = arena_new(ext->files->arena, struct ext_menu);

	extlinux_record(ext);
	if (!menu) {
		ext->problem = -ENOMEM;
		return;
	}
	menu->parent = parent;
	menu->heading =
		menu_add(ext->files, ext->bootmenu, parent->heading, parent->count, &ext->problem);
	if (!menu->heading)
		return;
	parent->count++;
	menu->next = ext->menus;
	ext->menus = menu;
	menu->heading->submenu = true;
	menu->heading->config = ext->place;
	menu->heading->config_line = ext->place_line;
	menu->heading->title = menu->heading->id = value;
	menu->heading->loader = TEXT("menu begin");
	ext->menu = menu;
}

static void menu_end(struct extlinux *ext, struct text value)
{
	(void)value;
	extlinux_record(ext);
	if (ext->menu->parent)
		ext->menu = ext->menu->parent;
}

static void menu_label(struct extlinux *ext, struct text value)
{
	if (ext->label.open) {
		ext->label.title = value;
	} else if (ext->menu->heading) {
		ext->menu->heading->title = extlinux_title(ext, value);
		ext->menu->has_label = true;
	}
}

static void menu_title(struct extlinux *ext, struct text value)
{
	if (ext->menu->heading && !ext->menu->has_label)
		ext->menu->heading->title = extlinux_title(ext, value);
}

static void menu_default(struct extlinux *ext, struct text value)
{
	(void)value;
	if (ext->label.open)
		ext->label.is_default = true;
	else if (ext->menu->parent)
		ext->menu->parent->chosen = ext->menu->heading;
}

static void menu_start(struct extlinux *ext, struct text value)
{
	(void)value;
	ext->start = ext->menu;
}

static void menu_include(struct extlinux *ext, struct text value)
{
	struct text tag = value, name;

	if (!text_word(&tag, &name))
		return;
	if (tag.len)
		menu_begin_submenu(ext, tag);
	on_include(ext, name);
	if (tag.len)
		menu_end(ext, tag);
}

static void menu_separator(struct extlinux *ext, struct text value)
{
	(void)value;
	extlinux_record(ext);
}

static void menu_hide(struct extlinux *ext, struct text value)
{
	(void)value;
	ext->label.hidden = true;
}

static void menu_disable(struct extlinux *ext, struct text value)
{
	(void)value;
	ext->label.disabled = true;
}

static void menu_hidden(struct extlinux *ext, struct text value)
{
	(void)value;
	ext->menu_hidden = true;
}

static struct password read_password(struct text value)
{
	struct password password = {PASSWORD_PLAIN, value};

	if (text_starts(value, TEXT("$1$")))
		password.kind = PASSWORD_MD5_CRYPT;
	else if (text_starts(value, TEXT("$")))
		password.kind = PASSWORD_OTHER;
	return password;
}

static void menu_passwd(struct extlinux *ext, struct text value)
{
	ext->label.restricted = true;
	ext->label.password = read_password(value);
}

/* MENU MASTER PASSWD: opens every entry, and the editor. */
static void menu_master(struct extlinux *ext, struct text value)
{
	struct bootmenu *menu = ext->bootmenu;
	struct text word;

	if (!text_word(&value, &word) || !text_equal_nocase(word, TEXT("passwd")))
		return;
	if (!menu->users)
		menu->users = arena_new(ext->files->arena, struct menu_user);
	if (!menu->users) {
		ext->problem = -ENOMEM;
		return;
	}
	menu->users->password = read_password(text_trim(value));
	menu->edit_restricted = true;
}

static void menu_goto(struct extlinux *ext, struct text value)
{
	(void)value;
	ext->label.kind = EXT_OTHER;
	ext->label.kernel = (struct text){0};
	ext->label.kind_name = TEXT("menu goto");
}

static void menu_quit(struct extlinux *ext, struct text value)
{
	menu_goto(ext, value);
	ext->label.kind_name = TEXT("menu quit");
}

struct keyword {
	const char *word;
	bool in_label; /* means nothing where no label is open */
	void (*act)(struct extlinux *ext, struct text value);
};

static const struct keyword menu_keywords[] = {
	{"begin", false, menu_begin_submenu},
	{"default", false, menu_default},
	{"disable", true, menu_disable},
	{"disabled", true, menu_disable},
	{"end", false, menu_end},
	{"exit", true, menu_quit},
	{"goto", true, menu_goto},
	{"hidden", false, menu_hidden},
	{"hide", true, menu_hide},
	{"include", false, menu_include},
	{"label", false, menu_label},
	{"master", false, menu_master},
	{"passwd", true, menu_passwd},
	{"quit", true, menu_quit},
	{"separator", false, menu_separator},
	{"start", false, menu_start},
	{"title", false, menu_title},
};

static const struct keyword keywords[] = {
	{"append", false, on_append},
	{"default", false, on_default},
	{"devicetree", true, on_fdt},
	{"fdt", true, on_fdt},
	{"include", false, on_include},
	{"initrd", true, on_initrd},
	{"label", false, on_label},
	{"ontimeout", false, on_ontimeout},
	{"prompt", false, on_prompt},
	{"timeout", false, on_timeout},
	{"totaltimeout", false, on_totaltimeout},
	{"ui", false, on_ui},
};

static void obey(struct extlinux *ext, const struct keyword *table, size_t count, struct text line)
{
	struct text word;

	if (!text_word(&line, &word))
		return;
	if (table == keywords && start_keyword(ext, word, text_trim(line)))
		return;
	for (size_t i = 0; i < count; i++) {
		if (!text_equal_nocase(word, text_of(table[i].word)))
			continue;
		if (!table[i].in_label || ext->label.open)
			table[i].act(ext, text_trim(line));
		return;
	}
}

/* A LABEL's lines as written, as far as they stand in one file. */
static void note_place(struct extlinux *ext, uint32_t file, struct text line)
{
	struct ext_label *label = &ext->label;

	if (!label->open)
		return;
	if (!label->line) {
		label->line = ext->place_line;
		label->config = ext->place;
		label->script = line;
		label->file = file;
	} else if (label->file == file) {
		label->script.len = (size_t)(line.at + line.len - label->script.at);
	}
}

static void read_lines(struct extlinux *ext, struct text content, struct text place)
{
	struct lines lines = {.rest = content};
	uint32_t file = ext->files_left; /* another number in each reading of a file */
	bool in_text = false;
	struct text line, rest;

	while (!ext->problem && lines_next(&lines)) {
		line = text_trim(text_first(lines.line, text_find(lines.line, '\r')));
		if (in_text || !line.len || line.at[0] == '#') {
			in_text = in_text && !text_keyword(line, "endtext", &rest);
			continue;
		}
		in_text = text_keyword(line, "text", &rest);
		ext->place = place;
		ext->place_line = lines.number;
		if (text_keyword(line, "menu", &rest))
			obey(ext, menu_keywords, ARRAY_SIZE(menu_keywords), rest);
		else
			obey(ext, keywords, ARRAY_SIZE(keywords), line);
		ext->place = place;
		note_place(ext, file, line);
	}
}

int extlinux_read(struct extlinux *ext, struct text path)
{
	struct text content;
	int r;

	if (ext->depth >= MAX_INCLUDE_DEPTH)
		return -ELOOP;
	if (!ext->files_left)
		return -EFBIG;
	ext->files_left--;
	r = files_read_all(ext->files, ext->volume, path, &content);
	if (r)
		return r;
	if (content.len > ext->bytes_left)
		return -EFBIG;
	ext->bytes_left -= content.len;
	ext->depth++;
	read_lines(ext, content, files_full_name(ext->files, ext->volume, path));
	ext->depth--;
	return 0;
}
