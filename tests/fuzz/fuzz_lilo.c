/* Fuzz: lilo.conf. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/table.h"
#include "tests/support/fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"(hd0,msdos1)/etc/lilo.conf", NULL};

	fuzz_parser(&parser_lilo, "/etc/lilo.conf", names, data, size);
	return 0;
}
