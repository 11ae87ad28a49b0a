/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/image_header.h"

#include "core/bytes.h"
#include "core/checked.h"

#include <errno.h>

enum { SECTOR = 512, MAX_DESCRIPTOR = 20 * SECTOR /* as QEMU */ };

static int not_in_format(struct text format, struct err *err)
{
	return err_set(err, EINVAL, "is no image in %.*s format", TEXT_ARG(format));
}

/* What the header says of a backing image must be what the administrator says. */
static int check_backing(bool named, bool backed, struct err *err)
{
	if (named && !backed)
		return err_set(err, EINVAL,
			"has a backing image, and none is configured; name it: backing = PATH in "
			"an "
			"[image] section of bootfs.conf");
	if (!named && backed)
		return err_set(err, EINVAL,
			"has no backing image, but one is configured; take backing = out of its "
			"[image] "
			"section of bootfs.conf");
	return 0;
}

/* ---- QEMU's own formats --------------------------------------------------------------------- */

struct qcow_header {
	char magic[4];
	struct be32 version;
	struct be64 backing_offset; /* 0: no backing image */
	struct be32 backing_size, cluster_bits;
	struct be64 size;
	struct be32 encryption; /* 0: none; version 1 has it elsewhere */
	unsigned char between[36];
	struct be64 incompatible; /* from version 3 on */
};
_Static_assert(sizeof(struct qcow_header) == 80, "docs/interop/qcow2.txt");

#define QCOW_DATA_FILE ((uint64_t)1 << 2)

static int check_qcow(const struct blockdev *file, bool second, bool backed, struct err *err)
{
	struct qcow_header header;
	uint32_t version;

	if (blockdev_read(file, 0, &header, sizeof(header)) < 0 ||
		memcmp(header.magic, "QFI\xfb", 4) != 0)
		return not_in_format(second ? TEXT("qcow2") : TEXT("qcow"), err);
	version = be32_get(header.version);
	if (second ? version < 2 || version > 3 : version != 1)
		return err_set(
			err, EINVAL, "is an image in qcow format, but of version %u", version);
	if (second && be32_get(header.encryption))
		return err_set(err, EINVAL, "is encrypted: not read");
	if (version == 3 && be64_get(header.incompatible) & QCOW_DATA_FILE)
		return err_set(err, EINVAL,
			"keeps its data in another file: not read; make one file of it with "
			"qemu-img "
			"convert");
	return check_backing(be64_get(header.backing_offset) != 0, backed, err);
}

static int check_qcow2(const struct blockdev *file, bool backed, struct err *err)
{
	return check_qcow(file, true, backed, err);
}

static int check_qcow1(const struct blockdev *file, bool backed, struct err *err)
{
	return check_qcow(file, false, backed, err);
}

struct qed_header {
	char magic[4];
	struct le32 cluster_size, table_size, header_size;
	struct le64 features;
};

static int check_qed(const struct blockdev *file, bool backed, struct err *err)
{
	struct qed_header header;

	if (blockdev_read(file, 0, &header, sizeof(header)) < 0 ||
		memcmp(header.magic, "QED", 4) != 0)
		return not_in_format(TEXT("qed"), err);
	return check_backing(le64_get(header.features) & 1, backed, err);
}

/* ---- VHD, VHDX ------------------------------------------------------------------------------- */

struct vhd_footer {
	char cookie[8];
	unsigned char between[52];
	struct be32 type;
};
_Static_assert(sizeof(struct vhd_footer) == 64, "offset of the type is 60");

enum { VHD_DIFFERENCING = 4 };

/* A fixed image has its footer at the end only, a dynamic one a copy at the start. */
static bool read_vhd_footer(const struct blockdev *file, struct vhd_footer *ret)
{
	if (file->size < SECTOR || blockdev_read(file, 0, ret, sizeof(*ret)) < 0)
		return false;
	if (memcmp(ret->cookie, "conectix", 8) == 0)
		return true;
	return blockdev_read(file, file->size - SECTOR, ret, sizeof(*ret)) == 0 &&
	       memcmp(ret->cookie, "conectix", 8) == 0;
}

static int check_vpc(const struct blockdev *file, bool backed, struct err *err)
{
	struct vhd_footer footer;

	if (!read_vhd_footer(file, &footer))
		return not_in_format(TEXT("vhd"), err);
	if (be32_get(footer.type) == VHD_DIFFERENCING)
		return err_set(err, EINVAL,
			"is a differencing VHD, whose parent QEMU does not read; coalesce it with "
			"its "
			"parent");
	return check_backing(false, backed, err);
}

