/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/settings.h"

#include <errno.h>

static int read_duration(const struct setting *setting, struct arena *arena, void *field,
	struct text value, struct err *err)
{
	uint32_t *ret = field, ms;

	(void)arena;
	if (!parse_duration_ms(value, &ms))
		return err_set(err, EINVAL, "\"%.*s\" is no duration, as 5s, 200ms or 2m",
			TEXT_ARG(value));
	if (ms < setting->min || ms > setting->max)
		return err_set(err, EINVAL, "must lie between %llums and %llus",
			(unsigned long long)setting->min, (unsigned long long)setting->max / 1000);
	*ret = ms;
	return 0;
}

static int read_wait(const struct setting *setting, struct arena *arena, void *field,
	struct text value, struct err *err)
{
	if (!text_is(value, "forever"))
		return read_duration(setting, arena, field, value, err);
	*(uint32_t *)field = MENU_WAIT_FOREVER;
	return 0;
}

static int read_size(const struct setting *setting, struct arena *arena, void *field,
	struct text value, struct err *err)
{
	uint64_t *ret = field, bytes;

	(void)arena;
	if (!parse_size(value, &bytes))
		return err_set(
			err, EINVAL, "\"%.*s\" is no size, as 512K, 64M or 1G", TEXT_ARG(value));
	if (bytes < setting->min || bytes > setting->max)
		return err_set(err, EINVAL, "must lie between %lluK and %lluM",
			(unsigned long long)setting->min >> 10,
			(unsigned long long)setting->max >> 20);
	*ret = bytes;
	return 0;
}

static int parse_number(
	const struct setting *setting, struct text value, uint64_t *ret, struct err *err)
{
	if (!text_number(value, ret))
		return err_set(err, EINVAL, "\"%.*s\" is no number", TEXT_ARG(value));
	if (*ret < setting->min || *ret > setting->max)
		return err_set(err, EINVAL, "must lie between %llu and %llu",
			(unsigned long long)setting->min, (unsigned long long)setting->max);
	return 0;
}

static int read_number(const struct setting *setting, struct arena *arena, void *field,
	struct text value, struct err *err)
{
	uint64_t number;
	int r = parse_number(setting, value, &number, err);

	(void)arena;
	if (!r)
		*(uint32_t *)field = (uint32_t)number;
	return r;
}

static int read_big_number(const struct setting *setting, struct arena *arena, void *field,
	struct text value, struct err *err)
{
	(void)arena;
	return parse_number(setting, value, field, err);
}

static int read_choice(const struct setting *setting, struct arena *arena, void *field,
	struct text value, struct err *err)
{
	(void)arena;
	for (int i = 0; i < 2; i++) {
		if (text_is(value, setting->words[i])) {
			*(bool *)field = i;
			return 0;
		}
	}
	return err_set(err, EINVAL, "\"%.*s\" is not known here; either %s or %s", TEXT_ARG(value),
		setting->words[0], setting->words[1]);
}

static int read_text(const struct setting *setting, struct arena *arena, void *field,
	struct text value, struct err *err)
{
	const char *none = setting->words[0];

