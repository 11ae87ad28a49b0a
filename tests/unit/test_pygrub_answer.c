/* The answer's three forms, and the file it is written to. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void assert_repr(struct text value, const char *expected)
{
	_strbuf_ struct strbuf out = {0};

	repr_add(&out, value);
	assert_string_equal(out.at, expected);
}

static void quotes_as_python_does(void **state)
{
	(void)state;
	assert_repr(TEXT(""), "''");
	assert_repr(TEXT("root=/dev/xvda1 ro"), "'root=/dev/xvda1 ro'");
	assert_repr(TEXT("it's"), "\"it's\"");
	assert_repr(TEXT("say \"x\""), "'say \"x\"'");
	assert_repr(TEXT("it's \"x\""), "'it\\'s \"x\"'");
	assert_repr(TEXT("a\\b"), "'a\\\\b'");
	assert_repr(TEXT("a\nb\rc\td"), "'a\\nb\\rc\\td'");
	assert_repr(TEXT("\x01\x1b\x7f"), "'\\x01\\x1b\\x7f'");
	assert_repr(TEXT("a\0b"), "'a\\x00b'");
}

static void keeps_utf8_and_escapes_other_bytes(void **state)
{
	(void)state;
	assert_repr(TEXT("Gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7"),
		"'Gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7'");
	assert_repr(TEXT("Gr\xfc\xdf"), "'Gr\\xfc\\xdf'");
	assert_repr(TEXT("\xc2\x9b"), "'\\xc2\\x9b'"); /* C1: a terminal's CSI */
	assert_repr(TEXT("\xc0\x80\xed\xa0\x80"), "'\\xc0\\x80\\xed\\xa0\\x80'");
}

/* Python itself is asked about every byte and a few thousand pairs. */
static void agrees_with_python_on_ascii(void **state)
{
	static const char script[] = "import sys\n"
				     "for a in range(128):\n"
				     "  for b in (39, 34, 92, 10, 65):\n"
				     "    sys.stdout.write(repr(chr(a) + chr(b)) + chr(0))\n";
	char expected[64];
	FILE *python;
	char command[512];

	(void)state;
	snprintf(command, sizeof(command), "/usr/bin/python3 -c '%s'", script);
	python = popen(command, "r");
	assert_non_null(python);
	for (int a = 0; a < 128; a++) {
		static const char others[] = {39, 34, 92, 10, 65};

		for (size_t i = 0; i < sizeof(others); i++) {
			char value[2] = {(char)a, others[i]};
			size_t n = 0;
			int c;

			while ((c = getc(python)) > 0 && n + 1 < sizeof(expected))
				expected[n++] = (char)c;
			expected[n] = '\0';
			assert_true(n > 0);
			assert_repr((struct text){value, 2}, expected);
		}
	}
	assert_int_equal(pclose(python), 0);
}

static struct text kernel = {"/d/boot_kernel.abcd0123", 23},
		   ramdisk = {"/d/boot_ramdisk.abcd0123", 24};

static void assert_answer(
	enum answer_form form, struct text initrd, struct text args, struct text expected)
{
	_strbuf_ struct strbuf out = {0};
	struct err err = {0};

	assert_int_equal(answer_print(&out, form, kernel, initrd, args, &err), 0);
	assert_int_equal(out.len, expected.len);
	assert_memory_equal(out.at, expected.at, expected.len);
}

static void writes_the_three_forms(void **state)
{
	(void)state;
	assert_answer(ANSWER_SXP, ramdisk, TEXT("ro quiet"),
		TEXT("linux (kernel '/d/boot_kernel.abcd0123')"
		     "(ramdisk '/d/boot_ramdisk.abcd0123')(args 'ro quiet')"));
	assert_answer(ANSWER_SIMPLE, ramdisk, TEXT("ro quiet"),
		TEXT("kernel /d/boot_kernel.abcd0123\nramdisk /d/boot_ramdisk.abcd0123\n"
		     "args ro quiet\n\n"));
	assert_answer(ANSWER_SIMPLE0, ramdisk, TEXT("ro\nquiet"),
		TEXT("kernel /d/boot_kernel.abcd0123\0ramdisk /d/boot_ramdisk.abcd0123\0"
		     "args ro\nquiet\0\0"));
}

static void leaves_out_what_there_is_not(void **state)
{
	(void)state;
	assert_answer(
		ANSWER_SXP, TEXT(""), TEXT(""), TEXT("linux (kernel '/d/boot_kernel.abcd0123')"));
	assert_answer(
		ANSWER_SIMPLE, TEXT(""), TEXT(""), TEXT("kernel /d/boot_kernel.abcd0123\n\n"));
}

static void assert_refused(enum answer_form form, struct text args)
{
	_strbuf_ struct strbuf out = {0};
	struct err err = {0};

	assert_int_equal(answer_print(&out, form, kernel, ramdisk, args, &err), -EINVAL);
	assert_int_equal(out.len, 0);
	assert_true(err.text[0] != '\0');
}

/* XSA-198: a guest's arguments must not become items of the answer. */
static void refuses_what_a_form_cannot_say(void **state)
{
	static char long_args[8192];

	(void)state;
	assert_refused(ANSWER_SIMPLE, TEXT("ro\nkernel /etc/shadow"));
	assert_refused(ANSWER_SIMPLE, TEXT("ro\0kernel /etc/shadow"));
	assert_refused(ANSWER_SIMPLE0, TEXT("ro\0kernel /etc/shadow"));
	assert_refused(ANSWER_SXP, TEXT("ro\0"));
	memset(long_args, 'a', sizeof(long_args));
	assert_refused(ANSWER_SIMPLE0, (struct text){long_args, 8187});
	assert_answer(ANSWER_SXP, TEXT(""), TEXT("')(kernel '/etc/shadow"),
		TEXT("linux (kernel '/d/boot_kernel.abcd0123')"
		     "(args \"')(kernel '/etc/shadow\")"));
}

