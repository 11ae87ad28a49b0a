/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/conf.h"

#include "config/layers.h"

#include <errno.h>
#include <ini.h>

/* The longest line; inih must have a bound. Long enough for any disk with its path. */
enum { LINE_BYTES = 16384 };

enum section { SECTION_NONE, SECTION_HOST, SECTION_DOMAIN, SECTION_IMAGE, SECTION_BAD };

struct conf_reader {
	struct config *config;
	struct conf *conf;
	struct text rest;
	uint32_t line; /* the one being read, from 1 */
	enum section section;
	struct conf_domain *domain;
	struct image_section *image;
	bool out_of_memory;
	bool has_xl_files, has_images; /* xl-config and images are given: no default any more */
};

#define problem(reader, ...) \
	config_add_problem(  \
		(reader)->config, (reader)->config->file, (reader)->line, false, __VA_ARGS__)

static bool only_comment(struct text t)
{
	t = text_trim(t);
	return !t.len || t.at[0] == ';' || t.at[0] == '#';
}

static void add_domain(struct conf_reader *reader, struct text name)
{
	struct arena *arena = &reader->config->arena;
	struct conf_domain *domain = arena_new(arena, struct conf_domain);
	struct conf *conf = reader->conf;

	if (domain)
		domain->domain = arena_new(arena, struct domain);
	if (!domain || !domain->domain || arena_text(arena, name, &domain->domain->name) ||
		index_add(&conf->names, arena, domain->domain->name, domain)) {
		reader->out_of_memory = true;
		return;
	}
	domain->line = reader->line;
	domain->domain->source = reader->config->file;
	domain->domain->type = TEXT("pv");
	if (conf->last)
		conf->last->next = domain;
	else
		conf->domains = domain;
	conf->last = domain;
	reader->domain = domain;
	reader->section = SECTION_DOMAIN;
}

static void begin_domain(struct conf_reader *reader, struct text name)
{
	struct conf_domain *old = index_find(&reader->conf->names, name);
	const char *fault = domain_name_fault(name);

	if (fault)
		problem(reader, "the name of a domain must be able to name a folder: \"%.*s\" %s",
			TEXT_ARG(name), fault);
	else if (old)
		problem(reader, "domain %.*s has a section already in line %u", TEXT_ARG(name),
			old->line);
	else
		add_domain(reader, name);
}

static void begin_image(struct conf_reader *reader, struct text pattern)
{
	struct arena *arena = &reader->config->arena;
	struct image_section **end = &reader->config->image_sections, *image;

	if (!text_starts(pattern, TEXT("/"))) {
		problem(reader, "[image %.*s]: no absolute path", TEXT_ARG(pattern));
		return;
	}
	image = arena_new(arena, struct image_section);
	if (!image || arena_text(arena, pattern, &image->pattern)) {
		reader->out_of_memory = true;
		return;
	}
	image->line = reader->line;
	while (*end)
		end = &(*end)->next;
	*end = image;
	reader->image = image;
	reader->section = SECTION_IMAGE;
}

/* What stands behind "NAME " or "NAME\t" in a section's head; false: another name. */
static bool section_of(struct text head, struct text name, struct text *rest)
{
	*rest = text_skip(head, name.len);
	if (!text_starts(head, name) || !rest->len || (rest->at[0] != ' ' && rest->at[0] != '\t'))
		return false;
	*rest = text_trim(*rest);
	return true;
}

static void read_image_setting(struct conf_reader *reader, struct text name, struct text value)
{
	struct err err = {0};
	int r = image_section_set(reader->image, &reader->config->arena, name, value, &err);

	if (r)
		problem(reader, "%s", err.text);
}

static void begin_section(struct conf_reader *reader, struct text line)
{
	struct text name, rest = text_skip(line, 1), after, of;
	size_t end = text_find(rest, ']');

	reader->section = SECTION_BAD;
	name = text_trim(text_first(rest, end));
	after = text_skip(rest, end + 1);
	if (end == rest.len || !only_comment(after))
		problem(reader, "a section is one line, as [bootfs] or [domain NAME]");
	else if (text_is(name, "bootfs"))
		reader->section = SECTION_HOST;
	else if (section_of(name, TEXT("domain"), &of))
		begin_domain(reader, of);
	else if (section_of(name, TEXT("image"), &of))
		begin_image(reader, of);
	else
		problem(reader, "unknown section [%.*s]; [bootfs], [domain NAME] or [image PATH]",
			TEXT_ARG(name));
}

/* The next line, without what inih would read otherwise than we document. */
static struct text next_line(struct conf_reader *reader)
{
	struct text line = {0};

	text_cut(&reader->rest, '\n', &line);
	reader->line++;
	line = text_trim(line);
	if (reader->line == 1 && text_starts(line, TEXT("\xef\xbb\xbf")))
		line = text_skip(line, 3);
	if (text_find(line, '\0') < line.len) {
		problem(reader, "a NUL byte in the line");
		line = TEXT("");
	}
	if (line.len + 2 > LINE_BYTES) {
		problem(reader, "line longer than %d bytes", LINE_BYTES - 2);
		line = TEXT("");
	}
	return line;
}

/*
 * inih's way to get a line, like fgets(). inih cuts sections and names at 50 bytes, so sections
 * are read here and only their settings by inih.
 */
static char *read_line(char *out, int size, void *context)
{
	struct conf_reader *reader = context;
	struct text line;

	if (!reader->rest.len || reader->out_of_memory)
		return NULL;
	line = next_line(reader);
	if (line.len && line.at[0] == '[') {
		begin_section(reader, line);
		line = TEXT("");
	}
	snprintf(out, (size_t)size, "%.*s\n", (int)line.len, line.len ? line.at : "");
	return out;
}

