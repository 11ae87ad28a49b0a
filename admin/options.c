/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/options.h"

#include "core/text.h"

#include <errno.h>
#include <getopt.h>

enum { OPT_CONFIG = 256, OPT_BOOTFS, OPT_ENTRY, OPT_PYGRUB, OPT_TIMEOUT, OPT_RUNAS, OPT_VERSION };

static const struct option long_options[] = {
	{"all", no_argument, NULL, 'a'},
	{"json", no_argument, NULL, 'j'},
	{"force", no_argument, NULL, 'f'},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPT_VERSION},
	{"config", required_argument, NULL, OPT_CONFIG},
	{"bootfs", required_argument, NULL, OPT_BOOTFS},
	{"entry", required_argument, NULL, OPT_ENTRY},
	{"pygrub", required_argument, NULL, OPT_PYGRUB},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"runas", required_argument, NULL, OPT_RUNAS},
	{NULL, 0, NULL, 0},
};

static bool has_word(const char *words, const char *wanted)
{
	struct text rest = text_of(words), word;

	while (text_cut(&rest, ' ', &word)) {
		if (text_is(word, wanted))
			return true;
	}
	return false;
}

static const char *long_name(int option)
{
	const struct option *o = long_options;

	while (o->name && o->val != option)
		o++;
	return o->name;
}

static void take(struct admin_options *options, int option, const char *value)
{
	bool *flags[] = {
		['a'] = &options->all,
		['j'] = &options->json,
		['f'] = &options->force,
		['v'] = &options->verbose,
		['h'] = &options->help,
		[OPT_VERSION] = &options->version,
	};
	const char **strings[] = {
		[OPT_CONFIG] = &options->config,
		[OPT_BOOTFS] = &options->bootfs,
		[OPT_ENTRY] = &options->entry,
		[OPT_PYGRUB] = &options->pygrub,
		[OPT_TIMEOUT] = &options->timeout,
		[OPT_RUNAS] = &options->runas,
	};

	if ((size_t)option < ARRAY_SIZE(flags) && flags[option])
		*flags[option] = true;
	else if ((size_t)option < ARRAY_SIZE(strings) && strings[option])
		*strings[option] = value;
}

/* Of getopt's answer: is it an option this command has? */
static int check(const struct admin_command *command, int option, const char *at, struct err *err)
{
	static const char common[] = "help version config bootfs";
	const char *name = long_name(option);

	if (option == ':')
		return err_set(err, EINVAL, "%s needs a value", at);
	if (option == '?' || !name)
		return err_set(err, EINVAL, "unknown option %s", at);
	if (!has_word(common, name) && !has_word(command->takes, name))
		return err_set(err, EINVAL, "bootfs %s has no option --%s", command->name, name);
	return 0;
}

static int take_operands(const struct admin_command *command, int argc, char **argv,
	struct admin_options *options, struct err *err)
{
	options->operands = argv;
	options->n_operands = argc;
	if (options->help || options->version)
		return 0;
	if (argc < command->min_operands)
		return err_set(err, EINVAL, "something is missing: bootfs %s", command->usage);
	if (command->max_operands >= 0 && argc > command->max_operands)
		return err_set(err, EINVAL, "\"%s\" is too much: bootfs %s",
			argv[command->max_operands], command->usage);
	for (int i = 0; i < argc; i++) {
		if (!argv[i][0])
			return err_set(err, EINVAL, "a domain or image with an empty name");
	}
	return 0;
}

int admin_options_parse(const struct admin_command *command, int argc, char **argv,
	struct admin_options *ret, struct err *err)
{
	int option, r;

	*ret = (struct admin_options){.config = "/etc/bootfs/bootfs.conf"};
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((option = getopt_long(argc, argv, ":hv", long_options, NULL)) != -1) {
		r = check(command, option, argv[optind - 1], err);
		if (r)
			return r;
		take(ret, option, optarg);
	}
	return take_operands(command, argc - optind, argv + optind, ret, err);
}
