/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot Loader Specification type 2: unified kernel images. */
#include "parsers/boot/bls/pe.h"
#include "parsers/boot/bls/sdboot.h"

#include "core/checked.h"

enum {
	MAX_SECTION_TEXT = 64 << 10, /* bytes of .osrel, .cmdline, .profile that are looked at */
	MAX_PROFILES = 256,          /* systemd's UNIFIED_PROFILES_MAX */
};

struct image {
	struct sdboot *sd;
	const struct volume_info *volume;
	struct text path;
	struct pe pe;
};

static struct text section_text(struct image *image, const char *name, uint32_t profile)
{
	const struct pe_section *section = pe_find(&image->pe, name, profile);
	struct files *files = image->sd->files;
	struct text text = {0};
	uint64_t length;

	if (!section || !section->length)
		return text;
	length = min_u64(section->length, MAX_SECTION_TEXT);
	if (!sdboot_spend(image->sd, length) ||
		files->ops->read(files, image->volume, image->path, section->offset, length, &text))
		return (struct text){0};
	return text_first(text, text_find(text, '\0'));
}

static int add_part(struct image *image, struct boot_file **list, const char *name,
	uint32_t profile, struct menu_entry *entry)
{
	const struct pe_section *section = pe_find(&image->pe, name, profile);
	struct boot_file *file;

	if (section && section->outside)
		entry_refuse(image->sd->files, entry, "section %s lies outside the file %.*s", name,
			TEXT_ARG(image->path));
	if (!section || !section->length)
		return 0;
	file = entry_add_file(image->sd->files, list, image->volume, image->path);
	if (!file)
		return -ENOMEM;
	file->part_offset = section->offset;
	file->part_length = section->length;
	return 0;
}

/* As systemd-stub hands it on: control bytes made blanks, blanks at both ends dropped. */
static struct text make_cmdline(struct image *image, uint32_t profile)
{
	struct text raw = section_text(image, ".cmdline", profile);
	char *out = arena_array(image->sd->files->arena, 1, raw.len + 1);

	if (!out) {
		image->sd->problem = -ENOMEM;
		return raw;
	}
	for (size_t i = 0; i < raw.len; i++)
		out[i] = (unsigned char)raw.at[i] < ' ' ? ' ' : raw.at[i];
	return text_trim((struct text){out, raw.len});
}

static int fill(struct image *image, uint32_t profile, struct menu_entry *entry)
{
	int r = add_part(image, &entry->kernel, ".linux", profile, entry);

	/* Microcode goes first: the kernel looks for it in the first archive only. */
	if (!r)
		r = add_part(image, &entry->initrds, ".ucode", profile, entry);
	if (!r)
		r = add_part(image, &entry->initrds, ".initrd", profile, entry);
	if (!r)
		r = add_part(image, &entry->devicetree, ".dtb", profile, entry);
	if (!r)
		entry->cmdline = make_cmdline(image, profile);
	if (!r && !entry->kernel)
		return -ENOENT;
	return r;
}

int uki_fill(struct sdboot *sd, const struct volume_info *volume, struct text path,
	uint32_t profile, struct menu_entry *entry)
{
	struct image image = {.sd = sd, .volume = volume, .path = path};
	int r = pe_open(sd->files, volume, path, &image.pe);

	return r ? r : fill(&image, profile, entry);
}

/* ---- what the menu shows of an image -------------------------------------------------------- */

/* The first of the keys that os-release has. */
static struct text release_field(struct text release, const char *const *keys)
{
	for (; *keys; keys++) {
		struct text rest = release, key, value, found = {0};

		while (sdboot_next(&rest, "=", &key, &value)) {
			if (text_is(key, *keys))
				found = value;
		}
		if (found.len)
			return found;
	}
	return (struct text){0};
}

static const char *const name_keys[] = {"PRETTY_NAME", "IMAGE_ID", "NAME", "ID", NULL};
static const char *const version_keys[] = {
	"IMAGE_VERSION", "VERSION", "VERSION_ID", "BUILD_ID", NULL};
static const char *const sort_keys[] = {"IMAGE_ID", "ID", NULL};
static const char *const id_keys[] = {"ID", NULL};
static const char *const title_keys[] = {"TITLE", NULL};

int uki_name(
	struct sdboot *sd, const struct volume_info *volume, struct text path, struct text *ret)
{
	static const char *const keys[] = {"PRETTY_NAME", NULL};
	struct image image = {.sd = sd, .volume = volume, .path = path};
	int r = pe_open(sd->files, volume, path, &image.pe);

