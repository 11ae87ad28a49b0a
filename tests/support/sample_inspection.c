/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/sample_inspection.h"

#include "model/limits.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

static struct text keep(struct inspection *sample, const char *string)
{
	struct text ret;

	if (arena_text(&sample->arena, text_of(string), &ret) < 0)
		abort();
	return ret;
}

static struct boot_file *file_add(
	struct inspection *sample, struct boot_file **list, const char *path, uint64_t size)
{
	struct boot_file *file = boot_file_add(&sample->arena, list);

	if (!file)
		abort();
	file->volume = TEXT("hd0,msdos1");
	file->path = keep(sample, path);
	file->size = size;
	return file;
}

static struct menu_entry *entry_add(struct inspection *sample, const char *title, const char *id,
	uint32_t depth, uint32_t first, uint32_t second)
{
	struct menu_entry *entry = bootmenu_add(&sample->menu, 100);

	if (!entry)
		abort();
	entry->title = keep(sample, title);
	entry->id = keep(sample, id);
	entry->depth = depth;
	entry->path[0] = first;
	entry->path[1] = second;
	entry->config = TEXT("(hd0,msdos1)/boot/grub/grub.cfg");
	entry->config_line = 100 + 9 * sample->menu.total;
	entry->script = TEXT("\tlinux /boot/vmlinuz root=UUID=3f0c\n\tinitrd /boot/initrd\n");
	return entry;
}

/* The content of the entry's kernel or initrd in one piece on the disk. */
static void content_on_disk(
	struct inspection *sample, struct content *content, uint64_t at, uint64_t size)
{
	content->present = true;
	content->size = size;
	content->identity = at + 1;
	content->count = 1;
	content->pieces = arena_new(&sample->arena, struct piece);
	if (!content->pieces)
		abort();
	content->pieces[0] = (struct piece){.kind = PIECE_DISK, .at = at, .length = size};
}

static void boots(struct inspection *sample, struct menu_entry *entry, const char *kernel,
	const char *initrd, const char *cmdline)
{
	entry->loader = TEXT("linux");
	file_add(sample, &entry->kernel, kernel, 8194944);
	file_add(sample, &entry->initrds, initrd, 40281123);
	entry->cmdline = keep(sample, cmdline);
	content_on_disk(sample, &entry->content[SLOT_KERNEL], MIB, 8194944);
	content_on_disk(sample, &entry->content[SLOT_INITRD], 64 * MIB, 40281123);
	entry->kernel_info = (struct kernel_info){
		.format = TEXT("bzImage 2.15"),
		.version = TEXT("6.1.0-18-amd64"),
		.compression = TEXT("zstd"),
		.xen_pv = XEN_YES,
		.xen_pvh = XEN_YES,
	};
}

static void add_disk(struct inspection *sample)
{
	sample->n_disks = 1;
	sample->disks[0] = (struct inspection_disk){
		.name = TEXT("hd0"),
		.path = TEXT("/dev/vg0/mail"),
		.size = SAMPLE_DISK_SIZE,
		.device = makedev(253, 7),
		.table = TEXT("MBR"),
	};
	sample->volumes = arena_array(&sample->arena, 2, sizeof(*sample->volumes));
	if (!sample->volumes)
		abort();
	sample->n_volumes = 2;
	sample->volumes[0] = (struct inspection_volume){
		.name = TEXT("hd0,msdos1"),
		.fs_name = TEXT("ext4"),
		.uuid = TEXT("3f0c2c1e-0000-4000-8000-000000000001"),
		.label = TEXT("root"),
		.size = 9 * GIB,
		.readable = true,
		.mode = 0755,
		.mtime_s = 1234567890,
	};
	sample->volumes[1] = (struct inspection_volume){
		.name = TEXT("hd0,msdos2"), .fs_name = TEXT("swap"), .size = GIB};
}

