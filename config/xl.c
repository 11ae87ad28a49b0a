/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/xl.h"

#include "config/disk_spec.h"
#include "config/run.h"
#include "config/files.h"

#include <errno.h>
#include <jansson.h>

enum {
	HELPER_TIMEOUT_MS = 20000,
	HELPER_ANSWER_BYTES = 256 << 20,
};

struct xl_reader {
	struct config *config;
	const struct conf *conf;
	const struct found_files *files;
	struct index names;   /* of domains that come from xl files only */
	struct domain **last; /* where the next domain is hung in */
};

static struct text text_at(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return (struct text){json_string_value(value), json_string_length(value)};
}

/* One disk object of the helper. 1: a drive without a medium; -ENOMEM. */
static int decode_disk(struct arena *arena, json_t *object, struct domain_disk *ret)
{
	struct disk_spec spec = {
		.target = text_at(object, "target"),
		.vdev = text_at(object, "vdev"),
		.format = text_at(object, "format"),
		.script = text_at(object, "script"),
		.backend = text_at(object, "backend"),
	};

	if (disk_spec_is_empty(&spec))
		return 1;
	return disk_spec_to_disk(arena, &spec, ret);
}

static int add_disk(struct domain *domain, struct config *config, json_t *object)
{
	int r = decode_disk(&config->arena, object, &domain->disks[domain->n_disks]);

	domain->n_disks += r == 0;
	return r < 0 ? r : 0;
}

static int add_disks(struct domain *domain, struct config *config, json_t *list)
{
	size_t n = json_array_size(list);

	if (n > MAX_DISKS) {
		config_add_problem(config, domain->source, 0, true,
			"only the first %d of %zu disks are looked at", MAX_DISKS, n);
		n = MAX_DISKS;
	}
	if (!n)
		return 0;
	domain->disks = arena_array(&config->arena, n, sizeof(*domain->disks));
	if (!domain->disks)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int r = add_disk(domain, config, json_array_get(list, i));

		if (r)
			return r;
	}
	return 0;
}

/* Takes over what the xl file says into a domain that is new or has none of it. */
static int fill_domain(
	struct xl_reader *reader, struct domain *domain, struct text file, json_t *object)
{
	struct arena *arena = &reader->config->arena;

	domain->source = file;
	if (arena_text(arena, text_at(object, "type"), &domain->type) ||
		arena_text(arena, text_at(object, "kernel"), &domain->kernel))
		return -ENOMEM;
	return add_disks(domain, reader->config, json_object_get(object, "disks"));
}

static int add_domain(struct xl_reader *reader, struct text name, struct text file, json_t *object)
{
	struct config *config = reader->config;
	struct domain *domain = arena_new(&config->arena, struct domain);

	if (!domain || arena_text(&config->arena, name, &domain->name) ||
		index_add(&reader->names, &config->arena, domain->name, domain))
		return -ENOMEM;
	domain->refuse_missing_entry = config->refuse_missing_entry;
	domain->next_when_missing = config->next_when_missing;
	domain->ignore_one_shot = config->ignore_one_shot;
	*reader->last = domain;
	reader->last = &domain->next;
	config->n_domains++;
	return fill_domain(reader, domain, file, object);
}

/* A domain that bootfs.conf has a section for: its settings stay, its disks win. */
static int merge_domain(
	struct xl_reader *reader, struct conf_domain *known, struct text file, json_t *object)
{
	struct domain *domain = known->domain;

	if (known->n_disks) {
		config_add_problem(reader->config, reader->config->file, known->line, true,
			"domain %.*s: the disks given here are used, not those of %.*s",
			TEXT_ARG(domain->name), TEXT_ARG(file));
		return 0;
	}
	return fill_domain(reader, domain, file, object);
}

static int take_domain(struct xl_reader *reader, struct text file, json_t *object)
{
	struct config *config = reader->config;
	struct text name = text_at(object, "name");
	struct conf_domain *known = index_find(&reader->conf->names, name);
	struct domain *first = index_find(&reader->names, name);
	const char *fault = domain_name_fault(name);

	if (fault) {
		config_add_problem(config, file, 0, false,
			"the name of a domain must be able to name a folder: \"%.*s\" %s",
			TEXT_ARG(name), fault);
		return 0;
	}
	if (known && !text_equal(known->domain->source, config->file))
		first = known->domain;
	if (first) {
		config_add_problem(config, file, 0, true,
			"domain %.*s is described by %.*s; this "
			"file is not used",
			TEXT_ARG(name), TEXT_ARG(first->source));
		return 0;
	}
	if (known)
		return merge_domain(reader, known, file, object);
	return add_domain(reader, name, file, object);
}

/* The helper's complaints about one file; true where one of them costs the domain. */
static bool report_faults(struct config *config, struct text file, json_t *list)
{
	bool fatal = false;
	size_t i;
	json_t *fault;

	json_array_foreach(list, i, fault)
	{
		struct text text = text_at(fault, "text");
		bool warning = json_is_true(json_object_get(fault, "warning"));

		fatal |= !warning;
		config_add_problem(config, file,
			(uint32_t)json_integer_value(json_object_get(fault, "line")), warning,
			"%.*s", TEXT_ARG(text));
	}
	return fatal;
}

static int take_file(struct xl_reader *reader, struct text file, json_t *object)
{
	if (!text_equal(text_at(object, "file"), file)) {
		config_add_problem(reader->config, file, 0, false,
			"bootfs-config gave no answer about this file");
		return 0;
	}
	if (report_faults(reader->config, file, json_object_get(object, "faults")))
		return 0;
	return take_domain(reader, file, object);
}

