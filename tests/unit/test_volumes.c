/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/volumes.h"
#include "tests/support/image.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define SIZE (16 * MIB)

/* An ext4 file system of 4 MiB at $1 MiB of $IMAGE, with the label $2. */
#define PRELUDE \
	"set -e; e() { mke2fs -q -t ext4 -F -b 1024 -L $2 -E offset=$(($1 << 20)) $IMAGE 4096; };"

struct scanned {
	struct arena arena;
	struct report report;
	struct volumes volumes;
	struct err err;
	int r;
	struct disk disks[4];
};

static void add_image(struct scanned *scan, uint32_t n, int fd, uint64_t size, const char *vdev,
	uint32_t partition)
{
	scan->disks[n] = (struct disk){
		.dev = blockdev_on_fd(fd, n, size, 512),
		.path = TEXT("/srv/disk"),
		.vdev = text_of(vdev),
		.partition = partition,
	};
}

static void scan_disks(struct scanned *scan, uint32_t n)
{
	arena_init(&scan->arena, 16 * MIB);
	report_init(&scan->report, &scan->arena);
	scan->r = volumes_scan(
		&scan->volumes, &scan->arena, &scan->report, scan->disks, n, &scan->err);
}

static void scan_done(struct scanned *scan)
{
	volumes_done(&scan->volumes);
	for (unsigned i = 0; i < ARRAY_SIZE(scan->disks); i++) {
		if (scan->disks[i].path.len && scan->disks[i].dev.fd >= 0)
			close(scan->disks[i].dev.fd);
	}
	arena_done(&scan->arena);
}
#define _scan_ CLEANUP(scan_done)

static void check_order(const struct scanned *scan, const char *names)
{
	char found[1000] = "";

	for (uint32_t i = 0; i < scan->volumes.count; i++) {
		strcat(found, scan->volumes.at[i]->name.at);
		strcat(found, " ");
	}
	assert_string_equal(found, names);
}

static void check_boot_order(const struct scanned *scan, const char *names)
{
	struct volume *order[MAX_VOLUMES];
	char found[1000] = "";

	volumes_boot_order(&scan->volumes, order);
	for (uint32_t i = 0; i < scan->volumes.count; i++) {
		strcat(found, order[i]->name.at);
		strcat(found, " ");
	}
	assert_string_equal(found, names);
}

static void check_line(const struct scanned *scan, enum report_kind kind, const char *text)
{
	for (const struct report_line *l = scan->report.first; l; l = l->next) {
		if (l->kind == kind && text_is(l->text, text))
			return;
	}
	for (const struct report_line *l = scan->report.first; l; l = l->next)
		print_message("%s %.*s\n", report_kind_name(l->kind), TEXT_ARG(l->text));
	fail_msg("no line: %s", text);
}

static void check_found(const struct scanned *scan, const char *name, const char *canonical)
{
	struct volume *volume = volumes_find(&scan->volumes, text_of(name));

	if (!canonical) {
		assert_null(volume);
		return;
	}
	assert_non_null(volume);
	assert_string_equal(volume->name.at, canonical);
}

