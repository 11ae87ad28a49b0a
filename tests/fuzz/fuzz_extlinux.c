/* Fuzz: extlinux.conf and a file that it can include. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/table.h"
#include "tests/support/fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"(hd0,msdos1)/boot/x/extlinux.conf", "(hd0,msdos1)/2", NULL};

	fuzz_parser(&parser_extlinux, "/boot/x/extlinux.conf", names, data, size);
	return 0;
}
