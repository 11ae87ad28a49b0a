/* newc: cpio members as GRUB writes them, and as cpio reads them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/newc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void a_member_is_the_header_the_name_and_padding(void **state)
{
	_strbuf_ struct strbuf out = {0};
	struct newc newc = {.count = 0};

	(void)state;
	newc_add_file(&newc, &out, TEXT("//etc/x"), 5);
	assert_int_equal(out.len % 4, 0);
	assert_memory_equal(out.at,
		"0707010000000000"
		"0041ff000000000000"
		"000000000001"
		"00000000"
		"00000000"
		"00000000000000000000000000000000"
		"00000004"
		"00000000"
		"etc\0\0\0",
		116);
	assert_memory_equal(out.at + 116,
		"0707010000000000"
		"0081ff000000000000"
		"000000000001"
		"00000000"
		"00000005"
		"00000000000000000000000000000000"
		"00000006"
		"00000000"
		"etc/x\0",
		116);
	assert_int_equal(out.len, 232);
}

static void a_folder_is_written_once_in_an_archive(void **state)
{
	_strbuf_ struct strbuf out = {0};
	struct newc newc = {.count = 0};
	size_t first, second;

	(void)state;
	newc_add_file(&newc, &out, TEXT("etc/a"), 0);
	first = out.len;
	newc_add_file(&newc, &out, TEXT("etc/b"), 0);
	second = out.len - first;
	assert_int_equal(second, 116);
	newc_end(&newc, &out);
	first = out.len;
	newc_add_file(&newc, &out, TEXT("etc/a"), 0);
	assert_int_equal(out.len - first, 232);
}

/* GRUB's list of folders has no depth: below a known one it begins to look behind it. */
static void a_folder_in_a_folder_is_written_again_as_grub_does(void **state)
{
	_strbuf_ struct strbuf out = {0};
	struct newc newc = {.count = 0};
	size_t first;

	(void)state;
	newc_add_file(&newc, &out, TEXT("a/b/c"), 0);
	first = out.len;
	newc_add_file(&newc, &out, TEXT("a/b/d"), 0);
	assert_int_equal(first, 112 + 2 * 116);
	assert_int_equal(out.len - first, 2 * 116);
}

/* Pads what stands in `out` to 4 bytes, as the content around it does. */
static void add_file(struct newc *newc, struct strbuf *out, const char *name, const char *content)
{
	newc_add_file(newc, out, text_of(name), strlen(content));
	strbuf_adds(out, content);
	while (out->len % 4)
		strbuf_addc(out, '\0');
}

static void cpio_reads_the_archive(void **state)
{
	_strbuf_ struct strbuf out = {0};
	struct newc newc = {.count = 0};
	char path[] = "/tmp/newc-XXXXXX", command[100], names[200] = {0};
	FILE *pipe;
	int fd;

	(void)state;
	add_file(&newc, &out, "kernel/x86/microcode.bin", "microcode");
	add_file(&newc, &out, "init", "#!/bin/sh\n");
	newc_end(&newc, &out);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, out.at, out.len), out.len);
	close(fd);
	snprintf(command, sizeof(command), "cpio --quiet -it < %s 2>&1", path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_true(fread(names, 1, sizeof(names) - 1, pipe) > 0);
	assert_int_equal(pclose(pipe), 0);
	unlink(path);
	assert_string_equal(names, "kernel\nkernel/x86\nkernel/x86/microcode.bin\ninit\n");
}

static void too_many_folders_are_written_again(void **state)
{
	static char names[1000][16];
	_strbuf_ struct strbuf out = {0};
	struct newc newc = {.count = 0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(names[i], sizeof(names[i]), "d%d/f", i);
		newc_add_file(&newc, &out, text_of(names[i]), 0);
	}
	assert_int_equal(newc.count, ARRAY_SIZE(newc.folders));
	assert_int_equal(out.failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_is_the_header_the_name_and_padding),
		cmocka_unit_test(a_folder_is_written_once_in_an_archive),
		cmocka_unit_test(a_folder_in_a_folder_is_written_again_as_grub_does),
		cmocka_unit_test(cpio_reads_the_archive),
		cmocka_unit_test(too_many_folders_are_written_again),
	};

	return cmocka_run_group_tests_name("newc", tests, NULL, NULL);
}
