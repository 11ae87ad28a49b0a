/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/grubtest.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define FIRST "menuentry first { linux /boot/k; }\n"
#define LAST  "menuentry last { linux /boot/k; }\n"

/* Runs a hostile configuration; the entry before it must be there and boot. */
static struct memfiles *survive(const char *config, const char *bound)
{
	struct memfiles *guest = malloc(sizeof(*guest));
	_strbuf_ struct strbuf text = {0};
	struct err err = {0};

	if (!guest)
		abort();
	strbuf_adds(&text, FIRST);
	strbuf_adds(&text, config);
	strbuf_adds(&text, "\n" LAST);
	memfiles_init(guest);
	guest->settings.flavour = TEXT("debian");
	guest->limits.max_steps = 200000;
	guest->arena.limit = 64 << 20;
	memfiles_add_bytes(guest, "(hd0,msdos1)/boot/grub/grub.cfg", text.at, text.len);
	memfiles_add(guest, "(hd0,msdos1)/boot/k", "kernel");
	(void)!parser_grub2.parse(&guest->files, memfiles_find(guest, "hd0,msdos1"),
		TEXT("/boot/grub/grub.cfg"), &guest->menu, &err);
	assert_text(grubtest_entry(guest, "0")->title, "first");
	assert_true(menu_entry_boots(grubtest_entry(guest, "0")));
	if (bound)
		grubtest_said(guest, REPORT_WARNING, bound);
	return guest;
}

