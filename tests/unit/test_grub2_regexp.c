/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/regex/regex.h"

#include <errno.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static const char *const patterns[] = {
	"",
	"a",
	"abc",
	".",
	"^a",
	"a$",
	"^$",
	"^",
	"$",
	"a|b",
	"ab|a",
	"a|ab",
	"(a|ab)(c|bcd)(d*)",
	"a*",
	"a+",
	"a?",
	"a*b",
	"(a*)*",
	"(a*)+",
	"(a|b)*c",
	"(ab)*",
	"a{2}",
	"a{2,}",
	"a{1,2}",
	"a{0}",
	"(ab){2}",
	"x{0,2}y",
	"a{,2}",
	"[abc]",
	"[^abc]",
	"[a-c]+",
	"[]a]",
	"[^]a]",
	"[a-]",
	"[[:digit:]]+",
	"[[:alpha:]_]*",
	"[[:upper:][:digit:]]",
	"\\.",
	"a\\*",
	"(a)(b)?(c)",
	"()",
	"(a|)b",
	"a||b",
	"(^a)",
	"(a$)",
	"^(.*)-([0-9.]+)$",
	"vmlinuz-(.*)",
	"([0-9]+)\\.([0-9]+)",
	"^hd([0-9]+),(msdos|gpt)([0-9]+)$",
	"\\<a",
	"a\\>",
	"\\bb",
	"\\Bb",
	"\\w+",
	"\\W",
	"\\s",
	"\\S+",
	"(a+)(b+)",
	"(a+|b+)*",
	"((a)|(b))*",
	"(x)?(y)?",
	".*c",
	"(.*)(c.*)",
	"[[.a.]]",
	"[[=b=]]",
	"a)",
	"(foo|foobar)(bar)?",
	"(a*)(ab)*(b*)",
	"(a?)((ab)?)(b?)",
	"z|(a)|b",
	"[b-d]{1,3}",
	"a**",
};
static const char *const bad[] = {"(", "[", "[a", "*a", "+", "?", "a|*", "{1}", "a{2", "a{2,1}",
	"a{x}", "\\", "[z-a]", "[[:foo:]]", "(*a)", "[[:alpha"};
static const char *const texts[] = {"", "a", "b", "ab", "abc", "abcd", "aab", "aaa", "ba", "xyab",
	"c", "ac", "bc", "abab", "ababab", "vmlinuz-6.1.0-18-amd64", "initrd.img-6.1", "hd0,msdos1",
	"hd12,gpt3x", "A1", "foo bar", "a b", "-", "]", "foobar", "foobarbar", "aabb", "a\nb",
	"a.b*c", "_x9", "y", "xxy", "xxxy", "zzz", "a)b", "bcd"};

static int match(struct grub_pool *pool, const char *pattern, const char *text,
	struct regex_span *spans, uint32_t *groups)
{
	struct grub_regex regex;
	uint64_t budget = 1000000;
	const char *why;
	int r = grub_regex_compile(pool, text_of(pattern), &regex, &why);

	*groups = regex.groups;
	return r ? r : grub_regex_match(pool, &regex, text_of(text), spans, &budget);
}

static void compare(const char *pattern, const char *text)
{
	_arena_ struct arena arena;
	struct grub_pool pool = {.arena = &arena};
	struct regex_span spans[REGEX_MAX_GROUPS];
	regmatch_t want[REGEX_MAX_GROUPS];
	uint32_t groups;
	regex_t libc;
	int r;

	arena_init(&arena, 16 << 20);
	assert_int_equal(regcomp(&libc, pattern, REG_EXTENDED), 0);
	r = match(&pool, pattern, text, spans, &groups);
	if (r != !regexec(&libc, text, REGEX_MAX_GROUPS, want, 0))
		fail_msg("\"%s\" on \"%s\": %d", pattern, text, r);
	for (uint32_t i = 0; r == 1 && i <= groups; i++) {
		if (want[i].rm_so < 0 ? !spans[i].set
				      : spans[i].set && spans[i].from == (size_t)want[i].rm_so &&
						spans[i].to == (size_t)want[i].rm_eo)
			continue;
		fail_msg("\"%s\" on \"%s\": group %u is %zd-%zd, libc has %d-%d", pattern, text, i,
			spans[i].set ? (ssize_t)spans[i].from : -1,
			spans[i].set ? (ssize_t)spans[i].to : -1, want[i].rm_so, want[i].rm_eo);
	}
	regfree(&libc);
}

