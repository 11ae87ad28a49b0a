/* How the wrapper names and reads what bootfs shows, and finds where bootfs is mounted. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/choose.h"
#include "pygrub/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static void assert_name(const struct options *options, const char *expected)
{
	_strbuf_ struct strbuf out = {0};
	struct err err = {0};

	assert_int_equal(tree_name(options, &out, &err), 0);
	assert_string_equal(out.at, expected);
}

static void names_a_disk_in_one_word(void **state)
{
	struct options plain = {.disk = "/dev/vg0/mail"};
	struct options odd = {.disk = "/srv/50%,a=b/x y.img"};

	(void)state;
	assert_name(&plain, ".disk/%2Fdev%2Fvg0%2Fmail");
	assert_name(&odd, ".disk/%2Fsrv%2F50%25%2Ca%3Db%2Fx y.img");
}

static void adds_what_the_caller_asks_for(void **state)
{
	struct options options = {.disk = "/d",
		.has_offset = true,
		.offset = 1048576,
		.domain = "a,b",
		.platform = "pc",
		.flavour = "fedora",
		.has_runas = true,
		.runas = 65437};

	(void)state;
	assert_name(&options,
		".disk/%2Fd,offset=1048576,domain=a%2Cb,platform=pc,flavour=fedora,uid=65437");
}

static void names_the_files_of_the_guest(void **state)
{
	struct options options = {.disk = "/d", .kernel = "/boot/a=b", .ramdisk = "(hd0,1)/i"};

	(void)state;
	assert_name(&options, ".disk/%2Fd,kernel=%2Fboot%2Fa%3Db,ramdisk=(hd0%2C1)%2Fi");
}

static void makes_a_relative_path_absolute(void **state)
{
	struct options options = {.disk = "guest.img"};

	(void)state;
	assert_int_equal(chdir("/usr/lib"), 0);
	assert_name(&options, ".disk/%2Fusr%2Flib%2Fguest.img");
	assert_int_equal(chdir("/"), 0);
	assert_name(&options, ".disk/%2Fguest.img");
}

static void refuses_a_name_too_long_for_fuse(void **state)
{
	_strbuf_ struct strbuf out = {0};
	struct options options;
	struct err err = {0};
	char path[1100];

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	options = (struct options){.disk = path};
	assert_int_equal(tree_name(&options, &out, &err), -ENAMETOOLONG);
}

static char folder[] = "/tmp/test_tree.XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int open_folder(void)
{
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static const char menu_json[] =
	"{\"domain\":\"mail\",\"error\":null,\"default_index\":1,\"entries\":["
	"{\"index\":0,\"path\":[0],\"title\":\"Debian\",\"id\":\"simple\",\"error\":null,"
	"\"kernel\":{\"volume\":\"hd0,msdos1\",\"path\":\"/vmlinuz\"},"
	"\"initrd\":[{\"path\":\"/a.img\"},{\"path\":\"/b.img\"}],\"cmdline\":\"ro quiet\"},"
	"{\"index\":null,\"path\":[1],\"title\":\"Advanced\",\"id\":\"adv\",\"submenu\":true},"
	"{\"index\":1,\"path\":[1,0],\"title\":\"Old\\n  kernel: /etc/shadow\",\"id\":\"old\","
	"\"kernel\":{\"volume\":\"hd0,msdos1\",\"path\":\"/old\"},\"initrd\":[],"
	"\"cmdline\":\"\",\"error\":\"kernel missing: /old\"},"
	"{\"index\":2,\"path\":[1,1],\"title\":\"Gr\\ufffd\",\"id\":null,\"kernel\":null,"
	"\"initrd\":[],\"cmdline\":null,\"error\":\"no kernel: chainloader\"},"
	"{\"index\":3,\"path\":[2],\"title\":\"7\",\"id\":\"nul\\u0000id\",\"kernel\":null,"
	"\"initrd\":[],\"cmdline\":null,\"error\":null}]}";

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	write_file("menu.json", menu_json);
	write_file("error", "error /dev/vg0/mail: LUKS\n");
	return 0;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static json_t *menu(void)
{
	struct err err = {0};
	json_t *ret = menu_parse(text_of(menu_json), &err);

	assert_non_null(ret);
	return ret;
}

/* pygrub's format; a newline in a title must not forge a line. */
static void lists_five_lines_an_entry(void **state)
{
	_strbuf_ struct strbuf out = {0};
	json_t *all = menu();

	(void)state;
	menu_list(all, NULL, &out);
	json_decref(all);
	assert_string_equal(out.at,
		"title: Debian\n  root: (hd0,msdos1)\n  kernel: /vmlinuz\n  args: ro quiet\n"
		"  initrd: /a.img /b.img\n"
		"title: Old\\n  kernel: /etc/shadow\n  root: (hd0,msdos1)\n  kernel: /old\n"
		"  args: None\n  initrd: None\n"
		"title: Gr\xef\xbf\xbd\n  root: None\n  kernel: None\n  args: None\n"
		"  initrd: None\n"
		"title: 7\n  root: None\n  kernel: None\n  args: None\n  initrd: None\n");
}

