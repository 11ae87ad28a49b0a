/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/options.h"

#include "core/checked.h"
#include "core/passwd.h"
#include "model/limits.h"
#include "core/text.h"

#include <errno.h>
#include <getopt.h>

const char options_usage[] =
	"usage: bootfs-pygrub [-q|--quiet] [-i|--interactive] [-l|--list-entries]\n"
	"           [-n|--not-really] [--output=FILE] [--output-format=sxp|simple|simple0]\n"
	"           [--output-directory=DIR] [--args=STRING] [--entry=N|TITLE|ID|PATH]\n"
	"           [--runas=UID] [--domid=N] [--offset=BYTES] [--kernel=PATH]\n"
	"           [--ramdisk=PATH] [--domain=NAME] [--bootfs=DIR] [--config=FILE]\n"
	"           [--platform=NAME] [--flavour=NAME] [--debug] [--isconfig] [-h|--help]\n"
	"           [--version] DISK\n";

const char options_help[] =
	"\nCopies the kernel and initrd that the guest on DISK would boot, and prints where they\n"
	"are, as Xen's pygrub does.\n"
	"\n"
	"  -q                    show no menu, boot the default entry\n"
	"  -i                    show the menu (also the default on a terminal)\n"
	"  -l                    print the entries, boot nothing\n"
	"  -n                    answer with the paths in the guest, copy nothing\n"
	"  --output=FILE         where the answer goes: a file, a FIFO; - is standard output\n"
	"  --output-format=FORM  sxp (default), simple or simple0\n"
	"  --output-directory=DIR  where the copies go (default /var/run/xen/pygrub/)\n"
	"  --args=STRING         appended to the entry's command line\n"
	"  --kernel=PATH         boot this file of the guest, without its menu; --args is then\n"
	"                        the whole command line\n"
	"  --ramdisk=PATH        the initrd that goes with --kernel\n"
	"  --entry=ENTRY         boot this one: index, exact title, id, or place in the menu "
	"(1>2)\n"
	"  --runas=UID           handle guest data as this user\n"
	"  --domid=N             the same, as the user of Xen's domain N (XAPI up to v26.16)\n"
	"  --offset=BYTES        the file system starts here; look for no partitions\n"
	"  --isconfig            DISK is a configuration file; print what it would boot\n"
	"  --domain=NAME         all disks and settings of this domain, as bootfs knows it\n"
	"  --bootfs=DIR          where bootfs is mounted (else $BOOTFS, else as configured)\n"
	"  --config=FILE         bootfs's configuration (default /etc/bootfs/bootfs.conf)\n"
	"  --platform, --flavour   of the guest's GRUB, see bootfs.conf(5)\n"
	"  --debug               tell on standard error what is done, and bootfs's log\n";

enum {
	OPT_OUTPUT = 256,
	OPT_FORM,
	OPT_DIRECTORY,
	OPT_OFFSET,
	OPT_RUNAS,
	OPT_DOMID,
	OPT_ENTRY,
	OPT_KERNEL,
	OPT_RAMDISK,
	OPT_ARGS,
	OPT_ISCONFIG,
	OPT_DEBUG,
	OPT_DOMAIN,
	OPT_BOOTFS,
	OPT_CONFIG,
	OPT_PLATFORM,
	OPT_FLAVOUR,
	OPT_VERSION,
};

static const struct option long_options[] = {
	{"quiet", no_argument, NULL, 'q'},
	{"interactive", no_argument, NULL, 'i'},
	{"list-entries", no_argument, NULL, 'l'},
	{"not-really", no_argument, NULL, 'n'},
	{"help", no_argument, NULL, 'h'},
	{"output", required_argument, NULL, OPT_OUTPUT},
	{"output-format", required_argument, NULL, OPT_FORM},
	{"output-directory", required_argument, NULL, OPT_DIRECTORY},
	{"offset", required_argument, NULL, OPT_OFFSET},
	{"runas", required_argument, NULL, OPT_RUNAS},
	{"domid", required_argument, NULL, OPT_DOMID},
	{"entry", required_argument, NULL, OPT_ENTRY},
	{"kernel", required_argument, NULL, OPT_KERNEL},
	{"ramdisk", required_argument, NULL, OPT_RAMDISK},
	{"args", required_argument, NULL, OPT_ARGS},
	{"isconfig", no_argument, NULL, OPT_ISCONFIG},
	{"debug", no_argument, NULL, OPT_DEBUG},
	{"domain", required_argument, NULL, OPT_DOMAIN},
	{"bootfs", required_argument, NULL, OPT_BOOTFS},
	{"config", required_argument, NULL, OPT_CONFIG},
	{"platform", required_argument, NULL, OPT_PLATFORM},
	{"flavour", required_argument, NULL, OPT_FLAVOUR},
	{"version", no_argument, NULL, OPT_VERSION},
	{NULL, 0, NULL, 0},
};