static void finds_partitions_in_grubs_order(void **state)
{
	struct scanned scan _scan_ = {0};

	(void)state;
	add_image(&scan, 0,
		image_make(SIZE, PRELUDE
			"printf 'label: dos\n1M,4M\n5M,1M,S\n6M,10M,E\n7M,4M\nstart=12M,size="
			"1M\n' | sfdisk $IMAGE; sfdisk -A $IMAGE 5; e 1 one; e 7 five;"
			"dd if=$IMAGE of=$IMAGE.s bs=1M count=1; mkswap $IMAGE.s; dd "
			"if=$IMAGE.s of=$IMAGE bs=1M seek=5 conv=notrunc"),
		SIZE, "xvda", 0);
	scan_disks(&scan, 1);
	assert_int_equal(scan.r, 0);
	check_order(&scan, "hd0 hd0,msdos6 hd0,msdos5 hd0,msdos2 hd0,msdos1 ");
	check_boot_order(&scan, "hd0,msdos5 hd0,msdos1 hd0,msdos2 hd0,msdos6 hd0 ");
	check_found(&scan, "hd0,5", "hd0,msdos5");
	check_found(&scan, "hd0,msdos5", "hd0,msdos5");
	check_found(&scan, "hd0,gpt5", NULL);
	check_found(&scan, "hd0,3", NULL);
	check_found(&scan, "hd0,msdos1,bsd1", NULL);
	check_found(&scan, "hd0,", NULL);
	check_found(&scan, "hd0", "hd0");
	check_found(&scan, "hd1", NULL);
	check_found(&scan, "", NULL);
	check_found(&scan, "xen/xvda,msdos5", "hd0,msdos5");
	check_found(&scan, "xen/xvda,5", "hd0,msdos5");
	check_found(&scan, "xen/xvda", "hd0");
	check_found(&scan, "xen/xvdb", NULL);
	check_found(&scan, "xen/", NULL);
	check_found(&scan, "ahci0,msdos1", NULL);
	check_line(&scan, REPORT_OK, "hd0 /srv/disk 16.0 MiB, MBR");
	check_line(&scan, REPORT_NOTE, "hd0,msdos2 swap: skipped");
	check_line(&scan, REPORT_NOTE, "hd0,msdos6: no known file system");
	assert_true(text_is(volumes_find(&scan.volumes, TEXT("hd0,5"))->label, "five"));
	assert_string_equal(scan.volumes.disks[0].table, "MBR");
}

static void a_disk_that_is_a_partition_belongs_to_its_disk(void **state)
{
	struct scanned scan _scan_ = {0};

	(void)state;
	add_image(&scan, 0, image_make(SIZE, PRELUDE "e 0 root"), SIZE, "xvda2", 2);
	add_image(&scan, 1, image_make(SIZE, PRELUDE "e 0 other"), SIZE, "xvdb1", 1);
	add_image(&scan, 2, image_make(SIZE, "mkswap $IMAGE"), SIZE, "xvda1", 1);
	scan_disks(&scan, 3);
	check_order(&scan, "hd0,msdos2 hd1,msdos1 hd0,msdos1 ");
	check_found(&scan, "hd0,2", "hd0,msdos2");
	check_found(&scan, "hd0", NULL);
	check_found(&scan, "hd1", "hd1,msdos1");
	check_found(&scan, "xen/xvda,2", "hd0,msdos2");
	check_found(&scan, "xen/xvda2", "hd0,msdos2");
	check_found(&scan, "xen/xvda1", "hd0,msdos1");
	check_found(&scan, "xen/xvdb1", "hd1,msdos1");
	check_line(&scan, REPORT_OK, "hd0 /srv/disk 16.0 MiB, a partition");
	assert_non_null(volumes_find(&scan.volumes, TEXT("hd0,2"))->fs);
}

static void the_same_partition_twice_is_two_disks(void **state)
{
	struct scanned scan _scan_ = {0};

	(void)state;
	add_image(&scan, 0, image_make(SIZE, PRELUDE "e 0 root"), SIZE, "hda1", 1);
	add_image(&scan, 1, image_make(SIZE, PRELUDE "e 0 root"), SIZE, "hda1", 1);
	add_image(&scan, 2, image_make(SIZE, PRELUDE "e 0 root"), SIZE, "", 1);
	scan_disks(&scan, 3);
	check_order(&scan, "hd0,msdos1 hd1,msdos1 hd2,msdos1 ");
}

static void a_whole_disk_can_be_a_file_system(void **state)
{
	struct scanned scan _scan_ = {0};

	(void)state;
	add_image(&scan, 0, image_make(SIZE, PRELUDE "e 0 root"), SIZE, "xvda", 0);
	scan_disks(&scan, 1);
	check_order(&scan, "hd0 ");
	assert_non_null(scan.volumes.at[0]->fs);
	assert_string_equal(scan.volumes.at[0]->fs->name, "ext4");
	check_line(&scan, REPORT_OK, "hd0 /srv/disk 16.0 MiB, no partition table");
}

static void an_offset_skips_the_table(void **state)
{
	struct scanned scan _scan_ = {0};

	(void)state;
	add_image(&scan, 0,
		image_make(
			SIZE, PRELUDE "printf 'label: dos\n1M,4M\n' | sfdisk $IMAGE; e 6 hidden"),
		SIZE, "xvda", 0);
	scan.disks[0].offset = 6 * MIB;
	scan_disks(&scan, 1);
	check_order(&scan, "hd0 ");
	assert_true(text_is(scan.volumes.at[0]->label, "hidden"));
}

