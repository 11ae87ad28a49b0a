/* What is counted, and how .stats says it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/report/stats.h"

#include "fuse/query/folder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void assert_says(const struct daemon *daemon, const char *line)
{
	_strbuf_ struct strbuf text = {0};

	stats_render(daemon, &text);
	assert_int_equal(text.failed, 0);
	if (!strstr(text.at, line))
		fail_msg("no line %s in:\n%s", line, text.at);
}

static void durations_are_summed_up_from_bucket_to_bucket(void **state)
{
	static struct daemon daemon;
	struct inspection_stats *stats = &daemon.inspector.stats;

	(void)state;
	stats_add_inspection(stats, 1000, 0);
	stats_add_inspection(stats, 1001, 0);
	stats_add_inspection(stats, 11000000, ETIMEDOUT);
	assert_says(&daemon, "bootfs_inspection_seconds_bucket{le=\"0.001\"} 1\n");
	assert_says(&daemon, "bootfs_inspection_seconds_bucket{le=\"0.002\"} 2\n");
	assert_says(&daemon, "bootfs_inspection_seconds_bucket{le=\"10\"} 2\n");
	assert_says(&daemon, "bootfs_inspection_seconds_bucket{le=\"+Inf\"} 3\n");
	assert_says(&daemon, "bootfs_inspection_seconds_sum 11.002001\n");
	assert_says(&daemon, "bootfs_inspection_seconds_count 3\n");
	assert_says(&daemon, "bootfs_inspection_max_seconds 11.000000\n");
}

static void failures_are_told_apart(void **state)
{
	static struct daemon daemon;
	struct inspection_stats *stats = &daemon.inspector.stats;

	(void)state;
	stats_add_inspection(stats, 1, ETIMEDOUT);
	stats_add_inspection(stats, 1, ECHILD);
	stats_add_inspection(stats, 1, EPROTO);
	stats_add_inspection(stats, 1, ESTALE);
	stats_add_inspection(stats, 1, ENOMEM);
	assert_says(&daemon, "bootfs_failures_total{reason=\"timeout\"} 1\n");
	assert_says(&daemon, "bootfs_failures_total{reason=\"died\"} 1\n");
	assert_says(&daemon, "bootfs_failures_total{reason=\"refused\"} 1\n");
	assert_says(&daemon, "bootfs_failures_total{reason=\"said\"} 2\n");
	assert_says(&daemon, "bootfs_failures_total{reason=\"disk\"} 0\n");
}

static void a_guest_cannot_leave_its_label(void **state)
{
	static struct daemon daemon;
	struct domain domain = {.name = TEXT("m\"ail\\")};
	struct folder *folder = folder_new_domain(&daemon, &domain);

	(void)state;
	assert_non_null(folder);
	folder->answered_s = 1234;
	folder->last_error = strdup("no \"k\\\"} 1\nbootfs_domain_ok{} 1\n\x1b[2J\xff");
	assert_says(&daemon, "\nbootfs_domain_ok{domain=\"m\\\"ail\\\\\\\\\"} 0\n");
	assert_says(&daemon,
		"\nbootfs_domain_error{domain=\"m\\\"ail\\\\\\\\\",error=\"no \\\"k\\\\\\\\\\\"} 1"
		"\\\\nbootfs_domain_ok{} 1\\\\n\\\\e[2J\\\\xff\"} 1\n");
	folder_unlist(folder);
}

static void a_domain_never_looked_into_has_no_state(void **state)
{
	static struct daemon daemon;
	struct domain domain = {.name = TEXT("mail")};
	struct folder *folder = folder_new_domain(&daemon, &domain);
	_strbuf_ struct strbuf text = {0};

	(void)state;
	assert_non_null(folder);
	stats_render(&daemon, &text);
	assert_non_null(strstr(text.at, "bootfs_domains 1\n"));
	assert_null(strstr(text.at, "{domain="));
	folder_unlist(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_summed_up_from_bucket_to_bucket),
		cmocka_unit_test(failures_are_told_apart),
		cmocka_unit_test(a_guest_cannot_leave_its_label),
		cmocka_unit_test(a_domain_never_looked_into_has_no_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
