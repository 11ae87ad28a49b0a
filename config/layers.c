/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/layers.h"

#include "model/image_format.h"

#include <errno.h>
#include <fnmatch.h>

/* ---- reading --------------------------------------------------------------------------------- */

static int check_format(struct text format, struct err *err)
{
	if (image_format_find(format))
		return 0;
	return err_set(err, EINVAL, "\"%.*s\" is no known format; %s", TEXT_ARG(format),
		image_format_names());
}

static int keep(struct arena *arena, struct text value, struct text *ret, struct err *err)
{
	if (ret->len)
		return err_set(err, EINVAL, "is set already in this section");
	if (arena_text(arena, value, ret) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

/* "PATH:FORMAT": the format of a backing image is never guessed either. */
static int set_backing(
	struct image_section *section, struct arena *arena, struct text value, struct err *err)
{
	size_t colon = value.len;
	struct text format;
	int r;

	while (colon > 0 && value.at[colon - 1] != ':')
		colon--;
	if (!text_starts(value, TEXT("/")) || colon < 2)
		return err_set(err, EINVAL, "needs PATH:FORMAT, as /srv/base.img:raw");
	format = text_skip(value, colon);
	r = check_format(format, err);
	if (r == 0)
		r = keep(arena, text_first(value, colon - 1), &section->backing, err);
	if (r == 0)
		r = keep(arena, format, &section->backing_format, err);
	return r;
}

int image_section_set(struct image_section *section, struct arena *arena, struct text name,
	struct text value, struct err *err)
{
	int r;

	if (text_is(name, "backing")) {
		r = set_backing(section, arena, value, err);
	} else if (text_is(name, "format")) {
		r = check_format(value, err);
		if (r == 0)
			r = keep(arena, value, &section->format, err);
	} else {
		return err_set(err, EINVAL, "unknown setting \"%.*s\"", TEXT_ARG(name));
	}
	return r == 0 || r == -ENOMEM ? r : err_prefix(err, "%.*s", TEXT_ARG(name));
}

/* ---- finding --------------------------------------------------------------------------------- */

static const struct image_section *find(const struct config *config, struct text path)
{
	static const struct image_section none;

	for (const struct image_section *at = config->image_sections; at; at = at->next) {
		if (fnmatch(at->pattern.at, path.at, FNM_PATHNAME) == 0)
			return at;
	}
	return &none;
}

int config_layers(const struct config *config, struct text path, struct text format,
	struct disk_layer ret[MAX_IMAGE_LAYERS])
{
	const struct image_section *section = find(config, path);
	const char *known = image_format_find(format);
	int n = 0;

	/* A disk line that says raw, or nothing, may be told more: xl knows fewer formats. */
	if (section->format.len && (!known || strcmp(known, "raw") == 0))
		known = image_format_find(section->format);
	ret[n++] = (struct disk_layer){path, known ? known : "raw"};
	while (section->backing.len) {
		if (n == MAX_IMAGE_LAYERS)
			return -ELOOP;
		ret[n++] = (struct disk_layer){
			section->backing, image_format_find(section->backing_format)};
		section = find(config, section->backing);
	}
	return n == 1 && strcmp(ret[0].format, "raw") == 0 ? 0 : n;
}
