/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/calendar.h"
#include "parsers/fs/name.h"
#include "parsers/disk/readcache.h"
#include "parsers/fs/unicode.h"

#include <errno.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void counts_seconds_of_dates(void **state)
{
	(void)state;
	assert_int_equal(calendar_seconds(1970, 1, 1, 0, 0, 0), 0);
	assert_int_equal(calendar_seconds(2000, 2, 29, 12, 0, 1), 951825601);
	assert_int_equal(calendar_seconds(1900, 3, 1, 0, 0, 0), -2203891200);
	assert_int_equal(calendar_seconds(2100, 12, 31, 23, 59, 59), 4133980799);
	assert_int_equal(
		calendar_seconds(2023, 13, 1, 0, 0, 0), calendar_seconds(2024, 1, 1, 0, 0, 0));
	assert_int_equal(
		calendar_seconds(2023, 0, 32, 0, 0, 0), calendar_seconds(2023, 1, 1, 0, 0, 0));
}

static void writes_utf8_and_takes_it_back(void **state)
{
	static const uint32_t codes[] = {
		0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		char utf8[4];
		struct text t = {utf8, unicode_put(codes[i], utf8)};

		assert_int_equal(unicode_take(&t), codes[i]);
		assert_int_equal(t.len, 0);
	}
}

static void keeps_broken_characters_apart(void **state)
{
	const uint16_t lone[] = {0xdc00, 'x', 0xd800};
	char utf8[9];

	(void)state;
	assert_int_equal(unicode_from_utf16(lone, 3, utf8), 7);
	assert_memory_equal(utf8, "\xef\xbf\xbdx\xef\xbf\xbd", 7);
	assert_true(unicode_equal_nocase(TEXT("\xe4x"), TEXT("\xe4X")));
	assert_false(unicode_equal_nocase(TEXT("\xe4x"), TEXT("\xc4x")));
	assert_false(unicode_equal_nocase(TEXT("\xe4x"), TEXT("\xef\xbf\xbdx")));
}

static void ignores_the_case_of_letters(void **state)
{
	(void)state;
	assert_true(unicode_equal_nocase(TEXT("Kernel-ÄÖÜ"), TEXT("kERNEL-äöü")));
	assert_true(unicode_equal_nocase(TEXT("ЗАГРУЗКА ŻÓŁĆ Ÿ"), TEXT("загрузка żółć ÿ")));
	assert_true(unicode_equal_nocase(TEXT("ΩΣ"), TEXT("ως")) == false);
	assert_true(unicode_equal_nocase(TEXT("ΩΣ"), TEXT("ωσ")));
	assert_false(unicode_equal_nocase(TEXT("×"), TEXT("÷")));
	assert_false(unicode_equal_nocase(TEXT("a"), TEXT("ab")));
	assert_false(unicode_equal_nocase(TEXT("ſ"), TEXT("s")));
}

static void leaves_out_what_no_path_can_name(void **state)
{
	(void)state;
	assert_true(name_is_usable(TEXT("...")));
	assert_false(name_is_usable(TEXT("")));
	assert_false(name_is_usable(TEXT(".")));
	assert_false(name_is_usable(TEXT("..")));
	assert_false(name_is_usable(TEXT("a/b")));
	assert_false(name_is_usable(TEXT("a\0b")));
}

static void reads_any_place_through_the_cache(void **state)
{
	unsigned char disk[3000] = {0};
	struct blockdev dev = blockdev_on_memory(disk, sizeof(disk));
	struct arena arena _arena_;
	struct readcache cache;
	const unsigned char *bytes;

	(void)state;
	arena_init(&arena, 1 << 16);
	for (size_t i = 0; i < sizeof(disk); i++)
		disk[i] = (unsigned char)(i * 7 + i / 256);
	assert_int_equal(readcache_init(&cache, &dev, &arena, 1024), 0);
	for (uint64_t at = 0; at + 300 <= sizeof(disk); at = (at * 5 + 77) % 2999) {
		assert_int_equal(readcache_get(&cache, at, 300, &bytes), 0);
		assert_memory_equal(bytes, disk + at, 300);
		if (at == 2990)
			break;
	}
	assert_int_equal(readcache_get(&cache, 2999, 1, &bytes), 0);
	assert_int_equal(bytes[0], disk[2999]);
	assert_int_equal(readcache_get(&cache, 2999, 2, &bytes), -ERANGE);
	assert_int_equal(readcache_get(&cache, UINT64_MAX, 2, &bytes), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_seconds_of_dates),
		cmocka_unit_test(writes_utf8_and_takes_it_back),
		cmocka_unit_test(keeps_broken_characters_apart),
		cmocka_unit_test(ignores_the_case_of_letters),
		cmocka_unit_test(leaves_out_what_no_path_can_name),
		cmocka_unit_test(reads_any_place_through_the_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