/* GRUB's own matcher is that of the C library. */
static void matches_what_the_c_library_matches(void **state)
{
	(void)state;
	for (size_t p = 0; p < ARRAY_SIZE(patterns); p++) {
		for (size_t t = 0; t < ARRAY_SIZE(texts); t++)
			compare(patterns[p], texts[t]);
	}
}

static void refuses_what_the_c_library_refuses(void **state)
{
	_arena_ struct arena arena;
	struct grub_pool pool = {.arena = &arena};
	struct grub_regex regex;
	const char *why;
	regex_t libc;

	(void)state;
	arena_init(&arena, 16 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!regcomp(&libc, bad[i], REG_EXTENDED))
			fail_msg("libc takes \"%s\"", bad[i]);
		if (grub_regex_compile(&pool, text_of(bad[i]), &regex, &why) != -EINVAL || !why)
			fail_msg("\"%s\" is taken", bad[i]);
	}
}

static void says_that_back_references_are_not_supported(void **state)
{
	_arena_ struct arena arena;
	struct grub_pool pool = {.arena = &arena};
	struct grub_regex regex;
	const char *why;

	(void)state;
	arena_init(&arena, 16 << 20);
	assert_int_equal(grub_regex_compile(&pool, TEXT("(a)\\1"), &regex, &why), -EINVAL);
	assert_non_null(strstr(why, "back reference"));
}

/* Expressions that take others exponential time. */
static void needs_little_time_for_hostile_expressions(void **state)
{
	static const char *const hostile[] = {"(a*)*b", "(a|a)*b", "(a?){50}a{50}b", "((a*)*)*c",
		"(.*)(.*)(.*)(.*)(.*)x", "(a|b|ab)*bc"};
	_arena_ struct arena arena;
	struct grub_pool pool = {.arena = &arena};
	struct regex_span spans[REGEX_MAX_GROUPS];
	char text[2001];
	uint32_t groups;

	(void)state;
	memset(text, 'a', 2000);
	text[2000] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		arena_init(&arena, 64 << 20);
		assert_int_equal(match(&pool, hostile[i], text, spans, &groups), 0);
		arena_done(&arena);
		pool.top = NULL;
	}
}

static void stops_at_its_bounds(void **state)
{
	_arena_ struct arena arena;
	struct grub_pool pool = {.arena = &arena};
	struct regex_span spans[REGEX_MAX_GROUPS];
	struct grub_regex regex;
	uint64_t budget = 100;
	const char *why;
	char deep[400];

	(void)state;
	arena_init(&arena, 64 << 20);
	assert_int_equal(
		grub_regex_compile(&pool, TEXT("((a{100}){100}){100}"), &regex, &why), -E2BIG);
	assert_int_equal(grub_regex_compile(&pool, TEXT("a{999999999999}"), &regex, &why), -E2BIG);
	memset(deep, '(', sizeof(deep));
	assert_int_equal(
		grub_regex_compile(&pool, (struct text){deep, sizeof(deep)}, &regex, &why), -E2BIG);
	assert_int_equal(grub_regex_compile(&pool, TEXT("(a|b)*c"), &regex, &why), 0);
	assert_int_equal(
		grub_regex_match(&pool, &regex,
			TEXT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), spans, &budget),
		-E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_what_the_c_library_matches),
		cmocka_unit_test(refuses_what_the_c_library_refuses),
		cmocka_unit_test(says_that_back_references_are_not_supported),
		cmocka_unit_test(needs_little_time_for_hostile_expressions),
		cmocka_unit_test(stops_at_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