static void stops_endless_scripts(void **state)
{
	static const char *const scripts[] = {
		"while true; do true; done",
		"until false; do x=$x; done",
		"while true; do menuentry x { true; }; done",
		"while true; do for i in a b; do continue 2; done; done",
		"while true; do source /none; done",
		"while true; do regexp '(a*)*b' aaaaaaaaaaaaaaaaaaaaaaaa; done",
		"while true; do search -u --set=x none; done",
		"while true; do blscfg; done",
		"while true; do save_env -f /none a; load_env; done",
		"while true; do loopback l /boot/k; loopback -d l; done",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		grubtest_done(survive(scripts[i], "max-steps"));
}

static void stops_texts_that_grow(void **state)
{
	static const char *const scripts[] = {
		"x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; while true; do x=\"$x$x\"; done",
		"x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; while true; do x=\"$x$x\"; menuentry \"$x\" { "
		"true; }; done",
		"x='true; '; while true; do x=\"$x$x\"; eval \"$x\"; done",
		"x=a; while true; do x=\"$x $x\"; for i in $x; do y=$i; done; done",
		"n=a; while true; do n=a$n; export $n; submenu $n { true; }; done",
		"n=a; while true; do n=a$n; eval \"function $n { true; }\"; done",
		"function f { setparams \"$1$1\" \"$1$1\"; while true; do setparams \"$1$1\" "
		"\"$@\"; done; }; f aaaa",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		grubtest_done(survive(scripts[i], "bound"));
}

static void bounds_each_entry_by_itself(void **state)
{
	struct memfiles *guest =
		survive("menuentry loop { linux /boot/k; while true; do true; done; }\n"
			"submenu m { while true; do true; done; }\n"
			"menuentry grow { x=a; while true; do x=\"$x$x\"; done; }\n",
			"max-steps");

	(void)state;
	assert_text(
		grubtest_entry(guest, "1")->error, "its script is stopped at the bound max-steps");
	assert_titles(guest, "first|loop|m|grow|last");
	assert_true(menu_entry_boots(grubtest_entry(guest, "4")));
	grubtest_done(guest);
}

static void shows_no_more_entries_than_allowed(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	guest.limits.max_entries = 10;
	grubtest_run(&guest, "set default=3\nfor a in 1 2 3 4 5; do for b in 1 2 3 4 5; do\n"
			     "menuentry $a$b { linux /boot/k; }\ndone; done\n");
	assert_int_equal(guest.menu.entries, 10);
	assert_warns(&guest, "more than 10 entries (bound: max-entries)");
	assert_default(&guest, "3", NULL);
	memfiles_done(&guest);
}

/* `count` times `open`, then `middle`, then as many `close`. */
static struct memfiles *nest(
	const char *open, const char *middle, const char *close, int count, const char *bound)
{
	_strbuf_ struct strbuf text = {0};

	for (int i = 0; i < count; i++)
		strbuf_adds(&text, open);
	strbuf_adds(&text, middle);
	for (int i = 0; i < count; i++)
		strbuf_adds(&text, close);
	strbuf_adds(&text, "\n");
	return survive(text.at, bound);
}

static void bounds_what_is_inside_each_other(void **state)
{
	struct memfiles *guest;

	(void)state;
	grubtest_done(nest("if true; then ", "true", "; fi", 5000, "fewer blocks"));
	grubtest_done(nest("menuentry x { ", "true", "; }", 5000, "fewer blocks"));
	grubtest_done(nest("for i in a; do ", "true", "; done", 5000, "fewer blocks"));
	grubtest_done(nest("while false; do ", "true", "; done", 5000, "fewer blocks"));
	grubtest_done(nest("if false; then true; el", "if true; then true; fi", "", 5000, NULL));
	grubtest_done(nest("test ( ", "a", "", 1, NULL));
	guest = nest("submenu x { ", "menuentry y { true; }", "\n}", 30, "more than 15 submenus");
	assert_int_equal(grubtest_entry(guest, "1>0>0>0>0>0>0>0>0>0>0>0>0>0>0>0")->depth, 16);
	grubtest_done(guest);
	guest = nest("( ", "a", " )", 0, NULL);
	grubtest_done(guest);
}

static void bounds_parentheses_of_test(void **state)
{
	_strbuf_ struct strbuf text = {0};

	(void)state;
	strbuf_adds(&text, "test ");
	for (int i = 0; i < 100000; i++)
		strbuf_adds(&text, "( ");
	grubtest_done(survive(text.at, NULL));
}

static void refuses_a_file_over_the_limit(void **state)
{
	struct memfiles guest;
	struct err err = {0};

	(void)state;
	memfiles_init(&guest);
	guest.limits.max_config = 10;
	memfiles_add(&guest, "(hd0,msdos1)/g", FIRST);
	assert_int_equal(parser_grub2.parse(&guest.files, memfiles_find(&guest, "hd0,msdos1"),
				 TEXT("/g"), &guest.menu, &err),
		-EFBIG);
	assert_non_null(strstr(err.text, "max-config"));
	memfiles_done(&guest);
}

static void lives_with_little_memory(void **state)
{
	(void)state;
	for (size_t limit = 1 << 10; limit < 2 << 20; limit += limit / 7) {
		struct memfiles guest;
		struct err err = {0};
		int r;

		memfiles_init(&guest);
		guest.arena.limit = limit;
		memfiles_add(&guest, "(hd0,msdos1)/boot/k", "kernel");
		memfiles_add(&guest, "(hd0,msdos1)/loader/entries/a-1-1.conf",
			"title a\nlinux /boot/k\noptions $x\n");
		memfiles_add(&guest, "(hd0,msdos1)/grub.cfg",
			"function f { menuentry $1 { linux /boot/k $1; }; }\n"
			"for i in a b c d e f g h; do x=$x$i; f \"$x\"; done\nblscfg\n"
			"submenu m { f y; f z; regexp --set q '(a*)b' aab; }\nexport x; load_env\n"
			"menuentry w { search -u --set=root none; linux /boot/* $x; }\n");
		r = parser_grub2.parse(&guest.files, memfiles_find(&guest, "hd0,msdos1"),
			TEXT("/grub.cfg"), &guest.menu, &err);
		if (r != 0 && r != -ENOMEM)
			fail_msg("%zu bytes: %d, %s", limit, r, err.text);
		memfiles_done(&guest);
	}
}

static double seconds(void)
{
	struct timespec at;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* Twice the entries must not take four times the time. */
static void takes_time_in_proportion_to_entries(void **state)
{
	double took[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		_strbuf_ struct strbuf text = {0};
		struct memfiles *guest;
		double start;

		strbuf_adds(&text, "submenu more {\n");
		for (int n = 0; n < 2000 * (i + 1); n++)
			strbuf_addf(&text,
				"menuentry 'Linux %d' --id n%d {\nset root=hd0,1; v%d=x\n"
				"linux /boot/k root=/dev/xvda1\n}\n",
				n, n, n);
		strbuf_adds(&text, "}\n");
		start = seconds();
		guest = grubtest(text.at);
		took[i] = seconds() - start;
		assert_int_equal(guest->menu.entries, 2000 * (i + 1));
		grubtest_done(guest);
	}
	if (took[1] > took[0] * 3.5 + 0.05)
		fail_msg("%.3f s, then %.3f s", took[0], took[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stops_endless_scripts),
		cmocka_unit_test(stops_texts_that_grow),
		cmocka_unit_test(bounds_each_entry_by_itself),
		cmocka_unit_test(shows_no_more_entries_than_allowed),
		cmocka_unit_test(bounds_what_is_inside_each_other),
		cmocka_unit_test(bounds_parentheses_of_test),
		cmocka_unit_test(refuses_a_file_over_the_limit),
		cmocka_unit_test(lives_with_little_memory),
		cmocka_unit_test(takes_time_in_proportion_to_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
