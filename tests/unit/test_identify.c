/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/identify.h"

#include "model/limits.h"
#include "tests/support/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SIZE = 72 << 20 };

/* What a volume of libblkid's and one that only we can read are told to be. */
static void check_both(int fd, const char *type)
{
	_arena_ struct arena arena = {.limit = MIB};
	struct blockdev on_fd = blockdev_on_fd(fd, 0, SIZE, 512), in_memory;
	void *bytes = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	struct identity identity;

	assert_ptr_not_equal(bytes, MAP_FAILED);
	in_memory = blockdev_on_memory(bytes, SIZE);
	assert_int_equal(identify(&on_fd, &arena, &identity), 0);
	assert_true(text_is(identity.type, type));
	assert_int_equal(identify(&in_memory, &arena, &identity), 0);
	assert_true(text_is(identity.type, type));
	munmap(bytes, SIZE);
	close(fd);
}

static void what_we_do_not_read_has_its_name_on_every_kind_of_volume(void **state)
{
	static const struct {
		const char *type, *command;
	} made[] = {
		{"crypto_LUKS", "echo x | cryptsetup -q luksFormat --type luks1 --pbkdf-force-"
				"iterations 1000 $IMAGE -"},
		{"exfat", "mkfs.exfat $IMAGE"},
		{"f2fs", "mkfs.f2fs $IMAGE"},
		{"jfs", "mkfs.jfs -q $IMAGE"},
		{"ntfs", "mkfs.ntfs -F -Q $IMAGE"},
		{"reiserfs", "mkreiserfs -q -f -f $IMAGE"},
		{"reiserfs", "mkreiserfs -q -f -f --format 3.5 $IMAGE"},
		{"swap", "mkswap $IMAGE"},
		{"ufs", "mkdir $IMAGE.d; makefs -t ffs -o version=1 -s 72m $IMAGE.u $IMAGE.d; cat "
			"$IMAGE.u >$IMAGE"},
		{"ufs", "mkdir $IMAGE.d; makefs -t ffs -o version=2 -s 72m $IMAGE.u $IMAGE.d; cat "
			"$IMAGE.u >$IMAGE"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(made); i++)
		check_both(image_make(SIZE, made[i].command), made[i].type);
}

static void what_no_tool_here_makes_is_known_by_its_signature(void **state)
{
	static const struct {
		const char *type;
		char bytes[14];
		size_t len;
		off_t at;
	} known[] = {
		{"bcachefs", "\xc6\x85\x73\xf6\x66\xce\x90\xa9", 8, 4120},
		{"bcache", "\xc6\x85\x73\xf6\x4e\x1a\x45\xca", 8, 4120},
		{"reiser4", "ReIsEr4", 7, 65536},
		{"apfs", "NXSB", 4, 32},
		{"BitLocker", "-FVE-FS-", 8, 3},
		{"hfsplus", "H+\0\4", 4, 1024},
		{"zfs_member", "\0\0\0\7version\0", 12, 16404},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
		_arena_ struct arena arena = {.limit = MIB};
		static uint8_t disk[MIB];
		struct blockdev dev = blockdev_on_memory(disk, sizeof(disk));
		struct identity identity;

		memset(disk, 0, sizeof(disk));
		memcpy(disk + known[i].at, known[i].bytes, known[i].len);
		assert_int_equal(identify(&dev, &arena, &identity), 0);
		assert_string_equal(identity.type.at, known[i].type);
		disk[known[i].at] ^= 1;
		assert_int_equal(identify(&dev, &arena, &identity), 0);
		assert_int_equal(identity.type.len, 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_we_do_not_read_has_its_name_on_every_kind_of_volume),
		cmocka_unit_test(what_no_tool_here_makes_is_known_by_its_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