static int take_form(struct options *options, const char *value, struct err *err)
{
	if (!strcmp(value, "sxp"))
		options->form = ANSWER_SXP;
	else if (!strcmp(value, "simple"))
		options->form = ANSWER_SIMPLE;
	else if (!strcmp(value, "simple0"))
		options->form = ANSWER_SIMPLE0;
	else
		return err_set(
			err, EINVAL, "unknown output format %s; sxp, simple or simple0", value);
	return 0;
}

static int take_offset(struct options *options, const char *value, struct err *err)
{
	if (!text_number(text_of(value), &options->offset) || options->offset > INT64_MAX)
		return err_set(err, EINVAL, "--offset=%s: a number of bytes is needed", value);
	options->has_offset = true;
	return 0;
}

static int take_runas(struct options *options, const char *value, struct err *err)
{
	uint64_t uid;

	/* The greatest number means "no user" in system calls: nothing would be dropped. */
	if (!text_number(text_of(value), &uid) || uid >= UINT32_MAX)
		return err_set(err, EINVAL, "--runas=%s: a numeric user id is needed", value);
	options->runas = (uid_t)uid;
	options->has_runas = true;
	options->domid = 0;
	return 0;
}

/* Of --runas and --domid the last one counts, as in XAPI's wrapper. */
static int take_domid(struct options *options, const char *value, struct err *err)
{
	const uint64_t first_reserved = 0x7ff0; /* Xen: DOMID_FIRST_RESERVED */
	uint64_t domid;

	if (!text_number(text_of(value), &domid) || !domid || domid >= first_reserved)
		return err_set(err, EINVAL, "--domid=%s: a domain's number is needed, 1 to %u",
			value, (unsigned)first_reserved - 1);
	options->domid = (uint32_t)domid;
	options->has_runas = false;
	return 0;
}

/* Options that are a word or a string; false: none of them. */
static bool take_simple(struct options *options, int option, const char *value)
{
	const char **strings[] = {
		[OPT_DIRECTORY - OPT_OUTPUT] = &options->output_directory,
		[OPT_ENTRY - OPT_OUTPUT] = &options->entry,
		[OPT_KERNEL - OPT_OUTPUT] = &options->kernel,
		[OPT_RAMDISK - OPT_OUTPUT] = &options->ramdisk,
		[OPT_ARGS - OPT_OUTPUT] = &options->args,
		[OPT_DOMAIN - OPT_OUTPUT] = &options->domain,
		[OPT_BOOTFS - OPT_OUTPUT] = &options->bootfs,
		[OPT_CONFIG - OPT_OUTPUT] = &options->config_file,
		[OPT_PLATFORM - OPT_OUTPUT] = &options->platform,
		[OPT_FLAVOUR - OPT_OUTPUT] = &options->flavour,
	};
	bool *flags[] = {
		['l'] = &options->list,
		['n'] = &options->not_really,
		['h'] = &options->help,
		[OPT_ISCONFIG] = &options->is_config,
		[OPT_DEBUG] = &options->debug,
		[OPT_VERSION] = &options->version,
	};
	size_t string = (size_t)option - OPT_OUTPUT;

	if (option >= OPT_OUTPUT && string < ARRAY_SIZE(strings) && strings[string])
		*strings[string] = value;
	else if (option >= 0 && (size_t)option < ARRAY_SIZE(flags) && flags[option])
		*flags[option] = true;
	else
		return false;
	return true;
}

