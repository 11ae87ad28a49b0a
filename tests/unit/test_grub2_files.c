/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/grubtest.h"

#define OUT   "function out { menuentry \"$*\" { true; }; }\n"
#define UUID1 "3f0c2c1e-0000-4000-8000-000000000001"

/* A second disk with two partitions, the last labelled. */
static void add_disk(struct memfiles *guest)
{
	memfiles_volume(guest, "hd1,gpt1", "ABCD-1234", NULL)->fs_name = TEXT("vfat");
	memfiles_volume(guest, "hd1,gpt2", "5eed0000-0000-4000-8000-000000000002", "DATA");
	memfiles_add(guest, "(hd1,gpt2)/boot/k", "kernel");
	memfiles_add(guest, "(hd1,gpt2)/only/here", "");
}

static void finds_files_on_every_device(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	add_disk(&guest);
	grubtest_run(&guest,
		"menuentry a { linux (hd0,msdos1)/boot/k; }\n"
		"menuentry b { linux (hd1,gpt2)/boot/k; }\n"
		"menuentry c { linux (hd1,2)//boot/../boot/k; }\n"
		"menuentry d { set root=(hd1,gpt2); linux /boot/k; }\n"
		"menuentry e { linux ($root)/boot/k; }\n"
		"menuentry f { linux ()/boot/k; }\nmenuentry g { linux (hd0,msdos1/boot/k; }\n"
		"menuentry h { linux (hd0)+1; }\nmenuentry i { linux (hd0,1)+8; }\n"
		"menuentry j { linux /boot; }\n");
	assert_files(grubtest_entry(&guest, "0")->kernel, "/boot/k");
	assert_files(grubtest_entry(&guest, "1")->kernel, "hd1,gpt2:/boot/k");
	assert_files(grubtest_entry(&guest, "2")->kernel, "hd1,gpt2://boot/../boot/k");
	assert_files(grubtest_entry(&guest, "3")->kernel, "hd1,gpt2:/boot/k");
	assert_files(grubtest_entry(&guest, "4")->kernel, "/boot/k");
	assert_text(
		grubtest_entry(&guest, "5")->error, "kernel missing: ()/boot/k (no such device)");
	assert_text(grubtest_entry(&guest, "6")->error,
		"kernel missing: (hd0,msdos1/boot/k (no ) in its name)");
	assert_text(grubtest_entry(&guest, "7")->error, "kernel missing: (hd0)+1 (no such device)");
	assert_text(grubtest_entry(&guest, "8")->error,
		"kernel missing: (hd0,1)+8 (a list of blocks is not a file)");
	assert_text(grubtest_entry(&guest, "9")->error, "kernel missing: /boot");
	memfiles_done(&guest);
}

static void searches_by_uuid_label_and_file(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	add_disk(&guest);
	grubtest_run(&guest,
		OUT "search --no-floppy --fs-uuid --set=root 5EED0000-0000-4000-8000-000000000002\n"
		    "out $root; root=x\n"
		    "search --set=a --label DATA; out $a\nsearch --set=a --label data; out $? $a\n"
		    "search -f /only/here --set b; out $b\nsearch --set -u " UUID1 "; out $root\n"
		    "search -u --set abcd-1234; out $root\nsearch -s c -l root; out $c\n"
		    "search --fs-uuid " UUID1 "; out $?\nsearch " UUID1 "; out $?\n"
		    "search --file only/here --set=d; out $? $d\nsearch; out $?\n"
		    "search.fs_uuid abcd-1234 e; out $e\nsearch.fs_label root e hd1,gpt1; out $e\n"
		    "search.file /only/here; out $?\nsearch.file /none e; out $? $e\n");
	assert_titles(&guest,
		"hd1,gpt2|hd1,gpt2|5 hd1,gpt2|hd1,gpt2|hd0,msdos1|hd1,gpt1|hd0,msdos1|0|17|5|18|"
		"hd1,gpt1|hd0,msdos1|0|5 hd0,msdos1");
	assert_non_null(grubtest_said(&guest, REPORT_NOTE, "search: no volume with label data"));
	assert_warns(&guest, "search: by what?");
	memfiles_done(&guest);
}

