/* bootfs.conf and xl's domain files, read as the daemon reads them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config.h"

#include "config/disk_spec.h"
#include "config/settings.h"
#include "core/strbuf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of its own for each test. */
static char folder[64];
static char helper[4096];

static int make_folder(void **state)
{
	ssize_t n = readlink("/proc/self/exe", helper, sizeof(helper) - 64);
	char *at;

	(void)state;
	assert_true(n > 0);
	helper[n] = '\0';
	at = strstr(helper, "/tests/unit/");
	assert_non_null(at);
	strcpy(at, "/bootfs-config");
	strcpy(folder, "/tmp/test_config.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static const char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(in_folder(name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* Reads TEXT as bootfs.conf; "$" in it stands for the test's folder. */
static struct config *read_conf(const char *text, const char *xl_helper)
{
	_strbuf_ struct strbuf conf = {0};
	struct config *config;

	for (; *text; text++) {
		if (*text == '$')
			strbuf_adds(&conf, folder);
		else
			strbuf_addc(&conf, *text);
	}
	write_file("bootfs.conf", conf.at ? conf.at : "");
	config = config_read(in_folder("bootfs.conf"), xl_helper);
	assert_non_null(config);
	return config;
}

/* All problems as "FILE:LINE: TEXT", one a line, the test's folder shown as "$". */
static const char *problems(const struct config *config)
{
	static char all[8192];
	size_t used = 0;
	char *at;

	all[0] = '\0';
	for (struct config_problem *p = config->problems; p; p = p->next)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%.*s:%u: %s%.*s\n",
			TEXT_ARG(p->file), p->line, p->warning ? "warning: " : "",
			TEXT_ARG(p->text));
	while ((at = strstr(all, folder))) {
		*at = '$';
		memmove(at + 1, at + strlen(folder), strlen(at + strlen(folder)) + 1);
	}
	return all;
}

static struct domain *domain_named(const struct config *config, const char *name)
{
	struct domain *domain = config->domains;

	while (domain && !text_is(domain->name, name))
		domain = domain->next;
	return domain;
}

static void assert_text(struct text text, const char *expected)
{
	char copy[1024];

	assert_true(text.len < sizeof(copy));
	snprintf(copy, sizeof(copy), "%.*s", TEXT_ARG(text));
	assert_string_equal(copy, expected);
}

static void has_defaults_without_a_file(void **state)
{
	_config_ struct config *config = config_read("/nonexistent/bootfs.conf", NULL);

	(void)state;
	assert_non_null(config);
	assert_int_equal(config->n_problems, 0);
	assert_text(config->mountpoint, "/bootfs");
	assert_int_equal(config->xl_files.n, 1);
	assert_text(config->xl_files.at[0], "/etc/xen/*.cfg");
	assert_int_equal(config->cache_ttl_ms, 5000);
	assert_text(config->platform, "xen");
	assert_true(config->disk_paths);
	assert_int_equal(config->limits.max_kernel, 256 * MIB);
}

static void reads_every_setting(void **state)
{
	_config_ struct config *config = read_conf("; comment\n# comment\n"
						   "[bootfs]\n"
						   "mountpoint = /srv/menus/ ; where\n"
						   "xl-config = none\n"
						   "cache-ttl=200ms\n"
						   "cache-memory = 64M\n"
						   "inspections = 3\n"
						   "inspect-timeout = 20s\n"
						   "inspect-memory = 128M\n"
						   "max-kernel = 32M\nmax-initrd = 2G\n"
						   "max-config = 1M\nmax-entries = 50\n"
						   "max-steps = 5000\nmax-log = 70\n"
						   "worker-user = daemon\naccess = root\n"
						   "disk-paths = off\ngrub-platform = pc\n"
						   "grub-flavour = fedora\n"
						   "missing-entry = refuse\n"
						   "missing-kernel = next\n",
		NULL);

	(void)state;
	assert_string_equal(problems(config), "");
	assert_text(config->mountpoint, "/srv/menus");
	assert_int_equal(config->xl_files.n, 0);
	assert_int_equal(config->cache_ttl_ms, 200);
	assert_int_equal(config->cache_memory, 64 * MIB);
	assert_int_equal(config->inspections, 3);
	assert_int_equal(config->limits.timeout_ms, 20000);
	assert_int_equal(config->limits.memory, 128 * MIB);
	assert_int_equal(config->limits.max_kernel, 32 * MIB);
	assert_int_equal(config->limits.max_initrd, 2 * GIB);
	assert_int_equal(config->limits.max_config, MIB);
	assert_int_equal(config->limits.max_entries, 50);
	assert_int_equal(config->limits.max_steps, 5000);
	assert_int_equal(config->limits.max_log, 70);
	assert_text(config->worker_user, "daemon");
	assert_int_equal(config->worker_user_line, 17);
	assert_text(config->access_group, "");
	assert_false(config->disk_paths);
	assert_text(config->platform, "pc");
	assert_text(config->flavour, "fedora");
	assert_true(config->refuse_missing_entry && config->next_when_missing);
}

static void names_every_mistake_with_its_line(void **state)
{
	_config_ struct config *config = read_conf("early = 1\n"
						   "[bootfs]\n"
						   "mountpoint = relative\n"
						   "no-such = 1\n"
						   "\n"
						   "cache-ttl = soon\n"
						   "cache-ttl = 5s\n"
						   "just words\n"
						   "access =\n"
						   "missing-entry = maybe\n"
						   "inspections = 1000\n"
						   "xl-config = *.cfg\n"
						   "[other]\nignored = 1\n"
						   "[bootfs\n"
						   "[domain a/b]\nentry = 1\n"
						   "[domain x]\ndisk = /a,raw,xvda,w\n"
						   "what = 2\n"
						   "[domain x]\n"
						   "[bootfs] max-kernel = 5\n",
		NULL);

	(void)state;
	assert_string_equal(problems(config),
		"$/bootfs.conf:1: \"early\" stands before the first section\n"
		"$/bootfs.conf:3: mountpoint: \"relative\" is no absolute path\n"
		"$/bootfs.conf:4: unknown setting \"no-such\"\n"
		"$/bootfs.conf:6: cache-ttl: \"soon\" is no duration, as 5s, 200ms or 2m\n"
		"$/bootfs.conf:7: cache-ttl is set already in line 6\n"
		"$/bootfs.conf:8: \"just words\" is neither a section nor NAME = VALUE\n"
		"$/bootfs.conf:9: access: needs a value\n"
		"$/bootfs.conf:10: missing-entry: \"maybe\" is not known here; either default or "
		"refuse\n"
		"$/bootfs.conf:11: inspections: must lie between 0 and 256\n"
		"$/bootfs.conf:12: xl-config: \"*.cfg\" is no absolute path\n"
		"$/bootfs.conf:13: unknown section [other]; [bootfs], [domain NAME] or "
		"[image PATH]\n"
		"$/bootfs.conf:15: a section is one line, as [bootfs] or [domain NAME]\n"
		"$/bootfs.conf:16: the name of a domain must be able to name a folder: \"a/b\" "
		"holds "
		"a slash\n"
		"$/bootfs.conf:20: unknown setting \"what\"\n"
		"$/bootfs.conf:21: domain x has a section already in line 18\n"
		"$/bootfs.conf:22: a section is one line, as [bootfs] or [domain NAME]\n");
	assert_int_equal(config->errors, 16);
}

static void an_indented_line_continues_nothing(void **state)
{
	_config_ struct config *config = read_conf("[bootfs]\n  cache-ttl = 1s\n"
						   "  inspections = 2\n",
		NULL);

	(void)state;
	assert_string_equal(problems(config), "");
	assert_int_equal(config->cache_ttl_ms, 1000);
	assert_int_equal(config->inspections, 2);
}

static void reads_long_lines_and_names(void **state)
{
	_strbuf_ struct strbuf conf = {0};
	struct config *config;
	struct domain *domain;

	(void)state;
	strbuf_adds(&conf, "[domain ");
	for (int i = 0; i < 200; i++)
		strbuf_addc(&conf, 'n');
	strbuf_adds(&conf, "]\ndisk = /");
	for (int i = 0; i < 3000; i++)
		strbuf_addc(&conf, 'p');
	strbuf_adds(&conf, ",raw,xvda,w\nentry = ");
	for (int i = 0; i < 20000; i++)
		strbuf_addc(&conf, 'e');
	strbuf_adds(&conf, "\nargs = x\n");
	config = read_conf(conf.at, NULL);
	domain = config->domains;
	assert_string_equal(problems(config), "$/bootfs.conf:3: line longer than 16382 bytes\n");
	assert_int_equal(domain->name.len, 200);
	assert_int_equal(domain->disks[0].path.len, 3001);
	assert_text(domain->args, "x");
	config_free(config);
}

static void a_domain_inherits_what_it_does_not_say(void **state)
{
	_config_ struct config *config = read_conf("[domain a]\ndisk = /a,raw,xvda,w\n"
						   "[domain b]\ndisk = /b,raw,xvda,w\n"
						   "missing-entry = default\n"
						   "entry = 1>2\nargs = console=hvc0 x=\"y z\"\n"
						   "config = (hd0,msdos1)/grub.cfg\n"
						   "[bootfs]\nmissing-entry = refuse\n",
		NULL);
	struct domain *b = domain_named(config, "b");

	(void)state;
	assert_string_equal(problems(config), "");
	assert_true(domain_named(config, "a")->refuse_missing_entry);
	assert_false(b->refuse_missing_entry);
	assert_text(b->entry, "1>2");
	assert_text(b->args, "console=hvc0 x=\"y z\"");
	assert_text(b->config, "(hd0,msdos1)/grub.cfg");
}

/* The configuration of the wiki page that this project began with. */
static const char wiki_disks[] = "[bootfs]\nxl-config = none\n[domain mail]\n"
				 "disk = file:/vserver/mail/guest_base2G.img,hda1,w\n"
				 "disk = file:/vserver/mail/swap.img,hda2,w\n"
				 "disk = phy:data/mail,hda3,w\n"
				 "disk = /srv/win.qcow2,qcow2,xvdb,r\n"
				 "disk = ,raw,hdc:cdrom,r\n";

static void check_wiki_disks(const char *xl_helper)
{
	_config_ struct config *config = read_conf(wiki_disks, xl_helper);
	struct domain *mail = config->domains;

	assert_string_equal(problems(config), "");
	assert_int_equal(config->n_domains, 1);
	assert_int_equal(mail->n_disks, 4);
	assert_text(mail->disks[0].path, "/vserver/mail/guest_base2G.img");
	assert_text(mail->disks[0].vdev, "hda1");
	assert_int_equal(mail->disks[0].partition, 1);
	assert_text(mail->disks[0].problem, "");
	assert_int_equal(mail->disks[1].partition, 2);
	assert_text(mail->disks[2].path, "/dev/data/mail");
	assert_text(mail->disks[2].format, "raw");
	assert_text(mail->disks[3].format, "qcow2");
	assert_text(mail->disks[3].problem, "");
}

static void reads_disks_as_xl_does(void **state)
{
	(void)state;
	if (access(helper, X_OK))
		skip();
	check_wiki_disks(helper);
}

static void reads_disks_without_the_helper(void **state)
{
	(void)state;
	check_wiki_disks(NULL);
	check_wiki_disks("/nonexistent/bootfs-config");
}

static void says_once_that_the_helper_is_missing(void **state)
{
	struct config *config;

	(void)state;
	write_file("a.cfg", "name = \"a\"\n");
	write_file("b.cfg", "name = \"b\"\n");
	config = read_conf("[bootfs]\nxl-config = $/*.cfg\n[domain x]\ndisk = /x,raw,xvda,w\n",
		"/nonexistent/bootfs-config");
	assert_string_equal(problems(config),
		"$/bootfs.conf:0: warning: /nonexistent/bootfs-config is not installed: the "
		"domains "
		"of 2 xl files are not shown\n");
	assert_int_equal(config->n_domains, 1);
	config_free(config);
}

static void write_xl_files(void)
{
	write_file("a-mail.cfg", "name = \"mail\"\ntype = \"pvh\"\n"
				 "disk = [ '/srv/m.img,raw,xvda,w' ]\n");
	write_file("b-mail.cfg", "name = \"mail\"\ndisk = [ '/srv/old.img,raw,xvda,w' ]\n");
	write_file("c-bad.cfg", "name = \"bad\"\ndisk = [ '/x,raw,xvda,w',\n '/y,zip,xvdb,w' ]\n");
	write_file("d-syntax.cfg", "name = \"d\"\ndisk = [\n");
	write_file("e-name.cfg", "name = \"../e\"\n");
	write_file("f-web.cfg", "name = \"web\"\nbuilder = \"hvm\"\nkernel = \"/k\"\n"
				"disk = [ 'script=block-nbd,vdev=xvda,target=x' ]\n");
	write_file("g-shared.cfg", "name = \"twin\"\ndisk = [ '/srv/m.img,raw,xvda,r' ]\n");
	assert_int_equal(symlink("a-mail.cfg", in_folder("z-link.cfg")), 0);
}

static void reads_xl_files(void **state)
{
	struct config *config;
	struct domain *web;

	(void)state;
	if (access(helper, X_OK))
		skip();
	write_xl_files();
	config = read_conf("[bootfs]\nxl-config = $/*.cfg\n"
			   "[domain web]\nargs = quiet\n"
			   "[domain twin]\ndisk = /srv/twin.img,raw,xvda,w\n"
			   "[domain none]\nargs = x\n",
		helper);
	assert_string_equal(problems(config),
		"$/b-mail.cfg:0: warning: domain mail is described by $/a-mail.cfg; this file is "
		"not used\n"
		"$/c-bad.cfg:3: config parsing error in disk specification: unknown value for "
		"format: near `zip' in `/y,zip,xvdb,w'\n"
		"$/d-syntax.cfg:2: config parsing error near `': syntax error, unexpected $end, "
		"expecting ']'\n"
		"$/e-name.cfg:0: the name of a domain must be able to name a folder: \"../e\" "
		"begins "
		"with a dot\n"
		"$/bootfs.conf:5: warning: domain twin: the disks given here are used, not those "
		"of "
		"$/g-shared.cfg\n"
		"$/bootfs.conf:7: warning: domain none has no disk, neither here nor in an xl "
		"file, and no image has its name\n");
	assert_int_equal(config->errors, 0);
	assert_int_equal(config->xl_errors, 3);
	assert_int_equal(config->n_domains, 4);
	assert_text(domain_named(config, "mail")->type, "pvh");
	assert_text(domain_named(config, "mail")->disks[0].path, "/srv/m.img");
	assert_text(domain_named(config, "twin")->disks[0].path, "/srv/twin.img");
	web = domain_named(config, "web");
	assert_ptr_equal(web, config->domains);
	assert_text(web->args, "quiet");
	assert_text(web->type, "hvm");
	assert_text(web->kernel, "/k");
	assert_true(web->disks[0].problem.len > 0);
	config_free(config);
}

static void two_domains_may_share_a_disk(void **state)
{
	struct config *config;

	(void)state;
	if (access(helper, X_OK))
		skip();
	write_file("a.cfg", "name = \"a\"\ndisk = [ '/srv/one.img,raw,xvda,w' ]\n");
	write_file("b.cfg", "name = \"b\"\ndisk = [ 'file:/srv/one.img,xvda,w' ]\n");
	config = read_conf("[bootfs]\nxl-config = $/*.cfg\n", helper);
	assert_string_equal(problems(config), "");
	assert_text(domain_named(config, "a")->disks[0].path, "/srv/one.img");
	assert_text(domain_named(config, "b")->disks[0].path, "/srv/one.img");
	config_free(config);
}

static void a_failing_helper_costs_the_xl_files_only(void **state)
{
	struct config *config;

	(void)state;
	write_file("a.cfg", "name = \"a\"\n");
	config = read_conf(
		"[bootfs]\nxl-config = $/*.cfg\n[domain x]\ndisk = /x,raw,xvda,w\n", "/bin/false");
	assert_string_equal(problems(config),
		"$/bootfs.conf:0: warning: /bin/false: exit status 1; no xl file could be read\n");
	assert_int_equal(config->n_domains, 1);
	assert_text(config->domains->disks[0].path, "/x");
	config_free(config);
}

/* What our own reader accepts, it must read as xl does. */
static void own_reader_agrees_with_xl(void **state)
{
	static const char *const specs[] = {"file:/a.img,hda1,w", "phy:vg/a,xvda,r",
		"phy:/dev/vg/a,xvda,w", "tap:aio:/a.img,xvda,w", "tap:qcow2:/a,xvda,w",
		"vhd:/a.vhd,xvda,w", "/a.img,raw,xvda,rw", "/a.img,,xvda", "/a.img,,xvda,",
		" /a.img, raw, xvda, w", "vdev=xvda,format=raw,access=ro,target=/a,b=c.img",
		"format=qcow2,vdev=xvda,target=/q", "/x.iso,,hdc,cdrom", ",raw,hdc:cdrom,r",
		"file:/a.img,ioemu:hda,w", "script=block-x,vdev=xvda,target=foo",
		"backend=stor,vdev=xvda,target=/x", "backendtype=qdisk,vdev=xvda,target=nbd://h/x",
		"/a,raw,xvda,w,discard", "vdev=xvda,/a,raw", "a.img,raw,xvda,w"};

	(void)state;
	if (access(helper, X_OK))
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		char text[512];
		struct config *ours, *xls;
		struct domain_disk *a, *b;

		snprintf(text, sizeof(text), "[bootfs]\nxl-config = none\n[domain x]\ndisk = %s\n",
			specs[i]);
		ours = read_conf(text, NULL);
		xls = read_conf(text, helper);
		assert_string_equal(problems(ours), "");
		assert_string_equal(problems(xls), "");
		assert_int_equal(ours->domains->n_disks, xls->domains->n_disks);
		a = ours->domains->disks;
		b = xls->domains->disks;
		if (ours->domains->n_disks) {
			assert_true(text_equal(a->path, b->path));
			assert_true(text_equal(a->vdev, b->vdev));
			assert_true(text_equal(a->format, b->format));
			assert_true(text_equal(a->problem, b->problem));
			assert_int_equal(a->partition, b->partition);
		}
		config_free(ours);
		config_free(xls);
	}
}

