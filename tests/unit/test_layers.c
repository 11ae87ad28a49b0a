/* [image] sections: which files an image is made of, and in which format each is. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/layers.h"
#include "tests/support/errorname.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const char conf[] = "[bootfs]\nxl-config = none\n"
			   "[image /srv/*.qcow2]\nformat = qcow2\nbacking = /base/a:b.img:raw\n"
			   "[image /srv/other.qcow2]\nformat = vhd\n"
			   "[image /srv/top]\nbacking = /base/middle:qcow2\n"
			   "[image /base/middle]\nbacking = /base/a:b.img:raw\n"
			   "[image /srv/endless]\nformat = qcow2\nbacking = /srv/endless:qcow2\n";

static struct config *read_text(const char *text)
{
	char path[] = "/tmp/test_layers.XXXXXX";
	struct config *config;
	int fd = mkstemp(path);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	config = config_read(path, NULL);
	unlink(path);
	assert_non_null(config);
	return config;
}

static int setup(void **state)
{
	*state = read_text(conf);
	return 0;
}

static int teardown(void **state)
{
	config_free(*state);
	return 0;
}

/* "PATH:FORMAT PATH:FORMAT" */
static const char *layers(void **state, const char *path, const char *format)
{
	static char out[1000];
	struct disk_layer found[MAX_IMAGE_LAYERS];
	int n = config_layers(*state, text_of(path), text_of(format), found);
	size_t used = 0;

	out[0] = '\0';
	if (n < 0)
		return error_name(-n);
	for (int i = 0; i < n; i++)
		used += (size_t)snprintf(out + used, sizeof(out) - used, "%s%s=%s", i ? " " : "",
			found[i].path.at, found[i].format);
	return out;
}

static void a_raw_disk_has_no_layers(void **state)
{
	assert_string_equal(layers(state, "/dev/vg/mail", "raw"), "");
	assert_string_equal(layers(state, "/dev/vg/mail", ""), "");
	assert_string_equal(layers(state, "/srv/deeper/x.qcow2", "raw"), "");
}

static void the_disk_line_names_the_format(void **state)
{
	assert_string_equal(layers(state, "/x.vhd", "vhd"), "/x.vhd=vpc");
	assert_string_equal(
		layers(state, "/srv/x.qcow2", "vhd"), "/srv/x.qcow2=vpc /base/a:b.img=raw");
}

static void the_first_section_that_matches_counts(void **state)
{
	assert_string_equal(layers(state, "/srv/other.qcow2", "raw"),
		"/srv/other.qcow2=qcow2 /base/a:b.img=raw");
}

static void backing_images_have_sections_too(void **state)
{
	assert_string_equal(layers(state, "/srv/top", "qcow2"),
		"/srv/top=qcow2 /base/middle=qcow2 /base/a:b.img=raw");
}

static void a_chain_without_end_is_refused(void **state)
{
	assert_string_equal(layers(state, "/srv/endless", "qcow2"), "ELOOP");
}

static void every_mistake_is_told_with_its_line(void **state)
{
	struct config *config =
		read_text("[bootfs]\nxl-config = none\n[image x]\n[image /x]\n"
			  "format = nbd\nbacking = /base\nbacking = base:raw\n"
			  "backing = /base:what\nsize = 3\nformat = qcow2\nformat = vhd\n");
	static const char *const expected[] = {"[image x]: no absolute path",
		"format: \"nbd\" is no known format; raw, qcow2", "backing: needs PATH:FORMAT",
		"backing: needs PATH:FORMAT", "backing: \"what\" is no known format",
		"unknown setting \"size\"", "format: is set already in this section"};
	static const uint32_t lines[] = {3, 5, 6, 7, 8, 9, 11};
	const struct config_problem *problem = config->problems;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++, problem = problem->next) {
		assert_non_null(problem);
		assert_int_equal(problem->line, lines[i]);
		assert_non_null(strstr(problem->text.at, expected[i]));
	}
	assert_null(problem);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_raw_disk_has_no_layers, setup, teardown),
		cmocka_unit_test_setup_teardown(the_disk_line_names_the_format, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_first_section_that_matches_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(backing_images_have_sections_too, setup, teardown),
		cmocka_unit_test_setup_teardown(a_chain_without_end_is_refused, setup, teardown),
		cmocka_unit_test(every_mistake_is_told_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