static void tries_hints_first_where_they_match(void **state)
{
	static const char *const found[] = {"hd0,msdos1", "hd2,gpt1", "hd2,gpt1", "hd0,msdos1",
		"hd0,msdos1", "hd2,gpt1", "hd0,msdos1", "hd0,msdos1", "hd2,gpt1"};
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	add_disk(&guest);
	memfiles_volume(&guest, "hd2,gpt1", UUID1, "copy");
	guest.settings.platform = TEXT("pc");
	/* Each in an entry of its own: one search would give its answer to the next. */
	grubtest_run(&guest, "function s { search -u --set=a $@ " UUID1 "; linux /boot/k $a; }\n"
			     "menuentry a { s; }\n"
			     "menuentry b { s --hint=hd2,gpt1; }\n"
			     "menuentry c { s --hint-bios=hd2,gpt1 --hint-efi=hd0,msdos1; }\n"
			     "menuentry d { s --hint-efi=hd2,gpt1; }\n"
			     "menuentry e { s --hint-baremetal=ahci2,gpt1; }\n"
			     "menuentry f { s --hint=hd2,; }\n"
			     "menuentry g { s --hint=hd9,gpt1 --hint hd1,gpt1; }\n"
			     "menuentry h { s --hint-new=hd2,gpt1; }\n"
			     "menuentry i { s --hint-baremetal=hd2,gpt1; }\n");
	for (size_t i = 0; i < ARRAY_SIZE(found); i++) {
		char path[] = {(char)('0' + i), '\0'};

		assert_text(grubtest_entry(&guest, path)->cmdline, found[i]);
	}
	memfiles_done(&guest);
}

static void gives_the_same_search_the_same_answer(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	memfiles_volume(&guest, "hd1,gpt1", UUID1, "copy");
	memfiles_volume(&guest, "hd1,gpt2", UUID1, "copy");
	grubtest_run(&guest, OUT "search -u --set=a --hint=hd1, " UUID1 "; out $a\n"
				 "search -u --set=a --hint=hd1,gpt2 " UUID1 "; out $a\n"
				 "search -u --set=a " UUID1 "; out $a\n"
				 /* by another kind of key there is nothing to remember */
				 "search -l --set=a --hint=hd1,gpt2 copy; out $a\n");
	assert_titles(&guest, "hd1,gpt1|hd1,gpt1|hd1,gpt1|hd1,gpt2");
	memfiles_done(&guest);
}

static void sees_a_btrfs_as_suse_does(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	memfiles_volume(&guest, "hd1,gpt1", "ABCD", "os")->fs_name = TEXT("btrfs");
	memfiles_add(&guest, "(hd1,gpt1)/@/.snapshots/1/snapshot/boot/k", "one");
	memfiles_add(&guest, "(hd1,gpt1)/@/boot/k", "zero");
	memfiles_add(&guest, "(hd1,gpt1)/@/boot/grub2/x/m", "module");
	grubtest_run(&guest,
		"search --set=root -l os\n"
		"menuentry top { linux /boot/k; }\n"
		"menuentry full { linux /@/boot/k; }\n"
		"menuentry mounted { btrfs-mount-subvol ($root) /boot /@/boot; linux /boot/k; }\n"
		"menuentry all { btrfs-mount-subvol ($root) / @/.snapshots/1/snapshot; linux "
		"/boot/k; }\n"
		"menuentry relative { set btrfs_relative_path=y; set btrfs_subvol=/@; linux "
		"/boot/k; }\n"
		"menuentry snapshot { set btrfs_relative_path=1\n"
		"	set btrfs_subvol=@/.snapshots/1/snapshot; linux /boot/k; }\n"
		"menuentry still { set btrfs_relative_path=y; set "
		"btrfs_subvol=@/.snapshots/1/snapshot\n"
		"	linux /@/boot/k; }\n"
		"menuentry off { set btrfs_relative_path=n; set btrfs_subvol=@; linux /boot/k; }\n"
		"menuentry other { btrfs-mount-subvol (hd0,1) /boot /x; linux (hd0,1)/boot/k $?; "
		"}\n");
	assert_text(grubtest_entry(&guest, "0")->error, "kernel missing: /boot/k");
	assert_text(grubtest_entry(&guest, "1")->kernel->path, "/@/boot/k");
	assert_text(grubtest_entry(&guest, "2")->kernel->path, "/@/boot/k");
	assert_text(grubtest_entry(&guest, "3")->kernel->path, "/@/.snapshots/1/snapshot/boot/k");
	assert_text(grubtest_entry(&guest, "4")->kernel->path, "/@/boot/k");
	assert_text(grubtest_entry(&guest, "5")->kernel->path, "/@/.snapshots/1/snapshot/boot/k");
	assert_text(grubtest_entry(&guest, "6")->kernel->path, "/@/boot/k");
	assert_text(grubtest_entry(&guest, "7")->error, "kernel missing: /boot/k");
	assert_text(grubtest_entry(&guest, "8")->cmdline, "18");
	memfiles_done(&guest);
}