/* QEMU itself refuses those with a parent. */
static int check_vhdx(const struct blockdev *file, bool backed, struct err *err)
{
	char magic[8];

	if (blockdev_read(file, 0, magic, sizeof(magic)) < 0 || memcmp(magic, "vhdxfile", 8) != 0)
		return not_in_format(TEXT("vhdx"), err);
	return check_backing(false, backed, err);
}

/* ---- VMDK ------------------------------------------------------------------------------------ */

struct vmdk_header {
	char magic[4];
	struct le32 version, flags;
	struct le64 capacity, grain, descriptor_at, descriptor_size; /* in sectors */
};

/* The value of `key` in a descriptor's lines, without quotes; empty: none. */
static struct text descriptor_value(struct text descriptor, struct text key)
{
	struct text line, value;

	while (text_cut(&descriptor, '\n', &line)) {
		line = text_trim(line);
		if (!text_starts(line, key))
			continue;
		value = text_trim(text_skip(line, key.len));
		if (value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"')
			value = text_first(text_skip(value, 1), value.len - 2);
		return value;
	}
	return (struct text){0};
}

static int check_descriptor(struct text descriptor, struct err *err)
{
	struct text kind = descriptor_value(descriptor, TEXT("createType="));
	struct text parent = descriptor_value(descriptor, TEXT("parentCID="));

	if (!text_is(kind, "monolithicSparse") && !text_is(kind, "streamOptimized"))
		return err_set(err, EINVAL,
			"is a VMDK of kind \"%.*s\", which may lie in other files: not read; make "
			"one "
			"file of it with qemu-img convert",
			TEXT_ARG(kind));
	if (!text_equal_nocase(parent, TEXT("ffffffff")))
		return err_set(err, EINVAL, "is a VMDK with a parent: not read");
	return 0;
}

static int check_vmdk(const struct blockdev *file, bool backed, struct err *err)
{
	char descriptor[MAX_DESCRIPTOR];
	struct vmdk_header header;
	uint64_t at, size;

	if (blockdev_read(file, 0, &header, sizeof(header)) < 0 ||
		memcmp(header.magic, "KDMV", 4) != 0)
		return err_set(err, EINVAL,
			"is no VMDK in one file; make one of it with qemu-img convert");
	if (!checked_mul(le64_get(header.descriptor_at), SECTOR, &at) ||
		!checked_mul(le64_get(header.descriptor_size), SECTOR, &size) || !at || !size ||
		!le64_get(header.capacity))
		return err_set(err, EINVAL, "is a VMDK without a descriptor: not read");
	size = min_u64(size, sizeof(descriptor));
	if (blockdev_read(file, at, descriptor, (size_t)size) < 0)
		return err_set(err, EINVAL, "is a VMDK cut off in its descriptor");
	if (check_descriptor((struct text){descriptor, strnlen(descriptor, (size_t)size)}, err) < 0)
		return -EINVAL;
	return check_backing(false, backed, err);
}

/* ---- all ------------------------------------------------------------------------------------- */

static const struct image_kind {
	const char *format;  /* QEMU's name; NULL: recognised only */
	const char *xl_name; /* for people */
	const char *magic;   /* at the start of the file */
	int (*check)(const struct blockdev *file, bool backed, struct err *err);
} kinds[] = {
	{"qcow2", "qcow2", "QFI\xfb", check_qcow2},
	{"qcow", "qcow", "QFI\xfb", check_qcow1},
	{"qed", "qed", "QED", check_qed},
	{"vpc", "vhd", "conectix", check_vpc},
	{"vhdx", "vhdx", "vhdxfile", check_vhdx},
	{"vmdk", "vmdk", "KDMV", check_vmdk},
	{NULL, "vmdk", "# Disk DescriptorFile", NULL},
};

int image_check(const struct blockdev *file, struct text format, bool backed, struct err *err)
{
	if (text_is(format, "raw"))
		return check_backing(false, backed, err);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].format && text_is(format, kinds[i].format))
			return kinds[i].check(file, backed, err);
	}
	return err_set(err, EINVAL, "image format %.*s is not read", TEXT_ARG(format));
}

const char *image_looks_like(const struct blockdev *file)
{
	char start[32] = "";

	if (blockdev_read(file, 0, start, (size_t)min_u64(file->size, sizeof(start))) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (memcmp(start, kinds[i].magic, strlen(kinds[i].magic)) == 0)
			return kinds[i].xl_name;
	}
	return NULL;
}
