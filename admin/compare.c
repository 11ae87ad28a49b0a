/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/commands.h"

#include "admin/compare.h"
#include "admin/say.h"
#include "core/escape.h"
#include "core/program.h"

#include <errno.h>
#include <pwd.h>
#include <sys/resource.h>

enum { NOBODY = 65534, TIMEOUT_MS = 30000 };

struct comparing {
	const struct guests *guests;
	const struct config *domains; /* with xl's; may be NULL */
	const struct pygrub_settings *settings;
	struct comparison *results; /* of each guest */
};

/*
 * Its first disk as the configuration describes it. NULL: an image, or not known. What is not raw
 * xl attaches first, and hands a boot loader the device: pygrub cannot be tried on the file.
 */
static const struct domain_disk *first_disk(const struct config *config, const struct guest *guest)
{
	const struct domain *domain = config ? config->domains : NULL;

	while (domain && !text_is(domain->name, guest->name))
		domain = domain->next;
	return domain && domain->n_disks && !guest->is_image ? &domain->disks[0] : NULL;
}

static void compare_one(void *context, size_t i)
{
	const struct comparing *comparing = context;
	const struct guest *guest = &comparing->guests->at[i];
	const struct domain_disk *disk = first_disk(comparing->domains, guest);
	struct comparison *result = &comparing->results[i];

	if (!disk || text_is(disk->format, "raw")) {
		compare_guest(guest, comparing->settings, result);
		return;
	}
	result->verdict = VERDICT_SKIPPED;
	strbuf_adds(&result->why, "its first disk is a ");
	escape_add(&result->why, disk->format);
	strbuf_adds(&result->why, " image, which xl attaches before it calls a boot loader");
}

/* Every domain with its disks; NULL: not known. */
static struct config *read_domains(const struct admin_options *options)
{
	char helper[PATH_MAX];

	return program_beside("bootfs-config", helper) ? config_read(options->config, helper)
						       : NULL;
}

/* A user's name, or a number; never root. */
static int take_user(const char *name, struct pygrub_settings *settings, struct err *err)
{
	const struct passwd *user = getpwnam(name ? name : "nobody");
	uint64_t number = NOBODY;

	if (!user && name && !text_number(text_of(name), &number))
		return err_set(err, EINVAL, "--runas=%s: this host has no such user", name);
	settings->uid = user ? user->pw_uid : (uid_t)number;
	settings->gid = user ? user->pw_gid : (gid_t)number;
	if (settings->uid == 0 || number >= UINT32_MAX)
		return err_set(
			err, EINVAL, "--runas=%s: pygrub reads guests' data, not as root", name);
	return 0;
}

static int settle(
	const struct admin_options *options, struct pygrub_settings *settings, struct err *err)
{
	const char *timeout = options->timeout;

	*settings = (struct pygrub_settings){.timeout_ms = TIMEOUT_MS};
	if (options->all && options->n_operands)
		return err_set(err, EINVAL, "--all and names exclude each other");
	if (timeout && (!parse_duration_ms(text_of(timeout), &settings->timeout_ms) ||
			       settings->timeout_ms < 1000))
		return err_set(
			err, EINVAL, "--timeout=%s: a time of a second or more, as 30s", timeout);
	if (geteuid() != 0)
		return err_set(err, EPERM, "only root can run pygrub with less than its rights");
	if (options->pygrub)
		snprintf(settings->path, sizeof(settings->path), "%s", options->pygrub);
	else if (!pygrub_find(settings->path))
		return err_set(err, ENOENT,
			"no pygrub of Xen's is installed; install the package with Xen's tools "
			"(Debian: xen-utils), or name it by --pygrub=PATH");
	if (access(settings->path, X_OK))
		return err_set(err, errno, "%s: %m", settings->path);
	return take_user(options->runas, settings, err);
}

static size_t processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (size_t)n : 1;
}

static const struct {
	const char *word, *counted;
	enum colour colour;
	int status;
} verdicts[VERDICTS] = {
	[VERDICT_SAME] = {"same", "same", GREEN, STATUS_FINE},
	[VERDICT_ALIKE] = {"alike", "alike", GREEN, STATUS_FINE},
	[VERDICT_DIFFERENT] = {"different", "different", YELLOW, STATUS_FAULTS},
	[VERDICT_BOOTFS] = {"only bootfs", "only with bootfs", BLUE, STATUS_FAULTS},
	[VERDICT_PYGRUB] = {"only pygrub", "only with pygrub", RED, STATUS_FAULTS},
	[VERDICT_NEITHER] = {"neither boots", "boot with neither", YELLOW, STATUS_FINE},
	[VERDICT_SKIPPED] = {"not compared", "not compared", PLAIN, STATUS_FINE},
	[VERDICT_TROUBLE] = {"trouble", "could not be compared", RED, STATUS_TROUBLE},
};

static void add_result(struct strbuf *out, const struct guest *guest,
	const struct comparison *result, bool colours)
{
	struct text rest = strbuf_text(&result->why), line;
	bool first = true;

	escape_add(out, text_of(guest->name));
	strbuf_adds(out, ": ");
	add_coloured(out, colours, verdicts[result->verdict].colour,
		text_of(verdicts[result->verdict].word));
	while (text_cut(&rest, '\n', &line)) {
		strbuf_adds(out, first ? ": " : "    ");
		strbuf_add(out, line);
		strbuf_addc(out, '\n');
		first = false;
	}
	if (first)
		strbuf_addc(out, '\n');
}

/* "12 guests: 10 same, 2 different" */
static void say_sum(const size_t *counts, size_t n)
{
	_strbuf_ struct strbuf sum = {0};

	for (int i = 0; i < VERDICTS; i++) {
		if (counts[i])
			strbuf_addf(&sum, "%s%zu %s", sum.len ? ", " : "", counts[i],
				verdicts[i].counted);
	}
	say("%zu guests%s%s", n, n ? ": " : "", sum.at ? sum.at : "");
}

static int report(const struct comparing *comparing)
{
	size_t n = comparing->guests->n, counts[VERDICTS] = {0};
	bool colours = colours_wanted(STDOUT_FILENO);
	_strbuf_ struct strbuf out = {0};
	int status = STATUS_FINE;

	for (size_t i = 0; i < n; i++) {
		struct comparison *result = &comparing->results[i];

		add_result(&out, &comparing->guests->at[i], result, colours);
		counts[result->verdict]++;
		if (verdicts[result->verdict].status > status)
			status = verdicts[result->verdict].status;
		strbuf_done(&result->why);
	}
	if (!print_all(&out))
		return STATUS_TROUBLE;
	say_sum(counts, n);
	return status;
}

int command_compare(const struct admin_options *options)
{
	_guests_ struct guests guests = {0};
	struct comparing comparing = {.guests = &guests};
	_free_ struct comparison *results = NULL;
	_config_ struct config *domains = NULL;
	struct pygrub_settings settings;
	_view_ struct view view = {0};
	struct err err = {0};

	if (settle(options, &settings, &err)) {
		say("%s", err.text);
		return STATUS_TROUBLE;
	}
	if (!guests_open(options, &view, &guests))
		return STATUS_TROUBLE;
	if (!guests.n) {
		say("%s", guests_none);
		return STATUS_TROUBLE;
	}
	results = calloc(guests.n + 1, sizeof(*results));
	if (!results) {
		say("out of memory");
		return STATUS_TROUBLE;
	}
	domains = read_domains(options);
	comparing.domains = domains;
	comparing.settings = &settings;
	comparing.results = results;
	side_by_side(guests.n, processors(), compare_one, &comparing);
	return report(&comparing);
}