static void own_reader_refuses_what_xl_refuses(void **state)
{
	static const char *const specs[] = {"", "/a.img", "/a,rawr,xvda,w", "/a,raw,xvda,zz",
		"/a,raw,xvda,w,extra", "bogus=1,vdev=xvda,target=/x", "file:/a,xvda,w!"};
	struct disk_spec spec;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		struct err err = {0};

		assert_int_equal(disk_spec_parse(text_of(specs[i]), &spec, &err), -EINVAL);
		assert_true(err.text[0] != '\0');
	}
}

/* The text of the file we ship, with its settings switched on: its own example domain too. */
static void read_shipped(struct strbuf *out)
{
	char path[4200], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s", helper);
	for (int up = 0; up < 3; up++)
		*strrchr(path, '/') = '\0'; /* build/VARIANT/bootfs-config */
	strcat(path, "/etc/bootfs.conf");
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		bool setting =
			line[0] == ';' && (line[1] == '[' || (line[1] >= 'a' && line[1] <= 'z'));

		strbuf_adds(out, line + setting);
	}
	fclose(f);
}

/* Each source by itself, and which of them wins a name. */
static void bare_images_are_domains_behind_all_others(void **state)
{
	struct config *config;
	struct domain *domain;

	(void)state;
	write_file("ci.v2.img", "");
	write_file("store.qcow2", "");
	write_file("mail.img", "");
	write_file("used.img", "");
	write_file("pinned.img", "");
	write_file(".hidden.img", "");
	assert_int_equal(mkdir(in_folder("folder.img"), 0700), 0);
	assert_int_equal(symlink("ci.v2.img", in_folder("same.img")), 0);
	config = read_conf("[bootfs]\nxl-config = none\nimages = $/*.img\nimages = $/*.qcow2\n"
			   "[domain mail]\ndisk = /dev/vg0/mail,raw,xvda,w\n"
			   "[domain other]\ndisk = $/used.img,raw,xvda,w\n"
			   "[domain pinned]\nentry = 3\n",
		helper);
	assert_string_equal(problems(config), "$/mail.img:0: warning: domain mail is described by "
					      "$/bootfs.conf; this image is not shown\n");
	assert_int_equal(config->n_domains, 5);
	assert_text(domain_named(config, "mail")->disks[0].path, "/dev/vg0/mail");
	domain = domain_named(config, "ci.v2");
	assert_true(domain->bare_image);
	assert_text(domain->platform, "pc");
	assert_true(text_ends(domain->disks[0].path, TEXT("/ci.v2.img")));
	assert_text(domain_named(config, "store")->disks[0].format, "qcow2");
	domain = domain_named(config, "pinned");
	assert_false(domain->bare_image);
	assert_text(domain->entry, "3");
	assert_true(text_ends(domain->disks[0].path, TEXT("/pinned.img")));
	config_free(config);
	config = read_conf("[bootfs]\nxl-config =\nimages =\n", helper);
	assert_int_equal(config->n_domains, 0);
	config_free(config);
}