static int take_option(struct options *options, int option, const char *value, struct err *err)
{
	if (take_simple(options, option, value)) {
		if (option == OPT_ENTRY)
			options->menu = MENU_QUIET;
		return 0;
	}
	switch (option) {
	case 'q':
		options->menu = MENU_QUIET;
		return 0;
	case 'i':
		options->menu = MENU_ASKED;
		return 0;
	case OPT_OUTPUT:
		options->output = strcmp(value, "-") ? value : NULL;
		return 0;
	case OPT_FORM:
		return take_form(options, value, err);
	case OPT_OFFSET:
		return take_offset(options, value, err);
	case OPT_RUNAS:
		return take_runas(options, value, err);
	case OPT_DOMID:
		return take_domid(options, value, err);
	default:
		return err_set(err, EINVAL, "unknown option");
	}
}

/* getopt's complaint in our words. `at` is the argument it stopped in. */
static int bad_option(int result, const char *at, struct err *err)
{
	if (result == ':')
		return err_set(err, EINVAL, "option %s needs a value", at);
	if (optopt && !text_starts(text_of(at), TEXT("--")))
		return err_set(err, EINVAL, "unknown option -%c", optopt);
	return err_set(
		err, EINVAL, "unknown or ambiguous option, or one that takes no value: %s", at);
}

static void warn(struct options *options, const char *text)
{
	if (!options->warning[0])
		snprintf(options->warning, sizeof(options->warning), "%s", text);
}

/* Files of the guest that stand for its menu. An empty name is none, as in pygrub. */
static int take_named(struct options *options, struct err *err)
{
	if (options->kernel && !options->kernel[0])
		options->kernel = NULL;
	if (options->ramdisk && !options->ramdisk[0])
		options->ramdisk = NULL;
	if (!options->kernel && options->ramdisk) {
		warn(options, "--ramdisk without --kernel is ignored");
		options->ramdisk = NULL;
	}
	if (!options->kernel)
		return 0;
	if (options->is_config)
		return err_set(err, EINVAL,
			"--kernel names a file in the guest's disk, and --isconfig looks at no "
			"disk: give one of them");
	if (options->entry)
		warn(options, "--entry is ignored: --kernel skips the menu");
	options->entry = NULL;
	return 0;
}

static int take_operands(struct options *options, int argc, char **argv, struct err *err)
{
	if (argc < 1 || !argv[0][0])
		return err_set(err, EINVAL, "no disk given");
	options->disk = argv[0];
	if (argc > 1)
		warn(options, "more than one disk given: only the first is looked at");
	return take_named(options, err);
}

int options_parse(int argc, char **argv, struct options *ret, struct err *err)
{
	int option;

	*ret = (struct options){0};
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((option = getopt_long(argc, argv, ":qilnh", long_options, NULL)) != -1) {
		if (option == '?' || option == ':')
			bad_option(option, argv[optind - 1], err);
		else
			(void)take_option(ret, option, optarg, err);
	}
	if (ret->help || ret->version)
		return 0;
	if (!err->code)
		(void)take_operands(ret, argc - optind, argv + optind, err);
	return -err->code;
}

int options_find_user(struct options *options, const char *users, struct err *err)
{
	static const char *const bases[] = {"qemu_base", "xen-qemuuser-range-base"};
	uint64_t uid;
	uid_t base = 0;
	gid_t group;
	size_t i = 0;

	if (!options->domid)
		return 0;
	while (i < ARRAY_SIZE(bases) && passwd_find(users, bases[i], &base, &group))
		i++;
	if (i == ARRAY_SIZE(bases))
		return err_set(err, ENOENT,
			"--domid=%u: neither %s (XAPI's) nor %s (libxl's) is a user in %s",
			options->domid, bases[0], bases[1], users);
	uid = (uint64_t)base + options->domid;
	if (base == 0 || uid >= UINT32_MAX)
		return err_set(err, EINVAL,
			"--domid=%u: the number of user %s, %u, is not the first of a range",
			options->domid, bases[i], base);
	options->runas = (uid_t)uid;
	options->has_runas = true;
	return 0;
}

int options_read_environment(struct options *options, struct err *err)
{
	const char *value = getenv("PYGRUB_MAX_FILE_SIZE_MB");
	uint64_t mib;

	if (!value || !value[0])
		return 0;
	if (!text_number(text_of(value), &mib) || !mib ||
		!checked_mul(mib, MIB, &options->max_file_bytes))
		return err_set(
			err, EINVAL, "PYGRUB_MAX_FILE_SIZE_MB=%s is no number of MiB", value);
	return 0;
}
