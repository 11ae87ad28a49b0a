/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/query.h"

#include "core/hash.h"
#include "fuse/loop/pool.h"
#include "fuse/query/folder.h"
#include "fuse/query/one_shot.h"
#include "fuse/query/subject.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>

/* Every way from one state to another. */
static void query_enter(struct query *query, enum query_state state)
{
	static const unsigned from[] = {
		[QUERY_OPENING] = 1 << QUERY_CLOSED | 1 << QUERY_SHOWN | 1 << QUERY_FAILED |
				  1 << QUERY_MATCHING | 1 << QUERY_OPENING,
		[QUERY_MATCHING] = 1 << QUERY_OPENING,
		[QUERY_ASKING] = 1 << QUERY_OPENING | 1 << QUERY_MATCHING | 1 << QUERY_ASKING,
		[QUERY_SHOWN] = 1 << QUERY_CLOSED | 1 << QUERY_SHOWN | 1 << QUERY_FAILED |
				1 << QUERY_OPENING | 1 << QUERY_MATCHING | 1 << QUERY_ASKING,
		[QUERY_FAILED] = 1 << QUERY_CLOSED | 1 << QUERY_SHOWN | 1 << QUERY_FAILED |
				 1 << QUERY_OPENING | 1 << QUERY_MATCHING | 1 << QUERY_ASKING,
	};

	assert(from[state] & 1 << query->state);
	query->state = state;
}

static bool query_is_busy(const struct query *query)
{
	return query->state == QUERY_OPENING || query->state == QUERY_MATCHING ||
	       query->state == QUERY_ASKING;
}

static struct folder *folder_of(struct query *query)
{
	return container_of(query, struct folder, query);
}

static void count_failure(struct query *query, enum failure why)
{
	folder_of(query)->daemon->inspector.stats.failures[why]++;
}

/* Domain for the texts that name one; empty: none is known. */
static struct text domain_name(const struct folder *folder)
{
	if (folder->domain)
		return folder->domain->name;
	return folder->query.disks ? folder->query.disks->how.domain : TEXT("");
}

/* For people: which disk the query is about. */
static const char *first_path(const struct folder *folder)
{
	if (folder->request)
		return folder->request->path.at;
	return folder->domain && folder->domain->n_disks ? folder->domain->disks[0].path.at
							 : folder->name;
}

/* ---- the end ---------------------------------------------------------------------------------- */

/* Nothing waits any more; whoever asks next begins a new query. May free the folder. */
static void query_end(struct query *query, int error)
{
	struct folder *folder = folder_of(query);

	query_enter(query, error ? QUERY_FAILED : QUERY_SHOWN);
	timer_stop(&query->deadline);
	disks_free(query->disks);
	query->disks = NULL;
	folder->checked_ms = now_ms();
	folder->shown_by = query->generation;
	parked_resume(&folder->waiting, error);
	folder_drop(folder);
}

/* The snapshot stays as it is: nothing has changed. */
static void query_keep(struct query *query)
{
	struct folder *folder = folder_of(query);

	if (query->disks)
		snapshot_take_disks(folder->snapshot, query->disks);
	query->disks = NULL;
	folder->answered_s = time(NULL);
	query_end(query, 0);
}

/* Where nothing else was found the old snapshot stays, and with it all inode numbers. */
static bool is_unchanged(const struct folder *folder, const struct inspection *inspection)
{
	const struct snapshot *snapshot = folder->snapshot;

	return snapshot && snapshot_is_whole(snapshot) && !folder_has_other_volumes(folder) &&
	       disks_are_same(snapshot->disks, folder->query.disks) &&
	       snapshot->hash == inspection_hash(inspection);
}

/* What .stats reports of the folder, also when its snapshot is gone. */
static void remember_error(struct folder *folder, const struct inspection *inspection)
{
	enum { MORE_THAN_STATS_SHOWS = 1024 };
	struct text error = text_first(inspection->error, MORE_THAN_STATS_SHOWS);

	free(folder->last_error);
	folder->last_error = error.len ? strndup(error.at, error.len) : NULL;
	folder->answered_s = time(NULL);
}

