/* Where domains come from: bootfs.conf's disks, xl's files, bare images. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/disk_spec.h"
#include "tests/support/conffile.h"

#include <errno.h>
#include <sys/stat.h>

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
		"$/bootfs.conf:0: warning: /nonexistent/bootfs-config is not installed (make XL=no "
		"leaves it out): the "
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
	assert_text(domain->platform, "auto");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_own_folder(reads_disks_as_xl_does),
		in_own_folder(reads_disks_without_the_helper),
		in_own_folder(says_once_that_the_helper_is_missing),
		in_own_folder(reads_xl_files),
		in_own_folder(two_domains_may_share_a_disk),
		in_own_folder(a_failing_helper_costs_the_xl_files_only),
		in_own_folder(own_reader_agrees_with_xl),
		cmocka_unit_test(own_reader_refuses_what_xl_refuses),
		in_own_folder(bare_images_are_domains_behind_all_others),
		in_own_folder(domains_are_read_again_by_the_settings_that_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
