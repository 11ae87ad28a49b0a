/* Whose GRUB is it: upstream's, as Debian has it, or Fedora's? */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/files.h"

/*
 * By what the administrator says, else by what the configuration or the EFI folders have that
 * only Fedora's GRUB knows. *reason says why, in a few words.
 */
bool grub_flavour_is_fedora(
	struct files *files, struct text config, struct text path, struct text *reason);