/* Takes over the inspection. */
static void query_show(struct query *query, struct inspection *inspection)
{
	struct folder *folder = folder_of(query);
	struct text domain = domain_name(folder);
	struct snapshot *snapshot;

	remember_error(folder, inspection);
	if (is_unchanged(folder, inspection)) {
		inspection_free(inspection);
		query_keep(query);
		return;
	}
	if (folder->request && folder->snapshot) {
		/* One folder below .disk never shows two disks: a new walk gives a new folder. */
		inspection_free(inspection);
		folder->dead = true;
		query_end(query, ESTALE);
		return;
	}
	snapshot = snapshot_new(
		&folder->daemon->cache, inspection, query->disks, domain, folder->request != NULL);
	query->disks = NULL;
	if (snapshot)
		folder_set_snapshot(folder, snapshot);
	query_end(query, snapshot ? 0 : ENOMEM);
}

/* ---- what the daemon adds to an answer -------------------------------------------------------- */

/* A domain that xl starts in another way than by a boot loader. */
static void add_unused(struct inspection *inspection, const struct domain *domain)
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
static void add_notes(const struct folder *folder, struct inspection *inspection)
{
	const struct query *query = &folder->query;
	const struct disks *disks = query->disks;

	for (uint32_t i = disks ? disks->n : 0; i-- > 0;) {
		struct text problem = disks->disk[i].problem;

		if (problem.len && !text_equal(problem, inspection->error))
			report_add_first(&inspection->report, REPORT_WARNING, problem);
	}
	if (query->refused)
		report_add_first(&inspection->report, REPORT_WARNING, text_of(query->refused));
	if (query->note)
		report_add_first(&inspection->report, REPORT_NOTE, text_of(query->note));
	if (folder->domain)
		add_unused(inspection, folder->domain);
}

/* Logs why the domain cannot boot, or that it can again (empty), when that is news. */
static void log_change(struct folder *folder, struct text error)
{
	struct notice *notice = &folder->daemon->notice;
	uint64_t hash = error.len ? hash_text(HASH_START, error) : 0;

	if (!folder->domain || hash == folder->logged_error)
		return;
	folder->logged_error = hash;
	if (error.len)
		notice_about(notice, folder->domain->name, LOG_WARNING, "%.*s", TEXT_ARG(error));
	else
		notice_about(notice, folder->domain->name, LOG_INFO, "can boot again");
}

/* ---- without an answer ------------------------------------------------------------------------ */

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
static void PRINTF_LIKE(2, 3) query_show_failure(struct query *query, const char *format, ...)
{
	struct inspection *inspection;
	struct err err = {.code = EIO};
	va_list args;

	va_start(args, format);
	vsnprintf(err.text, sizeof(err.text), format, args);
	va_end(args);
	inspection = inspection_of_error(&err);
	if (!inspection || list_disks(inspection, query->disks)) {
		inspection_free(inspection);
		query_end(query, ENOMEM);
		return;
	}
	add_notes(folder_of(query), inspection);
	/* A snapshot without disks: a later query must not compare its disks with these. */
	disks_free(query->disks);
	query->disks = NULL;
	query_show(query, inspection);
}

/* ---- ASKING ----------------------------------------------------------------------------------- */

static void query_ask(struct query *query);

/* Asks once more, without the one-shot entry, where that must not be honoured. */
static bool asks_again(struct query *query, struct inspection *inspection)
{
	struct folder *folder = folder_of(query);
	struct err why = {0};

	if (query->refused ||
		!one_shot_is_refused(folder->daemon->config, inspection, domain_name(folder), &why))
		return false;
	if (asprintf(&query->refused, "one-shot entry not honoured: %s", why.text) < 0) {
		query->refused = NULL;
		return false;
	}
	query->disks->how.ignore_one_shot = true;
	query_ask(query);
	return true;
}

static void query_answered(
	struct task *task, struct inspection *inspection, int content_fd, const struct err *err)
{
	struct query *query = container_of(task, struct query, task);
	struct folder *folder = folder_of(query);

	if (content_fd >= 0)
		close(content_fd);
	if (!inspection) {
		const struct disks *disks = query->disks;

		notice_about(&folder->daemon->notice, disks_subject(disks), LOG_WARNING, "%s",
			err->text);
		query_show_failure(query, "%s%s: %s", disks->disk[0].path.at,
			disks->n > 1 ? " or another disk" : "", err->text);
		return;
	}
	if (asks_again(query, inspection)) {
		inspection_free(inspection);
		return;
	}
	add_notes(folder, inspection);
	log_change(folder, inspection->error);
	query_show(query, inspection);
}

