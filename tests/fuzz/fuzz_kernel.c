/* Fuzz: the headers of a kernel. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/kernel/kernel.h"
#include "tests/support/memfiles.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct boot_file kernel = {.volume = TEXT("hd0,msdos1"), .path = TEXT("/vmlinuz-1")};
	struct memfiles guest;
	struct kernel_info info;

	memfiles_init(&guest);
	memfiles_add_bytes(&guest, "(hd0,msdos1)/vmlinuz-1", data, size);
	memfiles_add_bytes(&guest, "(hd0,msdos1)/config-1", data, size);
	assert(!kernel_info_read(&guest.files, &kernel, &guest.arena, &info));
	assert(info.xen_pv <= XEN_YES && info.xen_pvh <= XEN_YES && info.version.len < 256);
	memfiles_done(&guest);
	return 0;
}
