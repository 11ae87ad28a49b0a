/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/diskname.h"

#include <errno.h>

enum key {
	KEY_OFFSET,
	KEY_DOMAIN,
	KEY_CONFIG,
	KEY_PLATFORM,
	KEY_FLAVOUR,
	KEY_UID,
	KEY_MAX_KERNEL,
	KEY_MAX_INITRD,
	KEY_ONE_SHOT,
	KEY_KIND,
	KEY_KERNEL,
	KEY_RAMDISK,
	KEY_LOGIN,
	KEY_ENTRY,
};

static const char *const key_names[] = {"offset", "domain", "config", "platform", "flavour", "uid",
	"max-kernel", "max-initrd", "one-shot", "kind", "kernel", "ramdisk", "login", "entry"};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Only what must be escaped may be: every disk has one name. */
static bool may_be_escaped(int c)
{
	return c == '/' || c == '%' || c == ',' || c == '=';
}

/* -EINVAL on a wrong escape, or where nothing is left. */
static int unescape(struct text name, struct arena *arena, struct text *ret)
{
	char *out = arena_alloc(arena, name.len + 1);
	size_t len = 0;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < name.len; i++) {
		int high, low;

		if (name.at[i] == '/' || name.at[i] == '\0')
			return -EINVAL; /* no file name has them */
		if (name.at[i] != '%') {
			out[len++] = name.at[i];
			continue;
		}
		if (name.len - i < 3)
			return -EINVAL;
		high = hex_digit(name.at[i + 1]);
		low = hex_digit(name.at[i + 2]);
		if (high < 0 || low < 0 || !may_be_escaped(high << 4 | low))
			return -EINVAL;
		out[len++] = (char)(high << 4 | low);
		i += 2;
	}
	*ret = (struct text){out, len};
	return len ? 0 : -EINVAL;
}

static int parse_number(struct text value, uint64_t max, uint64_t *ret)
{
	return text_number(value, ret) && *ret <= max ? 0 : -EINVAL;
}

static int parse_choice(struct text value, const char *no, const char *yes, bool *ret)
{
	*ret = text_is(value, yes);
	return *ret || text_is(value, no) ? 0 : -EINVAL;
}

static int set_key(struct disk_request *request, enum key key, struct text value)
{
	uint64_t number;

	switch (key) {
	case KEY_OFFSET:
		return parse_number(value, INT64_MAX, &request->offset);
	case KEY_DOMAIN:
		request->domain = value;
		return 0;
	case KEY_CONFIG:
		request->config = value;
		return 0;
	case KEY_PLATFORM:
		request->platform = value;
		return 0;
	case KEY_FLAVOUR:
		request->flavour = value;
		return 0;
	case KEY_KERNEL:
		request->kernel = value;
		return 0;
	case KEY_RAMDISK:
		request->ramdisk = value;
		return 0;
	case KEY_UID:
		/* Root is what the sandbox is there to leave; the highest means "none". */
		if (parse_number(value, (uid_t)-2, &number) || number == 0)
			return -EINVAL;
		request->uid = (uid_t)number;
		return 0;
	case KEY_MAX_KERNEL:
		return parse_number(value, INT64_MAX, &request->max_kernel);
	case KEY_MAX_INITRD:
		return parse_number(value, INT64_MAX, &request->max_initrd);
	case KEY_ONE_SHOT:
		return parse_choice(value, "honour", "ignore", &request->ignore_one_shot);
	case KEY_LOGIN:
		return parse_number(value, UINT64_MAX, &request->login) || !request->login ? -EINVAL
											   : 0;
	case KEY_ENTRY:
		request->entry = value;
		return 0;
	case KEY_KIND:
		return parse_choice(value, "disk", "config", &request->only_config);
	}
	return -EINVAL;
}

static int parse_option(
	struct text option, struct arena *arena, uint32_t *seen, struct disk_request *ret)
{
	struct text name, value;
	int r;

	if (!text_cut(&option, '=', &name) || text_find(option, '=') < option.len)
		return -EINVAL;
	r = unescape(option, arena, &value);
	if (r)
		return r;
	for (uint32_t key = 0; key < ARRAY_SIZE(key_names); key++) {
		if (!text_is(name, key_names[key]))
			continue;
		if (*seen & 1u << key)
			return -EINVAL;
		*seen |= 1u << key;
		return set_key(ret, (enum key)key, value);
	}
	return -EINVAL;
}

/* A kernel that is named leaves no configuration to be read. */
static bool makes_sense(const struct disk_request *request)
{
	if (!request->kernel.len)
		return !request->ramdisk.len;
	return !request->config.len && !request->only_config && !request->entry.len;
}

int disk_request_parse(struct text name, struct arena *arena, struct disk_request *ret)
{
	struct text path, option;
	uint32_t seen = 0;
	int r;

	*ret = (struct disk_request){.uid = (uid_t)-1};
	if (!text_cut(&name, ',', &path) || text_find(path, '=') < path.len)
		return -EINVAL;
	r = unescape(path, arena, &ret->path);
	if (r)
		return r;
	if (ret->path.at[0] != '/')
		return -EINVAL;
	while (text_cut(&name, ',', &option)) {
		r = parse_option(option, arena, &seen, ret);
		if (r)
			return r;
	}
	return makes_sense(ret) ? 0 : -EINVAL;
}
