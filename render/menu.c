/* The file menu. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render.h"

#include "core/escape.h"

#include <inttypes.h>

enum {
	TITLE_SHOWN = 300, /* bytes; the file `title` has all of it */
	ERROR_SHOWN = 300,
	REASON_SHOWN = 600,
	PATH_SHOWN = MAX_MENU_DEPTH * 11, /* "4294967295>" */
};

static int digits(uint32_t number)
{
	int n = 1;

	for (; number >= 10; number /= 10)
		n++;
	return n;
}

/* "* 2    Debian GNU/Linux   [kernel missing: /boot/vmlinuz]" */
static void render_line(
	struct strbuf *out, const struct bootmenu *menu, const struct menu_entry *entry, int width)
{
	strbuf_adds(out, entry == menu->default_entry ? "* " : "  ");
	if (entry->submenu)
		strbuf_addf(out, "%*s", width, "");
	else
		strbuf_addf(out, "%*" PRId32, width, entry->index);
	strbuf_addf(out, "%*s", (int)(2 * entry->depth), "");
	escape_add_cut(out, entry->title, TITLE_SHOWN);
	if (entry->restricted)
		strbuf_adds(out, "   [asks for a password]");
	if (entry->error.len) {
		strbuf_adds(out, "   [");
		escape_add_cut(out, entry->error, ERROR_SHOWN);
		strbuf_addc(out, ']');
	}
	strbuf_addc(out, '\n');
}

static void render_default(struct strbuf *out, const struct inspection *inspection)
{
	const struct menu_entry *entry = inspection->menu.default_entry;
	struct text reason = entry ? inspection->menu.default_reason : inspection->error;
	char path[PATH_SHOWN];

	strbuf_adds(out, "default  ");
	if (entry) {
		menu_path_print(entry, path, sizeof(path));
		strbuf_addf(out, "%" PRId32 ", path %s", entry->index, path);
	} else {
		strbuf_adds(out, "none");
	}
	if (reason.len) {
		strbuf_adds(out, ": ");
		escape_add_cut(out, reason, REASON_SHOWN);
	}
	strbuf_addc(out, '\n');
}

static void render_timeout(struct strbuf *out, const struct bootmenu *menu)
{
	if (menu->timeout_s < 0)
		strbuf_adds(out, "timeout  none");
	else
		strbuf_addf(out, "timeout  %" PRId64 " s", menu->timeout_s);
	if (menu->timeout_style.len) {
		strbuf_adds(out, ", ");
		escape_add(out, menu->timeout_style);
	}
	strbuf_addc(out, '\n');
}

static void render_flavour(struct strbuf *out, struct text flavour)
{
	strbuf_adds(out, " (");
	escape_add(out, flavour_title(flavour));
	strbuf_addc(out, ')');
}

/* "from     GRUB 2 (Debian), (hd0,msdos1)/boot/grub/grub.cfg, ext4 on /dev/vg0/mail" */
static void render_from(struct strbuf *out, const struct inspection *inspection)
{
	const struct bootmenu *menu = &inspection->menu;
	const struct inspection_volume *volume = inspection_volume(inspection, menu->config_volume);
	const struct inspection_disk *disk = inspection_disk_of(inspection, menu->config_volume);

	strbuf_adds(out, "from     ");
	escape_add(out, menu->title.len ? menu->title : menu->loader);
	if (menu->flavour.len)
		render_flavour(out, menu->flavour);
	if (menu->config_path.len) {
		strbuf_adds(out, ", (");
		escape_add(out, menu->config_volume);
		strbuf_addc(out, ')');
		escape_add(out, menu->config_path);
	}
	if (volume && volume->fs_name.len) {
		strbuf_adds(out, ", ");
		escape_add(out, volume->fs_name);
	}
	if (disk) {
		strbuf_adds(out, " on ");
		escape_add(out, disk->path);
	}
	strbuf_addc(out, '\n');
}

static void menu_one_shot(struct strbuf *out, const struct bootmenu *menu)
{
	if (!menu->one_shot.len)
		return;
	strbuf_adds(out, "one-shot ");
	escape_add_cut(out, menu->one_shot, TITLE_SHOWN);
	if (menu->one_shot_file.len) {
		strbuf_adds(out, ", in ");
		escape_add(out, menu->one_shot_file);
	}
	strbuf_addc(out, '\n');
}

static void render_warnings(struct strbuf *out, const struct report *report)
{
	uint32_t count = 0;

	for (const struct report_line *line = report->first; line; line = line->next)
		count += line->kind == REPORT_WARNING;
	if (count)
		strbuf_addf(out, "warnings %" PRIu32 ", see log\n", count);
	else
		strbuf_adds(out, "warnings none\n");
}

void render_menu(struct strbuf *out, const struct inspection *inspection)
{
	const struct bootmenu *menu = &inspection->menu;
	int width = digits(menu->entries ? menu->entries - 1 : 0);

	if (!menu->config_path.len && !menu->total)
		return;
	for (const struct menu_entry *entry = menu->first; entry; entry = entry->next)
		render_line(out, menu, entry, width);
	if (menu->total)
		strbuf_addc(out, '\n');
	render_default(out, inspection);
	render_timeout(out, menu);
	menu_one_shot(out, menu);
	render_from(out, inspection);
	render_warnings(out, &inspection->report);
}

static void one_shot_line(struct strbuf *out, const char *word, struct text value)
{
	strbuf_addf(out, "%s ", word);
	escape_add(out, value);
	strbuf_addc(out, '\n');
}

void render_one_shot(struct strbuf *out, const struct inspection *inspection, struct text domain)
{
	const struct bootmenu *menu = &inspection->menu;

	one_shot_line(out, "entry", menu->one_shot);
	one_shot_line(out, "file", menu->one_shot_file);
	one_shot_line(out, "domain", domain);
	one_shot_line(out, "key", menu->one_shot_key);
}
