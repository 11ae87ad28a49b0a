/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/grub2/flavour.h"

static bool contains(struct text text, struct text word)
{
	return text.len && memmem(text.at, text.len, word.at, word.len) != NULL;
}

/* Is there a line whose first word this is? */
static bool has_command(struct text text, struct text word)
{
	while (text.len) {
		const char *found = memmem(text.at, text.len, word.at, word.len);
		const char *line = found;

		if (!found)
			return false;
		while (line > text.at && line[-1] != '\n' && (line[-1] == ' ' || line[-1] == '\t'))
			line--;
		text = text_skip(text, (size_t)(found - text.at) + word.len);
		if (line[0] == '#' || (line > text.at && line[-1] != '\n' && line[-1] != ';'))
			continue;
		if (!text.len || strchr(" \t\r\n;}", text.at[0]))
			return true;
	}
	return false;
}

static bool has_folder(struct files *files, const char *const *names, struct text *ret)
{
	const struct volume_info *volume;
	struct file_stat stat;

	for (uint32_t i = 0; (volume = files->ops->volume(files, i)); i++) {
		if (!volume->readable)
			continue;
		for (size_t n = 0; names[n]; n++) {
			*ret = text_of(names[n]);
			if (!files->ops->stat(files, volume, *ret, &stat) &&
				stat.type == FILE_FOLDER)
				return true;
		}
	}
	return false;
}

static const char *const fedora_folders[] = {
	"/EFI/fedora", "/EFI/centos", "/EFI/redhat", "/EFI/almalinux", "/EFI/rocky", NULL};
static const char *const debian_folders[] = {"/EFI/debian", "/EFI/ubuntu", NULL};

/* Files of /etc/grub.d that only Fedora has; grub-mkconfig writes their names. */
static const char *const fedora_banners[] = {
	"08_fallback_counting",
	"10_reset_boot_success",
	"12_menu_auto_hide",
	"14_menu_show_once",
};

bool grub_flavour_is_fedora(
	struct files *files, struct text config, struct text path, struct text *reason)
{
	struct text wanted = files->settings->flavour, folder, ignored;

	if (wanted.len) {
		*reason = TEXT("as configured");
		return text_is(wanted, "fedora");
	}
	if (has_command(config, TEXT("blscfg"))) {
		*reason = TEXT("blscfg");
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(fedora_banners); i++) {
		if (contains(config, text_of(fedora_banners[i]))) {
			*reason = text_of(fedora_banners[i]);
			return true;
		}
	}
	if (has_folder(files, fedora_folders, &folder) &&
		(text_starts(path, folder) || !has_folder(files, debian_folders, &ignored))) {
		*reason = folder;
		return true;
	}
	*reason = TEXT("no blscfg, no Fedora banner");
	return false;
}
