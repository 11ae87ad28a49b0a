/* Fuzz: loader.conf and BLS entries. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/table.h"
#include "tests/support/fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"(hd0,msdos1)/loader/loader.conf",
		"(hd0,msdos1)/loader/entries/a.conf", "(hd0,msdos1)/loader/entries/a-1.conf",
		"(hd0,msdos1)/loader/entries/b+2.conf", "(hd0,msdos1)/loader/entries/b+0-3.conf",
		NULL};

	fuzz_parser(&parser_bls, "/loader/entries", names, data, size);
	return 0;
}