static void domains_are_read_again_by_the_settings_that_run(void **state)
{
	_config_ struct config *running = NULL, *again = NULL;

	(void)state;
	write_file("a.img", "");
	running = read_conf("[bootfs]\nxl-config = none\nimages = $/*.img\n", helper);
	assert_int_equal(running->n_domains, 1);
	write_file("bootfs.conf", "[bootfs]\nnonsense = 1\n");
	write_file("b.img", "");
	again = config_read_again(running, helper);
	assert_non_null(again);
	assert_string_equal(problems(again), "");
	assert_int_equal(again->n_domains, 2);
	assert_text(again->file, running->file.at);
}

static void the_shipped_file_states_every_default(void **state)
{
	_config_ struct config *defaults = config_read("/nonexistent", NULL), *shipped = NULL;
	_strbuf_ struct strbuf text = {0};

	(void)state;
	read_shipped(&text);
	for (int i = 0; i < HOST_SETTINGS; i++)
		assert_non_null(strstr(text.at, host_settings[i].name));
	shipped = read_conf(text.at, NULL);
	assert_string_equal(problems(shipped), "");
	assert_int_equal(shipped->n_domains, 1);
	assert_text(shipped->mountpoint, defaults->mountpoint.at);
	assert_text(shipped->xl_files.at[0], defaults->xl_files.at[0].at);
	assert_text(shipped->worker_user, defaults->worker_user.at);
	assert_text(shipped->platform, defaults->platform.at);
	assert_int_equal(shipped->cache_ttl_ms, defaults->cache_ttl_ms);
	assert_int_equal(shipped->cache_memory, defaults->cache_memory);
	assert_int_equal(shipped->inspections, defaults->inspections);
	assert_int_equal(shipped->volumes, defaults->volumes);
	assert_int_equal(shipped->disk_paths, defaults->disk_paths);
	assert_int_equal(shipped->refuse_missing_entry, defaults->refuse_missing_entry);
	assert_int_equal(shipped->next_when_missing, defaults->next_when_missing);
	assert_memory_equal(&shipped->limits, &defaults->limits, sizeof(defaults->limits));
}

#define in_own_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_defaults_without_a_file),
		in_own_folder(reads_every_setting),
		in_own_folder(names_every_mistake_with_its_line),
		in_own_folder(bare_images_are_domains_behind_all_others),
		in_own_folder(domains_are_read_again_by_the_settings_that_run),
		in_own_folder(the_shipped_file_states_every_default),
		in_own_folder(an_indented_line_continues_nothing),
		in_own_folder(reads_long_lines_and_names),
		in_own_folder(a_domain_inherits_what_it_does_not_say),
		in_own_folder(reads_disks_as_xl_does),
		in_own_folder(reads_disks_without_the_helper),
		in_own_folder(says_once_that_the_helper_is_missing),
		in_own_folder(reads_xl_files),
		in_own_folder(two_domains_may_share_a_disk),
		in_own_folder(a_failing_helper_costs_the_xl_files_only),
		in_own_folder(own_reader_agrees_with_xl),
		cmocka_unit_test(own_reader_refuses_what_xl_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
