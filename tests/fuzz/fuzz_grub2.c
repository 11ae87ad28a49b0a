/* Fuzz: GRUB 2's language, with what a script can read and write beside it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/grub2.h"
#include "tests/support/fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"(hd0,msdos1)/boot/grub/grub.cfg",
		"(hd0,msdos1)/boot/grub/grubenv", "(hd0,msdos1)/boot/grub/custom.cfg",
		"(hd0,msdos1)/loader/entries/a-1-1.conf", "(hd0,msdos1)/loader/entries/b-2-1.conf",
		NULL};

	fuzz_parser(&parser_grub2, "/boot/grub/grub.cfg", names, data, size);
	return 0;
}
