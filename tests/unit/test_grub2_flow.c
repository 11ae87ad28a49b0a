/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/grubtest.h"

/* Shows its first argument as a title. */
#define OUT "function out { menuentry \"$1\" { true; }; }\n"

static void loses_only_the_lines_of_a_syntax_error(void **state)
{
	struct memfiles *guest = grubtest("menuentry a { true; }\n"
					  "menuentry lost { true; } fi\n"
					  "menuentry b { true; }; menuentry lost2 {true;} ; ;\n"
					  "menuentry c { true; }\n");

	(void)state;
	assert_titles(guest, "a|c");
	assert_warns(guest, "syntax error: expected ; or a new line, found \"fi\"");
	assert_int_equal(grubtest_said(guest, REPORT_WARNING, "found \"fi\"")->line, 2);
	grubtest_done(guest);
}

static void swallows_the_rest_after_an_open_brace_or_quote(void **state)
{
	struct memfiles *guest = grubtest("menuentry a { true; }\nmenuentry b {\ntrue\n");

	(void)state;
	assert_titles(guest, "a");
	assert_warns(guest, "unexpected end of file");
	grubtest_done(guest);
	guest = grubtest("menuentry a { true; }\nmenuentry 'b {\ntrue\n}\n");
	assert_titles(guest, "a");
	assert_warns(guest, "a single quote is not closed");
	grubtest_done(guest);
}

static void needs_separators_where_grub_does(void **state)
{
	(void)state;
	assert_shows("if true; then menuentry x { true; } fi\nmenuentry a { true; }\n", "a");
	assert_shows("if true; then menuentry x { true; } ; fi\nmenuentry a { true }\n", "x|a");
	assert_shows(
		"function f { menuentry x { true; } }\nf\nfunction g { menuentry y { true; }; }\n"
		"g\n",
		"y");
	assert_shows(
		"menuentry a { }\nmenuentry b { ; }\nmenuentry c {\n\n}\nmenuentry d {\ntrue\n\n}",
		"d");
	assert_shows(OUT "for i\n in a; do out $i; done\nfor i in a; do out $i; done\n", "a");
	assert_shows(OUT "for i in a b; do out $i done\nfor i in a; do out $i; done\n", "");
}

static void takes_the_right_branch(void **state)
{
	(void)state;
	assert_shows(OUT
		"if false; then out 1; elif true; then out 2; else out 3; fi\n"
		"if false; then out 4; elif false; then out 5; else out 6; fi\n"
		"if true\nthen\nout 7\nfi\nif ! true; then out 8; else out 9; fi; out 10\n",
		"2|6|7|9|10");
}

static void runs_loops(void **state)
{
	(void)state;
	assert_shows(OUT "for i in a b \"c d\" $none; do out \"$i\"; done; out $i\n"
			 "for i in; do out no; done\n",
		"a|b|c d|c");
	assert_shows(OUT "while [ x$k != xxx ]; do k=x$k; out $k; done\n"
			 "until [ x$k = xxxxx ]; do k=x$k; out $k; done\n",
		"x|xx|xxx|xxxx");
	assert_shows(OUT
		"for i in 1 2 3; do if [ $i = 2 ]; then continue; fi; out $i; done\n"
		"for i in 1 2 3; do if [ $i = 2 ]; then break; fi; out $i; done\n"
		"for i in 1 2; do for j in a b; do out $i$j; break 2; done; out no; done\n"
		"for i in 1 2; do for j in a b; do out $i$j; continue 2; done; out no; done\n",
		"1|3|1|1a|1a|2a");
}

static void calls_functions(void **state)
{
	(void)state;
	assert_shows(OUT
		"function f { out $1; shift; out $1; setparams x y; out $1$2$#; }\nf a b\n",
		"a|b|xy2");
	assert_shows(OUT
		"function f { return 3; out no; }\nf\nout $?\nfunction g { false; return; }\n"
		"g\nout $?\nfunction h { for i in 1 2; do return 0; done; out no; }\nh\nout $?\n",
		"3|1|0");
	/* Only the arguments are local; a later definition replaces an earlier one. */
	assert_shows(
		OUT "a=1; function f { a=2; }\nf\nout $a\nfunction f { out new; }\nf\n", "2|new");
	/* It is known as soon as it is read. */
	assert_shows(OUT "f; function f { out x; }\n", "x");
	/* Commands go first. */
	assert_shows(OUT "function set { out no; }\nset a=b\nout $a\n", "b");
	assert_shows(OUT
		"function f\n{\nout x\n}\nf\nif true; then function g { out no; }; fi\ng\n",
		"x");
}

static void redefines_a_function_that_runs(void **state)
{
	(void)state;
	assert_shows(
		OUT "function f { eval \"function f { out new; }\"; out old; }\nf\nf\n", "old|new");
}

static void keeps_functions_whose_text_is_gone(void **state)
{
	struct memfiles *guest = grubtest(
		"x=f; eval \"function $x { menuentry \\$1 --id i { linux /boot/k a; }; "
		"for i in 1 2; do submenu s\\$i { menuentry \\$1 { true; }; }; done; }\"\n"
		"eval 'true; true; true; true; true; true; true; true; true; true'\nf z\n");

	(void)state;
	assert_titles(guest, "z|s1|>s1|s2|>s2");
	assert_text(grubtest_entry(guest, "0")->script, "menuentry $1 --id i { linux /boot/k a; }");
	assert_text(grubtest_entry(guest, "0")->cmdline, "a");
	grubtest_done(guest);
}