static void keeps_root_when_a_search_finds_nothing(void **state)
{
	(void)state;
	assert_shows(OUT "set root='hd0,msdos1'\n"
			 "if search --no-floppy --fs-uuid --set=root 0000-0000; then out a; fi\n"
			 "out $root\n",
		"hd0,msdos1");
}

static void probes_devices(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	add_disk(&guest);
	grubtest_run(&guest,
		OUT "probe --set a --fs-uuid (hd0,msdos1); probe -u --set=b hd0,1\n"
		    "out $a $b\nprobe -s a -l hd1,gpt2; out $a\n"
		    "probe --set=a --fs hd1,gpt2; probe --set=b --fs (hd1,gpt1); out $a $b\n"
		    "probe --set=a --partmap hd1,gpt2; probe --set=b -p hd0,1; out $a $b\n"
		    "probe --set=a --part-uuid hd1,gpt2; out $a\nprobe -u (none); out $?\n");
	assert_titles(&guest, UUID1 " " UUID1 "|DATA|ext2 fat|gpt msdos|none|12");
	memfiles_done(&guest);
}

static void sources_files_in_the_same_context(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/boot/grub/custom.cfg",
		"v=2; menuentry \"$config_file\" { linux /boot/k $v; }\n"
		"out \"$config_directory\"\nfi\nout \"$1\"\n");
	grubtest_run(&guest, OUT "v=1\nsource $prefix/custom.cfg; out $? $v\n"
				 ". ${config_directory}/custom.cfg\nsource /none; out $?\n"
				 "out $config_file\n");
	assert_titles(&guest, "(hd0,msdos1)/boot/grub/custom.cfg|(hd0,msdos1)/boot/grub||0 2|"
			      "(hd0,msdos1)/boot/grub/custom.cfg|(hd0,msdos1)/boot/grub||0|"
			      "(hd0,msdos1)/boot/grub/grub.cfg");
	assert_text(grubtest_entry(&guest, "0")->config, "(hd0,msdos1)/boot/grub/custom.cfg");
	assert_text(grubtest_said(&guest, REPORT_WARNING, "syntax error")->file,
		"/boot/grub/custom.cfg");
	assert_non_null(grubtest_said(&guest, REPORT_NOTE, "source: /none: not found"));
	memfiles_done(&guest);
}

static void follows_configfile_from_a_stub(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	add_disk(&guest);
	memfiles_add(&guest, "(hd1,gpt2)/boot/grub/grub.cfg",
		"set default=1\nmenuentry a { linux /boot/k $x; }\nmenuentry b { linux /boot/k; "
		"}\n");
	grubtest_run(&guest, "search.fs_uuid 5eed0000-0000-4000-8000-000000000002 root hd9\n"
			     "set prefix=($root)'/boot/grub'\nx=1\n"
			     "configfile /none\n"
			     "configfile $prefix/grub.cfg\nmenuentry no { true; }\n");
	assert_titles(&guest, "a|b");
	assert_files(grubtest_entry(&guest, "0")->kernel, "hd1,gpt2:/boot/k");
	assert_text(grubtest_entry(&guest, "0")->cmdline, "");
	assert_text(guest.menu.config_volume, "hd1,gpt2");
	assert_text(guest.menu.config_path, "/boot/grub/grub.cfg");
	assert_default(&guest, "1", "set default in (hd1,gpt2)/boot/grub/grub.cfg:1");
	memfiles_done(&guest);
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/x/grub.cfg", "menuentry a { linux /boot/k; }\n");
	grubtest_run(&guest, "prefix=/x\nnormal\n");
	assert_titles(&guest, "a");
	memfiles_done(&guest);
}

