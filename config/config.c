/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config.h"

#include "config/conf.h"
#include "config/images.h"
#include "config/sources.h"
#include "config/xl.h"
#include "model/image_format.h"
#include "core/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

enum {
	MAX_PROBLEMS = 1000,
	MAX_CONF_BYTES = 16 << 20,
	MAX_CONFIG_MEMORY = 1 << 30, /* a bound for our own mistakes; 1,000 domains need 2 MB */
};

void config_add_problem(struct config *config, struct text file, uint32_t line, bool warning,
	const char *format, ...)
{
	struct config_problem *problem = NULL;
	char text[1024];
	va_list args;

	if (!warning && text_equal(file, config->file))
		config->errors++;
	else if (!warning)
		config->xl_errors++;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (config->n_problems++ < MAX_PROBLEMS)
		problem = arena_new(&config->arena, struct config_problem);
	if (!problem || arena_text(&config->arena, file, &problem->file) ||
		arena_text(&config->arena, text_of(text), &problem->text))
		return;
	problem->line = line;
	problem->warning = warning;
	if (config->last_problem)
		config->last_problem->next = problem;
	else
		config->problems = problem;
	config->last_problem = problem;
}

static struct config *config_new(void)
{
	static struct text default_globs[] = {{"/etc/xen/*.cfg", sizeof("/etc/xen/*.cfg") - 1}};
	struct config *config = calloc(1, sizeof(*config));

	if (!config)
		return NULL;
	arena_init(&config->arena, MAX_CONFIG_MEMORY);
	config->mountpoint = TEXT("/bootfs");
	config->xl_files = (struct patterns){default_globs, ARRAY_SIZE(default_globs)};
	config->cache_ttl_ms = 5000;
	config->cache_memory = 256 * MIB;
	config->limits = limits_default();
	config->worker_user = TEXT("bootfs");
	config->qemu_nbd = TEXT(QEMU_NBD);
	config->disk_paths = true;
	config->platform = TEXT("auto");
	config->state_folder = TEXT("/var/lib/bootfs");
	config->menu_wait_ms = 5000;
	return config;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	arena_done(&config->arena);
	free(config);
}

/* Reads a whole file of bounded size. -errno with err. */
static int read_file(const char *path, struct strbuf *out, struct err *err)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char buffer[4096];
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st))
		return err_set(err, errno, "cannot be read: %m");
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "is no regular file");
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		strbuf_add(out, (struct text){buffer, (size_t)n});
	if (n < 0)
		return err_set(err, errno, "cannot be read: %m");
	if (out->failed)
		return err_set(err, -out->failed, "is longer than %d bytes", MAX_CONF_BYTES);
	return 0;
}

static void warn_of_domains_without_disks(struct config *config, const struct conf *conf)
{
	for (struct conf_domain *d = conf->domains; d; d = d->next) {
		if (!d->n_disks && text_equal(d->domain->source, config->file))
			config_add_problem(config, config->file, d->line, true,
				"domain %.*s has no disk, neither here nor in an xl file, and no "
				"image has its name",
				TEXT_ARG(d->domain->name));
	}
}

/* Before they are read: what changes meanwhile is another state. -ENOMEM. */
static int note_sources(struct config *config)
{
	_strbuf_ struct strbuf seen = {0};

	sources_describe(&config->xl_files, &config->images, &seen);
	return seen.failed ? -ENOMEM
			   : arena_text(&config->arena, strbuf_text(&seen), &config->sources);
}

/* All that config->conf says. -ENOMEM. */
static int take_all(struct config *config, const char *xl_helper)
{
	struct conf conf;
	int r = conf_parse(config, config->conf, &conf);

	if (!r && xl_helper)
		r = note_sources(config);
	if (!r)
		r = xl_read(config, &conf, xl_helper);
	if (r || !xl_helper)
		return r;
	r = images_read(config);
	if (!r)
		warn_of_domains_without_disks(config, &conf);
	return r;
}

static int read_all(struct config *config, const char *file, const char *xl_helper)
{
	_strbuf_ struct strbuf text = {.limit = MAX_CONF_BYTES};
	struct err err = {0};
	int r = arena_text(&config->arena, text_of(file), &config->file);

	if (r)
		return r;
	r = read_file(file, &text, &err);
	if (r && r != -ENOENT)
		config_add_problem(config, config->file, 0, false, "%s", err.text);
	if (!r && arena_text(&config->arena, strbuf_text(&text), &config->conf))
		return -ENOMEM;
	return take_all(config, xl_helper);
}

struct config *config_read(const char *file, const char *xl_helper)
{
	struct config *config = config_new();

	if (config && read_all(config, file, xl_helper)) {
		config_free(config);
		return NULL;
	}
	return config;
}

struct config *config_read_again(const struct config *running, const char *xl_helper)
{
	struct config *config = config_new();

	if (config && (arena_text(&config->arena, running->file, &config->file) ||
			      arena_text(&config->arena, running->conf, &config->conf) ||
			      take_all(config, xl_helper))) {
		config_free(config);
		return NULL;
	}
	return config;
}
