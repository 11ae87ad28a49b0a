/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration inside a kernel (IKCONFIG). */
#include "parsers/kernel/bytes.h"

enum { MAX_CONFIG = 1 << 20 }; /* bytes; Debian's has 260 kB */

enum setting { UNSAID, OFF, ON };

/* "CONFIG_X=y" or "# CONFIG_X is not set" on a line of its own. */
static enum setting find_setting(struct text config, const char *name)
{
	struct text wanted = text_of(name), line;

	while (text_cut(&config, '\n', &line)) {
		if (text_starts(line, wanted) && text_is(text_skip(line, wanted.len), "=y"))
			return ON;
		if (text_starts(line, TEXT("# ")) && text_starts(text_skip(line, 2), wanted) &&
			text_is(text_skip(line, 2 + wanted.len), " is not set"))
			return OFF;
	}
	return UNSAID;
}

/* Was the configuration written before Linux had CONFIG_XEN_PV (4.12)? */
static bool is_older(struct text version)
{
	struct text part;
	uint64_t major, minor;

	if (!text_cut(&version, '.', &part) || !text_number(part, &major) ||
		!text_cut(&version, '.', &part) || !text_number(part, &minor))
		return false;
	return major < 4 || (major == 4 && minor < 12);
}

static void decide(struct text config, struct kernel_info *ret)
{
	enum setting xen = find_setting(config, "CONFIG_XEN");
	enum setting pv = find_setting(config, "CONFIG_XEN_PV");

	/* Up to then CONFIG_XEN alone was PV; afterwards what is not offered is not there. */
	if (xen == ON && pv == UNSAID && ret->version.len)
		pv = is_older(ret->version) ? ON : OFF;
	if (xen != ON)
		pv = OFF;
	ret->xen_pv = pv == ON ? XEN_YES : (pv == OFF ? XEN_NO : XEN_UNKNOWN);
	ret->xen_pvh = xen == ON && find_setting(config, "CONFIG_XEN_PVH") == ON ? XEN_YES : XEN_NO;
}

/* A configuration is one only if it says something about the processor. */
static bool try_path(const struct kernel_bytes *kernel, const struct volume_info *volume,
	struct text path, struct kernel_info *ret)
{
	struct files *files = kernel->files;
	struct file_stat stat;
	struct text config;

	if (files->ops->stat(files, volume, path, &stat) || stat.type != FILE_REGULAR ||
		stat.size > MAX_CONFIG ||
		files->ops->read(files, volume, path, 0, stat.size, &config))
		return false;
	if (find_setting(config, "CONFIG_X86") == UNSAID &&
		find_setting(config, "CONFIG_ARM64") == UNSAID &&
		find_setting(config, "CONFIG_ARM") == UNSAID)
		return false;
	decide(config, ret);
	return true;
}

/* The same for `before`, version and `after` put together. */
static bool try_parts(const struct kernel_bytes *kernel, const struct volume_info *volume,
	struct text before, struct text version, struct text after, struct kernel_info *ret)
{
	char *path = arena_array(kernel->files->arena, 1, before.len + version.len + after.len + 1);
	struct text whole = {path, before.len + version.len + after.len};

	if (!path || !version.len)
		return false;
	memcpy(path, before.at, before.len);
	memcpy(path + before.len, version.at, version.len);
	if (after.len)
		memcpy(path + before.len + version.len, after.at, after.len);
	return try_path(kernel, volume, whole, ret);
}

/* Beside the kernel: "vmlinuz-6.1.0-18-amd64" belongs to "config-6.1.0-18-amd64". */
static bool try_beside(const struct kernel_bytes *kernel, struct kernel_info *ret)
{
	struct text path = kernel->path, name;
	size_t folder = path.len;

	while (folder && path.at[folder - 1] != '/')
		folder--;
	name = text_skip(path, folder);
	name = text_skip(name, text_find(name, '-') + 1);
	path = text_first(path, folder);
	if (arena_printf(kernel->files->arena, &path, "%.*sconfig-", TEXT_ARG(path)))
		return false;
	return try_parts(kernel, kernel->volume, path, name, (struct text){0}, ret) ||
	       try_parts(kernel, kernel->volume, path, ret->version, (struct text){0}, ret);
}

void kernel_config_read(const struct kernel_bytes *kernel, struct kernel_info *ret)
{
	static const struct {
		struct text before, after;
	} places[] = {
		{{"/boot/config-", 13}, {NULL, 0}},
		{{"/config-", 8}, {NULL, 0}},
		{{"/lib/modules/", 13}, {"/config", 7}},
		{{"/usr/lib/modules/", 17}, {"/config", 7}},
	};
	const struct volume_info *volume;

	if (try_beside(kernel, ret))
		return;
	for (uint32_t i = 0; (volume = kernel->files->ops->volume(kernel->files, i)); i++) {
		for (size_t p = 0; volume->readable && p < ARRAY_SIZE(places); p++) {
			if (try_parts(kernel, volume, places[p].before, ret->version,
				    places[p].after, ret))
				return;
		}
	}
}
