/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/grubtest.h"

/* Shows its arguments as a title: [2]<a><b c>. */
#define OUT                                                                   \
	"function out { t=\"[$#]\"; for a in \"$@\"; do t=\"$t<$a>\"; done; " \
	"menuentry \"$t\" { true; }; }\n"

static void drops_lines_that_begin_with_a_hash(void **state)
{
	(void)state;
	assert_shows(OUT "out a # b\nout a#b \\#c\n  # c\n# d\nout x;# foo\nout \"#\" '#'\n",
		"[1]<a>|[2]<a#b><#c>|[1]<x>|[2]<#><#>");
	/* Even inside quotes and blocks. */
	assert_shows("menuentry 'one\n# gone\ntwo' {\n# }\ntrue\n}\n", "one\ntwo");
	assert_shows(OUT " #don't\nout a\n", "[1]<a>");
}

static void takes_files_with_carriage_returns(void **state)
{
	(void)state;
	assert_shows("menuentry a {\r\n\tlinux /boot/k x\r\n}\r\nif true\r\nthen\r\nmenuentry "
		     "\"b\rc\" { true; }\r\nfi\r\n",
		"a|bc");
	assert_shows(OUT "\r# gone\nout a\\\r\nb\n", "[1]<ab>");
}

static void forgets_what_follows_a_nul_byte_on_its_line(void **state)
{
	static const char config[] = "menuentry a { true; } # \0 menuentry b {\n"
				     "menuentry 'c\0d\ne' { true; }\n";
	struct memfiles guest;
	struct err err = {0};

	(void)state;
	memfiles_init(&guest);
	memfiles_add_bytes(&guest, "(hd0,msdos1)/boot/grub/grub.cfg", config, sizeof(config) - 1);
	assert_int_equal(parser_grub2.parse(&guest.files, memfiles_find(&guest, "hd0,msdos1"),
				 TEXT("/boot/grub/grub.cfg"), &guest.menu, &err),
		0);
	assert_titles(&guest, "a|c\ne");
	memfiles_done(&guest);
}

static void ends_words_at_metacharacters(void **state)
{
	(void)state;
	assert_shows(OUT "out a;out b; out c\nmenuentry 'x'{ true; }\n", "[1]<a>|[1]<b>|[1]<c>|x");
	/* Known to the lexer only: the whole line is wrong. */
	assert_shows(OUT
		"out a&b\nout a|b\nout a<b\nout a>b\nout [[ a\nout a ;; out b\nout [[a ]]b\n",
		"[2]<[[a><]]b>");
}

static void joins_lines_at_backslashes(void **state)
{
	(void)state;
	assert_shows(OUT "out a\\\nb c\\\n d \"e\\\nf\"\nout g \\\n\nout h\n",
		"[4]<ab><c><d><ef>|[1]<g>|[1]<h>");
	assert_shows(OUT "out 'g\\\nh'\n", "[1]<g\\\nh>");
}

static void knows_three_kinds_of_quotes(void **state)
{
	(void)state;
	assert_shows(OUT
		"out 'a\"b' \"a'b\" a\\ b \"a\\b\" \"a\\$b\" \"a\\\\b\" 'a\\b' a\\\\b \"\\\"\"\n",
		"[9]<a\"b><a'b><a b><a\\b><a$b><a\\b><a\\b><a\\b><\">");
	assert_shows(OUT "out '' \"\" x''y\n", "[3]<><><xy>");
	assert_shows(OUT "x=val; out $\"a $x ${x} \\$x \\\\ \\\" b\" $\"\" $\"$none\"\n",
		"[3]<a val val $x \\ \" b><><>");
	assert_shows(OUT "out \"a\nb\" 'c\nd'\n", "[2]<a\nb><c\nd>");
}

static void refuses_a_lone_dollar(void **state)
{
	(void)state;
	assert_shows(OUT
		"out $\nout \"$ \"\nout $$\nout ${a\nout ${a-b}\nout ${}\nout $'x'\nout ok\n",
		"[1]<ok>");
}

static void splits_unquoted_variables_at_blanks(void **state)
{
	(void)state;
	assert_shows(OUT "x=\"a b\"; out pre${x}post $x \"$x\"\n", "[5]<prea><bpost><a><b><a b>");
	assert_shows(OUT "x=' a\tb '; out $x; out p$x; out ${x}q; out $x$x\n",
		"[2]<a><b>|[2]<pa><b>|[2]<a><bq>|[3]<a><ba><b>");
	assert_shows(OUT "y=; out $y; out \"$y\" $y ''; out a$none\n", "[0]<>|[2]<><>|[1]<a>");
	/* Quotes in a value are characters. */
	assert_shows(OUT "x=\"'a b'\"; out $x\n", "[2]<'a><b'>");
}

static void gives_arguments_by_number_and_all_together(void **state)
{
	(void)state;
	assert_shows(OUT "function f { out \"$@\"; out \"$*\"; out $@; out p\"$@\"q; out $# $3 "
			 "${3}a \"$4\"; }\nf 'a b' '' c\n",
		"[3]<a b><><c>|[1]<a b  c>|[3]<a><b><c>|[3]<pa b><><cq>|[4]<3><c><ca><>");
	assert_shows(OUT "function f { out $10 ${10} $1a; }\nf a b c d e f g h i j k\n",
		"[3]<j><j><aa>");
}

