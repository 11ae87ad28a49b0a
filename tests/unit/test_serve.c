/* What QEMU is told of an image. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/strbuf.h"
#include "images/qemu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

static json_t *describe(char *const *formats, const bool *device, uint32_t n)
{
	_strbuf_ struct strbuf out = {0};
	json_t *ret;

	assert_true(qemu_describe(&out, formats, device, n));
	assert_true(text_starts(strbuf_text(&out), TEXT("json:")));
	ret = json_loads(out.at + strlen("json:"), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(ret);
	return ret;
}

static const char *string_at(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void names_no_backing_image_but_ours(void **state)
{
	char *const formats[] = {(char[]){"qcow2"}, (char[]){"raw"}};
	const bool device[] = {false, true};
	json_t *one = describe(formats, device, 1), *two = describe(formats, device, 2), *below;

	(void)state;
	assert_true(json_is_null(json_object_get(one, "backing")));
	below = json_object_get(two, "backing");
	assert_string_equal(string_at(below, "driver"), "raw");
	assert_true(json_is_null(json_object_get(below, "backing")));
	json_decref(one);
	json_decref(two);
}

static void names_files_and_devices_by_number(void **state)
{
	char *const formats[] = {(char[]){"vpc"}, (char[]){"raw"}};
	const bool device[] = {false, true};
	json_t *image = describe(formats, device, 2);
	json_t *file = json_object_get(image, "file");
	json_t *below = json_object_get(json_object_get(image, "backing"), "file");

	(void)state;
	assert_string_equal(string_at(image, "driver"), "vpc");
	assert_string_equal(string_at(file, "driver"), "file");
	assert_string_equal(string_at(file, "filename"), "/disk/0");
	assert_string_equal(string_at(below, "driver"), "host_device");
	assert_string_equal(string_at(below, "filename"), "/disk/1");
	assert_true(json_is_true(json_object_get(image, "read-only")));
	assert_true(json_is_true(json_object_get(file, "read-only")));
	json_decref(image);
}

static void refuses_formats_that_are_not_known(void **state)
{
	static const char *const wrong[] = {
		"", "qcow2\"", "nbd", "vhd" /* ours, not QEMU's */, "qcow2,file.filename=/x"};
	const bool device[] = {false};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		_strbuf_ struct strbuf out = {0};
		char name[40];
		char *const formats[] = {name};

		snprintf(name, sizeof(name), "%s", wrong[i]);
		assert_false(qemu_describe(&out, formats, device, 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_no_backing_image_but_ours),
		cmocka_unit_test(names_files_and_devices_by_number),
		cmocka_unit_test(refuses_formats_that_are_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