static void counts_an_unknown_command_as_success(void **state)
{
	struct memfiles *guest =
		grubtest(OUT "if no_such; then out a; else out b; fi\n"
			     "if ! no_such; then out c; fi\nfalse; no_such; out $?\nno_such\n");

	(void)state;
	assert_titles(guest, "a|c|0");
	assert_warns(guest, "unknown command \"no_such\"");
	assert_int_equal(grubtest_said(guest, REPORT_WARNING, "unknown command")->count, 4);
	assert_int_equal(grubtest_said(guest, REPORT_WARNING, "unknown command")->line, 2);
	assert_text(grubtest_said(guest, REPORT_WARNING, "unknown command")->file,
		"/boot/grub/grub.cfg");
	grubtest_done(guest);
}

static void takes_cosmetic_commands_silently(void **state)
{
	struct memfiles *guest = grubtest(
		"insmod part_msdos\nloadfont x\nset gfxmode=auto\nterminal_output gfxterm\n"
		"if background_image /x.png; then true; fi\nplay 480 440 1\nserial --unit=0\n"
		"sleep 3\nclear\necho hello\nkeymap de\n"
		"if sleep --interruptible 0; then menuentry a { linux /boot/k; }; fi\n"
		"if keystatus --shift; then menuentry b { linux /boot/k; }; fi\n"
		"if cpuid -l; then menuentry c { linux /boot/k; }; fi\n");

	(void)state;
	assert_titles(guest, "a|c");
	assert_no_warning(guest);
	grubtest_done(guest);
}

static void inverts_only_what_a_test_says(void **state)
{
	(void)state;
	assert_shows(
		OUT "! true; out $?\n! false; out $?\n! set q; out $?\n!\nout $?\n", "1|0|0|18");
}

static void evaluates_text_as_a_script(void **state)
{
	(void)state;
	assert_shows(OUT
		"eval \"x=1; out \\$x\"; eval out \"'a b'\"; eval 'if true; then\nout q\nfi'\n"
		"eval \"out (\"; eval fi; out $?\n",
		"1|a b|q|(|0");
	/* Upstream loses the status at a newline. */
	assert_shows(OUT "eval false; out $?\neval 'false\n'; out $?\n", "1|0");
}

static void reads_nothing_from_the_keyboard(void **state)
{
	(void)state;
	assert_shows(OUT "x=y; read x; out \"[$x]\"\n", "[]");
}

static void translates_compares_and_times(void **state)
{
	struct memfiles guest;

	(void)state;
	assert_shows(OUT "tr --set x abc ABC aabbxc; out $x\ntr --set=x -U aBc; out $x\n"
			 "tr -s x -D ABcD; out $x\ntr -s x abc AB x; out $?\ntr a; out $?\n",
		"AABBxC|ABC|abcd|18|18");
	assert_shows(OUT
		"time false; out $?\ntime; out $?\ntime none; out $?\ntime set a=b; out $a\n"
		"time time true; out $?\n",
		"1|18|16|b|18");
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/a", "same");
	memfiles_add(&guest, "(hd0,msdos1)/b", "same");
	grubtest_run(&guest, OUT "cmp /a /b; out $?\ncmp /a /boot/k; out $?\ncmp /a /c; out $?\n");
	assert_titles(&guest, "0|1|5");
	memfiles_done(&guest);
}

static void stops_calls_as_deep_as_grub(void **state)
{
	struct memfiles guest;

	(void)state;
	/* 30 calls are possible; GRUB forgets to count back, so later there are fewer. */
	assert_shows("function f { n=x$n; f; }\nf\nmenuentry $n { true; }\nn=\nf\n"
		     "menuentry $n { true; }\n",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx|xxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	memfiles_init(&guest);
	grubtest_run(&guest, "name=a$name\nmenuentry $name {\n\tlinux /boot/k\n}\n"
			     "source /boot/grub/grub.cfg\n");
	assert_int_equal(guest.menu.entries, 31);
	assert_true(menu_entry_boots(guest.menu.last));
	assert_warns(&guest, "more than 63 commands inside each other");
	memfiles_done(&guest);
}

static void counts_with_fedora_only(void **state)
{
	struct memfiles *guest = grubtest_fedora(
		"c=3; decrement c; decrement c; increment c; menuentry \"$c\" { true; }\n"
		"if increment none; then true; else menuentry no { true; }; fi\n");

	(void)state;
	assert_titles(guest, "2|no");
	assert_non_null(grubtest_said(guest, REPORT_NOTE, "c is counted in memory only"));
	grubtest_done(guest);
	guest = grubtest("c=3; decrement c; menuentry \"$c\" { true; }\n");
	assert_titles(guest, "3");
	assert_warns(guest, "unknown command \"decrement\"");
	grubtest_done(guest);
}

static void hands_blocks_to_other_commands_as_text(void **state)
{
	(void)state;
	assert_shows(OUT "out a { b; }\nout { c\n# gone\nd; }\n", "a|{ c\nd; }");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loses_only_the_lines_of_a_syntax_error),
		cmocka_unit_test(swallows_the_rest_after_an_open_brace_or_quote),
		cmocka_unit_test(needs_separators_where_grub_does),
		cmocka_unit_test(takes_the_right_branch),
		cmocka_unit_test(runs_loops),
		cmocka_unit_test(calls_functions),
		cmocka_unit_test(redefines_a_function_that_runs),
		cmocka_unit_test(keeps_functions_whose_text_is_gone),
		cmocka_unit_test(counts_an_unknown_command_as_success),
		cmocka_unit_test(takes_cosmetic_commands_silently),
		cmocka_unit_test(inverts_only_what_a_test_says),
		cmocka_unit_test(evaluates_text_as_a_script),
		cmocka_unit_test(reads_nothing_from_the_keyboard),
		cmocka_unit_test(translates_compares_and_times),
		cmocka_unit_test(stops_calls_as_deep_as_grub),
		cmocka_unit_test(counts_with_fedora_only),
		cmocka_unit_test(hands_blocks_to_other_commands_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
