/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/folder_steps.h"
#include "fuse/query/one_shot.h"
#include "fuse/query/opening.h"

#include <errno.h>
#include <stdarg.h>

/* A line in front of what the inspector says: its last line tells the result. */
static void report_add_first(struct report *report, enum report_kind kind, struct text text)
{
	struct report_line *first = report->first, *before = report->last, *line;

	report_add_text(report, kind, (struct text){0}, 0, text);
	line = report->last;
	if (!before || line == before)
		return;
	before->next = NULL;
	report->last = before;
	line->next = first;
	report->first = line;
}

/* A domain that xl starts in another way than by a boot loader. */
static void folder_add_unused(struct inspection *inspection, const struct domain *domain)
{
	_strbuf_ struct strbuf note = {0};

	if (domain->kernel.len)
		inspection->unused = TEXT("xl starts it with its own kernel=");
	else if (text_is(domain->type, "hvm"))
		inspection->unused = TEXT("HVM: its own firmware boots it");
	else
		return;
	strbuf_add(&note, inspection->unused);
	strbuf_adds(&note, ": this menu is not used");
	if (!note.failed)
		report_add_first(&inspection->report, REPORT_NOTE, strbuf_text(&note));
}

/* What the daemon knows and the inspector does not. */
static void folder_add_notes(const struct folder *folder, struct inspection *inspection)
{
	const struct disks *disks = folder->disks;
	const struct domain *domain = folder->domain;

	for (uint32_t i = disks ? disks->n : 0; i-- > 0;) {
		struct text problem = disks->disk[i].problem;

		if (problem.len && !text_equal(problem, inspection->error))
			report_add_first(&inspection->report, REPORT_WARNING, problem);
	}
	if (folder->refused)
		report_add_first(&inspection->report, REPORT_WARNING, text_of(folder->refused));
	if (folder->note)
		report_add_first(&inspection->report, REPORT_NOTE, text_of(folder->note));
	if (domain)
		folder_add_unused(inspection, domain);
}

/* Nothing waits any more; whoever asks next asks anew. */
static void folder_end(struct folder *folder, int error)
{
	timer_stop(&folder->deadline);
	disks_free(folder->disks);
	folder->disks = NULL;
	folder->checked_ms = now_ms();
	folder->shown_by = folder->asked_by;
	parked_resume(&folder->waiting, error);
	folder_drop(folder);
}

/* Where nothing else was found the old one stays, and with it all inode numbers. */
static bool folder_keeps(const struct folder *folder, const struct inspection *inspection)
{
	const struct snapshot *snapshot = folder->snapshot;

	return snapshot && snapshot_is_whole(snapshot) && !folder_has_other_volumes(folder) &&
	       disks_are_same(snapshot->disks, folder->disks) &&
	       snapshot->hash == inspection_hash(inspection);
}

/* Ends the question: all is as it was. */
static void folder_stays(struct folder *folder)
{
	if (folder->disks)
		snapshot_take_disks(folder->snapshot, folder->disks);
	folder->disks = NULL;
	folder->answered_s = time(NULL);
	folder_end(folder, 0);
}

static struct text folder_domain_name(const struct folder *folder)
{
	return folder->domain  ? folder->domain->name
	       : folder->disks ? folder->disks->how.domain
			       : TEXT("");
}

/* More than a line of .stats shows. */
enum { ERROR_BYTES = 1024 };

/* What .stats tells of it, also when the snapshot is gone. */
static void folder_remember(struct folder *folder, const struct inspection *inspection)
{
	struct text error = text_first(inspection->error, ERROR_BYTES);

	free(folder->last_error);
	folder->last_error = error.len ? strndup(error.at, error.len) : NULL;
	folder->answered_s = time(NULL);
}

/* Ends the question. Takes over the inspection. */
static void folder_show(struct folder *folder, struct inspection *inspection)
{
	struct text domain = folder_domain_name(folder);
	struct snapshot *snapshot;

	folder_remember(folder, inspection);
	if (folder_keeps(folder, inspection)) {
		inspection_free(inspection);
		folder_stays(folder);
		return;
	}
	if (folder->request && folder->snapshot) {
		/* Whoever walks the path anew is given a new folder; nobody sees two disks. */
		inspection_free(inspection);
		folder->dead = true;
		folder_end(folder, ESTALE);
		return;
	}
	snapshot = snapshot_new(
		&folder->daemon->cache, inspection, folder->disks, domain, folder->request != NULL);
	folder->disks = NULL;
	if (snapshot)
		folder_set_snapshot(folder, snapshot);
	folder_end(folder, snapshot ? 0 : ENOMEM);
}