/* One more pattern of `name`; an empty one, or none, takes all away. */
static void add_pattern(struct conf_reader *reader, const char *name, struct patterns *patterns,
	bool *given, struct text value)
{
	struct arena *arena = &reader->config->arena;
	struct text *longer;

	if (!*given)
		patterns->n = 0; /* the default is replaced, not added to */
	*given = true;
	if (!value.len || text_is(value, "none"))
		return;
	if (value.at[0] != '/') {
		problem(reader, "%s: \"%.*s\" is no absolute path", name, TEXT_ARG(value));
		return;
	}
	longer = arena_array(arena, patterns->n + 1, sizeof(*longer));
	if (!longer || arena_text(arena, value, &longer[patterns->n])) {
		reader->out_of_memory = true;
		return;
	}
	if (patterns->n)
		memcpy(longer, patterns->at, patterns->n * sizeof(*longer));
	*patterns = (struct patterns){longer, patterns->n + 1};
}

static void add_disk(struct conf_reader *reader, struct text value)
{
	struct conf_domain *domain = reader->domain;
	struct arena *arena = &reader->config->arena;
	struct conf_disk *disk, **end;

	if (domain->n_disks >= MAX_DISKS) {
		problem(reader, "more than %d disks", MAX_DISKS);
		return;
	}
	disk = arena_new(arena, struct conf_disk);
	if (!disk || arena_text(arena, value, &disk->spec)) {
		reader->out_of_memory = true;
		return;
	}
	disk->line = reader->line;
	for (end = &domain->disks; *end; end = &(*end)->next)
		;
	*end = disk;
	domain->n_disks++;
}

/* One setting of the table; `lines` remembers where each was given. */
static void read_setting(struct conf_reader *reader, const struct setting *table, int n,
	uint32_t *lines, void *base, struct text name, struct text value)
{
	int i = setting_find(table, n, name);
	struct err err = {0};

	if (i < 0) {
		problem(reader, "unknown setting \"%.*s\"", TEXT_ARG(name));
		return;
	}
	if (lines[i]) {
		problem(reader, "%s is set already in line %u", table[i].name, lines[i]);
		return;
	}
	lines[i] = reader->line;
	if (table[i].read(
		    &table[i], &reader->config->arena, (char *)base + table[i].offset, value, &err))
		problem(reader, "%s: %s", table[i].name, err.text);
}

static int read_name_and_value(
	void *context, const char *section, const char *name_string, const char *value_string)
{
	struct conf_reader *reader = context;
	struct text name = text_of(name_string), value = text_of(value_string);

	(void)section;
	if (reader->section == SECTION_BAD)
		return 1; /* its head was the mistake */
	if (!value_string)
		problem(reader, "\"%.*s\" is neither a section nor NAME = VALUE", TEXT_ARG(name));
	else if (reader->section == SECTION_NONE)
		problem(reader, "\"%.*s\" stands before the first section", TEXT_ARG(name));
	else if (reader->section == SECTION_HOST && text_is(name, "xl-config"))
		add_pattern(reader, "xl-config", &reader->config->xl_files, &reader->has_xl_files,
			value);
	else if (reader->section == SECTION_HOST && text_is(name, "images"))
		add_pattern(reader, "images", &reader->config->images, &reader->has_images, value);
	else if (reader->section == SECTION_HOST)
		read_setting(reader, host_settings, HOST_SETTINGS, reader->conf->set,
			reader->config, name, value);
	else if (reader->section == SECTION_IMAGE)
		read_image_setting(reader, name, value);
	else if (text_is(name, "disk"))
		add_disk(reader, value);
	else
		read_setting(reader, domain_settings, DOMAIN_SETTINGS, reader->domain->set,
			reader->domain->domain, name, value);
	return 1;
}

/* What a domain does not say, the host does. */
static void inherit(const struct config *config, const struct conf *conf)
{
	int entry = setting_find(domain_settings, DOMAIN_SETTINGS, TEXT("missing-entry"));
	int kernel = setting_find(domain_settings, DOMAIN_SETTINGS, TEXT("missing-kernel"));
	int one_shot = setting_find(domain_settings, DOMAIN_SETTINGS, TEXT("one-shot"));

	for (struct conf_domain *d = conf->domains; d; d = d->next) {
		if (!d->set[entry])
			d->domain->refuse_missing_entry = config->refuse_missing_entry;
		if (!d->set[kernel])
			d->domain->next_when_missing = config->next_when_missing;
		if (!d->set[one_shot])
			d->domain->ignore_one_shot = config->ignore_one_shot;
	}
}

static uint32_t line_of(const struct conf *conf, struct text name)
{
	int i = setting_find(host_settings, HOST_SETTINGS, name);

	return i < 0 ? 0 : conf->set[i];
}

int conf_parse(struct config *config, struct text text, struct conf *ret)
{
	struct conf_reader reader = {.config = config, .conf = ret, .rest = text};

	*ret = (struct conf){0};
	ini_max_line = LINE_BYTES;
	ini_allow_no_value = true; /* so that a line without = is reported by us, with all others */
	/* inih's own result says only which line was the first it did not like. */
	(void)ini_parse_stream(read_line, &reader, read_name_and_value, &reader);
	if (reader.out_of_memory)
		return -ENOMEM;
	inherit(config, ret);
	config->access_line = line_of(ret, TEXT("access"));
	config->worker_user_line = line_of(ret, TEXT("worker-user"));
	return 0;
}
