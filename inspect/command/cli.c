/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/command/cli.h"

#include "model/image_format.h"
#include "inspect/command/images.h"

#include <getopt.h>

static const char usage[] =
	"Usage: bootfs-inspect [OPTION]... IMAGE...\n"
	"       bootfs-inspect --self-test [--format=qcow2]\n"
	"Shows what the boot loader in a guest's disk would boot, and how that was found.\n"
	"Several images are several disks of one guest, the first one hd0. An image may be the\n"
	"URL of an NBD server, as nbd://HOST/EXPORT.\n"
	"\n"
	"      --json                print one JSON object, as menu.json has it\n"
	"      --grub-platform=NAME  what GRUB's $grub_platform is: xen, pc, efi; auto\n"
	"      --grub-flavour=NAME   debian, fedora, suse, upstream; found out when not given\n"
	"      --config=PLACE        read this configuration: (hd0,msdos1)/boot/grub/grub.cfg\n"
	"      --entry=ENTRY         boot this one: index, path (1>2), id or title\n"
	"      --offset=BYTES        the file system of the first image begins here\n"
	"      --partition=N         the first image is partition N of a disk\n"
	"      --format=FORMAT       the images are qcow2, vhd, vhdx, vmdk, qcow or qed; not found "
	"out\n"
	"      --backing=PATH:FORMAT the first image is backed by this one, that by the next\n"
	"      --isconfig            the image is a configuration file; what it names is not "
	"looked for\n"
	"      --self-test           can guests be read on this host? Reads one of its own; with\n"
	"                            --format=qcow2 by QEMU\n"
	"      --help, --version\n"
	"\n"
	"Exit status: 0 an entry boots, 1 none does (the last line says why), 2 wrong usage.\n";

enum {
	OPT_JSON = 256,
	OPT_PLATFORM,
	OPT_FLAVOUR,
	OPT_CONFIG,
	OPT_ENTRY,
	OPT_OFFSET,
	OPT_PARTITION,
	OPT_ISCONFIG,
	OPT_FORMAT,
	OPT_BACKING,
	OPT_SELF_TEST,
	OPT_HELP,
	OPT_VERSION
};

static const struct option options[] = {
	{"json", no_argument, NULL, OPT_JSON},
	{"grub-platform", required_argument, NULL, OPT_PLATFORM},
	{"grub-flavour", required_argument, NULL, OPT_FLAVOUR},
	{"config", required_argument, NULL, OPT_CONFIG},
	{"entry", required_argument, NULL, OPT_ENTRY},
	{"offset", required_argument, NULL, OPT_OFFSET},
	{"partition", required_argument, NULL, OPT_PARTITION},
	{"format", required_argument, NULL, OPT_FORMAT},
	{"backing", required_argument, NULL, OPT_BACKING},
	{"isconfig", no_argument, NULL, OPT_ISCONFIG},
	{"self-test", no_argument, NULL, OPT_SELF_TEST},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{NULL, 0, NULL, 0},
};

static enum cli_next wrong(const char *what, const char *value)
{
	fprintf(stderr, "bootfs-inspect: %s%s\nTry: bootfs-inspect --help\n", what, value);
	return CLI_USAGE;
}

static enum cli_next set_flavour(struct question *question, const char *value)
{
	static const char *const known[] = {"debian", "fedora", "suse", "upstream"};

	question->flavour = text_of(value);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(value, known[i]) == 0)
			return CLI_GO_ON;
	}
	return wrong("no such flavour: ", value);
}

static enum cli_next set_partition(struct question *question, const char *value)
{
	uint64_t number;

	if (!text_number(text_of(value), &number) || number < 1 || number > MAX_PARTITIONS)
		return wrong("not a partition's number: ", value);
	question->disks[0].partition = (uint32_t)number;
	return CLI_GO_ON;
}

static enum cli_next set_offset(struct question *question, const char *value)
{
	if (!text_number(text_of(value), &question->offset))
		return wrong("not a number of bytes: ", value);
	return CLI_GO_ON;
}