static int list_disks(struct inspection *inspection, const struct disks *disks)
{
	for (uint32_t i = 0; disks && i < disks->n; i++) {
		struct inspection_disk *disk = &inspection->disks[inspection->n_disks++];

		if (arena_printf(&inspection->arena, &disk->name, "hd%u", i) ||
			arena_text(&inspection->arena, disks->disk[i].path, &disk->path))
			return -ENOMEM;
	}
	return 0;
}

/* Shows why there is no answer. */
static void PRINTF_LIKE(2, 3) folder_failed(struct folder *folder, const char *format, ...)
{
	struct inspection *inspection;
	struct err err = {.code = EIO};
	va_list args;

	va_start(args, format);
	vsnprintf(err.text, sizeof(err.text), format, args);
	va_end(args);
	inspection = inspection_of_error(&err);
	if (!inspection || list_disks(inspection, folder->disks)) {
		inspection_free(inspection);
		folder_end(folder, ENOMEM);
		return;
	}
	folder_add_notes(folder, inspection);
	/* Without disks it is not taken for what a later look must compare with. */
	disks_free(folder->disks);
	folder->disks = NULL;
	folder_show(folder, inspection);
}

static void folder_inspect(struct folder *folder);

static void folder_count(const struct folder *folder, enum failure why)
{
	folder->daemon->inspector.stats.failures[why]++;
}

/* Asks once more, without the one-shot entry, where that must not be honoured. */
static bool folder_asks_again(struct folder *folder, struct inspection *inspection)
{
	struct err why = {0};

	if (folder->refused || !one_shot_is_refused(folder->daemon->config, inspection,
				       folder_domain_name(folder), &why))
		return false;
	if (asprintf(&folder->refused, "one-shot entry not honoured: %s", why.text) < 0) {
		folder->refused = NULL;
		return false;
	}
	folder->disks->how.ignore_one_shot = true;
	folder_inspect(folder);
	return true;
}

static void folder_inspected(
	struct run *run, struct inspection *inspection, int content_fd, const struct err *err)
{
	struct folder *folder = container_of(run, struct folder, run);

	if (content_fd >= 0)
		close(content_fd);
	if (!inspection) {
		const struct disks *disks = folder->disks;

		notice_about(&folder->daemon->notice, disks_subject(disks), LOG_WARNING, "%s",
			err->text);
		folder_failed(folder, "%s%s: %s", disks->disk[0].path.at,
			disks->n > 1 ? " or another disk" : "", err->text);
		return;
	}
	if (folder_asks_again(folder, inspection)) {
		inspection_free(inspection);
		return;
	}
	folder_add_notes(folder, inspection);
	folder_tell(folder, inspection->error);
	folder_show(folder, inspection);
}

/* None of the disks can be opened: the first one's reason is the error. */
static void folder_has_no_disk(struct folder *folder)
{
	const struct disks *disks = folder->disks;
	const char *why = disks->n ? disks->disk[0].problem.at : "the domain has no disk";

	folder_count(folder, FAILURE_DISK);
	folder_tell(folder, text_of(why));
	folder_failed(folder, "%s", why);
}

static void folder_inspect(struct folder *folder)
{
	const struct snapshot *before = folder->snapshot;
	int64_t left = folder->deadline_ms - now_ms();

	if (!folder->disks->n_open) {
		folder_has_no_disk(folder);
		return;
	}
	/* Whether a one-shot entry is honoured depends on more than the disks. */
	if (before && snapshot_is_whole(before) && !before->inspection->menu.one_shot.len &&
		!folder->refused && before->disks && folder->shown_by == folder->asked_by &&
		disks_unchanged(before->disks, folder->disks)) {
		folder->daemon->stats.rechecks++;
		folder_stays(folder);
		return;
	}
	timer_stop(&folder->deadline);
	folder->run.disks = folder->disks;
	folder->run.login = folder->login;
	folder->run.finished = folder_inspected;
	run_start(&folder->daemon->inspector, &folder->run, left > 1 ? (uint32_t)left : 1);
}