static void add_menu(struct inspection *sample)
{
	struct bootmenu *menu = &sample->menu;

	menu->loader = TEXT("grub2");
	menu->title = TEXT("GRUB 2");
	menu->flavour = TEXT("debian");
	menu->flavour_reason = TEXT("05_debian_theme");
	menu->platform = TEXT("xen");
	menu->config_volume = TEXT("hd0,msdos1");
	menu->config_path = TEXT("/boot/grub/grub.cfg");
	menu->timeout_s = 5;
	menu->default_reason = TEXT("saved_entry in (hd0,msdos1)/boot/grub/grubenv");
	menu->bytes = TEXT("070701");
	menu->installed = (struct installed_loader){
		.title = TEXT("GRUB 2"),
		.place = TEXT("boot sector of hd0, core.img at sector 1 (hd0)"),
	};
	menu->others = arena_new(&sample->arena, struct other_config);
	if (!menu->others)
		abort();
	*menu->others = (struct other_config){
		.volume = TEXT("hd0,msdos1"),
		.path = TEXT("/boot/grub/menu.lst"),
		.title = TEXT("GRUB Legacy"),
		.is_next = true,
	};
}

static void add_entries(struct inspection *sample)
{
	struct menu_entry *entry;

	entry = entry_add(sample, "Debian GNU/Linux", "gnulinux-simple-3f0c", 1, 0, 0);
	boots(sample, entry, "/boot/vmlinuz-6.1.0-18-amd64", "/boot/initrd.img-6.1.0-18-amd64",
		"root=UUID=3f0c ro quiet");
	entry = entry_add(
		sample, "Advanced options for Debian GNU/Linux", "gnulinux-advanced-3f0c", 1, 1, 0);
	entry->submenu = true;
	entry = entry_add(sample, "Debian GNU/Linux, with Linux 6.1.0-18-amd64", "", 2, 1, 0);
	boots(sample, entry, "/boot/vmlinuz-6.1.0-18-amd64", "/boot/initrd.img-6.1.0-18-amd64",
		"root=UUID=3f0c ro");
	entry = entry_add(sample, "Debian GNU/Linux, with Linux 6.1.0-17-amd64", "", 2, 1, 1);
	boots(sample, entry, "/boot/vmlinuz-6.1.0-17-amd64", "/boot/initrd.img-6.1.0-17-amd64",
		"root=UUID=3f0c ro");
	sample->menu.default_entry = entry;
	entry = entry_add(sample, "Debian GNU/Linux, with Linux 6.1.0-9-amd64", "", 2, 1, 2);
	file_add(sample, &entry->kernel, "/boot/vmlinuz-6.1.0-9-amd64", 0);
	entry->error = TEXT("kernel missing: /boot/vmlinuz-6.1.0-9-amd64");
	entry = entry_add(sample, "Other disk", "", 1, 2, 0);
	entry->loader = TEXT("chainloader");
	entry->error = TEXT("no kernel: chainloader");
	bootmenu_number(&sample->menu);
}

static void add_report(struct inspection *sample)
{
	struct report *report = &sample->report;
	struct text config = TEXT("(hd0,msdos1)/boot/grub/grub.cfg");

	report_add(report, REPORT_OK, "hd0 /dev/vg0/mail 10.0 GiB, device 253:7, MBR");
	report_add(report, REPORT_OK, "hd0,msdos1 ext4 UUID 3f0c2c1e, label \"root\"");
	report_add(report, REPORT_NOTE, "hd0,msdos2 swap: skipped");
	for (int i = 0; i < 3; i++)
		report_add_at(report, REPORT_WARNING, config, 131, "unknown command \"foo\"");
	report_add(report, REPORT_WARNING,
		"entry 3: /boot/vmlinuz-6.1.0-9-amd64 not found on hd0,msdos1");
}

struct inspection *sample_inspection(void)
{
	struct inspection *sample = inspection_new(4 * MIB);

	if (!sample)
		abort();
	add_disk(sample);
	add_menu(sample);
	add_entries(sample);
	add_report(sample);
	return sample;
}

struct inspection *sample_failure(const char *error)
{
	struct inspection *sample = sample_inspection();

	sample->menu.default_entry = NULL;
	sample->error = keep(sample, error);
	return sample;
}
