/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/images.h"

#include "config/disk_spec.h"
#include "config/files.h"
#include "config/index.h"
#include "model/image_format.h"

#include <errno.h>
#include <sys/stat.h>

struct image_reader {
	struct config *config;
	struct index names, disks; /* of all domains; disks by their paths */
	struct domain **last;      /* where the next domain is hung in */
};

static int note_domain(struct image_reader *reader, struct domain *domain)
{
	struct arena *arena = &reader->config->arena;

	if (index_add(&reader->names, arena, domain->name, domain))
		return -ENOMEM;
	for (uint32_t i = 0; i < domain->n_disks; i++) {
		struct text path = domain->disks[i].path;

		if (!index_find(&reader->disks, path) &&
			index_add(&reader->disks, arena, path, domain))
			return -ENOMEM;
	}
	return 0;
}

/* "/srv/images/mail.img" is mail; a suffix that is a format's name, as qcow2, says the format. */
static struct text image_name(struct text path, struct text *format)
{
	struct text name = path, part, suffix;
	size_t dot;

	while (text_cut(&path, '/', &part))
		name = part;
	*format = TEXT("raw");
	for (dot = name.len; dot > 0 && name.at[dot - 1] != '.'; dot--)
		;
	if (dot < 2)
		return name; /* no dot, or only one in front */
	suffix = text_skip(name, dot);
	if (image_format_find(suffix))
		*format = suffix;
	return text_first(name, dot - 1);
}

/* Gives a domain its only disk. */
static int set_disk(
	struct image_reader *reader, struct domain *domain, struct text path, struct text format)
{
	const struct disk_spec spec = {.target = path, .vdev = TEXT("xvda"), .format = format};
	struct arena *arena = &reader->config->arena;

	domain->source = path;
	if (!domain->platform.len)
		domain->platform = TEXT("auto");
	domain->disks = arena_array(arena, 1, sizeof(*domain->disks));
	if (!domain->disks || disk_spec_to_disk(arena, &spec, domain->disks))
		return -ENOMEM;
	domain->n_disks = 1;
	return index_add(&reader->disks, arena, path, domain);
}

static int add_domain(
	struct image_reader *reader, struct text name, struct text path, struct text format)
{
	struct config *config = reader->config;
	struct domain *domain = arena_new(&config->arena, struct domain);

	if (!domain || arena_text(&config->arena, name, &domain->name))
		return -ENOMEM;
	domain->bare_image = true;
	domain->refuse_missing_entry = config->refuse_missing_entry;
	domain->next_when_missing = config->next_when_missing;
	domain->ignore_one_shot = config->ignore_one_shot;
	*reader->last = domain;
	reader->last = &domain->next;
	config->n_domains++;
	if (index_add(&reader->names, &config->arena, domain->name, domain))
		return -ENOMEM;
	return set_disk(reader, domain, path, format);
}

static bool can_be_a_disk(const char *path)
{
	struct stat st;

	return !stat(path, &st) && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
}

static int take_image(struct image_reader *reader, struct text path)
{
	struct config *config = reader->config;
	struct text format, name = image_name(path, &format);
	struct domain *known = index_find(&reader->names, name);
	const char *fault = domain_name_fault(name);

	if (!can_be_a_disk(path.at) || index_find(&reader->disks, path))
		return 0;
	if (fault) {
		config_add_problem(config, path, 0, true,
			"not shown: the name of a domain must be able to name a folder: "
			"\"%.*s\" %s",
			TEXT_ARG(name), fault);
		return 0;
	}
	if (!known)
		return add_domain(reader, name, path, format);
	if (!known->n_disks && text_equal(known->source, config->file))
		return set_disk(reader, known, path, format);
	config_add_problem(config, path, 0, true,
		"domain %.*s is described by %.*s; this image is not shown", TEXT_ARG(name),
		TEXT_ARG(known->source));
	return 0;
}

int images_read(struct config *config)
{
	struct image_reader reader = {.config = config, .last = &config->domains};
	struct found_files files;
	int r = files_find(config, &config->images, &files);

	if (!files.n)
		return r;
	for (; !r && *reader.last; reader.last = &(*reader.last)->next)
		r = note_domain(&reader, *reader.last);
	for (uint32_t i = 0; !r && i < files.n; i++)
		r = take_image(&reader, files.paths[i]);
	return r;
}