/* Below .disk: it is known whose disk it is; `same`: that domain's very first. */
static void folder_take_domain(struct folder *folder, const struct domain *domain, bool same)
{
	struct disks *disks;

	folder->whole_domain = true;
	if (!domain || !domain->n_disks) {
		folder_inspect(folder);
		return;
	}
	disks = folder_domain_disks(folder, domain, same);
	disks_free(folder->disks);
	folder->disks = NULL;
	if (!disks || opening_start(folder, disks))
		folder_end(folder, ENOMEM);
}

static void PRINTF_LIKE(2, 3) folder_note(struct folder *folder, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	free(folder->note);
	if (vasprintf(&folder->note, format, args) < 0)
		folder->note = NULL;
	va_end(args);
}

static void folder_matched(struct match *match)
{
	struct folder *folder = container_of(match, struct folder, match);
	struct folder *owner;

	for (owner = folder->daemon->folders; owner; owner = owner->next) {
		if (match->found == 1 && owner->owner.serial == match->serial)
			break;
	}
	if (owner && owner->domain->n_disks > 1)
		folder_note(folder, "the first disk of domain %s: all its %u disks are looked at",
			owner->name, owner->domain->n_disks);
	else if (owner)
		folder_note(folder, "the disk of domain %s", owner->name);
	else if (match->found > 1)
		folder_note(folder,
			"the first disk of %u domains: looked at alone; domain= tells them apart",
			match->found);
	else
		folder_note(folder, "no domain has this disk as its first: looked at alone");
	folder_take_domain(folder, owner ? owner->domain : NULL, true);
}

/* Below .disk, the first disk is open: whose is it? */
static void folder_find_domain(struct folder *folder)
{
	struct text name = folder->request->domain;
	const struct folder *owner = folder_find(folder->daemon, name);

	if (name.len && !owner)
		folder_note(
			folder, "no domain %s is configured: the disk is looked at alone", name.at);
	if (name.len || !folder->daemon->folders || folder->request->only_config) {
		folder_take_domain(folder, owner ? owner->domain : NULL, false);
		return;
	}
	folder->match.finished = folder_matched;
	if (match_start(&folder->match, folder->daemon, &folder->disks->disk[0].stamp))
		folder_end(folder, ENOMEM);
}

void folder_opened(struct folder *folder, struct disks *disks)
{
	folder->disks = disks;
	if (!folder->whole_domain && disks->n_open)
		folder_find_domain(folder);
	else
		folder_inspect(folder);
}

/* For people: which disk the question is about. */
static const char *folder_first_path(const struct folder *folder)
{
	if (folder->request)
		return folder->request->path.at;
	return folder->domain && folder->domain->n_disks ? folder->domain->disks[0].path.at
							 : folder->name;
}

/* While opening or matching; an inspector's deadline is its run's. */
static void folder_late(struct timer *timer)
{
	struct folder *folder = container_of(timer, struct folder, deadline);
	double seconds = folder->daemon->config->limits.timeout_ms / 1000.0;

	opening_abandon(folder);
	match_stop(&folder->match);
	folder_count(folder, FAILURE_TIMEOUT);
	notice_about(&folder->daemon->notice, text_of(folder_first_path(folder)), LOG_WARNING,
		"cannot be opened: no answer within %g s (inspect-timeout)", seconds);
	folder_failed(folder, "%s: cannot be opened: no answer within %g s (inspect-timeout)",
		folder_first_path(folder), seconds);
}

static void folder_begin(struct folder *folder)
{
	struct disks *disks;

	free(folder->refused);
	folder->refused = NULL;
	folder->asked_by = folder->daemon->generation;
	folder->recheck = false;
	folder->whole_domain = !folder->request;
	folder->deadline_ms = now_ms() + folder->daemon->config->limits.timeout_ms;
	folder->deadline.fire = folder_late;
	if (folder->stuck) {
		folder_count(folder, FAILURE_TIMEOUT);
		folder_failed(
			folder, "%s: the disk still does not answer", folder_first_path(folder));
		return;
	}
	loop_set_timer(&folder->daemon->loop, &folder->deadline,
		folder->daemon->config->limits.timeout_ms);
	disks = folder_first_disks(folder);
	if (!disks || opening_start(folder, disks))
		folder_end(folder, ENOMEM);
}

void folder_ask(struct folder *folder)
{
	bool busy = folder->opening || folder->match.job || folder->run.state != RUN_NONE;

	if (busy)
		return;
	if (folder->dead) {
		folder_end(folder, ESTALE);
		return;
	}
	if (folder->domain || folder->request)
		folder_begin(folder);
	else
		folder_end(folder, ENOENT);
}
