/* core: arithmetic, text, buffers, arena, errors, the report. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/arena.h"
#include "core/bytes.h"
#include "core/checked.h"
#include "core/err.h"
#include "model/limits.h"
#include "model/report.h"
#include "core/size.h"
#include "core/strbuf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void a_range_ends_inside_or_is_refused(void **state)
{
	(void)state;
	assert_true(range_inside(0, 0, 0));
	assert_true(range_inside(10, 0, 10));
	assert_true(range_inside(3, 7, 10));
	assert_false(range_inside(3, 8, 10));
	assert_false(range_inside(11, 0, 10));
	assert_false(range_inside(UINT64_MAX, 2, 10));
	assert_false(range_inside(2, UINT64_MAX, 10));
}

static void sums_that_overflow_are_refused(void **state)
{
	uint32_t sum;
	uint64_t product;

	(void)state;
	assert_false(checked_add(UINT32_MAX, 1u, &sum));
	assert_true(checked_add(UINT32_MAX - 1, 1u, &sum));
	assert_int_equal(sum, UINT32_MAX);
	assert_false(checked_mul((uint64_t)1 << 33, (uint64_t)1 << 31, &product));
	assert_false(checked_sub(1u, 2u, &sum));
}

static void disk_integers_are_read_in_their_own_order(void **state)
{
	static const unsigned char bytes[] = {0x01, 0x02, 0x03, 0x04};
	struct le32 little;
	struct be32 big;

	(void)state;
	memcpy(&little, bytes, sizeof(little));
	memcpy(&big, bytes, sizeof(big));
	assert_int_equal(le32_get(little), 0x04030201);
	assert_int_equal(be32_get(big), 0x01020304);
}

static void sizes_are_cut_to_one_decimal(void **state)
{
	(void)state;
	assert_string_equal(size_text(0).at, "0 B");
	assert_string_equal(size_text(1023).at, "1023 B");
	assert_string_equal(size_text(1024).at, "1.0 KiB");
	assert_string_equal(size_text(MIB - 1).at, "1023.9 KiB");
	assert_string_equal(size_text(10 * GIB).at, "10.0 GiB");
	assert_string_equal(size_text((uint64_t)8 << 40).at, "8.0 TiB");
	assert_string_equal(size_text(UINT64_MAX).at, "15.9 EiB");
}

static void a_text_is_cut_at_each_separator(void **state)
{
	struct text rest = TEXT("a,,b"), head;

	(void)state;
	assert_true(text_cut(&rest, ',', &head));
	assert_true(text_is(head, "a"));
	assert_true(text_cut(&rest, ',', &head));
	assert_int_equal(head.len, 0);
	assert_true(text_cut(&rest, ',', &head));
	assert_true(text_is(head, "b"));
	assert_false(text_cut(&rest, ',', &head));
}

static void texts_compare_by_bytes(void **state)
{
	(void)state;
	assert_true(text_compare(TEXT("a"), TEXT("b")) < 0);
	assert_true(text_compare(TEXT("ab"), TEXT("a")) > 0);
	assert_int_equal(text_compare(TEXT("a\0b"), TEXT("a\0b")), 0);
	assert_false(text_equal(TEXT("a\0b"), TEXT("a\0c")));
	assert_true(text_equal_nocase(TEXT("UUID"), TEXT("uuid")));
	assert_true(text_starts(TEXT("kernel"), TEXT("ker")));
	assert_true(text_ends(TEXT("a.conf"), TEXT(".conf")));
	assert_false(text_ends(TEXT("conf"), TEXT(".conf")));
	assert_true(text_is(text_trim(TEXT(" \tx y\r\n")), "x y"));
}

static void only_whole_decimal_numbers_are_numbers(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_true(text_number(TEXT("18446744073709551615"), &n));
	assert_true(n == UINT64_MAX);
	assert_false(text_number(TEXT("18446744073709551616"), &n));
	assert_false(text_number(TEXT(""), &n));
	assert_false(text_number(TEXT("-1"), &n));
	assert_false(text_number(TEXT("1 "), &n));
	assert_false(text_number(TEXT("0x1"), &n));
}

static void an_arena_ends_at_its_limit(void **state)
{
	_arena_ struct arena arena;
	char *big;

	(void)state;
	arena_init(&arena, 4096);
	big = arena_alloc(&arena, 3000);
	assert_non_null(big);
	assert_int_equal(big[2999], 0);
	assert_null(arena_alloc(&arena, 3000));
	arena_release(&arena, big);
	assert_non_null(arena_alloc(&arena, 3000));
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_array(&arena, SIZE_MAX / 2, 4));
}

static void a_released_block_leaves_the_others(void **state)
{
	_arena_ struct arena arena;
	struct text a, c;
	void *b;

	(void)state;
	arena_init(&arena, 4096);
	assert_int_equal(arena_text(&arena, TEXT("a"), &a), 0);
	b = arena_alloc(&arena, 1);
	assert_non_null(b);
	assert_int_equal(arena_printf(&arena, &c, "%d-%s", 7, "c"), 0);
	arena_release(&arena, b);
	assert_true(text_is(a, "a"));
	assert_true(text_is(c, "7-c"));
	assert_int_equal(c.at[c.len], '\0');
}

static void a_buffer_keeps_its_first_failure(void **state)
{
	_strbuf_ struct strbuf buf = {.limit = 8};

	(void)state;
	strbuf_adds(&buf, "1234");
	strbuf_addf(&buf, "%d", 5678);
	assert_int_equal(buf.failed, 0);
	assert_string_equal(buf.at, "12345678");
	strbuf_addc(&buf, '9');
	assert_int_equal(buf.failed, -EFBIG);
	assert_int_equal(buf.len, 8);
	assert_null(strbuf_steal(&buf));
}

static void an_empty_buffer_is_an_empty_string(void **state)
{
	struct strbuf buf = {0};
	_free_ char *string = strbuf_steal(&buf);

	(void)state;
	assert_string_equal(string, "");
}

static void an_error_keeps_its_first_reason(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(err_set(&err, ENOENT, "no %s", "disk"), -ENOENT);
	assert_int_equal(err_set(&err, EIO, "later"), -EIO);
	assert_string_equal(err.text, "no disk");
	assert_int_equal(err_prefix(&err, "hd%d", 0), -ENOENT);
	assert_string_equal(err.text, "hd0: no disk");
	assert_int_equal(err_set(NULL, EIO, "nobody listens"), -EIO);
}

static void a_repeated_line_is_counted(void **state)
{
	_arena_ struct arena arena;
	struct report report;

	(void)state;
	arena_init(&arena, MIB);
	report_init(&report, &arena);
	report_add_at(&report, REPORT_WARNING, TEXT("grub.cfg"), 3, "unknown command \"%s\"", "x");
	report_add_at(&report, REPORT_WARNING, TEXT("grub.cfg"), 9, "unknown command \"x\"");
	report_add(&report, REPORT_NOTE, "unknown command \"x\"");
	assert_int_equal(report.lines, 2);
	assert_int_equal(report.first->count, 2);
	assert_int_equal(report.first->line, 3);
	assert_int_equal(report.last->count, 1);
}

static void a_hundred_thousand_lines_are_bounded(void **state)
{
	_arena_ struct arena arena;
	struct report report;

	(void)state;
	arena_init(&arena, MIB);
	report_init(&report, &arena);
	for (int i = 0; i < 100000; i++)
		report_add(&report, REPORT_WARNING, "line %d", i);
	assert_int_equal(report.lines, limits_default().max_log);
	assert_int_equal(report.dropped, 100000 - limits_default().max_log);
	assert_true(arena.used < MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_ends_inside_or_is_refused),
		cmocka_unit_test(sums_that_overflow_are_refused),
		cmocka_unit_test(disk_integers_are_read_in_their_own_order),
		cmocka_unit_test(sizes_are_cut_to_one_decimal),
		cmocka_unit_test(a_text_is_cut_at_each_separator),
		cmocka_unit_test(texts_compare_by_bytes),
		cmocka_unit_test(only_whole_decimal_numbers_are_numbers),
		cmocka_unit_test(an_arena_ends_at_its_limit),
		cmocka_unit_test(a_released_block_leaves_the_others),
		cmocka_unit_test(a_buffer_keeps_its_first_failure),
		cmocka_unit_test(an_empty_buffer_is_an_empty_string),
		cmocka_unit_test(an_error_keeps_its_first_reason),
		cmocka_unit_test(a_repeated_line_is_counted),
		cmocka_unit_test(a_hundred_thousand_lines_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