static void extracts_entries_only(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/other.cfg",
		"v=2; set w=3; export w\nmenuentry a { linux /boot/k \"$v$w\"; }\n"
		"source /more.cfg\nif true; then true; else menuentry b { linux /boot/k; }; fi\n"
		"search -u --set=root none\nif [ a = a ]; then menuentry c { true; }; fi\n");
	memfiles_add(&guest, "(hd0,msdos1)/more.cfg", "menuentry no { true; }\n");
	grubtest_run(&guest,
		"v=1; menuentry first { linux /boot/k; }\n"
		"extract_entries_source /other.cfg\nmenuentry last { linux /boot/k; }\n");
	/* true is not allowed there. */
	assert_titles(&guest, "first|a|b|c|last");
	assert_text(grubtest_entry(&guest, "1")->cmdline, "1");
	memfiles_done(&guest);
}

static void reads_other_boot_loaders_files(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/boot/grub/menu.lst",
		"default 1\ntimeout 7\ntitle old\nroot (hd0,0)\nkernel /boot/k one\n"
		"title newer\nroot (hd0,0)\nkernel /boot/k two\ninitrd /boot/i\n");
	memfiles_add(&guest, "(hd0,msdos1)/boot/grub/extlinux.conf",
		"DEFAULT x\nLABEL x\nLINUX /boot/k\nAPPEND three\n");
	grubtest_run(&guest, "menuentry a { linux /boot/k; }\n"
			     "extract_legacy_entries_source /boot/grub/menu.lst\n"
			     "menuentry legacy { legacy_configfile /boot/grub/menu.lst; }\n"
			     "menuentry sys { syslinux_configfile /boot/grub/extlinux.conf; }\n"
			     "legacy_source /none\nset default=3\n");
	assert_titles(&guest, "a|old|newer|legacy|>old|>newer|sys|>x");
	assert_text(grubtest_entry(&guest, "2")->cmdline, "two");
	assert_text(grubtest_entry(&guest, "3>1")->cmdline, "two");
	assert_files(grubtest_entry(&guest, "3>1")->initrds, "/boot/i");
	assert_text(grubtest_entry(&guest, "4>0")->cmdline, "three");
	assert_true(grubtest_entry(&guest, "3")->submenu);
	assert_default(&guest, "3>1", NULL);
	memfiles_done(&guest);
}

static void opens_images_by_loopback(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/a.iso", "a");
	memfiles_add(&guest, "(hd0,msdos1)/b.iso", "b");
	memfiles_image(&guest, "ia", "(hd0,msdos1)/a.iso");
	memfiles_image(&guest, "ib", "(hd0,msdos1)/b.iso");
	memfiles_add(&guest, "(ia)/k", "kernel a");
	memfiles_add(&guest, "(ib)/k", "kernel b");
	memfiles_add(&guest, "(ib)/only", "b");
	grubtest_run(&guest,
		"menuentry a { loopback loop /a.iso; linux (loop)/k; }\n"
		"menuentry b { loopback loop /b.iso; linux (loop)/k; }\n"
		"menuentry c { loopback loop /b.iso; loopback loop /a.iso; set root=(loop); linux "
		"/k; }\n"
		"menuentry d { loopback loop /a.iso; loopback -d loop; linux (loop)/k; }\n"
		"menuentry e { linux (loop)/k; }\n"
		"menuentry f { loopback l2 (hd0,1)/none.iso; linux (l2)/k; }\n"
		"menuentry g { loopback x /b.iso; search -f --set=root /only; linux /k $root; }\n"
		"menuentry h { search -f --set=v /only; linux /boot/k \"[$v]\"; }\n");
	assert_files(grubtest_entry(&guest, "0")->kernel, "loop:/k");
	assert_files(grubtest_entry(&guest, "1")->kernel, "loop.2:/k");
	assert_files(grubtest_entry(&guest, "2")->kernel, "loop:/k");
	assert_text(
		grubtest_entry(&guest, "3")->error, "kernel missing: (loop)/k (no such device)");
	assert_text(
		grubtest_entry(&guest, "4")->error, "kernel missing: (loop)/k (no such device)");
	assert_warns(&guest, "loopback: (hd0,1)/none.iso: not found");
	assert_files(grubtest_entry(&guest, "6")->kernel, "loop.2:/k");
	assert_text(grubtest_entry(&guest, "6")->cmdline, "x");
	assert_text(grubtest_entry(&guest, "7")->cmdline, "[]");
	memfiles_done(&guest);
}