static void has_no_arguments_outside_of_functions(void **state)
{
	(void)state;
	assert_shows("menuentry \"[$1$#$*$@$0]\" { true; }\n", "[]");
}

static void reserves_words_only_at_the_start_of_a_command(void **state)
{
	(void)state;
	assert_shows(OUT
		"out if then else fi for in do done while until function case esac select\n",
		"[14]<if><then><else><fi><for><in><do><done><while><until><function><case><esac>"
		"<select>");
	assert_shows(OUT "in\nselect x\ncase a\nout ok\n", "[1]<ok>");
}

static void matches_files_and_devices(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	memfiles_volume(&guest, "hd0", NULL, NULL);
	memfiles_volume(&guest, "hd1", NULL, NULL);
	memfiles_add(&guest, "(hd0,msdos1)/g/a1", "");
	memfiles_add(&guest, "(hd0,msdos1)/g/a2", "");
	memfiles_add(&guest, "(hd0,msdos1)/g/b", "");
	memfiles_add(&guest, "(hd0,msdos1)/g/d/c", "");
	grubtest_run(&guest, OUT "insmod regexp\nout /g/a*\nout /g/a?\nout \"/g/*\"\nout /g/\\*\n"
				 "x='/g/a*'; out $x; out \"$x\"\nout /n*\nout /*/b\nout /g/*/c\n"
				 "out (hd0,msdos1)/g/d*\nout *\nout (hd0*)/g/b\nout x*\n");
	assert_titles(&guest,
		"[2]</g/a1></g/a2>|[2]</g/a1></g/a2>|[1]</g/*>|[1]</g/*>|[2]</g/a1></g/a2>|"
		"[1]</g/a*>|[1]</n*>|[1]</g/b>|[1]</g/d/c>|[1]<(hd0,msdos1)/g/d>|"
		"[2]<(hd0)><(hd1)>|[1]<(hd0,msdos1)/g/b>|[1]<x*>");
	memfiles_done(&guest);
}

static void keeps_backslashes_of_values(void **state)
{
	(void)state;
	assert_shows(OUT "x='a\\b'; out $x \"$x\"; x='a\\*b'; out $x \"$x\"; x='\\\\'; out $x\n",
		"[2]<a\\b><a\\b>|[2]<a\\*b><a\\*b>|[1]<\\\\>");
}

static void keeps_hex_escapes_with_fedora_only(void **state)
{
	static const char config[] =
		"menuentry a { linux /boot/k LABEL=A\\x207 'b\\x20c' \"d\\x20\"; }\n";
	struct memfiles *guest = grubtest(config);

	(void)state;
	assert_text(grubtest_entry(guest, "0")->cmdline, "LABEL=Ax207 b\\\\x20c d\\\\x20");
	grubtest_done(guest);
	guest = grubtest_fedora(config);
	assert_text(grubtest_entry(guest, "0")->cmdline, "LABEL=A\\x207 b\\x20c d\\x20");
	grubtest_done(guest);
}

static void assigns_what_is_no_command(void **state)
{
	(void)state;
	assert_shows(OUT "c=x y; out $c; d=\"x y\"; e=$d; out \"$e\"; v=a; v=${v}b; out $v; x-y=1; "
			 "out $?; x=a=b; out $x; 9=3; out $?\n",
		"[1]<x>|[1]<x>|[1]<ab>|[1]<0>|[1]<a=b>|[1]<0>");
	assert_shows(OUT "set a=1 b=2; out $a $b; set c = 3; out $? $c; set d; out $?; "
			 "set kernelopts=root=/dev/x ro; out $kernelopts\n",
		"[1]<1>|[1]<18>|[1]<18>|[1]<root=/dev/x>");
	assert_shows(OUT "a=1; unset a; out \"$a\"; export z=two; out $z; export q; out \"$q\"\n",
		"[1]<>|[0]<>|[1]<>");
}

static void takes_parentheses_off_root(void **state)
{
	(void)state;
	assert_shows(OUT "set root='(hd0,msdos2)'; out $root; root=(hd1); out $root; out $prefix\n",
		"[1]<hd0,msdos2>|[1]<hd1>|[1]<(hd0,msdos1)/boot/grub>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drops_lines_that_begin_with_a_hash),
		cmocka_unit_test(takes_files_with_carriage_returns),
		cmocka_unit_test(forgets_what_follows_a_nul_byte_on_its_line),
		cmocka_unit_test(ends_words_at_metacharacters),
		cmocka_unit_test(joins_lines_at_backslashes),
		cmocka_unit_test(knows_three_kinds_of_quotes),
		cmocka_unit_test(refuses_a_lone_dollar),
		cmocka_unit_test(splits_unquoted_variables_at_blanks),
		cmocka_unit_test(gives_arguments_by_number_and_all_together),
		cmocka_unit_test(has_no_arguments_outside_of_functions),
		cmocka_unit_test(reserves_words_only_at_the_start_of_a_command),
		cmocka_unit_test(matches_files_and_devices),
		cmocka_unit_test(keeps_backslashes_of_values),
		cmocka_unit_test(keeps_hex_escapes_with_fedora_only),
		cmocka_unit_test(assigns_what_is_no_command),
		cmocka_unit_test(takes_parentheses_off_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
