/* core/escape: nothing of a guest reaches a terminal as a command. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void check(struct text text, const char *expected)
{
	_strbuf_ struct strbuf buf = {0};

	escape_add(&buf, text);
	assert_string_equal(buf.at ? buf.at : "", expected);
}

static void plain_text_stays(void **state)
{
	(void)state;
	check(TEXT("Debian GNU/Linux, with Linux 6.1"), "Debian GNU/Linux, with Linux 6.1");
	check(TEXT("Gr\xc3\xb6\xc3\x9f"
		   "e \xe2\x82\xac \xf0\x9f\x90\xa7"),
		"Gr\xc3\xb6\xc3\x9f"
		"e \xe2\x82\xac \xf0\x9f\x90\xa7");
	check(TEXT(""), "");
}

static void controls_are_shown_not_obeyed(void **state)
{
	(void)state;
	check(TEXT("a\nb\tc\\d"), "a\\nb\\tc\\\\d");
	check(TEXT("\x1b]0;x\a"), "\\e]0;x\\x07");
	check(TEXT("\x7f\r"), "\\x7f\\x0d");
	check((struct text){"a\0b", 3}, "a\\x00b");
	check(TEXT("\xc2\x9b"
		   "31m"),
		"\\u009b31m");
}

static void bidi_overrides_are_shown(void **state)
{
	(void)state;
	check(TEXT("\xe2\x80\xae"), "\\u202e");
	check(TEXT("\xe2\x81\xa6"), "\\u2066");
	check(TEXT("\xe2\x80\xa8"), "\\u2028");
}

static void bytes_that_are_not_utf8_are_hex(void **state)
{
	(void)state;
	check(TEXT("caf\xe9"), "caf\\xe9");
	check(TEXT("\xc0\xaf"), "\\xc0\\xaf");
	check(TEXT("\xed\xa0\x80"), "\\xed\\xa0\\x80");
	check(TEXT("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
	check(TEXT("\xe2\x82"), "\\xe2\\x82");
}

static void a_cut_never_splits_a_character(void **state)
{
	_strbuf_ struct strbuf buf = {0};

	(void)state;
	escape_add_cut(&buf, TEXT("ab\xe2\x82\xac"), 4);
	assert_string_equal(buf.at, "ab...");
}

static void json_text_is_always_utf8(void **state)
{
	_strbuf_ struct strbuf buf = {0};

	(void)state;
	assert_false(utf8_add_lossy(&buf, TEXT("ok \xe2\x82\xac")));
	assert_true(utf8_add_lossy(&buf, TEXT("\xff")));
	assert_string_equal(buf.at, "ok \xe2\x82\xac\xef\xbf\xbd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_stays),
		cmocka_unit_test(controls_are_shown_not_obeyed),
		cmocka_unit_test(bidi_overrides_are_shown),
		cmocka_unit_test(bytes_that_are_not_utf8_are_hex),
		cmocka_unit_test(a_cut_never_splits_a_character),
		cmocka_unit_test(json_text_is_always_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
