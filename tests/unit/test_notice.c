/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/report/notice.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct notice notice;
static int saved, ends[2];

/* Standard error becomes a pipe that the tests read. */
static int take_stderr(void **state)
{
	(void)state;
	notice = (struct notice){0};
	saved = dup(STDERR_FILENO);
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) || dup2(ends[1], STDERR_FILENO) < 0)
		return -1;
	fcntl(ends[1], F_SETFL, 0);
	return 0;
}

static int give_stderr_back(void **state)
{
	(void)state;
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

/* What was written by now. */
static const char *said(void)
{
	static char text[65536];
	ssize_t n = read(ends[0], text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static unsigned lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void say_often(const char *subject, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		notice_about(&notice, text_of(subject), LOG_WARNING, "line %u", i);
}

static void a_line_names_its_subject(void **state)
{
	(void)state;
	notice_about(&notice, TEXT("mail"), LOG_WARNING, "killed by SIG%s", "SYS");
	assert_string_equal(said(), "bootfs: mail: killed by SIGSYS\n");
}

static void one_subject_cannot_fill_the_log(void **state)
{
	(void)state;
	say_often("mail", 1000000);
	assert_int_equal(lines(said()), NOTICE_LINES);
}

static void another_subject_is_still_heard(void **state)
{
	(void)state;
	say_often("mail", 1000);
	said();
	say_often("web", 1);
	assert_string_equal(said(), "bootfs: web: line 0\n");
}

static void what_was_left_out_is_told_later(void **state)
{
	(void)state;
	say_often("mail", 1000);
	said();
	for (int i = 0; i < NOTICE_SUBJECTS; i++)
		notice.limits[i].since_ms -= NOTICE_MS;
	say_often("mail", 1);
	assert_string_equal(
		said(), "bootfs: mail: 995 more lines were left out\nbootfs: mail: line 0\n");
}

static void a_line_is_bounded_and_no_terminal_obeys_it(void **state)
{
	char evil[3 * NOTICE_BYTES];
	const char *line;

	(void)state;
	memset(evil, '\033', sizeof(evil) - 1);
	evil[sizeof(evil) - 1] = '\0';
	notice_about(&notice, TEXT("ma\nil"), LOG_WARNING, "%s", evil);
	line = said();
	assert_int_equal(lines(line), 1);
	assert_null(strchr(line, '\033'));
	assert_non_null(strstr(line, "ma\\nil: \\e\\e"));
	assert_in_range(strlen(line), NOTICE_BYTES / 2, NOTICE_BYTES + 20);
}

static void a_log_that_nobody_reads_makes_nobody_wait(void **state)
{
	(void)state;
	for (int i = 0; i < 10000; i++)
		notice_say(&notice, LOG_WARNING, "%099d", i);
	assert_in_range(strlen(said()), 4096, 65535);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_line_names_its_subject, take_stderr, give_stderr_back),
		cmocka_unit_test_setup_teardown(
			one_subject_cannot_fill_the_log, take_stderr, give_stderr_back),
		cmocka_unit_test_setup_teardown(
			another_subject_is_still_heard, take_stderr, give_stderr_back),
		cmocka_unit_test_setup_teardown(
			what_was_left_out_is_told_later, take_stderr, give_stderr_back),
		cmocka_unit_test_setup_teardown(
			a_line_is_bounded_and_no_terminal_obeys_it, take_stderr, give_stderr_back),
		cmocka_unit_test_setup_teardown(
			a_log_that_nobody_reads_makes_nobody_wait, take_stderr, give_stderr_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
