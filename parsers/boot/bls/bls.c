/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot Loader Specification type 1: the snippets in loader/entries. */
#include "parsers/boot/bls/sdboot.h"

#include "parsers/boot/lines.h"

/* What an entry starts; the keys exclude one another. */
enum program { NOTHING, LINUX, EFI, UKI };

/* A type 1 entry while its file is read. */
struct snippet {
	struct sdboot *sd;
	const struct volume_info *volume;
	struct text base; /* what stands in front of /loader/entries */
	struct sd_entry item;
	enum program kind;
	struct text program;
	char *options; /* room for all of the file */
	size_t options_len;
	uint32_t profile;
	bool bad, foreign; /* contradicts itself; is for another architecture */
	int problem;
};

/* The firmware's backslashes as slashes. */
static struct text with_slashes(struct snippet *snippet, struct text path)
{
	char *out = arena_array(snippet->sd->files->arena, 1, path.len + 1);

	if (!out) {
		snippet->problem = -ENOMEM;
		return path;
	}
	for (size_t i = 0; i < path.len; i++)
		out[i] = path.at[i] == '\\' ? '/' : path.at[i];
	return (struct text){out, path.len};
}

/*
 * Paths begin at the root of the volume that holds the entries. Where that is the root file
 * system they may also be written as seen from /boot.
 */
static struct text locate(struct snippet *snippet, struct text path)
{
	struct files *files = snippet->sd->files;
	struct text below,
		at_root = path_join(files, snippet->volume, TEXT("/"), with_slashes(snippet, path));

	if (!snippet->base.len || files_is_regular(files, snippet->volume, at_root))
		return at_root;
	below = path_join(files, snippet->volume, snippet->base, text_skip(at_root, 1));
	return files_is_regular(files, snippet->volume, below) ? below : at_root;
}

static void set_program(struct snippet *snippet, struct text path, enum program kind)
{
	snippet->bad |= snippet->kind != NOTHING && snippet->kind != kind;
	snippet->kind = kind;
	snippet->program = locate(snippet, path);
}

static void add_initrd(struct snippet *snippet, struct text path)
{
	if (!entry_add_file(snippet->sd->files, &snippet->item.entry.initrds, snippet->volume,
		    locate(snippet, path)))
		snippet->problem = -ENOMEM;
}

static void add_options(struct snippet *snippet, struct text value)
{
	if (snippet->options_len)
		snippet->options[snippet->options_len++] = ' ';
	memcpy(snippet->options + snippet->options_len, value.at, value.len);
	snippet->options_len += value.len;
}

static void set_devicetree(struct snippet *snippet, struct text path)
{
	struct boot_file *file = NULL;

	if (entry_add_file(snippet->sd->files, &file, snippet->volume, locate(snippet, path)))
		snippet->item.entry.devicetree = file;
	else
		snippet->problem = -ENOMEM;
}

/* Xen guests on this kind of processor are what we start; others' entries are not shown. */
static bool is_our_architecture(struct text name)
{
#if defined(__aarch64__)
	return text_equal_nocase(name, TEXT("aa64"));
#else
	return text_equal_nocase(name, TEXT("x64")) || text_equal_nocase(name, TEXT("ia32"));
#endif
}

static void obey(struct snippet *snippet, struct text key, struct text value)
{
	struct sd_entry *item = &snippet->item;
	uint64_t number;

	if (text_is(key, "title"))
		item->title = value;
	else if (text_is(key, "version"))
		item->version = value;
	else if (text_is(key, "machine-id"))
		item->machine_id = value;
	else if (text_is(key, "sort-key"))
		item->sort_key = value;
	else if (text_is(key, "linux"))
		set_program(snippet, value, LINUX);
	else if (text_is(key, "efi"))
		set_program(snippet, value, EFI);
	else if (text_is(key, "uki"))
		set_program(snippet, value, UKI);
	else if (text_is(key, "profile") && text_number(value, &number) && number < UINT32_MAX)
		snippet->profile = (uint32_t)number;
	else if (text_is(key, "initrd"))
		add_initrd(snippet, value);
	else if (text_is(key, "options"))
		add_options(snippet, value);
	else if (text_is(key, "devicetree"))
		set_devicetree(snippet, value);
	else if (text_is(key, "architecture"))
		snippet->foreign |= !is_our_architecture(value);
}

/* A kernel with an EFI stub takes "initrd=\file" from its command line. */
static void add_stub_initrds(struct snippet *snippet)
{
	struct text rest = snippet->item.entry.cmdline, word;

	while (text_word(&rest, &word)) {
		if (text_starts(word, TEXT("initrd=")))
			add_initrd(snippet, text_skip(word, strlen("initrd=")));
	}
}

static bool is_linux(struct snippet *snippet)
{
	struct text magic;

	return !snippet->sd->files->ops->read(
		       snippet->sd->files, snippet->volume, snippet->program, 0x202, 4, &magic) &&
	       text_is(magic, "HdrS");
}

