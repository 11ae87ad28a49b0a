/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/table.h"

#include "parsers/boot/grub2/grub2.h"

const struct parser *const parser_table[] = {
	&parser_grub2,
	&parser_bls,
	&parser_extlinux,
	&parser_legacy,
	&parser_lilo,
	&parser_uki,
	NULL,
};
