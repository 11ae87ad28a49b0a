/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A LABEL as an entry: kernel, initrds, command line, modules. */
#include "parsers/boot/syslinux/syslinux.h"

#include "parsers/boot/lines.h"

struct text extlinux_title(struct extlinux *ext, struct text title)
{
	char *out = arena_array(ext->files->arena, 1, title.len + 1);
	size_t used = 0;

	if (!out) {
		ext->problem = -ENOMEM;
		return title;
	}
	for (size_t i = 0; i < title.len; i++) {
		if (title.at[i] != '^')
			out[used++] = title.at[i];
	}
	return (struct text){out, used};
}

struct text extlinux_path(struct extlinux *ext, struct text name)
{
	struct text folder = ext->folder;

	if (ext->root.len && name.len && name.at[0] == '/')
		folder = ext->root;
	while (ext->root.len && name.len && name.at[0] == '/')
		name = text_skip(name, 1);
	return path_join(ext->files, ext->volume, folder, name);
}

static struct boot_file *add_file(struct extlinux *ext, struct boot_file **list, struct text name)
{
	struct boot_file *file =
		entry_add_file(ext->files, list, ext->volume, extlinux_path(ext, name));

	if (!file)
		ext->problem = -ENOMEM;
	return file;
}

/* "a,b": several files, joined in that order. */
static void add_initrds(struct extlinux *ext, struct menu_entry *entry, struct text names)
{
	struct text name;

	entry->initrds = NULL;
	for (unsigned n = 0; n < MAX_INITRDS && text_cut(&names, ',', &name); n++) {
		if (name.len)
			add_file(ext, &entry->initrds, name);
	}
	if (names.len)
		entry->error = TEXT("more than 64 files for an initrd");
}

/*
 * The words of a command line joined as they stood, without initrd=, which is for the boot
 * loader: its first value names the initrds. So it goes before an INITRD line, which Syslinux puts
 * at the end of the command line.
 */
static void set_cmdline(
	struct extlinux *ext, struct menu_entry *entry, struct text first, struct text second)
{
	struct text parts[] = {first, second}, initrd = {0};
	char *out = arena_array(ext->files->arena, 1, first.len + second.len + 2);
	size_t used = 0;

	if (!out) {
		ext->problem = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const char *from = parts[i].at;
		struct text word;

		while (text_word(&parts[i], &word)) {
			size_t blanks = (size_t)(word.at - from);

			from = word.at + word.len;
			if (text_starts(word, TEXT("initrd="))) {
				if (!initrd.len)
					initrd = text_skip(word, strlen("initrd="));
				continue;
			}
			/* Blanks inside a part stay as written. */
			if (used)
				memset(out + used, ' ', blanks ? blanks : 1);
			used += used ? (blanks ? blanks : 1) : 0;
			memcpy(out + used, word.at, word.len);
			used += word.len;
		}
	}
	entry->cmdline = (struct text){out, used};
	if (initrd.len)
		add_initrds(ext, entry, initrd);
}

/* Up to the next word that is "---"; *rest is what stands behind it. */
static struct text cut_dashes(struct text *rest)
{
	struct text all = *rest, word;

	while (text_word(rest, &word)) {
		if (text_is(word, "---"))
			return text_trim(text_first(all, (size_t)(word.at - all.at)));
	}
	return text_trim(all);
}

/* mboot.c32: HYPERVISOR args --- KERNEL args --- INITRD --- further modules. */
static void make_multiboot(struct extlinux *ext, struct menu_entry *entry, struct text arguments)
{
	for (unsigned n = 0; arguments.len && n <= MAX_MODULES; n++) {
		struct text part = cut_dashes(&arguments), name;
		struct boot_file *file;

		if (!text_word(&part, &name))
			continue;
		file = add_file(ext, n ? &entry->modules : &entry->hypervisor, name);
		if (!file)
			return;
		file->cmdline = part;
		if (n == 1) {
			add_file(ext, &entry->kernel, name);
			entry->cmdline = part;
		} else if (n == 2) {
			add_file(ext, &entry->initrds, name);
		}
	}
	if (!entry->kernel)
		entry_refuse(ext->files, entry, "no kernel: mboot.c32 without a module");
}

