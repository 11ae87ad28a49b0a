/* The command lines of bootfs's commands. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/options.h"

#include "core/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const struct admin_command some = {.name = "some",
	.takes = "json entry",
	.min_operands = 1,
	.max_operands = 2,
	.usage = "some X"};

/* Parses words that stand with `|` between them. */
static int parse(const char *words, struct admin_options *options, struct err *err)
{
	static char copy[1024];
	static char *argv[32];
	char *rest = copy, *word;
	int argc = 0;

	snprintf(copy, sizeof(copy), "some%s%s", words[0] ? "|" : "", words);
	while ((word = strsep(&rest, "|")))
		argv[argc++] = word;
	argv[argc] = NULL;
	*err = (struct err){0};
	return admin_options_parse(&some, argc, argv, options, err);
}

static void assert_refused(const char *words, const char *why)
{
	struct admin_options options;
	struct err err;

	assert_int_equal(parse(words, &options, &err), -EINVAL);
	assert_non_null(strstr(err.text, why));
}

static void takes_options_and_operands_in_any_order(void **state)
{
	struct admin_options options;
	struct err err;

	(void)state;
	assert_int_equal(parse("mail|--json|--entry|1>2|--bootfs=/x|disk", &options, &err), 0);
	assert_true(options.json);
	assert_string_equal(options.entry, "1>2");
	assert_string_equal(options.bootfs, "/x");
	assert_int_equal(options.n_operands, 2);
	assert_string_equal(options.operands[0], "mail");
	assert_string_equal(options.operands[1], "disk");
	assert_string_equal(options.config, "/etc/bootfs/bootfs.conf");
}

static void refuses_options_of_other_commands_by_name(void **state)
{
	(void)state;
	assert_refused("--force|mail", "bootfs some has no option --force");
	assert_refused("-v|mail", "has no option --verbose");
	assert_refused("--nonsense|mail", "unknown option --nonsense");
	assert_refused("mail|--entry", "--entry needs a value");
}

static void refuses_too_few_and_too_many_operands(void **state)
{
	(void)state;
	assert_refused("", "something is missing: bootfs some X");
	assert_refused("a|b|c", "\"c\" is too much");
	assert_refused("a|", "empty name");
}

static void help_needs_no_operand(void **state)
{
	struct admin_options options;
	struct err err;

	(void)state;
	assert_int_equal(parse("--help", &options, &err), 0);
	assert_true(options.help);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_options_and_operands_in_any_order),
		cmocka_unit_test(refuses_options_of_other_commands_by_name),
		cmocka_unit_test(refuses_too_few_and_too_many_operands),
		cmocka_unit_test(help_needs_no_operand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