static void refuses_what_is_no_menu(void **state)
{
	static const char *const bad[] = {"", "{", "[]", "{}", "{\"entries\":{}}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = {0};

		assert_null(menu_parse(text_of(bad[i]), &err));
		assert_int_equal(err.code, EPROTO);
	}
}

static int choose(const char *wanted, struct choice *choice, struct err *err)
{
	struct options options = {.disk = "/d", .entry = wanted};
	_close_ int fd = open_folder();

	*choice = (struct choice){0};
	*err = (struct err){0};
	return choose_entry(fd, &options, choice, err);
}

static void set_default(const char *target)
{
	_close_ int fd = open_folder();

	unlinkat(fd, "default", 0);
	if (target)
		assert_int_equal(symlinkat(target, fd, "default"), 0);
}

static void boots_the_default_or_says_why_not(void **state)
{
	struct choice choice;
	struct err err;

	(void)state;
	set_default("entries/1");
	assert_int_equal(choose(NULL, &choice, &err), 0);
	assert_string_equal(choice.entry, "entries/1");
	assert_int_equal(choice_index(&choice), 1);
	set_default(NULL);
	assert_int_equal(choose(NULL, &choice, &err), -ENOENT);
	assert_string_equal(err.text, "/dev/vg0/mail: LUKS");
	set_default("../../etc");
	assert_int_equal(choose(NULL, &choice, &err), -EPROTO);
}

static void warns_where_the_inspector_found_no_such_entry(void **state)
{
	struct choice choice;
	struct err err;

	(void)state;
	set_default("entries/0");
	assert_int_equal(choose("Debian", &choice, &err), 0);
	assert_null(choice.warning.at);
	write_file("menu.json", "{\"missing_entry\":\"77\",\"entries\":[]}");
	assert_int_equal(choose("77", &choice, &err), 0);
	assert_string_equal(choice.entry, "entries/0");
	assert_string_equal(choice.warning.at, "there is no entry \"77\": booting the default");
	strbuf_done(&choice.warning);
	write_file("menu.json", menu_json);
}

static void compares_the_disk_with_its_own_view(void **state)
{
	_strbuf_ struct strbuf line = {0};
	struct err err = {0};
	struct stat st;

	(void)state;
	assert_int_equal(stat("/proc/self/exe", &st), 0);
	strbuf_addf(&line, "disk hd0 /proc/self/exe device %u:%u inode %lu", major(st.st_dev),
		minor(st.st_dev), st.st_ino);
	assert_int_equal(source_check_line(strbuf_text(&line), &err), 0);
	strbuf_addc(&line, '0'); /* another inode */
	assert_int_equal(source_check_line(strbuf_text(&line), &err), -ESTALE);
	err = (struct err){0};
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_int_equal(source_check_line(TEXT("disk hd0 /dev/null device 1:3"), &err), 0);
	assert_int_equal(source_check_line(TEXT("disk hd0 /dev/null device 1:5"), &err), -ESTALE);
	err = (struct err){0};
	assert_int_equal(
		source_check_line(TEXT("disk hd0 /no/such device x device 1:3"), &err), -ESTALE);
	err = (struct err){0};
	assert_int_equal(source_check_line(TEXT("disk hd0 /a device 1;3"), &err), -EPROTO);
	assert_int_equal(source_check_line(TEXT("disk hd0 /dev/null"), &err), 0);
	assert_int_equal(source_check_line(TEXT("disk"), &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_a_disk_in_one_word),
		cmocka_unit_test(adds_what_the_caller_asks_for),
		cmocka_unit_test(names_the_files_of_the_guest),
		cmocka_unit_test(makes_a_relative_path_absolute),
		cmocka_unit_test(refuses_a_name_too_long_for_fuse),
		cmocka_unit_test(lists_five_lines_an_entry),
		cmocka_unit_test(refuses_what_is_no_menu),
		cmocka_unit_test(boots_the_default_or_says_why_not),
		cmocka_unit_test(warns_where_the_inspector_found_no_such_entry),
		cmocka_unit_test(compares_the_disk_with_its_own_view),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
