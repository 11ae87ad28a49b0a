/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/flavour.h"

static bool contains(struct text text, struct text word)
{
	return text.len && memmem(text.at, text.len, word.at, word.len) != NULL;
}

static bool is_word_byte(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* Does the word stand in a line that is no comment? */
static bool has_word(struct text text, struct text word)
{
	const char *start = text.at, *line, *found;

	while (text.len && (found = memmem(text.at, text.len, word.at, word.len))) {
		text = text_skip(text, (size_t)(found - text.at) + word.len);
		if (found > start && is_word_byte(found[-1]))
			continue;
		if (text.len && is_word_byte(text.at[0]))
			continue;
		for (line = found; line > start && line[-1] != '\n'; line--)
			;
		while (*line == ' ' || *line == '\t')
			line++;
		if (*line != '#')
			return true;
		/* On with the next line: a long one must not be looked at again and again. */
		text = text_skip(text, text_find(text, '\n'));
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
	if (has_word(config, TEXT("blscfg"))) {
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