/* None of the disks can be opened: the first one's reason is the error. */
static void query_has_no_disk(struct query *query)
{
	const struct disks *disks = query->disks;
	const char *why = disks->n ? disks->disk[0].problem.at : "the domain has no disk";

	count_failure(query, FAILURE_DISK);
	log_change(folder_of(query), text_of(why));
	query_show_failure(query, "%s", why);
}

/* Do the disks have the bytes that the snapshot was made of? */
static bool needs_no_inspector(const struct folder *folder)
{
	const struct snapshot *before = folder->snapshot;
	const struct query *query = &folder->query;

	/* Whether a one-shot entry is honoured depends on more than the disks. */
	return before && snapshot_is_whole(before) && !before->inspection->menu.one_shot.len &&
	       !query->refused && before->disks && folder->shown_by == query->generation &&
	       disks_unchanged(before->disks, query->disks);
}

static void query_ask(struct query *query)
{
	struct folder *folder = folder_of(query);
	int64_t left = query->deadline_ms - now_ms();

	query_enter(query, QUERY_ASKING);
	if (!query->disks->n_open) {
		query_has_no_disk(query);
		return;
	}
	if (needs_no_inspector(folder)) {
		folder->daemon->stats.rechecks++;
		query_keep(query);
		return;
	}
	timer_stop(&query->deadline);
	query->task.disks = query->disks;
	query->task.login = folder->login;
	query->task.finished = query_answered;
	task_start(&folder->daemon->inspector, &query->task, left > 1 ? (uint32_t)left : 1);
}

/* ---- MATCHING --------------------------------------------------------------------------------- */

static void query_open(struct query *query, struct disks *disks);

/* It is known whose disk it is (NULL: nobody's); `same`: that domain's very first. */
static void query_take_domain(struct query *query, const struct domain *domain, bool same)
{
	struct disks *disks;

	query->whole_domain = true;
	if (!domain || !domain->n_disks) {
		query_ask(query);
		return;
	}
	disks = subject_domain_disks(folder_of(query), domain, same);
	disks_free(query->disks);
	query->disks = NULL;
	query_open(query, disks);
}

static void PRINTF_LIKE(2, 3) set_note(struct query *query, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	free(query->note);
	if (vasprintf(&query->note, format, args) < 0)
		query->note = NULL;
	va_end(args);
}

static void query_matched(struct match *match)
{
	struct query *query = container_of(match, struct query, match);
	struct folder *owner = folder_of(query)->daemon->folders;

	while (owner && (match->found != 1 || owner->owner.serial != match->serial))
		owner = owner->next;
	if (owner && owner->domain->n_disks > 1)
		set_note(query, "the first disk of domain %s: all its %u disks are looked at",
			owner->name, owner->domain->n_disks);
	else if (owner)
		set_note(query, "the disk of domain %s", owner->name);
	else if (match->found > 1)
		set_note(query,
			"the first disk of %u domains: looked at alone; domain= tells them apart",
			match->found);
	else
		set_note(query, "no domain has this disk as its first: looked at alone");
	query_take_domain(query, owner ? owner->domain : NULL, true);
}

/* Below .disk, the first disk is open: whose is it? */
static void query_match(struct query *query)
{
	struct folder *folder = folder_of(query);
	struct text name = folder->request->domain;
	const struct folder *owner = folder_find(folder->daemon, name);

	if (name.len && !owner)
		set_note(query, "no domain %s is configured: the disk is looked at alone", name.at);
	query_enter(query, QUERY_MATCHING);
	if (name.len || !folder->daemon->folders || folder->request->only_config) {
		query_take_domain(query, owner ? owner->domain : NULL, false);
		return;
	}
	query->match.finished = query_matched;
	if (match_start(&query->match, folder->daemon, &query->disks->disk[0].stamp))
		query_end(query, ENOMEM);
}

/* ---- OPENING ---------------------------------------------------------------------------------- */

struct opening {
	struct job job;
	struct daemon *daemon;
	struct query *query; /* NULL: given up */
	uint32_t serial;     /* the folder's: it may be gone by then */
	struct disks *disks;
};

