/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/flavour.h"

#include "parsers/boot/entry.h"

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

static bool is_hex_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* A label with \xHH for a blank: Anaconda's media count on Red Hat's GRUB, which hands it on. */
static bool has_escaped_label(struct text text)
{
	const char *found;

	while (text.len && (found = memmem(text.at, text.len, "LABEL=", 6))) {
		text = text_skip(text, (size_t)(found - text.at) + 6);
		for (size_t i = 0; i + 3 < text.len && text.at[i] > ' '; i++) {
			if (text.at[i] == '\\' && text.at[i + 1] == 'x' &&
				is_hex_digit(text.at[i + 2]) && is_hex_digit(text.at[i + 3]))
				return true;
		}
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

static const char *const fedora_folders[] = {"/EFI/fedora", "/EFI/centos", "/EFI/redhat",
	"/EFI/almalinux", "/EFI/rocky", "/EFI/xenserver", NULL};
static const char *const debian_folders[] = {"/EFI/debian", "/EFI/ubuntu", NULL};
static const char *const suse_folders[] = {"/EFI/opensuse", "/EFI/sles", NULL};

/* Files of /etc/grub.d that only one distribution has; grub-mkconfig writes their names. */
static const char *const fedora_banners[] = {"08_fallback_counting", "10_reset_boot_success",
	"12_menu_auto_hide", "14_menu_show_once", "00_tuned", "01_menu_auto_hide", "01_users",
	NULL};
static const char *const debian_banners[] = {"05_debian_theme", NULL};
static const char *const suse_banners[] = {"80_suse_btrfs_snapshot", "90_persistent", NULL};

static const char *find_banner(struct text config, const char *const *banners)
{
	for (; *banners; banners++) {
		if (contains(config, text_of(*banners)))
			return *banners;
	}
	return NULL;
}

/* ---- the modules beside the configuration ------------------------------------------------------- */

/* grub-install copies them into a folder named for the platform. */
static const char *const module_folders[] = {"i386-pc", "x86_64-efi", "x86_64-xen", "i386-efi",
	"i386-xen", "i386-xen_pvh", "arm64-efi", NULL};

enum { MAX_MODULE = 512 * 1024, MAX_VERSION = 64 }; /* bytes */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "2.06-13+deb12u2", "2:2.12-2", "2.12~rc1": is this whole string a version of GRUB? */
static bool is_version(struct text text, uint32_t *number)
{
	if (text.len > 2 && is_digit(text.at[0]) && text.at[1] == ':')
		text = text_skip(text, 2);
	if (text.len < 4 || text.len > MAX_VERSION || (text.at[0] != '1' && text.at[0] != '2') ||
		text.at[1] != '.' || !is_digit(text.at[2]) || !is_digit(text.at[3]))
		return false;
	for (size_t i = 4; i < text.len; i++) {
		char c = text.at[i];

		if (!is_word_byte(c) && c != '.' && c != '-' && c != '+' && c != '~' && c != ':')
			return false;
	}
	*number = (uint32_t)(text.at[0] - '0') * 100 + (uint32_t)(text.at[2] - '0') * 10 +
		  (uint32_t)(text.at[3] - '0');
	return true;
}

/* The module "normal" holds the version as a string of its own. */
static bool version_inside(struct text module, struct text *ret, uint32_t *number)
{
	while (module.len) {
		struct text string = text_first(module, text_find(module, '\0'));

		if (is_version(string, number)) {
			*ret = string;
			return true;
		}
		module = text_skip(module, string.len + 1);
	}
	return false;
}

/* Debian's and Ubuntu's packages have a revision behind the version; Arch's an epoch before it. */
static bool is_debian_version(struct text version)
{
	size_t dash = text_find(version, '-');

	return version.len > 2 && version.at[1] == '.' && dash + 1 < version.len &&
	       is_digit(version.at[dash + 1]);
}

struct modules {
	struct text folder, version;
	uint32_t number;
	bool blscfg; /* Fedora's command of this name is a module of its own */
};

/* One folder of modules. -ENOENT: there is none. */
static int read_modules(struct files *files, const struct volume_info *volume, struct text folder,
	struct modules *ret)
{
	struct text path, module, version = {0};
	int r;

	*ret = (struct modules){.folder = folder};
	if (arena_printf(files->arena, &path, "%.*s/normal.mod", TEXT_ARG(folder)))
		return -ENOMEM;
	if (!files_is_regular(files, volume, path))
		return -ENOENT;
	r = files->ops->read(files, volume, path, 0, MAX_MODULE, &module);
	if (r)
		return r == -ENOMEM ? r : -ENOENT;
	if (version_inside(module, &version, &ret->number))
		r = arena_text(files->arena, version, &ret->version);
	arena_release(files->arena, (void *)(uintptr_t)module.at);
	if (r || arena_printf(files->arena, &path, "%.*s/blscfg.mod", TEXT_ARG(folder)))
		return -ENOMEM;
	ret->blscfg = files_is_regular(files, volume, path);
	return 0;
}

static int find_modules(struct files *files, const struct volume_info *volume, struct text path,
	struct modules *ret)
{
	struct text base = path_folder(path), folder;
	int r = -ENOENT;

	for (size_t i = 0; module_folders[i] && r == -ENOENT; i++) {
		if (arena_printf(
			    files->arena, &folder, "%.*s/%s", TEXT_ARG(base), module_folders[i]))
			return -ENOMEM;
		r = read_modules(files, volume, folder, ret);
	}
	return r;
}

/* ---- the steps ------------------------------------------------------------------------------------ */

static void set(struct grub_flavour *flavour, const char *name, struct text reason)
{
	flavour->name = text_of(name);
	flavour->reason = reason;
	flavour->fedora = text_is(flavour->name, "fedora");
}

/* What the text says: words and banners; false: nothing of anybody's. */
static bool by_text(struct text config, struct grub_flavour *ret)
{
	const char *banner;

	if (ret->version < 214 && has_word(config, TEXT("blscfg")))
		set(ret, "fedora", TEXT("blscfg"));
	else if ((banner = find_banner(config, fedora_banners)))
		set(ret, "fedora", text_of(banner));
	else if (has_word(config, TEXT("inst.stage2")))
		set(ret, "fedora", TEXT("inst.stage2="));
	else if (has_escaped_label(config))
		set(ret, "fedora", TEXT("\\xHH in a label"));
	else if ((banner = find_banner(config, debian_banners)))
		set(ret, "debian", text_of(banner));
	else if ((banner = find_banner(config, suse_banners)))
		set(ret, "suse", text_of(banner));
	else
		return false;
	return true;
}

/* The folders of EFI system partitions; one of another distribution makes them doubtful. */
static bool by_folder(struct files *files, struct text path, struct grub_flavour *ret)
{
	struct text fedora, debian, suse;
	bool is_fedora = has_folder(files, fedora_folders, &fedora);
	bool is_debian = has_folder(files, debian_folders, &debian);
	bool is_suse = has_folder(files, suse_folders, &suse);

	if (is_fedora && (text_starts(path, fedora) || !is_debian))
		set(ret, "fedora", fedora);
	else if (is_debian && (text_starts(path, debian) || (!is_fedora && !is_suse)))
		set(ret, "debian", debian);
	else if (is_suse && (text_starts(path, suse) || (!is_fedora && !is_debian)))
		set(ret, "suse", suse);
	else
		return false;
	return true;
}

/* "GRUB 2.06-13+deb12u2 in /boot/grub/i386-pc" */
static int by_modules(struct files *files, const struct modules *modules, struct text config,
	struct grub_flavour *ret)
{
	struct text reason;

	if (arena_printf(files->arena, &reason, "GRUB %.*s in %.*s", TEXT_ARG(modules->version),
		    TEXT_ARG(modules->folder)))
		return -ENOMEM;
	ret->version = modules->number;
	if (modules->blscfg)
		set(ret, "fedora", reason);
	else if (is_debian_version(modules->version))
		set(ret, "debian", reason);
	else if (find_banner(config, suse_banners))
		set(ret, "suse", reason);
	else
		set(ret, "upstream", reason);
	return 0;
}

static int by_loader(struct files *files, struct grub_flavour *ret)
{
	struct text name = files->settings->loader_flavour, reason;

	(void)!is_version(files->settings->loader_version, &ret->version);
	if (arena_printf(files->arena, &reason, "the installed GRUB %.*s",
		    TEXT_ARG(files->settings->loader_version)))
		return -ENOMEM;
	ret->name = name;
	ret->reason = reason;
	ret->fedora = text_is(name, "fedora");
	return 0;
}

int grub_flavour_find(struct files *files, const struct volume_info *volume, struct text path,
	struct text config, struct grub_flavour *ret)
{
	struct text wanted = files->settings->flavour;
	struct modules modules;
	int r;

	*ret = (struct grub_flavour){.version = 0};
	r = find_modules(files, volume, path, &modules);
	if (r == -ENOMEM)
		return r;
	if (!r)
		ret->version = modules.number;
	if (wanted.len) {
		ret->name = wanted;
		ret->reason = TEXT("as configured");
		ret->fedora = text_is(wanted, "fedora");
		return 0;
	}
	if (files->settings->loader_flavour.len)
		return by_loader(files, ret);
	if (!r && modules.version.len)
		return by_modules(files, &modules, config, ret);
	if (!by_text(config, ret) && !by_folder(files, path, ret))
		set(ret, "upstream", TEXT("no sign of a distribution's GRUB"));
	return 0;
}
