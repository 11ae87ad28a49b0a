/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/installed/grub_start.h"

/* "(hd0,msdos2)/boot/grub": the device without parentheses, and the path. */
static void split(struct text prefix, struct text *device, struct text *path)
{
	size_t close = text_find(prefix, ')');

	*device = (struct text){0};
	*path = prefix;
	if (!prefix.len || prefix.at[0] != '(' || close == prefix.len)
		return;
	*device = text_skip(text_first(prefix, close), 1);
	*path = text_skip(prefix, close + 1);
}

/* A device that begins with a comma lacks its drive only. */
static int complete_device(struct files *files, struct text given, struct text *device)
{
	if (!device->len)
		*device = given;
	else if (device->at[0] == ',')
		return arena_printf(files->arena, device, "%.*s%.*s",
			TEXT_ARG(text_first(given, text_find(given, ','))), TEXT_ARG(*device));
	return 0;
}

int grub_start_of(struct files *files, const struct grub_core *core, struct text device,
	struct text folder, struct grub_start *ret)
{
	struct text own, path;

	split(core->prefix, &own, &path);
	if (complete_device(files, device, &own))
		return -ENOMEM;
	if (!path.len)
		path = folder;
	*ret = (struct grub_start){.root = own, .script = core->config, .memdisk = core->memdisk};
	if (arena_printf(files->arena, &ret->prefix, "(%.*s)%.*s", TEXT_ARG(own), TEXT_ARG(path)))
		return -ENOMEM;
	return arena_printf(
		files->arena, &ret->cmdpath, "(%.*s)%.*s", TEXT_ARG(device), TEXT_ARG(folder));
}
