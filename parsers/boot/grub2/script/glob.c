/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/commands/device.h"

/*
 * GRUB expands * and ? in words that begin with / or ( or *. It does so once its module `regexp`
 * is there. Ready-made images have it inside (Debian's for EFI and for Xen do); what is installed
 * for a BIOS has only what reads /boot, until `insmod regexp` or a first `regexp`.
 */

struct matches {
	struct grub *g;
	struct text pattern; /* of one part of a path */
	struct text prefix;  /* goes in front of every name found */
	struct text *at;
	uint32_t count, room;
	int failed;
};

static bool is_wild(char c)
{
	return c == '*' || c == '?';
}

/* Linear but for the way back to the last *, which bounds it by pattern times name. */
static bool name_matches(struct text pattern, struct text name)
{
	size_t p = 0, n = 0, star = SIZE_MAX, again = 0;

	while (n < name.len) {
		bool escaped = p + 1 < pattern.len && pattern.at[p] == '\\';
		char want = p < pattern.len ? pattern.at[p + escaped] : '\0';

		if (p < pattern.len && !escaped && want == '*') {
			star = p++;
			again = n;
		} else if (p < pattern.len && ((!escaped && want == '?') || want == name.at[n])) {
			p += 1u + escaped;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++again;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.at[p] == '*')
		p++;
	return p == pattern.len;
}

static int add_match(struct matches *m, struct text name)
{
	struct text *at;
	uint32_t room;
	char *joined;

	if (m->count == m->room) {
		room = m->room ? m->room * 2 : 16;
		at = grub_pool_alloc(&m->g->scratch, room * sizeof(*at));
		if (!at)
			return -ENOMEM;
		memcpy(at, m->at ? m->at : at, m->count * sizeof(*at));
		m->at = at;
		m->room = room;
	}
	joined = grub_pool_alloc(&m->g->scratch, m->prefix.len + name.len + 1);
	if (!joined)
		return -ENOMEM;
	memcpy(joined, m->prefix.len ? m->prefix.at : "", m->prefix.len);
	memcpy(joined + m->prefix.len, name.len ? name.at : "", name.len);
	m->at[m->count++] = (struct text){joined, m->prefix.len + name.len};
	return 0;
}

static int visit_name(void *context, struct text name)
{
	struct matches *m = context;

	if (!grub_step(m->g, 1 + m->pattern.len * name.len / 256))
		return -ENOMEM;
	if (text_is(name, ".") || text_is(name, "..") || !name_matches(m->pattern, name))
		return 0;
	m->failed = add_match(m, name);
	return m->failed;
}

/* Names in the folder m->prefix ("(hd0,1)/boot/") that match. */
static int match_files(struct matches *m, struct text folder)
{
	const struct volume_info *volume;
	struct text path;

	m->prefix = folder;
	if (grub_file_locate(m->g, folder, &volume, &path, NULL))
		return 0;
	m->g->files->ops->list(m->g->files, volume, path, visit_name, m);
	return m->failed;
}

/* Devices whose "(name)" matches; without a parenthesis in the pattern whole disks only. */
static int match_devices(struct matches *m, bool parts)
{
	const struct volume_info *volume;
	uint32_t index = 0;
	struct text name, full;

	m->prefix = (struct text){0};
	while ((volume = grub_device_at(m->g, &index))) {
		name = grub_device_name(m->g, volume);
		if (!grub_step(m->g, 1))
			return -ENOMEM;
		if (!parts && text_find(name, ',') < name.len)
			continue;
		if (arena_printf(m->g->files->arena, &full, "(%.*s)", TEXT_ARG(name)))
			return -ENOMEM;
		if (name_matches(m->pattern, full) && add_match(m, full))
			return -ENOMEM;
	}
	return 0;
}

static struct text unescaped(struct grub *g, struct text text)
{
	char *at = grub_pool_alloc(&g->scratch, text.len + 1);
	size_t n = 0;

	for (size_t i = 0; at && i < text.len; i++) {
		if (text.at[i] == '\\' && i + 1 < text.len &&
			!grub_is_hex_escape(g, text_skip(text, i)))
			i++;
		at[n++] = text.at[i];
	}
	return (struct text){at, at ? n : 0};
}

/*
 * Cuts the next piece off: plain folders up to the first part with a wildcard, and that part.
 * A ( to ) at the start is one part, whatever stands in it.
 */
static void cut_pattern(struct text *rest, struct text *plain, struct text *wild)
{
	size_t split = 0, end = 0;
	bool found = false;

	for (; end < rest->len; end++) {
		char c = rest->at[end];

		if (c == '\\' && end + 1 < rest->len)
			end++;
		else if (is_wild(c))
			found = true;
		else if (c == '/' && found)
			break;
		else if (c == '/')
			split = end + 1;
	}
	if (!found)
		split = end;
	*plain = text_first(*rest, split);
	*wild = text_skip(text_first(*rest, end), split);
	*rest = text_skip(*rest, end);
}

static int join(struct grub *g, struct text a, struct text b, struct text *ret)
{
	char *at = grub_pool_alloc(&g->scratch, a.len + b.len + 1);

	if (!at)
		return -ENOMEM;
	memcpy(at, a.len ? a.at : "", a.len);
	memcpy(at + a.len, b.len ? b.at : "", b.len);
	*ret = (struct text){at, a.len + b.len};
	return 0;
}

/* Is there such a file or folder? For what follows the last wildcard. */
static bool exists(struct grub *g, struct text name)
{
	const struct volume_info *volume;
	struct file_stat stat;
	struct text path;

	return grub_file_locate(g, name, &volume, &path, NULL) == 0 &&
	       g->files->ops->stat(g->files, volume, path, &stat) == 0;
}

/* Every path found so far, with what comes next behind it. */
static int extend(struct matches *next, const struct matches *found, struct text plain)
{
	struct text folder;

	for (uint32_t i = 0; i < found->count; i++) {
		if (!grub_step(next->g, 1) || join(next->g, found->at[i], plain, &folder))
			return -ENOMEM;
		if (next->pattern.len) {
			if (match_files(next, folder))
				return -ENOMEM;
		} else if (exists(next->g, folder)) {
			next->prefix = (struct text){0};
			if (add_match(next, folder))
				return -ENOMEM;
		}
	}
	return 0;
}

int grub_glob(struct grub *g, struct text pattern, struct text **ret, uint32_t *count)
{
	struct matches found = {.g = g};
	struct text plain;
	bool first = true;

	while (pattern.len) {
		struct matches next = {.g = g};
		bool device = pattern.at[0] == '(';
		int r;

		cut_pattern(&pattern, &plain, &next.pattern);
		plain = unescaped(g, plain);
		if (first && !plain.len)
			r = match_devices(&next, device);
		else if (first)
			r = match_files(&next, plain);
		else
			r = extend(&next, &found, plain);
		if (r)
			return r;
		first = false;
		found = next;
		if (!found.count)
			return 0;
	}
	*ret = found.at;
	*count = found.count;
	return 0;
}
