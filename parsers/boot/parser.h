/* One configuration language; all of them in one table. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/files.h"

struct parser {
	const char *name;         /* menu.json's "loader": "grub2", "bls", "extlinux", ... */
	const char *title;        /* for people: "GRUB 2" */
	const char *const *paths; /* where its configuration lies, best first; NULL at the end */
	bool folder;              /* the paths name folders, not files */
	/* Does this content look like this language? For `--isconfig`; NULL: never. */
	bool (*recognise)(struct text content);
	/*
	 * Reads the configuration at `path` of `volume` into an empty, initialised menu: entries in
	 * order with their files (volume and path, existence checked by stat: a missing one goes
	 * into entry->error as "kernel missing: /boot/vmlinuz" and into the report), default,
	 * timeout, config_volume, config_path, loader and title. A broken entry or statement is a
	 * warning in files->report and never the loss of others. 0 also for a menu without
	 * entries; -ENOENT nothing there; -ENOMEM, -EFBIG: err says which limit; what was read so
	 * far stays in the menu.
	 */
	int (*parse)(struct files *files, const struct volume_info *volume, struct text path,
		struct bootmenu *menu, struct err *err);
};

/* In the order in which a volume's places are tried; NULL at the end. */
extern const struct parser *const parser_table[];
