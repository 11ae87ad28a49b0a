/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GRUB 2 for Xen, installed in the guest: what pvgrub starts before it looks for a configuration. */
#include "parsers/boot/installed/grub_start.h"

#include <errno.h>

enum { MAX_PROGRAM = 16 << 20 }; /* bytes */

static int read_program(struct boot_machine *machine, const struct volume_info *volume,
	struct text path, struct installed *ret)
{
	struct files *files = machine->files;
	struct grub_core core = {.old = false};
	struct text bytes = {0};
	int r = files->ops->read(files, volume, path, 0, MAX_PROGRAM, &bytes);

	if (!r) {
		r = grub_core_modules(bytes, files->arena, &core);
		arena_release(files->arena, (void *)(uintptr_t)bytes.at);
	}
	ret->firmware = "xen";
	ret->title = TEXT("GRUB 2 for Xen");
	ret->place = files_full_name(files, volume, path);
	if (r == -ENOMEM)
		return r;
	if (r)
		return installed_problem(machine, ret, "it has no modules: damaged");
	ret->language = &parser_grub2;
	return grub_start_of(files, &core, (struct text){0}, (struct text){0}, &ret->grub) ? -ENOMEM
											   : 1;
}

/* As grub-xen-host's configuration: each path is looked for on every volume. */
int installed_pvgrub(struct boot_machine *machine, struct installed *ret)
{
	static const char *const paths[] = {
		"/boot/xen/pvboot-x86_64.elf", "/xen/pvboot-x86_64.elf"};
	const struct volume_info *volume;

	for (size_t n = 0; n < ARRAY_SIZE(paths); n++) {
		struct text path = text_of(paths[n]);

		for (uint32_t i = 0; (volume = machine->files->ops->volume(machine->files, i));
			i++) {
			if (volume->readable && files_is_regular(machine->files, volume, path))
				return read_program(machine, volume, path, ret);
		}
	}
	return 0;
}
