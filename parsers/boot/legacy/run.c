/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the commands of an entry of a menu.lst. */
#include "parsers/boot/legacy/legacy.h"

/* An entry while its commands run. */
struct run {
	struct legacy *legacy;
	const struct legacy_config *config;
	struct menu_entry *entry;
	struct legacy_target *submenu;
	const struct volume_info *root;
	struct text problem; /* a device that does not exist; told when a file needs it */
	struct boot_file *kernel;
	bool multiboot, done;
};

static struct text first_word(struct text text)
{
	return text_first(text, text_find(text, ' '));
}

/*
 * "(hd0,4)" of GRUB Legacy, partitions from 0, as GRUB 2 names it: "hd0,5". Empty: not a hard
 * disk's name.
 */
static struct text modern_name(struct files *files, struct text device)
{
	struct text disk, name = {0};
	uint64_t partition;

	if (!text_starts(device, TEXT("(hd")) || !text_ends(device, TEXT(")")))
		return name;
	device = text_first(text_skip(device, 1), device.len - 2);
	if (!text_cut(&device, ',', &disk))
		return name;
	if (!device.len)
		return disk;
	if (!text_number(device, &partition) || partition > MAX_PARTITIONS ||
		arena_printf(
			files->arena, &name, "%.*s,%u", TEXT_ARG(disk), (unsigned)partition + 1))
		return (struct text){0};
	return name;
}

/*
 * The volume of "(hd0,0)". A partition that this domain does not have is taken for the one that
 * holds the configuration: a guest on a bare file system still carries the names of its template.
 */
static const struct volume_info *find_device(struct run *run, struct text device)
{
	struct files *files = run->legacy->files;
	struct text name = modern_name(files, device);
	const struct volume_info *volume = name.len ? files->ops->find(files, name) : NULL;

	if (volume)
		return volume;
	if (!name.len) {
		run->problem = device;
		return NULL;
	}
	report_add_at(files->report, REPORT_WARNING, run->config->name, run->entry->config_line,
		"%.*s does not exist, %.*s taken for it", TEXT_ARG(device),
		TEXT_ARG(run->config->volume->name));
	return run->config->volume;
}

/* Splits "(hd0,1)/boot/k" or "/boot/k"; NULL where there is no such device. */
static const struct volume_info *locate(struct run *run, struct text file, struct text *path)
{
	const struct volume_info *volume = run->root;
	size_t end = text_find(file, ')');

	*path = file;
	if (file.len && file.at[0] == '(' && end < file.len) {
		volume = find_device(run, text_first(file, end + 1));
		*path = text_skip(file, end + 1);
	}
	if (!volume) {
		entry_refuse(run->legacy->files, run->entry, "no such device: %.*s",
			TEXT_ARG(run->problem));
	} else if (!path->len || path->at[0] != '/') {
		entry_refuse(run->legacy->files, run->entry, "not a path: %.*s", TEXT_ARG(file));
		volume = NULL;
	}
	return volume;
}

static struct boot_file *add_file(struct run *run, struct boot_file **list, struct text file)
{
	struct text path;
	const struct volume_info *volume = locate(run, file, &path);
	struct boot_file *added;

	if (!volume)
		return NULL;
	added = entry_add_file(run->legacy->files, list, volume,
		path_join(run->legacy->files, volume, TEXT("/"), path));
	if (!added)
		entry_refuse(run->legacy->files, run->entry, "no memory left");
	return added;
}

static void run_root(struct run *run, struct text argument)
{
	const struct volume_info *volume = find_device(run, first_word(argument));

	run->root = volume;
}

static void run_uuid(struct run *run, struct text argument)
{
	struct files *files = run->legacy->files;
	struct text uuid = first_word(argument);
	const struct volume_info *volume;

	for (uint32_t i = 0; (volume = files->ops->volume(files, i)); i++) {
		if (volume->uuid.len && text_equal_nocase(volume->uuid, uuid)) {
			run->root = volume;
			return;
		}
	}
	run->root = NULL;
	run->problem = uuid;
}

/* find [--set-root] [--ignore-floppies...] FILE: the first volume that has it. */
static void run_find(struct run *run, struct text argument)
{
	struct files *files = run->legacy->files;
	const struct volume_info *volume;
	bool set = false;

	while (text_starts(argument, TEXT("--"))) {
		set |= text_is(first_word(argument), "--set-root");
		argument = legacy_skip(argument, false);
	}
	if (!set)
		return;
	for (uint32_t i = 0; (volume = files->ops->volume(files, i)); i++) {
		if (volume->readable && files_is_regular(files, volume, first_word(argument))) {
			run->root = volume;
			return;
		}
	}
	run->root = NULL;
	run->problem = first_word(argument);
}