static struct text base_name(struct text path)
{
	while (path.len && text_find(path, '/') < path.len)
		path = text_skip(path, text_find(path, '/') + 1);
	return path;
}

static bool has_suffix(struct text name, const char *const *suffixes)
{
	for (; *suffixes; suffixes++) {
		struct text suffix = text_of(*suffixes);

		if (name.len >= suffix.len &&
			text_equal_nocase(text_skip(name, name.len - suffix.len), suffix))
			return true;
	}
	return false;
}

/* What KERNEL means by a file of this name (syslinux core, by the extension). */
static enum ext_kind kind_by_name(struct text name)
{
	static const char *const modules[] = {".c32", ".elf", NULL};
	static const char *const sectors[] = {
		".0", ".bin", ".bs", ".bss", ".com", ".cbt", ".img", NULL};

	if (has_suffix(name, modules))
		return EXT_COM32;
	return has_suffix(name, sectors) ? EXT_OTHER : EXT_LINUX;
}

struct text extlinux_join(struct extlinux *ext, struct text first, struct text second)
{
	char *out = arena_array(ext->files->arena, 1, first.len + second.len + 2);

	if (!first.len || !second.len)
		return first.len ? first : second;
	if (!out) {
		ext->problem = -ENOMEM;
		return first;
	}
	memcpy(out, first.at, first.len);
	out[first.len] = ' ';
	memcpy(out + first.len + 1, second.at, second.len);
	return (struct text){out, first.len + 1 + second.len};
}

static void make_module(
	struct extlinux *ext, struct menu_entry *entry, struct text module, struct text arguments)
{
	struct text name = base_name(module), kernel;

	if (text_equal_nocase(name, TEXT("mboot.c32")))
		return make_multiboot(ext, entry, arguments);
	if (text_equal_nocase(name, TEXT("linux.c32")) && text_word(&arguments, &kernel)) {
		add_file(ext, &entry->kernel, kernel);
		return set_cmdline(ext, entry, arguments, (struct text){0});
	}
	entry_refuse(ext->files, entry, "no kernel: %.*s", TEXT_ARG(name));
}

struct text extlinux_append(const struct extlinux *ext, const struct ext_label *label)
{
	struct text append = label->has_append ? label->append : ext->append;

	return text_is(append, "-") ? (struct text){0} : append;
}

/* Fills kernel, initrds and command line of an entry that starts something. */
static void make_start(
	struct extlinux *ext, struct menu_entry *entry, const struct ext_label *label)
{
	struct text arguments = label->kernel, initrd = label->initrd, name, word;
	struct text append = extlinux_append(ext, label);
	enum ext_kind kind = label->kind;

	if (!text_word(&arguments, &name))
		return entry_refuse(
			ext->files, entry, "no kernel: %.*s", TEXT_ARG(label->kind_name));
	if (kind == EXT_KERNEL)
		kind = kind_by_name(name);
	if (kind == EXT_OTHER)
		entry_refuse(ext->files, entry, "no Linux kernel: %.*s %.*s",
			TEXT_ARG(label->kind_name), TEXT_ARG(name));
	if (kind == EXT_OTHER && label->kind != EXT_KERNEL)
		return;
	if (text_word(&initrd, &word))
		add_initrds(ext, entry, word);
	if (kind == EXT_COM32)
		return make_module(ext, entry, name, extlinux_join(ext, arguments, append));
	add_file(ext, &entry->kernel, name);
	set_cmdline(ext, entry, arguments, append);
	if (label->devicetree.len)
		add_file(ext, &entry->devicetree, label->devicetree);
}

