/* A bootfs.conf of a test: written into a folder of its own, and read as the daemon reads it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"

#include "core/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <unistd.h>

/* A folder of its own for each test. */
static char folder[64];
static char helper[4096];

static inline int make_folder(void **state)
{
	ssize_t n = readlink("/proc/self/exe", helper, sizeof(helper) - 64);
	char *at;

	(void)state;
	assert_true(n > 0);
	helper[n] = '\0';
	at = strstr(helper, "/tests/unit/");
	assert_non_null(at);
	strcpy(at, "/bootfs-config");
	strcpy(folder, "/tmp/test_config.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static inline const char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static inline void write_file(const char *name, const char *text)
{
	FILE *f = fopen(in_folder(name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* Reads TEXT as bootfs.conf; "$" in it stands for the test's folder. */
static inline struct config *read_conf(const char *text, const char *xl_helper)
{
	_strbuf_ struct strbuf conf = {0};
	struct config *config;

	for (; *text; text++) {
		if (*text == '$')
			strbuf_adds(&conf, folder);
		else
			strbuf_addc(&conf, *text);
	}
	write_file("bootfs.conf", conf.at ? conf.at : "");
	config = config_read(in_folder("bootfs.conf"), xl_helper);
	assert_non_null(config);
	return config;
}

/* All problems as "FILE:LINE: TEXT", one a line, the test's folder shown as "$". */
static inline const char *problems(const struct config *config)
{
	static char all[8192];
	size_t used = 0;
	char *at;

	all[0] = '\0';
	for (struct config_problem *p = config->problems; p; p = p->next)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%.*s:%u: %s%.*s\n",
			TEXT_ARG(p->file), p->line, p->warning ? "warning: " : "",
			TEXT_ARG(p->text));
	while ((at = strstr(all, folder))) {
		*at = '$';
		memmove(at + 1, at + strlen(folder), strlen(at + strlen(folder)) + 1);
	}
	return all;
}

/* The domain of that name, which must be there. */
static inline struct domain *domain_named(const struct config *config, const char *name)
{
	struct domain *domain = config->domains;

	assert_non_null(domain);
	while (!text_is(domain->name, name)) {
		domain = domain->next;
		assert_non_null(domain);
	}
	return domain;
}

static inline void assert_text(struct text text, const char *expected)
{
	char copy[1024];

	assert_true(text.len < sizeof(copy));
	snprintf(copy, sizeof(copy), "%.*s", TEXT_ARG(text));
	assert_string_equal(copy, expected);
}

#define in_own_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