static enum cli_next set_format(struct cli *cli, const char *value)
{
	const char *format = image_format_find(text_of(value));

	if (!format)
		return wrong("no such format: ", value);
	cli->format = strcmp(format, "raw") == 0 ? NULL : format;
	return CLI_GO_ON;
}

static enum cli_next set_backing(struct cli *cli, char *value)
{
	struct err err = {0};

	return cli_backing_add(cli, value, &err) < 0 ? wrong(err.text, "") : CLI_GO_ON;
}

static enum cli_next set(struct cli *cli, int option, char *value)
{
	struct question *question = &cli->question;

	switch (option) {
	case OPT_JSON:
		cli->json = true;
		return CLI_GO_ON;
	case OPT_PLATFORM:
		question->platform = text_of(value);
		return CLI_GO_ON;
	case OPT_FLAVOUR:
		return set_flavour(question, value);
	case OPT_CONFIG:
		question->policy.config = text_of(value);
		return CLI_GO_ON;
	case OPT_ENTRY:
		question->policy.entry = text_of(value);
		question->policy.refuse_missing_entry = true;
		return CLI_GO_ON;
	case OPT_OFFSET:
		return set_offset(question, value);
	case OPT_PARTITION:
		return set_partition(question, value);
	case OPT_FORMAT:
		return set_format(cli, value);
	case OPT_BACKING:
		return set_backing(cli, value);
	case OPT_ISCONFIG:
		question->kind = QUESTION_CONFIG;
		return CLI_GO_ON;
	case OPT_SELF_TEST:
		cli->self_test = true;
		return CLI_GO_ON;
	case OPT_HELP:
		fputs(usage, stdout);
		return CLI_DONE;
	case OPT_VERSION:
		puts("bootfs-inspect " BOOTFS_VERSION);
		return CLI_DONE;
	default:
		return CLI_USAGE; /* said already */
	}
}

static enum cli_next open_images(struct cli *cli, int count, char **paths, struct err *err)
{
	struct question *question = &cli->question;

	if (cli->self_test && count)
		return wrong("--self-test reads a disk of its own, not ", paths[0]);
	if (cli->self_test && cli->format && strcmp(cli->format, "qcow2") != 0)
		return wrong("--self-test has an image in qcow2 only, not in ", cli->format);
	if (cli->self_test)
		return CLI_GO_ON;
	if (!count)
		return wrong("which image? None is named", "");
	if (count > MAX_DISKS || (question->kind == QUESTION_CONFIG && count > 1))
		return wrong("too many images", "");
	if (question->kind == QUESTION_CONFIG && cli->format)
		return wrong("a configuration file has no image format", "");
	if (cli->n_backing && !cli->format)
		return wrong("--backing is for images that --format is given for", "");
	for (int i = 0; i < count; i++) {
		int r = cli_image_open(cli, (uint32_t)i, paths[i], err);

		question->n_disks++;
		if (r < 0)
			return CLI_FAILED;
	}
	return CLI_GO_ON;
}

/* Of several letters behind one "-" getopt stays at the word. */
static enum cli_next wrong_option(int option, char **argv)
{
	const char *word = argv[optind - 1][0] == '-' ? argv[optind - 1] : argv[optind];

	return wrong(option == ':' ? "a value is missing: " : "unknown option: ", word);
}

enum cli_next inspect_cli_parse(int argc, char **argv, struct cli *ret, struct err *err)
{
	int option;

	*ret = (struct cli){
		.question = {.platform = TEXT("auto"), .limits = limits_default()},
	};
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		enum cli_next next = option == ':' || option == '?' ? wrong_option(option, argv)
								    : set(ret, option, optarg);

		if (next != CLI_GO_ON)
			return next;
	}
	return open_images(ret, argc - optind, argv + optind, err);
}

void inspect_cli_done(struct cli *cli)
{
	for (uint32_t i = 0; i < cli->question.n_disks; i++)
		cli_image_close(cli, i);
	cli->question.n_disks = 0;
}
