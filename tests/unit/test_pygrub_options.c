/* bootfs-pygrub's command line: pygrub's options as its callers write them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/options.h"

#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

/* Parses words that stand with `|` between them. */
static int parse(const char *words, struct options *options, struct err *err)
{
	static char copy[1024];
	static char *argv[64];
	int argc = 0;
	char *rest = copy, *word;

	snprintf(copy, sizeof(copy), "bootfs-pygrub|%s", words);
	while ((word = strsep(&rest, "|")))
		argv[argc++] = word;
	argv[argc] = NULL;
	*err = (struct err){0};
	return options_parse(argc, argv, options, err);
}

static struct options good(const char *words)
{
	struct options options;
	struct err err;

	assert_int_equal(parse(words, &options, &err), 0);
	return options;
}

static void assert_refused(const char *words, const char *why)
{
	struct options options;
	struct err err;

	assert_int_equal(parse(words, &options, &err), -EINVAL);
	assert_non_null(strstr(err.text, why));
}

/* The words of a real `xl create`. */
static void takes_what_libxl_gives(void **state)
{
	struct options options = good("--args=root=/dev/xvda1 ro|--runas=65437|--quiet|"
				      "--output=/run/xen/bootloader.3.out|"
				      "--output-format=simple0|"
				      "--output-directory=/run/xen/bootloader.3.d|"
				      "--entry=1|/dev/vg0/mail");

	(void)state;
	assert_string_equal(options.args, "root=/dev/xvda1 ro");
	assert_true(options.has_runas);
	assert_int_equal(options.runas, 65437);
	assert_string_equal(options.output, "/run/xen/bootloader.3.out");
	assert_int_equal(options.form, ANSWER_SIMPLE0);
	assert_string_equal(options.output_directory, "/run/xen/bootloader.3.d");
	assert_string_equal(options.entry, "1");
	assert_string_equal(options.disk, "/dev/vg0/mail");
	assert_string_equal(options.warning, "");
}

static void takes_both_ways_to_write_a_value(void **state)
{
	struct options options = good("--entry|2|--args|a b|--output|-|/disk");

	(void)state;
	assert_string_equal(options.entry, "2");
	assert_string_equal(options.args, "a b");
	assert_null(options.output);
	assert_string_equal(options.disk, "/disk");
}

static void takes_any_order_and_prefixes(void **state)
{
	struct options options = good("/disk|--list|-n|--not|--offs=512|--quiet|-q|--deb");

	(void)state;
	assert_true(options.list && options.not_really && options.debug);
	assert_true(options.has_offset);
	assert_int_equal(options.offset, 512);
	assert_string_equal(options.disk, "/disk");
}

static void defaults_to_sxp_on_standard_output(void **state)
{
	struct options options = good("/disk");

	(void)state;
	assert_int_equal(options.form, ANSWER_SXP);
	assert_null(options.output);
	assert_null(options.output_directory);
	assert_false(options.has_runas || options.has_offset);
	assert_int_equal(options.menu, MENU_AUTO);
}

static void the_last_of_quiet_and_interactive_wins(void **state)
{
	(void)state;
	assert_int_equal(good("-q|-i|/disk").menu, MENU_ASKED);
	assert_int_equal(good("-i|-q|/disk").menu, MENU_QUIET);
	assert_int_equal(good("-i|--entry=0|/disk").menu, MENU_QUIET);
}

static void operands_may_begin_with_a_dash(void **state)
{
	(void)state;
	assert_string_equal(good("-q|--|-disk").disk, "-disk");
}

static void warns_of_what_it_does_not_follow(void **state)
{
	(void)state;
	assert_non_null(strstr(good("/a|/b").warning, "only the first"));
	assert_string_equal(good("/a|/b").disk, "/a");
	assert_non_null(strstr(good("--ramdisk=/i|/a").warning, "ignored"));
	assert_string_equal(good("--ramdisk=/i|--kernel=/k|/a").warning, "");
	assert_non_null(strstr(good("--entry=1|--kernel=/k|/a").warning, "--entry is ignored"));
}

/* xl files carry a ramdisk without a kernel, and an empty kernel is none. */
static void a_ramdisk_goes_with_a_kernel_only(void **state)
{
	(void)state;
	assert_null(good("--ramdisk=/i|/a").ramdisk);
	assert_null(good("--kernel=|--ramdisk=/i|/a").kernel);
	assert_null(good("--kernel=/k|--ramdisk=|/a").ramdisk);
	assert_string_equal(good("--ramdisk=/i|--kernel=/k|/a").ramdisk, "/i");
	assert_null(good("--kernel=/k|--entry=1|/a").entry);
}