struct menu_entry *extlinux_make(
	struct extlinux *ext, struct ext_menu *menu, const struct ext_label *label)
{
	struct menu_entry *entry =
		menu_add(ext->files, ext->bootmenu, menu->heading, menu->count, &ext->problem);

	if (!entry)
		return NULL;
	menu->count++;
	entry->title = extlinux_title(ext, label->title.len ? label->title : label->label);
	entry->id = label->label;
	entry->loader = label->kind_name;
	entry->config = label->config;
	entry->config_line = label->line;
	entry->script = entry_script(ext->files, text_trim(label->script), "\n");
	entry->password = label->password;
	entry->restricted = label->restricted;
	make_start(ext, entry, label);
	if (label->is_default)
		menu->chosen = entry;
	return entry;
}

void extlinux_record(struct extlinux *ext)
{
	struct ext_label label = ext->label, *kept;

	ext->label = (struct ext_label){0};
	if (!label.open || ext->problem)
		return;
	kept = arena_new(ext->files->arena, struct ext_label);
	if (!kept) {
		ext->problem = -ENOMEM;
		return;
	}
	*kept = label;
	kept->hidden |= label.disabled; /* the core knows nothing of menus */
	if (!kept->hidden)
		kept->entry = extlinux_make(ext, ext->menu, &label);
	*ext->last_label = kept;
	ext->last_label = &kept->next;
}

/* ---- when all labels are known ------------------------------------------------------------- */

bool extlinux_is_arm(struct extlinux *ext, const struct boot_file *file)
{
	/* Linux: Documentation/arch/arm64/booting.rst, arch/arm/boot/compressed/head.S */
	static const struct {
		uint64_t at;
		char magic[5];
	} kinds[] = {{0x38, "ARM\x64"}, {0x24, "\x18\x28\x6f\x01"}};
	struct text magic;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!ext->files->ops->read(
			    ext->files, ext->volume, file->path, kinds[i].at, 4, &magic) &&
			text_is(magic, kinds[i].magic))
			return true;
	}
	return false;
}

enum { MOST_COMMANDS = 8 }; /* labels whose cmd.c32 runs one another */

/* The command line that a label's cmd.c32 runs; empty: it has none. */
static struct text command_of(struct extlinux *ext, const struct ext_label *label)
{
	struct text arguments = label->kernel, name;

	if (label->kind != EXT_COM32 && label->kind != EXT_KERNEL)
		return (struct text){0};
	if (!text_word(&arguments, &name) || !text_equal_nocase(base_name(name), TEXT("cmd.c32")))
		return (struct text){0};
	return text_trim(extlinux_join(ext, text_trim(arguments), extlinux_append(ext, label)));
}

/* The entry becomes what its command line starts: another label, with more arguments. */
static void run_command(struct extlinux *ext, const struct ext_label *from)
{
	struct menu_entry *entry = from->entry;
	struct ext_label label = *from;
	struct text command, arguments;

	for (unsigned n = 0; n < MOST_COMMANDS; n++) {
		const struct ext_label *next;

		command = command_of(ext, &label);
		if (!command.len)
			break;
		next = extlinux_find(ext, command, true, &arguments);
		if (!next)
			return;
		label = *next;
		label.append = extlinux_join(ext, extlinux_append(ext, next), arguments);
		label.has_append = true;
	}
	if (label.entry == entry || command_of(ext, &label).len)
		return;
	entry->error = (struct text){0};
	make_start(ext, entry, &label);
}

void extlinux_complete(struct extlinux *ext)
{
	const struct ext_label *label;
	struct menu_entry *entry;

	for (label = ext->labels; label && !ext->problem; label = label->next) {
		if (label->entry && command_of(ext, label).len)
			run_command(ext, label);
	}
	for (entry = ext->bootmenu->first; entry; entry = entry->next) {
		if (entry->devicetree && (!entry->kernel || !extlinux_is_arm(ext, entry->kernel)))
			entry->devicetree = NULL;
	}
}
