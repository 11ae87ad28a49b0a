/* Fuzz: GRUB Legacy's menu.lst, the file default and a second menu. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/table.h"
#include "tests/support/fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"(hd0,msdos1)/boot/grub/menu.lst",
		"(hd0,msdos1)/boot/grub/default", "(hd0,msdos1)/2", NULL};

	fuzz_parser(&parser_legacy, "/boot/grub/menu.lst", names, data, size);
	return 0;
}
