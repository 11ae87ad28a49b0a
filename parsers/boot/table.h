/* The languages of this folder by name; each is defined in its own file. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/parser.h"

extern const struct parser parser_bls;      /* Boot Loader Specification, systemd-boot */
extern const struct parser parser_extlinux; /* extlinux, syslinux, isolinux */
extern const struct parser parser_legacy;   /* GRUB Legacy */
extern const struct parser parser_lilo;
extern const struct parser parser_uki; /* unified kernel images without BLS entries */