static void an_item_just_short_enough_for_libxl_passes(void **state)
{
	static char long_args[8186];
	_strbuf_ struct strbuf out = {0};
	struct err err = {0};

	(void)state;
	memset(long_args, 'a', sizeof(long_args));
	assert_int_equal(answer_print(&out, ANSWER_SIMPLE0, kernel, ramdisk,
				 (struct text){long_args, sizeof(long_args)}, &err),
		0);
}

static void joins_arguments_with_one_blank(void **state)
{
	static const struct {
		const char *cmdline, *more, *expected;
	} cases[] = {{"ro", "quiet", "ro quiet"}, {"ro", "", "ro"}, {"ro", NULL, "ro"},
		{"", "quiet", "quiet"}, {"", "", ""}, {"", NULL, ""}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_strbuf_ struct strbuf out = {0};

		args_join(text_of(cases[i].cmdline), cases[i].more, &out);
		assert_true(text_is(strbuf_text(&out), cases[i].expected));
	}
}

static char folder[] = "/tmp/test_answer.XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static size_t read_back(const char *name, char *buffer, size_t size)
{
	FILE *f = fopen(in_folder(name), "r");
	size_t n;

	assert_non_null(f);
	n = fread(buffer, 1, size - 1, f);
	buffer[n] = '\0';
	fclose(f);
	return n;
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void replaces_what_a_file_held(void **state)
{
	struct answer_file file;
	struct err err = {0};
	char text[64];
	FILE *f = fopen(in_folder("out"), "w");

	(void)state;
	assert_non_null(f);
	fputs("something old and long", f);
	fclose(f);
	assert_int_equal(answer_open(in_folder("out"), &file, &err), 0);
	read_back("out", text, sizeof(text));
	assert_string_equal(text, "something old and long"); /* not before there is an answer */
	assert_int_equal(answer_write(&file, TEXT("new"), -1, &err), 0);
	read_back("out", text, sizeof(text));
	assert_string_equal(text, "new");
}

static void makes_a_missing_file_for_root_only(void **state)
{
	struct answer_file file;
	struct err err = {0};
	struct stat st;

	(void)state;
	assert_int_equal(answer_open(in_folder("fresh"), &file, &err), 0);
	assert_int_equal(stat(in_folder("fresh"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	answer_discard(&file);
	assert_int_equal(access(in_folder("fresh"), F_OK), -1); /* no answer, no file */
}

static void empties_a_file_it_did_not_make(void **state)
{
	struct answer_file file;
	struct err err = {0};
	char text[64];

	(void)state;
	assert_int_equal(answer_open(in_folder("out"), &file, &err), 0);
	answer_discard(&file);
	assert_int_equal(read_back("out", text, sizeof(text)), 0);
}

/* A reader that has opened a FIFO gets the whole answer, or an end of file. */
static void serves_a_fifo(void **state)
{
	struct answer_file file;
	struct err err = {0};
	int status;
	pid_t reader;

	(void)state;
	assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
	reader = fork();
	if (reader == 0) {
		char text[64];
		size_t n = read_back("fifo", text, sizeof(text));

		_exit(n == 6 && !strcmp(text, "answer") ? 0 : 1);
	}
	assert_int_equal(answer_open(in_folder("fifo"), &file, &err), 0);
	assert_false(file.regular);
	assert_int_equal(answer_write(&file, TEXT("answer"), -1, &err), 0);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
}

static void a_full_disk_leaves_no_half_answer(void **state)
{
	struct answer_file file = {.path = in_folder("full"), .regular = false};
	struct err err = {0};

	(void)state;
	file.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(file.fd >= 0);
	assert_int_equal(answer_write(&file, TEXT("answer"), -1, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "cannot write the answer"));
	answer_discard(&file);
}

/* Nobody reads the pipe; a signal's descriptor gets us out. */
static void a_signal_ends_the_wait_for_a_reader(void **state)
{
	static char big[1 << 20];
	struct answer_file file = {.path = "pipe"};
	struct err err = {0};
	int ends[2], wake[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pipe(wake), 0);
	assert_int_equal(write(wake[1], "x", 1), 1);
	file.fd = ends[1];
	assert_int_equal(
		answer_write(&file, (struct text){big, sizeof(big)}, wake[0], &err), -EINTR);
	close(ends[0]);
	close(wake[0]);
	close(wake[1]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_as_python_does),
		cmocka_unit_test(keeps_utf8_and_escapes_other_bytes),
		cmocka_unit_test(agrees_with_python_on_ascii),
		cmocka_unit_test(writes_the_three_forms),
		cmocka_unit_test(leaves_out_what_there_is_not),
		cmocka_unit_test(refuses_what_a_form_cannot_say),
		cmocka_unit_test(an_item_just_short_enough_for_libxl_passes),
		cmocka_unit_test(joins_arguments_with_one_blank),
		cmocka_unit_test(replaces_what_a_file_held),
		cmocka_unit_test(makes_a_missing_file_for_root_only),
		cmocka_unit_test(empties_a_file_it_did_not_make),
		cmocka_unit_test(serves_a_fifo),
		cmocka_unit_test(a_full_disk_leaves_no_half_answer),
		cmocka_unit_test(a_signal_ends_the_wait_for_a_reader),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