static void refuses_bad_words(void **state)
{
	(void)state;
	assert_refused("", "no disk");
	assert_refused("-q", "no disk");
	assert_refused("--kernel=/k|--isconfig|/disk", "--isconfig");
	assert_refused("--frobnicate|/disk", "--frobnicate");
	assert_refused("-x|/disk", "-x");
	assert_refused("/disk|--entry", "--entry");
	assert_refused("--quiet=5|/disk", "--quiet=5");
	assert_refused("--out=x|/disk", "--out=x"); /* three options begin so */
	assert_refused("--output-format=xml|/disk", "xml");
	assert_refused("--runas=nobody|/disk", "nobody");
	assert_refused("--runas=-1|/disk", "-1");
	assert_refused("--runas=4294967295|/disk", "4294967295");
	assert_refused("--domid=0|/disk", "--domid=0: a domain's number is needed, 1 to 32751");
	assert_refused("--domid=-5|/disk", "-5");
	assert_refused("--domid=32752|/disk", "32752");
	assert_refused("--domid=4294967297|/disk", "4294967297");
	assert_refused("--domid=|/disk", "--domid=");
	assert_refused("--dom=5|/disk", "--dom=5"); /* --domain, --domid */
	assert_refused("--offset=1M|/disk", "1M");
	assert_refused("--offset=-512|/disk", "-512");
}

/* A reader may wait for the output in its own open(). */
static void knows_the_output_after_a_mistake(void **state)
{
	struct options options;
	struct err err;

	(void)state;
	assert_int_equal(parse("--bogus|-q|--output=/fifo", &options, &err), -EINVAL);
	assert_string_equal(options.output, "/fifo");
}

/* A file of users for one test; the next one writes it anew. */
static const char *users_are(const char *lines)
{
	static char path[] = "/tmp/bootfs-users.XXXXXX";
	static bool made;
	int fd = made ? open(path, O_WRONLY | O_TRUNC) : mkstemp(path);

	made = true;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, lines, strlen(lines)), strlen(lines));
	close(fd);
	return path;
}

static uid_t user_of(const char *words, const char *users)
{
	struct options options = good(words);
	struct err err = {0};

	assert_int_equal(options_find_user(&options, users_are(users), &err), 0);
	assert_true(options.has_runas);
	return options.runas;
}

static void assert_no_user(const char *words, const char *users, const char *why)
{
	struct options options = good(words);
	struct err err = {0};

	assert_true(options_find_user(&options, users_are(users), &err) < 0);
	assert_non_null(strstr(err.text, why));
	assert_false(options.has_runas);
}

/* The words of xenopsd from v23.26 to v26.16. */
static void makes_a_user_of_a_domains_number(void **state)
{
	const char *both = "xen-qemuuser-range-base:x:65400:65400::/:/bin/false\n"
			   "qemu_base:x:65535:65535::/:/sbin/nologin\n";
	const char *words = "--output-format=simple|-q|--domid=37|/dev/sm/backend/1";

	(void)state;
	assert_int_equal(user_of(words, both), 65535 + 37);
	assert_int_equal(user_of("--domid|37|/disk", both), 65535 + 37);
	assert_int_equal(user_of(words, "xen-qemuuser-range-base:x:65400:1::/:/x\n"), 65437);
}

static void the_last_of_runas_and_domid_wins(void **state)
{
	const char *users = "qemu_base:x:1000:1000::/:/x\n";

	(void)state;
	assert_int_equal(user_of("--runas=7|--domid=3|/disk", users), 1003);
	assert_int_equal(user_of("--domid=3|--runas=7|/disk", users), 7);
	assert_int_equal(user_of("--domid=3|--runas=7|/disk", ""), 7);
}

/* Never root, and never somebody else because a number does not fit. */
static void refuses_a_domid_that_stands_for_no_user(void **state)
{
	(void)state;
	assert_no_user("--domid=3|/disk", "root:x:0:0::/root:/bin/sh\n",
		"neither qemu_base (XAPI's) nor xen-qemuuser-range-base (libxl's)");
	assert_no_user("--domid=3|/disk", "qemu_base:x:0:0::/:/x\n", "qemu_base, 0");
	assert_no_user("--domid=3|/disk", "qemu_base:x:4294967293:0::/:/x\n", "4294967293");
}

static int remove_users(void **state)
{
	(void)state;
	return unlink(users_are(""));
}

static void help_needs_no_disk(void **state)
{
	(void)state;
	assert_true(good("--help").help);
	assert_true(good("-h").help);
	assert_true(good("--version").version);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_libxl_gives),
		cmocka_unit_test(takes_both_ways_to_write_a_value),
		cmocka_unit_test(takes_any_order_and_prefixes),
		cmocka_unit_test(defaults_to_sxp_on_standard_output),
		cmocka_unit_test(the_last_of_quiet_and_interactive_wins),
		cmocka_unit_test(operands_may_begin_with_a_dash),
		cmocka_unit_test(warns_of_what_it_does_not_follow),
		cmocka_unit_test(a_ramdisk_goes_with_a_kernel_only),
		cmocka_unit_test(refuses_bad_words),
		cmocka_unit_test(knows_the_output_after_a_mistake),
		cmocka_unit_test(makes_a_user_of_a_domains_number),
		cmocka_unit_test(the_last_of_runas_and_domid_wins),
		cmocka_unit_test(refuses_a_domid_that_stands_for_no_user),
		cmocka_unit_test(help_needs_no_disk),
	};

	return cmocka_run_group_tests(tests, NULL, remove_users);
}