static void what_is_not_read_is_named(void **state)
{
	struct scanned scan _scan_ = {0};
	uint8_t luks[512] = "LUKS\xba\xbe\0\1";
	int fd = image_make(SIZE, "true");

	(void)state;
	assert_int_equal(pwrite(fd, luks, sizeof(luks), 0), sizeof(luks));
	assert_int_equal(pwrite(fd, "6f1c1e9e-44c4-4a0c-8fb6-7b3f3ac8ac5c", 36, 168), 36);
	add_image(&scan, 0, fd, SIZE, "xvda", 0);
	scan_disks(&scan, 1);
	assert_string_equal(scan.volumes.at[0]->fs_name.at, "crypto_LUKS");
	assert_string_equal(scan.volumes.at[0]->problem.at, "LUKS-encrypted");
	check_line(&scan, REPORT_NOTE, "hd0 LUKS-encrypted: not read");
}

static void of_two_signatures_the_one_that_opens_counts(void **state)
{
	struct scanned scan _scan_ = {0};
	int fd = image_make(SIZE, PRELUDE "e 0 root");

	(void)state;
	assert_int_equal(pwrite(fd, "-rom1fs-", 8, 0), 8);
	add_image(&scan, 0, fd, SIZE, "xvda", 0);
	scan_disks(&scan, 1);
	assert_non_null(scan.volumes.at[0]->fs);
	check_line(&scan, REPORT_WARNING,
		"hd0: signs of several file systems; read as the one that opens");
}

static void a_disk_that_cannot_be_read_costs_only_itself(void **state)
{
	struct scanned scan _scan_ = {0};
	struct scanned alone _scan_ = {0};

	(void)state;
	/* Longer than its file: reading it fails. */
	add_image(&scan, 0, image_make(0, "true"), SIZE, "xvda", 0);
	add_image(&scan, 1, image_make(SIZE, PRELUDE "e 0 root"), SIZE, "xvdb", 0);
	scan_disks(&scan, 2);
	assert_int_equal(scan.r, 0);
	check_order(&scan, "hd1 ");
	check_line(&scan, REPORT_ERROR, "hd0 /srv/disk: cannot be read");
	add_image(&alone, 0, image_make(0, "true"), SIZE, "xvda", 0);
	scan_disks(&alone, 1);
	assert_int_equal(alone.r, -EIO);
	assert_string_equal(alone.err.text, "/srv/disk: cannot be read");
}

static void an_empty_disk_is_no_error(void **state)
{
	struct scanned scan _scan_ = {0};

	(void)state;
	add_image(&scan, 0, image_make(0, "true"), 0, "xvda", 0);
	scan_disks(&scan, 1);
	assert_int_equal(scan.r, 0);
	check_line(&scan, REPORT_NOTE, "hd0 /srv/disk 0 B, empty");
}

/* A disk image with a table and a file system, inside a file system. */
#define NESTED                                                                                  \
	PRELUDE "cp --sparse=always $IMAGE $IMAGE.d; truncate -s 8M $IMAGE.d; mkdir $IMAGE.t;"  \
		"(IMAGE=$IMAGE.d; echo hello > $IMAGE.hello; printf 'label: gpt\n1M,4M\n' | "   \
		"sfdisk "                                                                       \
		"$IMAGE; e 1 inner; debugfs -w -R \"write $IMAGE.hello hello\" "                \
		"$IMAGE?offset=1048576); mv $IMAGE.d $IMAGE.t/disk; echo x > $IMAGE.t/no-disk;" \
		"mke2fs -q -t ext4 -F -L outer -d $IMAGE.t $IMAGE"