static void says_that_encrypted_volumes_stay_closed(void **state)
{
	struct memfiles *guest = grubtest("cryptomount -u abc\nmenuentry a { linux /boot/k; }\n");

	(void)state;
	assert_warns(guest, "cryptomount: encrypted volumes are not opened");
	grubtest_done(guest);
}

/* ---- grubenv ------------------------------------------------------------------------------ */

static void loads_an_environment_block(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/env",
		"# GRUB Environment Block\n# WARNING\na=1\nb=x\\\\y\\\nz\nc=d=e\n###\nf=6\ng=no "
		"newline");
	memfiles_add(&guest, "(hd0,msdos1)/bad", "# GRUB environment block\na=9\n");
	grubtest_run(&guest, OUT "load_env -f /env; out $? $a \"$b\" $c \"[$f$g]\"\n"
				 "a=; f=; load_env --file /env f; out \"[$a]\" $f\n"
				 "load_env -f /bad; out $? \"[$a]\"\nload_env -f /none; out $?\n"
				 "list_env -f /env; out $?\nload_env; out $?\n");
	assert_titles(&guest, "0 1 x\\y\nz d=e [6]|[] 6|4 []|5|0|5");
	assert_warns(&guest, "(hd0,msdos1)/bad is no environment block");
	memfiles_done(&guest);
}

static void saves_into_memory_only(void **state)
{
	struct memfiles guest;
	struct text content;

	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/boot/grub/grubenv",
		"# GRUB Environment Block\na=1\nb=2\n####");
	grubtest_run(&guest, OUT "load_env; a=3; c=4; unset b; save_env a b c; a=; c=\n"
				 "load_env; out \"[$a$b$c]\"; load_env c; out $c\n"
				 "menuentry x { a=9; save_env a; load_env; linux /boot/k $a; }\n"
				 "menuentry y { load_env; linux /boot/k $a; }\n"
				 "save_env; out $?\nsave_env -f /none a; out $?\n");
	assert_titles(&guest, "[34]|4|x|y|18|5");
	assert_text(grubtest_entry(&guest, "2")->cmdline, "9");
	assert_text(grubtest_entry(&guest, "3")->cmdline, "3");
	assert_int_equal(files_read_all(&guest.files, memfiles_find(&guest, "hd0,msdos1"),
				 TEXT("/boot/grub/grubenv"), &content),
		0);
	assert_text(content, "# GRUB Environment Block\na=1\nb=2\n####");
	memfiles_done(&guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_files_on_every_device),
		cmocka_unit_test(searches_by_uuid_label_and_file),
		cmocka_unit_test(tries_hints_first_where_they_match),
		cmocka_unit_test(gives_the_same_search_the_same_answer),
		cmocka_unit_test(sees_a_btrfs_as_suse_does),
		cmocka_unit_test(keeps_root_when_a_search_finds_nothing),
		cmocka_unit_test(probes_devices),
		cmocka_unit_test(sources_files_in_the_same_context),
		cmocka_unit_test(follows_configfile_from_a_stub),
		cmocka_unit_test(extracts_entries_only),
		cmocka_unit_test(reads_other_boot_loaders_files),
		cmocka_unit_test(opens_images_by_loopback),
		cmocka_unit_test(says_that_encrypted_volumes_stay_closed),
		cmocka_unit_test(loads_an_environment_block),
		cmocka_unit_test(saves_into_memory_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