/* The answer about one `disk =` line; without one it is read by our own reader. */
static int take_spec(struct xl_reader *reader, struct conf_domain *domain,
	const struct conf_disk *line, json_t *object)
{
	struct config *config = reader->config;
	struct domain_disk *disk = &domain->domain->disks[domain->domain->n_disks];
	struct text fault = text_at(object, "fault");
	struct disk_spec spec;
	struct err err = {0};
	int r;

	if (object && fault.len) {
		config_add_problem(
			config, config->file, line->line, false, "disk: %.*s", TEXT_ARG(fault));
		return 0;
	}
	if (object) {
		r = decode_disk(&config->arena, json_object_get(object, "disk"), disk);
	} else if (disk_spec_parse(line->spec, &spec, &err)) {
		config_add_problem(config, config->file, line->line, false, "disk: %s", err.text);
		return 0;
	} else {
		r = disk_spec_is_empty(&spec) ? 1 : disk_spec_to_disk(&config->arena, &spec, disk);
	}
	domain->domain->n_disks += r == 0;
	return r < 0 ? r : 0;
}

/* The next line of the answer as an object; NULL: none. The caller drops it. */
static json_t *next_object(struct text *answer)
{
	struct text line;

	if (!text_cut(answer, '\n', &line))
		return NULL;
	return json_loadb(line.at, line.len, JSON_REJECT_DUPLICATES, NULL);
}

/* All disks of bootfs.conf's domains; the answer begins with them. */
static int take_specs(struct xl_reader *reader, struct text *answer)
{
	for (struct conf_domain *d = reader->conf->domains; d; d = d->next) {
		struct config *config = reader->config;

		*reader->last = d->domain;
		reader->last = &d->domain->next;
		config->n_domains++;
		if (!d->n_disks)
			continue;
		d->domain->disks =
			arena_array(&config->arena, d->n_disks, sizeof(*d->domain->disks));
		if (!d->domain->disks)
			return -ENOMEM;
		for (const struct conf_disk *line = d->disks; line; line = line->next) {
			json_t *object = next_object(answer);
			int r = take_spec(reader, d, line, object);

			json_decref(object);
			if (r)
				return r;
		}
	}
	return 0;
}

static int take_files(struct xl_reader *reader, struct text *answer)
{
	for (uint32_t i = 0; i < reader->files->n; i++) {
		json_t *object = next_object(answer);
		int r = take_file(reader, reader->files->paths[i], object);

		json_decref(object);
		if (r)
			return r;
	}
	return 0;
}

/* The helper's command line: all specifications, then all files. -ENOMEM. */
static int make_arguments(struct xl_reader *reader, struct text helper, char ***ret)
{
	struct arena *arena = &reader->config->arena;
	size_t n = 2 + reader->files->n, i = 0;
	struct text *arguments;

	for (struct conf_domain *d = reader->conf->domains; d; d = d->next)
		n += d->n_disks;
	arguments = arena_array(arena, n, sizeof(*arguments));
	*ret = arena_array(arena, n, sizeof(**ret));
	if (!arguments || !*ret || arena_text(arena, helper, &arguments[i++]))
		return -ENOMEM;
	for (struct conf_domain *d = reader->conf->domains; d; d = d->next) {
		for (const struct conf_disk *disk = d->disks; disk; disk = disk->next) {
			if (arena_printf(arena, &arguments[i++], "--disk=%s", disk->spec.at))
				return -ENOMEM;
		}
	}
	for (uint32_t f = 0; f < reader->files->n; f++)
		arguments[i++] = reader->files->paths[f];
	for (size_t k = 0; k < i; k++)
		(*ret)[k] = (char *)(uintptr_t)arguments[k].at; /* execve() takes no const */
	return 0;
}

/* Asks the helper about everything at once; one problem where it fails. -ENOMEM. */
static int ask_helper(struct xl_reader *reader, struct found_files *files, const char *helper,
	struct strbuf *answer)
{
	struct err err = {0};
	char **argv;
	int r = make_arguments(reader, text_of(helper), &argv);

	if (r)
		return r;
	if (!run_and_read(argv, HELPER_TIMEOUT_MS, answer, &err))
		return 0;
	config_add_problem(reader->config, reader->config->file, 0, true,
		"%s; no xl file could be read", err.text);
	strbuf_cut(answer, 0);
	files->n = 0;
	return 0;
}

/* Is there anything to ask, and anybody who can be asked? */
static bool can_ask(struct xl_reader *reader, const char *helper, struct found_files *files)
{
	bool specs = false;

	for (struct conf_domain *d = reader->conf->domains; d && !specs; d = d->next)
		specs = d->n_disks > 0;
	if (!files->n && !specs)
		return false;
	if (!access(helper, X_OK))
		return true;
	if (files->n)
		config_add_problem(reader->config, reader->config->file, 0, true,
			"%s is not installed (make XL=no leaves it out): the domains of %u xl "
			"files are not shown",
			helper, files->n);
	files->n = 0;
	return false;
}

int xl_read(struct config *config, const struct conf *conf, const char *helper)
{
	_strbuf_ struct strbuf answer = {.limit = HELPER_ANSWER_BYTES};
	struct found_files files = {0};
	struct xl_reader reader = {
		.config = config, .conf = conf, .files = &files, .last = &config->domains};
	struct text rest;
	int r = 0;

	if (helper)
		r = files_find(config, &config->xl_files, &files);
	if (!r && helper && can_ask(&reader, helper, &files))
		r = ask_helper(&reader, &files, helper, &answer);
	if (r)
		return r;
	rest = strbuf_text(&answer);
	r = take_specs(&reader, &rest);
	return r ? r : take_files(&reader, &rest);
}