static void opening_run(struct job *job, struct scratch *scratch)
{
	(void)scratch;
	disks_open(container_of(job, struct opening, job)->disks);
}

static void opening_free(struct opening *opening)
{
	disks_free(opening->disks);
	free(opening);
}

/* The worker came back after all. */
static void opening_unstick(struct opening *opening)
{
	struct owner *owner = owner_find(&opening->daemon->owners, opening->serial);

	if (owner && owner->kind == OWNER_FOLDER)
		container_of(owner, struct folder, owner)->query.stuck = false;
	opening_free(opening);
}

static void opening_done(struct job *job)
{
	struct opening *opening = container_of(job, struct opening, job);
	struct query *query = opening->query;

	if (!query) {
		opening_unstick(opening);
		return;
	}
	query->opening = NULL;
	query->disks = opening->disks;
	free(opening);
	if (!query->whole_domain && query->disks->n_open)
		query_match(query);
	else
		query_ask(query);
}

/* Takes over the disks. NULL: out of memory. */
static void query_open(struct query *query, struct disks *disks)
{
	struct folder *folder = folder_of(query);
	struct opening *opening = disks ? calloc(1, sizeof(*opening)) : NULL;

	query_enter(query, QUERY_OPENING);
	if (!opening) {
		disks_free(disks);
		query_end(query, ENOMEM);
		return;
	}
	*opening = (struct opening){
		.job = {.wake = true, .run = opening_run, .done = opening_done},
		.daemon = folder->daemon,
		.query = query,
		.serial = folder->owner.serial,
		.disks = disks,
	};
	query->opening = opening;
	pool_submit(&folder->daemon->pool, &opening->job);
}

/* opening_done() no longer continues the query. `stuck` when a worker hangs in it. */
static void opening_abandon(struct query *query)
{
	struct opening *opening = query->opening;

	query->opening = NULL;
	if (!opening)
		return;
	if (pool_cancel(&opening->daemon->pool, &opening->job)) {
		opening_free(opening);
		return;
	}
	opening->query = NULL;
	query->stuck = true;
}

/* ---- the beginning ---------------------------------------------------------------------------- */

/* While opening or matching; an inspector's deadline is its task's. */
static void query_is_late(struct timer *timer)
{
	struct query *query = container_of(timer, struct query, deadline);
	const struct folder *folder = folder_of(query);
	double seconds = folder->daemon->config->limits.timeout_ms / 1000.0;

	opening_abandon(query);
	match_stop(&query->match);
	count_failure(query, FAILURE_TIMEOUT);
	notice_about(&folder->daemon->notice, text_of(first_path(folder)), LOG_WARNING,
		"cannot be opened: no answer within %g s (inspect-timeout)", seconds);
	query_show_failure(query, "%s: cannot be opened: no answer within %g s (inspect-timeout)",
		first_path(folder), seconds);
}

static void query_begin(struct query *query)
{
	struct folder *folder = folder_of(query);
	uint32_t timeout_ms = folder->daemon->config->limits.timeout_ms;

	free(query->refused);
	query->refused = NULL;
	query->generation = folder->daemon->generation;
	query->whole_domain = !folder->request;
	query->deadline_ms = now_ms() + timeout_ms;
	query->deadline.fire = query_is_late;
	folder->recheck = false;
	if (query->stuck) {
		count_failure(query, FAILURE_TIMEOUT);
		query_show_failure(query, "%s: the disk still does not answer", first_path(folder));
		return;
	}
	loop_set_timer(&folder->daemon->loop, &query->deadline, timeout_ms);
	query_open(query, subject_first_disks(folder));
}

void query_start(struct folder *folder)
{
	struct query *query = &folder->query;

	if (query_is_busy(query))
		return;
	if (folder->dead)
		query_end(query, ESTALE);
	else if (folder->domain || folder->request)
		query_begin(query);
	else
		query_end(query, ENOENT);
}

void query_abort(struct folder *folder)
{
	struct query *query = &folder->query;

	timer_stop(&query->deadline);
	opening_abandon(query);
	match_stop(&query->match);
	task_abort(&query->task);
	disks_free(query->disks);
	free(query->note);
	free(query->refused);
	*query = (struct query){0};
}