	*ret = (struct text){0};
	if (!r)
		*ret = release_field(section_text(&image, ".osrel", 0), keys);
	return r;
}

/* The title and id of a profile: "Name (Profile title)" and "name.efi@profile-id". */
static int name_profile(struct image *image, uint32_t profile, struct sd_entry *item)
{
	struct text text = section_text(image, ".profile", profile);
	struct text id = release_field(text, id_keys), title = release_field(text, title_keys);
	struct arena *arena = image->sd->files->arena;
	struct text number = {0};

	if (profile && arena_printf(arena, &number, "%u", profile))
		return -ENOMEM;
	if (!title.len && profile && !id.len &&
		arena_printf(arena, &title, "Profile #%u", profile + 1))
		return -ENOMEM;
	if (!title.len && profile)
		title = id;
	if (title.len && arena_printf(arena, &item->title, "%.*s (%.*s)", TEXT_ARG(item->title),
				 TEXT_ARG(title)))
		return -ENOMEM;
	if (!profile)
		return 0;
	return arena_printf(arena, &item->id, "%.*s@%.*s", TEXT_ARG(item->base_id),
		TEXT_ARG(id.len ? id : number));
}

/* One profile of an image. systemd-boot shows none without .osrel, or with a nameless one. */
static int add_profile(struct image *image, uint32_t profile, struct text file_name)
{
	struct sd_entry item = {.profile = profile};
	struct text release = section_text(image, ".osrel", profile);
	struct files *files = image->sd->files;
	int r;

	item.title = release_field(release, name_keys);
	/* The firmware starts it without a menu, and asks for no name. */
	if (!item.title.len && image->sd->only.len)
		item.title = file_name;
	if (!item.title.len)
		return 0;
	item.version = release_field(release, version_keys);
	item.sort_key = release_field(release, sort_keys);
	r = sdboot_set_id(image->sd, &item, file_name);
	if (!r)
		r = name_profile(image, profile, &item);
	if (!r)
		r = fill(image, profile, &item.entry);
	if (r == -ENOENT)
		entry_refuse(files, &item.entry, "no kernel: %.*s has no .linux section",
			TEXT_ARG(image->path));
	else if (r)
		return r;
	item.entry.loader = TEXT("uki");
	item.entry.config = files_full_name(files, image->volume, image->path);
	item.entry.script = release;
	sdboot_add(image->sd, &item);
	return 0;
}

static int add_image(struct sdboot *sd, const struct volume_info *volume, struct text folder,
	struct text file_name)
{
	struct image image = {.sd = sd, .volume = volume};
	int r;

	image.path = path_join(sd->files, volume, folder, file_name);
	r = pe_open(sd->files, volume, image.path, &image.pe);
	if (!r && !sdboot_spend(sd, image.pe.count * sizeof(struct pe_section)))
		return 0;
	for (uint32_t i = 0; !r && i < MAX_PROFILES && (!i || i < image.pe.profiles); i++)
		r = add_profile(&image, i, file_name);
	if (r && r != -ENOMEM) {
		report_add(sd->files->report, REPORT_WARNING, "%.*s: %s", TEXT_ARG(image.path),
			r == -EINVAL ? "no PE program" : strerror(-r));
		return 0;
	}
	return r;
}

void uki_collect_only(struct sdboot *sd, const struct volume_info *volume)
{
	struct text folder = path_folder(sd->only), name = sd->only;

	while (text_find(name, '/') < name.len)
		name = text_skip(name, text_find(name, '/') + 1);
	if (add_image(sd, volume, folder, name) == -ENOMEM)
		sd->problem = -ENOMEM;
}

void uki_collect(struct sdboot *sd, const struct volume_info *volume, struct text base)
{
	struct text folder = path_join(sd->files, volume, base, TEXT("EFI/Linux"));
	struct text *names;
	uint32_t count;
	int r = sdboot_names(sd, volume, folder, ".efi", &names, &count);

	for (uint32_t i = 0; !r && i < count && !sd->problem; i++)
		r = add_image(sd, volume, folder, names[i]);
	if (r == -ENOMEM)
		sd->problem = r;
}

static int uki_parse(struct files *files, const struct volume_info *volume, struct text path,
	struct bootmenu *menu, struct err *err)
{
	return sdboot_parse(files, volume, path, &parser_uki, menu, err);
}

static const char *const places[] = {"/EFI/Linux", "/boot/EFI/Linux", "/efi/EFI/Linux", NULL};

const struct parser parser_uki = {
	.name = "uki",
	.title = "unified kernel images",
	.paths = places,
	.folder = true,
	.parse = uki_parse,
};