/* Kernel, initrds and command line, by what the program is. */
static int set_kernel(struct snippet *snippet)
{
	struct menu_entry *entry = &snippet->item.entry;
	struct files *files = snippet->sd->files;
	int r = -ENOENT;

	if (snippet->kind != LINUX)
		r = uki_fill(
			snippet->sd, snippet->volume, snippet->program, snippet->profile, entry);
	if (r == -ENOMEM)
		return r;
	if (r && (snippet->kind == LINUX || is_linux(snippet))) {
		r = entry_add_file(files, &entry->kernel, snippet->volume, snippet->program)
			    ? 0
			    : -ENOMEM;
	}
	if (snippet->options_len)
		entry->cmdline = (struct text){snippet->options, snippet->options_len};
	if (r && r != -ENOMEM) {
		entry_refuse(
			files, entry, "no kernel: EFI program %.*s", TEXT_ARG(snippet->program));
		r = 0;
	}
	if (entry->kernel && !entry->kernel->part_length && !entry->initrds)
		add_stub_initrds(snippet);
	return r ? r : snippet->problem;
}

static int finish(struct snippet *snippet, struct text full, struct text content)
{
	static const char *const names[] = {"", "linux", "efi", "uki"};
	struct files *files = snippet->sd->files;
	struct menu_entry *entry = &snippet->item.entry;
	int r;

	if (snippet->problem)
		return snippet->problem;
	if (snippet->bad || snippet->kind == NOTHING) {
		report_add_at(files->report, REPORT_WARNING, full, 0, "not shown: %s",
			snippet->bad ? "two kinds of program" : "no linux, efi or uki");
		return 0;
	}
	if (snippet->foreign)
		return 0;
	if (!files_is_regular(files, snippet->volume, snippet->program)) {
		report_add_at(files->report, REPORT_WARNING, full, 0,
			"not shown: %.*s not found on %.*s", TEXT_ARG(snippet->program),
			TEXT_ARG(snippet->volume->name));
		return 0;
	}
	entry->config = full;
	entry->config_line = 1;
	entry->script = text_trim(content);
	entry->loader = text_of(names[snippet->kind]);
	r = set_kernel(snippet);
	if (!r)
		sdboot_add(snippet->sd, &snippet->item);
	return r;
}

static int read_snippet(struct sdboot *sd, const struct volume_info *volume, struct text base,
	struct text folder, struct text file_name)
{
	struct snippet snippet = {.sd = sd, .volume = volume, .base = base};
	struct text path = path_join(sd->files, volume, folder, file_name);
	struct text full = files_full_name(sd->files, volume, path), content, rest, key, value;
	int r = sdboot_read(sd, volume, path, &content);

	if (r == -EISDIR || r == -ENOENT)
		return 0;
	if (!r)
		r = sdboot_set_id(sd, &snippet.item, file_name);
	if (r)
		return r;
	snippet.options = arena_array(sd->files->arena, 1, content.len + 1);
	if (!snippet.options)
		return -ENOMEM;
	rest = content;
	while (!snippet.bad && sdboot_next(&rest, " \t", &key, &value))
		obey(&snippet, key, value);
	return finish(&snippet, full, content);
}

/* base/loader/entries.srel says what lies in the folder; without it that is type 1. */
static bool is_type_1(struct sdboot *sd, const struct volume_info *volume, struct text base)
{
	struct text path = path_join(sd->files, volume, base, TEXT("loader/entries.srel")), content;

	if (sdboot_read(sd, volume, path, &content) || text_is(text_trim(content), "type1"))
		return true;
	report_add(sd->files->report, REPORT_NOTE, "%.*s: the entries are of another kind",
		TEXT_ARG(path));
	return false;
}

void bls_collect(struct sdboot *sd, const struct volume_info *volume, struct text base)
{
	struct text folder = path_join(sd->files, volume, base, TEXT("loader/entries"));
	struct text *names;
	uint32_t count;
	int r = sdboot_names(sd, volume, folder, ".conf", &names, &count);

	if (!r && !is_type_1(sd, volume, base))
		return;
	for (uint32_t i = 0; !r && i < count && !sd->problem; i++)
		r = read_snippet(sd, volume, base, folder, names[i]);
	if (r == -ENOMEM)
		sd->problem = r;
}

static int bls_parse(struct files *files, const struct volume_info *volume, struct text path,
	struct bootmenu *menu, struct err *err)
{
	return sdboot_parse(files, volume, path, &parser_bls, menu, err);
}

static const char *const places[] = {"/loader/entries", "/boot/loader/entries", NULL};

const struct parser parser_bls = {
	.name = "bls",
	.title = "Boot Loader Specification",
	.paths = places,
	.folder = true,
	.parse = bls_parse,
};
