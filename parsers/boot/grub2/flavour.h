/* Whose GRUB is it, and which version: upstream's, Debian's, Fedora's, SUSE's? */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/files.h"

struct grub_flavour {
	struct text name;   /* "debian", "fedora", "suse", "upstream" */
	struct text reason; /* in a few words */
	uint32_t version;   /* 206 for 2.06; 0: not known */
	bool fedora;        /* it has Fedora's changes to menus and words */
};

/*
 * In this order: what the administrator says; what the installed GRUB says of itself; the modules
 * beside the configuration `path` of `volume`, which grub-install copied there; words that only
 * one GRUB or its grub-mkconfig writes. Without any of them it is upstream's. -ENOMEM.
 */
int grub_flavour_find(struct files *files, const struct volume_info *volume, struct text path,
	struct text config, struct grub_flavour *ret) MUST_CHECK;
