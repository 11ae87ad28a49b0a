/* bootfs.conf's settings, read as the daemon reads them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/settings.h"
#include "tests/support/conffile.h"

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
	assert_text(config->platform, "auto");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_defaults_without_a_file),
		in_own_folder(reads_every_setting),
		in_own_folder(names_every_mistake_with_its_line),
		in_own_folder(the_shipped_file_states_every_default),
		in_own_folder(an_indented_line_continues_nothing),
		in_own_folder(reads_long_lines_and_names),
		in_own_folder(a_domain_inherits_what_it_does_not_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
