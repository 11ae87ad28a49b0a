/* GRUB 2: its configuration is a program, and it is run. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/parser.h"

extern const struct parser parser_grub2;
