/* Reads GRUB 2's configuration out of folders of this host and prints the menu as JSON. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/escape.h"
#include "parsers/boot/grub2/grub2.h"
#include "tests/support/memfiles.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>
#include <time.h>

/*
 * grub2-on-tree [-p PLATFORM] [-f FLAVOUR] [-n TIMES] VOLUME:CONFIG NAME=FOLDER[,uuid=U,label=L]...
 * where NAME is "hd0,msdos1" with a + for its comma: hd0+msdos1. -n repeats and tells the time.
 */
struct source {
	const char *name, *folder, *uuid, *label;
};

static struct source sources[32];
static int n_sources;

static void add_file(
	struct memfiles *guest, const char *host, const char *name, const struct stat *st)
{
	_fclose_ FILE *file = fopen(host, "rb");
	_free_ char *bytes = malloc((size_t)st->st_size + 1);
	size_t length = file && bytes ? fread(bytes, 1, (size_t)st->st_size, file) : 0;

	memfiles_add_bytes(guest, name, bytes ? bytes : "", length);
}

static void add_folder(struct memfiles *guest, const char *host, const char *name)
{
	DIR *dir = opendir(host);
	struct dirent *entry;

	memfiles_folder(guest, name);
	while (dir && (entry = readdir(dir))) {
		char host_path[4096], path[4096], target[4096] = "";
		struct stat st;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(host_path, sizeof(host_path), "%s/%s", host, entry->d_name);
		snprintf(path, sizeof(path), "%s/%s", name, entry->d_name);
		if (lstat(host_path, &st))
			continue;
		if (S_ISDIR(st.st_mode)) {
			add_folder(guest, host_path, path);
		} else if (S_ISLNK(st.st_mode)) {
			if (readlink(host_path, target, sizeof(target) - 1) > 0)
				memfiles_link(guest, path, target);
		} else {
			add_file(guest, host_path, path, &st);
		}
		if (!S_ISLNK(st.st_mode))
			memfiles_mtime(guest, path, st.st_mtime);
	}
	if (dir)
		closedir(dir);
}

static void parse_source(char *argument)
{
	struct source *source = &sources[n_sources++];
	char *save, *part = strtok_r(argument, ",", &save), *value;

	source->name = part;
	value = strchr(part, '=');
	*value = '\0';
	source->folder = value + 1;
	value = strchr(argument, '+');
	if (value)
		*value = ',';
	while ((part = strtok_r(NULL, ",", &save))) {
		if (!strncmp(part, "uuid=", 5))
			source->uuid = part + 5;
		else if (!strncmp(part, "label=", 6))
			source->label = part + 6;
	}
}

static json_t *text_json(struct text text)
{
	struct strbuf buf = {0};
	json_t *json;

	utf8_add_lossy(&buf, text);
	json = json_stringn(buf.at ? buf.at : "", buf.len);
	strbuf_done(&buf);
	return json;
}

static json_t *file_json(const struct boot_file *file)
{
	return file ? json_pack("{s:o,s:o,s:o,s:o}", "volume", text_json(file->volume), "path",
			      text_json(file->path), "newc", text_json(file->newc), "cmdline",
			      text_json(file->cmdline))
		    : json_null();
}

static json_t *list_json(const struct boot_file *file)
{
	json_t *list = json_array();

	for (; file; file = file->next)
		json_array_append_new(list, file_json(file));
	return list;
}

static json_t *path_json(const struct menu_entry *entry)
{
	json_t *path = json_array();

	for (uint32_t i = 0; i < entry->depth; i++)
		json_array_append_new(path, json_integer(entry->path[i]));
	return path;
}

static json_t *entry_json(const struct menu_entry *entry)
{
	bool kernel = entry->kernel && !entry->error.len;

	return json_pack("{s:i,s:o,s:o,s:o,s:b,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:o,s:o,s:i}",
		"index", entry->index, "path", path_json(entry), "title", text_json(entry->title),
		"id", text_json(entry->id), "submenu", entry->submenu, "bootable",
		menu_entry_boots(entry), "error", text_json(entry->error), "kernel",
		kernel ? file_json(entry->kernel) : json_null(), "initrd",
		list_json(entry->initrds), "cmdline", text_json(entry->cmdline), "hypervisor",
		file_json(entry->hypervisor), "modules", list_json(entry->modules), "loader",
		text_json(entry->loader), "restricted", entry->restricted, "script",
		text_json(entry->script), "config", text_json(entry->config), "line",
		(int)entry->config_line);
}

static void print_menu(const struct memfiles *guest, int r)
{
	const struct bootmenu *menu = &guest->menu;
	json_t *entries = json_array(), *warnings = json_array(), *json;
	const struct menu_entry *entry;
	const struct report_line *line;

	for (entry = menu->first; entry; entry = entry->next)
		json_array_append_new(entries, entry_json(entry));
	for (line = guest->report.first; line; line = line->next)
		json_array_append_new(warnings,
			json_pack("{s:s,s:o,s:i,s:o,s:i}", "kind", report_kind_name(line->kind),
				"file", text_json(line->file), "line", (int)line->line, "text",
				text_json(line->text), "count", (int)line->count));
	json = json_pack("{s:i,s:o,s:o,s:o,s:o,s:o,s:I,s:o,s:o}", "result", r, "flavour",
		text_json(menu->flavour), "entries", entries, "default",
		menu->default_entry ? path_json(menu->default_entry) : json_null(),
		"default_reason", text_json(menu->default_reason), "warnings", warnings, "timeout",
		(json_int_t)menu->timeout_s, "timeout_style", text_json(menu->timeout_style),
		"one_shot", text_json(menu->one_shot));
	json_dumpf(json, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(json);
}

static double now_ms(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	const char *platform = "xen", *flavour = "";
	char *config;
	int option, times = 1, r = 0;
	double best = 1e9;

	while ((option = getopt(argc, argv, "p:f:n:")) >= 0) {
		if (option == 'p')
			platform = optarg;
		else if (option == 'f')
			flavour = optarg;
		else if (option == 'n')
			times = atoi(optarg);
		else
			return 2;
	}
	if (argc - optind < 2)
		return 2;
	config = strchr(argv[optind], ':');
	*config++ = '\0';
	if (strchr(argv[optind], '+'))
		*strchr(argv[optind], '+') = ',';
	for (int i = optind + 1; i < argc && n_sources < 32; i++)
		parse_source(argv[i]);
	for (int n = 0; n < times; n++) {
		struct memfiles guest;
		struct err err = {0};
		double start;

		memfiles_init_empty(&guest);
		guest.settings.platform = text_of(platform);
		guest.settings.flavour = text_of(flavour);
		for (int i = 0; i < n_sources; i++) {
			char name[64];

			memfiles_volume(&guest, sources[i].name, sources[i].uuid, sources[i].label);
			snprintf(name, sizeof(name), "(%s)", sources[i].name);
			if (*sources[i].folder)
				add_folder(&guest, sources[i].folder, name);
		}
		start = now_ms();
		r = parser_grub2.parse(&guest.files, memfiles_find(&guest, argv[optind]),
			text_of(config), &guest.menu, &err);
		if (now_ms() - start < best)
			best = now_ms() - start;
		if (n + 1 == times && times == 1)
			print_menu(&guest, r);
		if (n + 1 == times && times > 1)
			printf("%u entries, %.2f ms, %zu kB\n", guest.menu.entries, best,
				guest.arena.used / 1024);
		memfiles_done(&guest);
	}
	return 0;
}
