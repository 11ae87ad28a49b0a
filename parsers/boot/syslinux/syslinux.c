/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/syslinux/syslinux.h"

#include "parsers/boot/lines.h"

enum { MAX_INCLUDES = 1024 };

static int finish(struct extlinux *ext)
{
	struct bootmenu *menu = ext->bootmenu;

	extlinux_record(ext);
	extlinux_choose(ext);
	extlinux_complete(ext);
	menu->timeout_s = ext->timeout ? (int64_t)((ext->timeout + 9) / 10) : -1;
	menu->timeout_style = ext->menu_hidden ? TEXT("hidden") : TEXT("menu");
	menu_check_files(ext->files, menu);
	return ext->problem == -ENOMEM ? no_memory(ext->err) : 0;
}

/*
 * On btrfs the loader sees the subvolume that it was installed in (syslinux: core/fs/btrfs/btrfs.c,
 * SubvolName), not the top: what stands in front of /boot, or a first name like "@rootfs".
 */
static struct text find_root(const struct volume_info *volume, struct text path)
{
	const char *boot;

	if (!text_is(volume->fs_name, "btrfs") || !path.len)
		return (struct text){0};
	if (text_starts(path, TEXT("/@")))
		return text_first(path, 1 + text_find(text_skip(path, 1), '/'));
	boot = memmem(path.at, path.len, "/boot/", strlen("/boot/"));
	return text_first(path, boot ? (size_t)(boot - path.at) : 0);
}

static int extlinux_parse(struct files *files, const struct volume_info *volume, struct text path,
	struct bootmenu *menu, struct err *err)
{
	struct extlinux ext = {
		.files = files,
		.bootmenu = menu,
		.err = err,
		.volume = volume,
		.folder = path_folder(path),
		.root = find_root(volume, path),
		.bytes_left = files->limits->max_config,
		.files_left = MAX_INCLUDES,
	};
	int r;

	ext.menu = ext.start = &ext.top;
	ext.last_label = &ext.labels;
	menu_begin(files, menu, &parser_extlinux, volume, path);
	r = extlinux_read(&ext, path);
	if (r)
		return err_set(err, -r, "%.*s: %s", TEXT_ARG(path), strerror(-r));
	return finish(&ext);
}

/* LABEL and a line that starts something. */
static bool extlinux_recognise(struct text content)
{
	struct lines lines = {.rest = content};
	bool label = false;
	struct text rest;

	while (lines_next(&lines)) {
		label |= text_keyword(lines.line, "label", &rest) && rest.len;
		if (label && (text_keyword(lines.line, "kernel", &rest) ||
				     text_keyword(lines.line, "linux", &rest)))
			return true;
	}
	return false;
}

static const char *const places[] = {"/boot/extlinux/extlinux.conf", "/boot/extlinux/syslinux.cfg",
	"/boot/syslinux/extlinux.conf", "/boot/syslinux/syslinux.cfg", "/extlinux/extlinux.conf",
	"/extlinux/syslinux.cfg", "/syslinux/extlinux.conf", "/syslinux/syslinux.cfg",
	"/boot/extlinux.conf", "/boot/syslinux.cfg", "/extlinux.conf", "/syslinux.cfg",
	"/boot/isolinux/isolinux.cfg", "/isolinux/isolinux.cfg", "/isolinux.cfg",
	/* btrfs from its top: the subvolumes of Ubuntu and of Debian's installer */
	"/@/boot/extlinux/extlinux.conf", "/@/boot/syslinux/syslinux.cfg",
	"/@rootfs/boot/extlinux/extlinux.conf", "/@rootfs/boot/syslinux/syslinux.cfg",
	"/@boot/extlinux/extlinux.conf", "/@boot/syslinux/syslinux.cfg", NULL};

const struct parser parser_extlinux = {
	.name = "extlinux",
	.title = "extlinux/syslinux",
	.paths = places,
	.recognise = extlinux_recognise,
	.parse = extlinux_parse,
};
