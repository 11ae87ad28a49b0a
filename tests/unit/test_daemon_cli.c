/* bootfs's own command line, and that of mount(8)'s helper. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/host/cli.h"
#include "fuse/host/command.h"

#include "core/text.h"

#include <errno.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

typedef int parse_words(int argc, char **argv, struct options *ret, struct err *err);

/* Parses words that stand with `|` between them. */
static int parse(parse_words *parser, const char *words, struct options *options, struct err *err)
{
	static char copy[1024];
	static char *argv[32];
	char *rest = copy, *word;
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, "|")))
		argv[argc++] = word;
	argv[argc] = NULL;
	*err = (struct err){0};
	optind = 0; /* glibc: begin anew */
	return parser(argc, argv, options, err);
}

static void assert_refused(parse_words *parser, const char *words, const char *why)
{
	struct options options;
	struct err err;

	assert_int_equal(parse(parser, words, &options, &err), -EINVAL);
	assert_non_null(strstr(err.text, why));
}

static void takes_what_any_file_system_takes(void **state)
{
	struct options options;
	struct err err;

	(void)state;
	assert_int_equal(parse(daemon_cli_parse,
				 "bootfs|src|/mnt|-o|rw,nosuid,config=/x,noatime,user=me,_netdev,"
				 "x-systemd.requires=a,comment=y,nofail,,defaults",
				 &options, &err),
		0);
	assert_string_equal(options.mountpoint, "/mnt");
	assert_string_equal(options.source, "src");
	assert_string_equal(options.config, "/x");
}

static void refuses_other_options_by_name(void **state)
{
	(void)state;
	assert_refused(daemon_cli_parse, "bootfs|-o|ro,compress=zstd|/mnt", "\"compress=zstd\"");
	assert_refused(daemon_cli_parse, "bootfs|-o|remount|/mnt", "bootfs reload");
	assert_refused(daemon_cli_parse, "bootfs|--nonsense", "--nonsense");
	assert_refused(daemon_cli_parse, "bootfs|a|b|c", "one mount point");
}

static void a_command_is_no_mount_point(void **state)
{
	struct options options;
	struct err err;

	(void)state;
	assert_true(is_command("check-guests"));
	assert_false(is_command("./list"));
	assert_false(is_command("/bootfs"));
	assert_refused(daemon_cli_parse, "bootfs|-f|list", "the command comes first");
	assert_int_equal(parse(daemon_cli_parse, "bootfs|-f|./list", &options, &err), 0);
}

static void knows_the_helpers_name(void **state)
{
	(void)state;
	assert_true(cli_is_mount_helper("/sbin/mount.fuse.bootfs"));
	assert_true(cli_is_mount_helper("mount.bootfs"));
	assert_false(cli_is_mount_helper("/sbin/mount.d/bootfs"));
	assert_false(cli_is_mount_helper("bootfs"));
}

static void the_helper_takes_what_mount_gives(void **state)
{
	struct options options;
	struct err err;

	(void)state;
	assert_int_equal(parse(cli_mount_parse, "m|none|/mnt|-v|-n|-o|rw,config=/x|-t|fuse.bootfs",
				 &options, &err),
		0);
	assert_string_equal(options.source, "none");
	assert_string_equal(options.mountpoint, "/mnt");
	assert_string_equal(options.config, "/x");
	assert_false(options.fake);
	assert_int_equal(parse(cli_mount_parse, "m|none|/mnt|-sf|-o|odd", &options, &err), 0);
	assert_true(options.fake);
	assert_refused(cli_mount_parse, "m|none|/mnt|-o|odd", "\"odd\"");
	assert_refused(cli_mount_parse, "m|none", "usage");
	assert_refused(cli_mount_parse, "m|none|/mnt|-N|/proc/1/ns/mnt", "nsenter");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_any_file_system_takes),
		cmocka_unit_test(refuses_other_options_by_name),
		cmocka_unit_test(a_command_is_no_mount_point),
		cmocka_unit_test(knows_the_helpers_name),
		cmocka_unit_test(the_helper_takes_what_mount_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