	if (!value.len)
		return err_set(err, EINVAL, "needs a value");
	if (none && text_is(value, none))
		value = TEXT("");
	if (arena_text(arena, value, field))
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

static int read_path(const struct setting *setting, struct arena *arena, void *field,
	struct text value, struct err *err)
{
	if (!text_starts(value, TEXT("/")))
		return err_set(err, EINVAL, "\"%.*s\" is no absolute path", TEXT_ARG(value));
	while (value.len > 1 && value.at[value.len - 1] == '/')
		value.len--;
	return read_text(setting, arena, field, value, err);
}

/* A word as GRUB's variables hold: letters, digits, - and _. */
static int read_word(const struct setting *setting, struct arena *arena, void *field,
	struct text value, struct err *err)
{
	for (size_t i = 0; i < value.len; i++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", value.at[i]))
			return err_set(err, EINVAL, "\"%.*s\" is no simple word", TEXT_ARG(value));
	}
	return read_text(setting, arena, field, value, err);
}

static int read_flavour(const struct setting *setting, struct arena *arena, void *field,
	struct text value, struct err *err)
{
	static const char *const known[] = {"auto", "debian", "fedora", "suse", "upstream"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (text_is(value, known[i]))
			return read_text(setting, arena, field, value, err);
	}
	return err_set(err, EINVAL,
		"\"%.*s\" is not known here; auto, debian, fedora, suse or upstream",
		TEXT_ARG(value));
}

#define HOST(field)   offsetof(struct config, field)
#define DOMAIN(field) offsetof(struct domain, field)

const struct setting host_settings[] = {
	{"mountpoint", read_path, HOST(mountpoint), 0, 0, {NULL}},
	{"cache-ttl", read_duration, HOST(cache_ttl_ms), 0, 86400000, {NULL}},
	{"cache-memory", read_size, HOST(cache_memory), MIB, GIB << 10, {NULL}},
	{"inspections", read_number, HOST(inspections), 0, 256, {NULL}},
	{"inspect-timeout", read_duration, HOST(limits.timeout_ms), 100, 3600000, {NULL}},
	{"inspect-memory", read_size, HOST(limits.memory), 16 * MIB, GIB << 10, {NULL}},
	{"max-kernel", read_size, HOST(limits.max_kernel), MIB, GIB << 10, {NULL}},
	{"max-initrd", read_size, HOST(limits.max_initrd), MIB, GIB << 10, {NULL}},
	{"max-config", read_size, HOST(limits.max_config), 4096, GIB, {NULL}},
	{"max-entries", read_number, HOST(limits.max_entries), 1, 1000000, {NULL}},
	{"max-steps", read_big_number, HOST(limits.max_steps), 1000, UINT32_MAX, {NULL}},
	{"max-log", read_number, HOST(limits.max_log), 10, MAX_REPORT_LINES, {NULL}},
	{"qemu-nbd", read_path, HOST(qemu_nbd), 0, 0, {NULL}},
	{"worker-user", read_text, HOST(worker_user), 0, 0, {NULL}},
	{"access", read_text, HOST(access_group), 0, 0, {"root"}},
	{"volumes", read_choice, HOST(volumes), 0, 0, {"off", "root"}},
	{"disk-paths", read_choice, HOST(disk_paths), 0, 0, {"off", "on"}},
	{"grub-platform", read_word, HOST(platform), 0, 0, {NULL}},
	{"grub-flavour", read_flavour, HOST(flavour), 0, 0, {"auto"}},
	{"missing-entry", read_choice, HOST(refuse_missing_entry), 0, 0, {"default", "refuse"}},
	{"missing-kernel", read_choice, HOST(next_when_missing), 0, 0, {"fail", "next"}},
	{"one-shot", read_choice, HOST(ignore_one_shot), 0, 0, {"honour", "ignore"}},
	{"menu", read_choice, HOST(menu_never), 0, 0, {"auto", "never"}},
	{"menu-wait", read_wait, HOST(menu_wait_ms), 0, 3600000, {NULL}},
	{"state-folder", read_path, HOST(state_folder), 0, 0, {NULL}},
};
_Static_assert(ARRAY_SIZE(host_settings) == HOST_SETTINGS, "settings.h counts them");

const struct setting domain_settings[] = {
	{"entry", read_text, DOMAIN(entry), 0, 0, {NULL}},
	{"args", read_text, DOMAIN(args), 0, 0, {NULL}},
	{"config", read_text, DOMAIN(config), 0, 0, {NULL}},
	{"grub-platform", read_word, DOMAIN(platform), 0, 0, {NULL}},
	{"grub-flavour", read_flavour, DOMAIN(flavour), 0, 0, {"auto"}},
	{"missing-entry", read_choice, DOMAIN(refuse_missing_entry), 0, 0, {"default", "refuse"}},
	{"missing-kernel", read_choice, DOMAIN(next_when_missing), 0, 0, {"fail", "next"}},
	{"one-shot", read_choice, DOMAIN(ignore_one_shot), 0, 0, {"honour", "ignore"}},
};
_Static_assert(ARRAY_SIZE(domain_settings) == DOMAIN_SETTINGS, "settings.h counts them");

int setting_find(const struct setting *table, int n, struct text name)
{
	for (int i = 0; i < n; i++) {
		if (text_is(name, table[i].name))
			return i;
	}
	return -1;
}
