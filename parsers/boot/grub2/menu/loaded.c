/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an entry's commands loaded, or why they loaded nothing. */
#include "parsers/boot/grub2/menu/menu.h"

static struct boot_file *copy_list(struct grub *g, const struct boot_file *from)
{
	struct boot_file *first = NULL, **tail = &first;

	for (; from; from = from->next) {
		*tail = arena_new(g->files->arena, struct boot_file);
		if (!*tail) {
			grub_no_memory(g);
			break;
		}
		**tail = *from;
		(*tail)->next = NULL;
		tail = &(*tail)->next;
	}
	return first;
}

int grub_loaded_copy(struct grub *g, struct grub_loaded *loaded)
{
	loaded->modules = copy_list(g, loaded->modules);
	loaded->initrds = copy_list(g, loaded->initrds);
	return g->stop == STOP_MEMORY ? GRUB_OUT_OF_MEMORY : GRUB_OK;
}

/* A copy of one file of a list, alone. */
static struct boot_file *copy_one(struct grub *g, const struct boot_file *from)
{
	struct boot_file alone;

	if (!from)
		return NULL;
	alone = *from;
	alone.next = NULL;
	alone.cmdline = (struct text){0};
	return copy_list(g, &alone);
}

/* The guest's own kernel under a hypervisor is module 1, its initrd module 2. */
static void record_multiboot(struct grub *g, struct menu_entry *entry)
{
	const struct boot_file *kernel = entry->modules ? entry->modules : entry->hypervisor;

	entry->kernel = copy_one(g, kernel);
	entry->cmdline = kernel->cmdline;
	if (entry->modules)
		entry->initrds = copy_one(g, entry->modules->next);
}

static void refuse(struct grub *g, struct menu_entry *entry, const char *why, struct text what)
{
	if (entry->error.len)
		return;
	if (arena_printf(g->files->arena, &entry->error, "%s%.*s", why, TEXT_ARG(what)))
		grub_no_memory(g);
}

/* Does the entry leave GRUB, instead of starting something else? */
static bool gives_up(const struct grub_loaded *loaded)
{
	return text_is(loaded->other, "exit") || text_is(loaded->other, "halt") ||
	       text_is(loaded->other, "reboot");
}

void grub_loaded_record(struct grub *g, struct menu_entry *entry, int status, bool booted)
{
	const struct grub_loaded *loaded = &g->loaded;

	entry->loader = loaded->loader;
	entry->kernel = loaded->kernel;
	entry->hypervisor = loaded->hypervisor;
	entry->modules = loaded->modules;
	entry->initrds = loaded->initrds;
	entry->devicetree = loaded->devicetree;
	entry->cmdline = loaded->cmdline;
	if (loaded->hypervisor)
		record_multiboot(g, entry);
	if (loaded->bound.len)
		entry->error = loaded->bound;
	else if (!loaded->loader.len) {
		entry->kernel = loaded->missing_kernel;
		if (loaded->kernel_error.len)
			entry->error = loaded->kernel_error;
		else
			refuse(g, entry, loaded->cause.len ? "no kernel: " : "no kernel",
				loaded->cause);
	} else if (loaded->other.len && !entry->kernel) {
		refuse(g, entry, "no kernel: ",
			gives_up(loaded) && loaded->cause.len ? loaded->cause : loaded->other);
	} else if (g->fedora && !booted && status != GRUB_OK) {
		/* Fedora's GRUB boots only when the last command succeeded. */
		if (loaded->initrd_error.len)
			entry->error = loaded->initrd_error;
		else
			refuse(g, entry, "its last command fails", (struct text){0});
	} else if (loaded->initrd_error.len) {
		report_add(g->files->report, REPORT_WARNING, "entry %u boots without it: %.*s",
			(unsigned)g->leaves, TEXT_ARG(loaded->initrd_error));
	}
}
