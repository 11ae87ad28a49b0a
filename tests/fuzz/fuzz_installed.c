/* Fuzz: boot sectors, and what they lead to, on a disk that is the input. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/installed/installed.h"
#include "tests/support/memfiles.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One disk with one active partition that begins where the disk does. */
static int find_on(struct memfiles *guest, const struct blockdev *dev, struct installed *ret)
{
	const struct boot_part part = {
		.volume = memfiles_find(guest, "hd0,msdos1"), .dev = *dev, .active = true};
	const struct boot_disk disk = {
		.name = TEXT("hd0"), .dev = *dev, .has_table = true, .parts = &part, .n_parts = 1};
	struct boot_machine machine = {.files = &guest->files, .disks = &disk, .n_disks = 1};

	return installed_find(&machine, ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blockdev dev = blockdev_on_memory(data, size);
	struct memfiles guest;
	struct installed found;

	memfiles_init_empty(&guest);
	memfiles_volume(&guest, "hd0,msdos1", "1-1", NULL)->fs_name = TEXT("vfat");
	memfiles_add_bytes(&guest, "(hd0,msdos1)/boot/grub/stage2", data, size);
	memfiles_add_bytes(&guest, "(hd0,msdos1)/EFI/BOOT/BOOTX64.EFI", data, size);
	memfiles_add_bytes(&guest, "(hd0,msdos1)/EFI/BOOT/grubx64.efi", data, size);
	memfiles_add(&guest, "(hd0,msdos1)/syslinux.cfg", "x");
	if (find_on(&guest, &dev, &found) == 1 && !found.language == !found.problem.len)
		abort();
	memfiles_done(&guest);
	return 0;
}