static void run_kernel(struct run *run, struct text argument)
{
	struct menu_entry *entry = run->entry;

	while (text_starts(argument, TEXT("--type=")) ||
		text_starts(argument, TEXT("--no-mem-option")))
		argument = legacy_skip(argument, false);
	entry->kernel = entry->hypervisor = entry->initrds = entry->modules = NULL;
	entry->cmdline = legacy_skip(argument, false);
	entry->loader = TEXT("kernel");
	add_file(run, &entry->kernel, first_word(argument));
}

static void run_initrd(struct run *run, struct text argument)
{
	run->entry->initrds = NULL;
	add_file(run, &run->entry->initrds, first_word(argument));
}

/* The first module makes the kernel a hypervisor and is the Linux kernel itself. */
static void run_module(struct run *run, struct text argument)
{
	struct menu_entry *entry = run->entry;
	struct text file = first_word(argument), rest = legacy_skip(argument, false);
	struct boot_file *module;

	if (!entry->kernel)
		return entry_refuse(run->legacy->files, entry, "module before kernel");
	if (!entry->hypervisor) {
		entry->hypervisor = entry->kernel;
		entry->hypervisor->cmdline = entry->cmdline;
		entry->kernel = NULL;
		entry->cmdline = rest;
		add_file(run, &entry->kernel, file);
	} else if (entry->modules && !entry->modules->next) {
		add_file(run, &entry->initrds, file);
	}
	module = add_file(run, &entry->modules, file);
	if (module)
		module->cmdline = rest;
}

static void run_chainloader(struct run *run, struct text argument)
{
	(void)argument;
	run->entry->loader = TEXT("chainloader");
	entry_refuse(run->legacy->files, run->entry, "no kernel: chainloader");
}

static void run_configfile(struct run *run, struct text argument)
{
	run->submenu->volume = locate(run, first_word(argument), &run->submenu->path);
	run->done = true;
}

static void run_stop(struct run *run, struct text argument)
{
	(void)argument;
	entry_refuse(run->legacy->files, run->entry, "no kernel: the entry stops the machine");
	run->done = true;
}

static void run_boot(struct run *run, struct text argument)
{
	(void)argument;
	run->done = true;
}

/* Without a password of the whole menu it does nothing; with one, that is what opens it. */
static void run_lock(struct run *run, struct text argument)
{
	struct menu_entry *entry = run->entry;

	(void)argument;
	if (!run->legacy->menu->users)
		return;
	entry->restricted = true;
	entry->password = (struct password){0};
}

static void run_password(struct run *run, struct text argument)
{
	if (run->entry->restricted)
		return;
	run->entry->restricted = true;
	run->entry->password = legacy_password(argument);
}

/* What matters for Linux; everything else (quiet, makeactive, savedefault...) does nothing. */
static const struct {
	const char *name;
	void (*run)(struct run *run, struct text argument);
} steps[] = {
	{"boot", run_boot},
	{"chainloader", run_chainloader},
	{"configfile", run_configfile},
	{"find", run_find},
	{"halt", run_stop},
	{"initrd", run_initrd},
	{"kernel", run_kernel},
	{"lock", run_lock},
	{"module", run_module},
	{"modulenounzip", run_module},
	{"password", run_password},
	{"reboot", run_stop},
	{"root", run_root},
	{"rootnoverify", run_root},
	{"uuid", run_uuid},
};

static void run_command(struct run *run, const struct legacy_command *command)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (text_is(command->name, steps[i].name))
			return steps[i].run(run, command->argument);
	}
}

int legacy_run(struct legacy *legacy, const struct legacy_config *config,
	const struct legacy_title *title, struct menu_entry *entry, struct legacy_target *submenu)
{
	struct run run = {
		.legacy = legacy,
		.config = config,
		.entry = entry,
		.submenu = submenu,
		.root = config->volume,
	};
	const struct legacy_command *command;

	*submenu = (struct legacy_target){0};
	entry->title = title->title;
	entry->script = entry_script(legacy->files, title->script, "\n");
	entry->config = config->name;
	entry->config_line = title->line;
	for (command = title->first; command && !run.done; command = command->next)
		run_command(&run, command);
	if (!submenu->volume && !entry->kernel)
		entry_refuse(legacy->files, entry, "no kernel: the entry loads none");
	return entry->error.len && text_is(entry->error, "no memory left") ? no_memory(legacy->err)
									   : 0;
}
