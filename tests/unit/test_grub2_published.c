/* What GRUB's own interpreter was broken by, against ours; the sanitizers watch. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/grubtest.h"

#define LAST "\nmenuentry last { linux /boot/k; }\n"

/* `head`, `count` times `part`, `tail`, and an entry behind it that must be there and boot. */
static struct memfiles *repeat(const char *head, const char *part, int count, const char *tail)
{
	_strbuf_ struct strbuf text = {0};
	struct memfiles *guest;

	strbuf_adds(&text, head);
	for (int i = 0; i < count; i++)
		strbuf_adds(&text, part);
	strbuf_adds(&text, tail);
	strbuf_adds(&text, LAST);
	guest = grubtest(text.at);
	for (const struct menu_entry *entry = guest->menu.first; entry; entry = entry->next) {
		if (text_is(entry->title, "last")) {
			assert_true(menu_entry_boots(entry));
			return guest;
		}
	}
	fail_msg("no entry is left behind %s%s...", head, part);
	abort();
}

/* CVE-2020-10713: a token longer than the lexer's buffer. */
static void words_may_be_of_any_length(void **state)
{
	static const struct {
		const char *head, *part, *tail;
	} words[] = {
		{"x=", "a", ""},
		{"", "a", ""},
		{"x='", "a\n", "'"},
		{"x=\"", "a$b\\\"", "\""},
		{"x=$", "a", ""},
		{"x=${", "a", "}"},
		{"x=\"${", "a", "}\""},
		{"# ", "a", ""},
		{"x=", "\\a", ""},
		{"x=", "\\\n", ""},
		{"function ", "f", " { true; }"},
		{"for ", "i", " in a; do true; done"},
		{"true", " ", ""},
		{"true", ";", ""},
		{"true ", "a ", ""},
		{"true ", "''", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		grubtest_done(repeat(words[i].head, words[i].part, 100000, words[i].tail));
}

/* CVE-2020-15706: a function that is defined anew while it runs; its old body is still needed. */
static void a_function_may_replace_itself(void **state)
{
	struct memfiles *guest = grubtest(
		"function f { eval 'function f { menuentry new { linux /boot/k; }; }'\n"
		"menuentry old { linux /boot/k; }\nf\n"
		"for i in 1 2; do eval 'function f { true; }'; f; done\n"
		"eval \"function f { menuentry $1 { true; }; }\"\nf\nmenuentry end { true; }\n}\n"
		"f x\nf\n" LAST);

	(void)state;
	assert_titles(guest, "old|new|x|end|x|last");
	grubtest_done(guest);
}

/* CVE-2020-27749: names and values of variables that outgrow a buffer while words are split. */
static void variables_may_be_of_any_length(void **state)
{
	static const char *const uses[] = {"source \"", "menuentry \"", "set y=\"", "[ a = \"",
		"linux \"", "search -f \"", "insmod \"", "regexp \"", "test -f \""};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(uses); i++) {
		_strbuf_ struct strbuf text = {0};

		strbuf_adds(&text, "x=");
		for (int n = 0; n < 20000; n++)
			strbuf_adds(&text, "abcde");
		strbuf_addf(&text, "\n%s$x$x$x${x}\"\n%s", uses[i],
			strchr(uses[i], '[') ? "]"
			: i == 1             ? "{ true; }"
					     : "");
		grubtest_done(repeat(text.at, "", 0, ""));
	}
}

/* CVE-2021-20225: the same short option more often than there is room for. */
static void options_may_be_given_any_number_of_times(void **state)
{
	static const struct {
		const char *head, *part, *tail;
	} commands[] = {
		{"search", " -s", ""},
		{"search", " -h x", " y"},
		{"search", " -u -l -f", " y"},
		{"menuentry y", " --class c", " { true; }"},
		{"menuentry y", " --users u", " { true; }"},
		{"regexp", " -s 1:x", " a b"},
		{"probe", " -u -s x", " (hd0)"},
		{"load_env", " -s -f x", ""},
		{"save_env", " -f /x", " y"},
		{"loopback", " -d", " l"},
		{"test", " !", " a"},
		{"[", " -f x -a", " -f y ]"},
		{"sleep", " -i", " 1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		grubtest_done(repeat(commands[i].head, commands[i].part, 5000, commands[i].tail));
}

/* CVE-2021-20233: a quote in an argument needs more room than it was given. */
static void quotes_may_be_quoted_any_number_of_times(void **state)
{
	static const struct {
		const char *head, *part, *tail;
	} commands[] = {
		{"menuentry \"", "'", "\" { linux /boot/k; }"},
		{"submenu \"", "'", "\" { menuentry x { true; }; }"},
		{"setparams \"", "'", "\""},
		{"eval \"true \\\"", "'", "\\\"\""},
		{"menuentry y --class \"", "'", "\" { true; }"},
		{"function f { menuentry \"$1\" \"$@\" { linux /boot/k; }; }\nf \"", "'", "\""},
		{"menuentry \"", "\\\\'", "\" { linux /boot/k '\\'; }"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		grubtest_done(repeat(commands[i].head, commands[i].part, 20000, commands[i].tail));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_may_be_of_any_length),
		cmocka_unit_test(a_function_may_replace_itself),
		cmocka_unit_test(variables_may_be_of_any_length),
		cmocka_unit_test(options_may_be_given_any_number_of_times),
		cmocka_unit_test(quotes_may_be_quoted_any_number_of_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
