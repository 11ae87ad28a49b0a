/* Headers of images: which are taken, and which would have QEMU open other files. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/bytes.h"
#include "parsers/disk/image_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

enum { FILE_BYTES = 64 * 1024 };

static unsigned char file[FILE_BYTES];

static void begin(const char *magic)
{
	memset(file, 0, sizeof(file));
	memcpy(file, magic, strlen(magic));
}

static void put_be32(size_t at, uint32_t value)
{
	value = htobe32(value);
	memcpy(file + at, &value, sizeof(value));
}

static void put_be64(size_t at, uint64_t value)
{
	value = htobe64(value);
	memcpy(file + at, &value, sizeof(value));
}

static void put_le64(size_t at, uint64_t value)
{
	value = htole64(value);
	memcpy(file + at, &value, sizeof(value));
}

static int check(const char *format, bool backed, struct err *err)
{
	struct blockdev dev = blockdev_on_memory(file, sizeof(file));

	*err = (struct err){0};
	return image_check(&dev, text_of(format), backed, err);
}

static void takes(const char *format, bool backed)
{
	struct err err;
	int r = check(format, backed, &err);

	if (r)
		fprintf(stderr, "%s\n", err.text);
	assert_int_equal(r, 0);
}

static void refuses(const char *format, bool backed, const char *why)
{
	struct err err;

	assert_int_equal(check(format, backed, &err), -EINVAL);
	if (!strstr(err.text, why))
		fprintf(stderr, "%s\n", err.text);
	assert_non_null(strstr(err.text, why));
}

static void takes_qcow2_that_stands_alone(void **state)
{
	(void)state;
	begin("QFI\xfb");
	put_be32(4, 3);
	takes("qcow2", false);
	put_be32(4, 2);
	takes("qcow2", false);
}

static void refuses_another_version_of_qcow(void **state)
{
	(void)state;
	begin("QFI\xfb");
	put_be32(4, 1);
	takes("qcow", false);
	refuses("qcow2", false, "version 1");
	put_be32(4, 4);
	refuses("qcow2", false, "version 4");
	refuses("qcow", false, "version 4");
}

static void takes_backing_images_only_as_configured(void **state)
{
	(void)state;
	begin("QFI\xfb");
	put_be32(4, 3);
	refuses("qcow2", true, "has no backing image, but one is configured");
	put_be64(8, 112);
	refuses("qcow2", false, "has a backing image, and none is configured");
	takes("qcow2", true);
	begin("QED");
	takes("qed", false);
	put_le64(16, 1);
	refuses("qed", false, "has a backing image");
	takes("qed", true);
}

static void refuses_data_in_another_file(void **state)
{
	(void)state;
	begin("QFI\xfb");
	put_be32(4, 3);
	put_be64(72, 4);
	refuses("qcow2", false, "another file");
	put_be32(4, 2); /* has no such field */
	takes("qcow2", false);
}

static void refuses_encrypted_images(void **state)
{
	(void)state;
	begin("QFI\xfb");
	put_be32(4, 3);
	put_be32(32, 2);
	refuses("qcow2", false, "encrypted");
}

static void knows_vhd_by_either_footer(void **state)
{
	(void)state;
	begin("conectix");
	put_be32(60, 3);
	takes("vpc", false);
	begin("");
	refuses("vpc", false, "no image in vhd format");
	memcpy(file + FILE_BYTES - 512, "conectix", 8);
	put_be32(FILE_BYTES - 512 + 60, 2);
	takes("vpc", false);
}

static void refuses_vhd_with_a_parent(void **state)
{
	(void)state;
	begin("conectix");
	put_be32(60, 4);
	refuses("vpc", false, "differencing");
}

static void describe_vmdk(const char *descriptor)
{
	begin("KDMV");
	put_le64(12, 2048);
	put_le64(28, 1);
	put_le64(36, 20);
	memcpy(file + 512, descriptor, strlen(descriptor));
}

static void takes_vmdk_in_one_file(void **state)
{
	(void)state;
	describe_vmdk(
		"# Disk DescriptorFile\nparentCID=ffffffff\ncreateType=\"monolithicSparse\"\n");
	takes("vmdk", false);
	describe_vmdk("createType=\"streamOptimized\"\r\nparentCID=FFFFFFFF\r\n");
	takes("vmdk", false);
}

static void refuses_vmdk_in_other_files(void **state)
{
	(void)state;
	describe_vmdk(
		"parentCID=ffffffff\ncreateType=\"monolithicFlat\"\nRW 8 FLAT \"/etc/shadow\" 0\n");
	refuses("vmdk", false, "monolithicFlat");
	describe_vmdk("parentCID=12345678\ncreateType=\"monolithicSparse\"\n");
	refuses("vmdk", false, "parent");
	begin("# Disk DescriptorFile\nRW 8 FLAT \"/etc/shadow\" 0\n");
	refuses("vmdk", false, "no VMDK in one file");
}

static void refuses_vmdk_whose_descriptor_lies_elsewhere(void **state)
{
	(void)state;
	describe_vmdk("parentCID=ffffffff\ncreateType=\"monolithicSparse\"\n");
	put_le64(28, 1000);
	refuses("vmdk", false, "cut off");
	put_le64(28, UINT64_MAX);
	refuses("vmdk", false, "without a descriptor");
	put_le64(28, 1);
	put_le64(12, 0); /* then QEMU reads extents from the descriptor */
	refuses("vmdk", false, "without a descriptor");
}

static void never_takes_one_format_for_another(void **state)
{
	static const char *const formats[] = {"qcow2", "qcow", "qed", "vpc", "vhdx", "vmdk"};
	(void)state;
	begin("no image at all");
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		refuses(formats[i], false, "");
	takes("raw", false);
	refuses("raw", true, "has no backing image");
	refuses("luks", false, "luks");
}

static void tells_what_raw_bytes_look_like(void **state)
{
	struct blockdev dev = blockdev_on_memory(file, sizeof(file));
	struct blockdev empty = blockdev_on_memory(file, 0);

	(void)state;
	begin("QFI\xfb");
	assert_string_equal(image_looks_like(&dev), "qcow2");
	begin("conectix");
	assert_string_equal(image_looks_like(&dev), "vhd");
	begin("vhdxfile");
	assert_string_equal(image_looks_like(&dev), "vhdx");
	begin("# Disk DescriptorFile");
	assert_string_equal(image_looks_like(&dev), "vmdk");
	begin("");
	assert_null(image_looks_like(&dev));
	assert_null(image_looks_like(&empty));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_qcow2_that_stands_alone),
		cmocka_unit_test(refuses_another_version_of_qcow),
		cmocka_unit_test(takes_backing_images_only_as_configured),
		cmocka_unit_test(refuses_data_in_another_file),
		cmocka_unit_test(refuses_encrypted_images),
		cmocka_unit_test(knows_vhd_by_either_footer),
		cmocka_unit_test(refuses_vhd_with_a_parent),
		cmocka_unit_test(takes_vmdk_in_one_file),
		cmocka_unit_test(refuses_vmdk_in_other_files),
		cmocka_unit_test(refuses_vmdk_whose_descriptor_lies_elsewhere),
		cmocka_unit_test(never_takes_one_format_for_another),
		cmocka_unit_test(tells_what_raw_bytes_look_like),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
