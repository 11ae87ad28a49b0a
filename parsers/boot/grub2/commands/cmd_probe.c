/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command probe: what a device is. */
#include "parsers/boot/grub2/commands/commands.h"
#include "parsers/boot/grub2/commands/device.h"

enum {
	OPTION_SET,
	OPTION_DRIVER,
	OPTION_PARTMAP,
	OPTION_FS,
	OPTION_UUID,
	OPTION_LABEL,
	OPTION_PART_UUID,
};

static const struct grub_option probe_options[] = {
	{"set", 's', true, false},
	{"driver", 'd', false, false},
	{"partmap", 'p', false, false},
	{"fs", 'f', false, false},
	{"fs-uuid", 'u', false, false},
	{"label", 'l', false, false},
	{"part-uuid", 0, false, false},
	{0},
};

/* GRUB's names for what libblkid calls otherwise. */
static struct text fs_name(struct text name)
{
	static const struct {
		const char *blkid, *grub;
	} names[] = {
		{"ext3", "ext2"},
		{"ext4", "ext2"},
		{"vfat", "fat"},
		{"hfsplus", "hfsplus"},
		{"iso9660", "iso9660"},
		{"squashfs", "squash4"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (text_is(name, names[i].blkid))
			return text_of(names[i].grub);
	}
	return name;
}

static struct text driver(const struct grub *g, const struct volume_info *volume)
{
	if (text_starts(volume->name, TEXT("lvm/")))
		return TEXT("diskfilter");
	if (!text_starts(volume->name, TEXT("hd")))
		return TEXT("loopback");
	if (text_is(g->files->settings->platform, "efi"))
		return TEXT("efidisk");
	return text_is(g->files->settings->platform, "pc") ? TEXT("biosdisk") : TEXT("xendisk");
}

static struct text or_none(struct text text)
{
	return text.len ? text : TEXT("none");
}

/* The value asked for. GRUB_NOT_IMPLEMENTED where the file system has no such thing. */
static int ask(struct grub *g, const struct grub_options *options, const struct volume_info *volume,
	struct text *ret)
{
	if (options->set[OPTION_DRIVER]) {
		*ret = driver(g, volume);
		return GRUB_OK;
	}
	if (options->set[OPTION_PARTMAP]) {
		*ret = volume->number ? or_none(volume->partmap) : TEXT("none");
		return GRUB_OK;
	}
	if (options->set[OPTION_PART_UUID]) {
		*ret = or_none(volume->part_uuid);
		return GRUB_OK;
	}
	if (!volume->fs_name.len)
		return GRUB_UNKNOWN_FS;
	if (options->set[OPTION_FS])
		*ret = fs_name(volume->fs_name);
	else if (options->set[OPTION_UUID])
		*ret = volume->uuid;
	else if (options->set[OPTION_LABEL])
		*ret = volume->label;
	else
		return GRUB_BAD_ARGUMENT;
	/* A label may be empty, a UUID may not. */
	return options->set[OPTION_UUID] && !ret->len ? GRUB_NOT_IMPLEMENTED : GRUB_OK;
}

int grub_cmd_probe(struct grub *g, const struct grub_call *call)
{
	struct grub_options options = {.known = probe_options};
	const struct volume_info *volume;
	struct text name, value;
	int r = grub_options_parse(g, call, &options);

	if (r || !options.count)
		return r ? r : GRUB_BAD_ARGUMENT;
	name = options.args[0];
	if (name.len > 1 && name.at[0] == '(' && name.at[name.len - 1] == ')')
		name = (struct text){name.at + 1, name.len - 2};
	volume = grub_device_find(g, name);
	if (!volume)
		return GRUB_UNKNOWN_DEVICE;
	r = ask(g, &options, volume, &value);
	if (r || !options.set[OPTION_SET])
		return r;
	return grub_var_set(g, options.value[OPTION_SET], value);
}