static void a_file_of_a_guest_can_be_a_disk(void **state)
{
	struct scanned scan _scan_ = {0};
	struct volume *inner, *outer;
	_extents_ struct extents extents = {0};
	struct node node;
	struct text text;
	char byte;

	(void)state;
	add_image(&scan, 0, image_make(SIZE, NESTED), SIZE, "xvda", 0);
	scan_disks(&scan, 1);
	outer = scan.volumes.at[0];
	assert_int_equal(
		volumes_loopback(&scan.volumes, TEXT("loop"), outer, TEXT("/disk"), &scan.err), 0);
	check_order(&scan, "hd0 loop loop,gpt1 ");
	inner = volumes_find(&scan.volumes, TEXT("loop,1"));
	assert_true(text_is(inner->label, "inner"));
	assert_int_equal(fs_walk(inner->fs, TEXT("hello"), &node), 0);
	assert_int_equal(fs_read_all(inner->fs, &node, 100, &scan.arena, &text), 0);
	assert_true(text_is(text, "hello\n"));
	/* The inner file's bytes lie on the outer disk. */
	assert_int_equal(inner->fs->ops->extents(inner->fs, &node, &extents), 0);
	assert_int_equal(extents.at[0].kind, EXTENT_DISK);
	assert_int_equal(pread(scan.disks[0].dev.fd, &byte, 1, (off_t)extents.at[0].at), 1);
	assert_int_equal(byte, 'h');
	/* Once more under its name: the old one goes. */
	assert_int_equal(
		volumes_loopback(&scan.volumes, TEXT("loop"), outer, TEXT("disk"), &scan.err), 0);
	check_order(&scan, "hd0 loop loop,gpt1 ");
	assert_int_equal(volumes_loopback_remove(&scan.volumes, TEXT("loop")), 0);
	check_order(&scan, "hd0 ");
	assert_int_equal(volumes_loopback_remove(&scan.volumes, TEXT("loop")), -ENODEV);
}

static void loopback_says_what_is_wrong(void **state)
{
	struct scanned scan _scan_ = {0};
	struct volume *outer;
	struct volumes *v = &scan.volumes;
	struct err e = {0};

	(void)state;
	add_image(&scan, 0, image_make(SIZE, NESTED), SIZE, "xvda", 0);
	scan_disks(&scan, 1);
	outer = v->at[0];
	assert_int_equal(volumes_loopback(v, TEXT("hd0"), outer, TEXT("/disk"), &e), -EEXIST);
	assert_string_equal(e.text, "hd0 is a disk");
	assert_int_equal(volumes_loopback(v, TEXT("l"), outer, TEXT("/none"), NULL), -ENOENT);
	assert_int_equal(volumes_loopback(v, TEXT("l"), outer, TEXT("/"), NULL), -EISDIR);
	assert_int_equal(volumes_loopback(v, TEXT("l"), outer, TEXT("/no-disk"), NULL), 0);
	assert_null(volumes_find(v, TEXT("l"))->fs);
	assert_int_equal(volumes_loopback(v, TEXT("m"), v->at[1], TEXT("/x"), NULL), -ENODEV);
}

static void loopbacks_without_end_are_refused(void **state)
{
	struct scanned scan _scan_ = {0};
	struct volumes *v = &scan.volumes;
	int r = 0, made = 0;

	(void)state;
	add_image(&scan, 0, image_make(SIZE, NESTED), SIZE, "xvda", 0);
	scan_disks(&scan, 1);
	while (!r) {
		r = volumes_loopback(v, TEXT("l"), v->at[0], TEXT("/no-disk"), NULL);
		if (!r)
			r = volumes_loopback_remove(v, TEXT("l"));
		made++;
	}
	assert_int_equal(r, -ENOSPC);
	assert_int_equal(made, MAX_VOLUMES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_partitions_in_grubs_order),
		cmocka_unit_test(a_disk_that_is_a_partition_belongs_to_its_disk),
		cmocka_unit_test(the_same_partition_twice_is_two_disks),
		cmocka_unit_test(a_whole_disk_can_be_a_file_system),
		cmocka_unit_test(an_offset_skips_the_table),
		cmocka_unit_test(what_is_not_read_is_named),
		cmocka_unit_test(of_two_signatures_the_one_that_opens_counts),
		cmocka_unit_test(a_disk_that_cannot_be_read_costs_only_itself),
		cmocka_unit_test(an_empty_disk_is_no_error),
		cmocka_unit_test(a_file_of_a_guest_can_be_a_disk),
		cmocka_unit_test(loopback_says_what_is_wrong),
		cmocka_unit_test(loopbacks_without_end_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
