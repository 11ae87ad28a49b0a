/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/report/stats.h"

#include "core/escape.h"
#include "fuse/query/folder.h"

#include <errno.h>
#include <inttypes.h>

enum { LABEL_BYTES = 300 };

/* Upper bounds in microseconds, and as they are shown. */
static const struct {
	uint64_t us;
	const char *seconds;
} buckets[DURATION_BUCKETS] = {
	{1000, "0.001"},
	{2000, "0.002"},
	{3000, "0.003"},
	{5000, "0.005"},
	{10000, "0.01"},
	{25000, "0.025"},
	{50000, "0.05"},
	{100000, "0.1"},
	{250000, "0.25"},
	{1000000, "1"},
	{5000000, "5"},
	{10000000, "10"},
};

static const char *const failure_names[FAILURES] = {
	[FAILURE_DISK] = "disk",
	[FAILURE_START] = "start",
	[FAILURE_TIMEOUT] = "timeout",
	[FAILURE_DIED] = "died",
	[FAILURE_REFUSED] = "refused",
	[FAILURE_SAID] = "said",
};

static enum failure failure_of(int code)
{
	switch (code) {
	case ETIMEDOUT:
		return FAILURE_TIMEOUT;
	case ECHILD:
		return FAILURE_DIED;
	case EPROTO:
		return FAILURE_REFUSED;
	default:
		return FAILURE_SAID;
	}
}

void stats_add_inspection(struct inspection_stats *stats, uint64_t took_us, int code)
{
	unsigned bucket = 0;

	while (bucket < DURATION_BUCKETS && took_us > buckets[bucket].us)
		bucket++;
	stats->buckets[bucket]++;
	stats->sum_us += took_us;
	if (took_us > stats->max_us)
		stats->max_us = took_us;
	if (code)
		stats->failures[failure_of(code)]++;
}

/* ---- the text ------------------------------------------------------------------------------- */

static void add_head(struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_addf(out, "# HELP bootfs_%s %s\n# TYPE bootfs_%s %s\n", name, help, name, type);
}

static void add_one(
	struct strbuf *out, const char *name, const char *type, const char *help, uint64_t value)
{
	add_head(out, name, type, help);
	strbuf_addf(out, "bootfs_%s %" PRIu64 "\n", name, value);
}

static void add_by(
	struct strbuf *out, const char *name, const char *label, const char *value, uint64_t n)
{
	strbuf_addf(out, "bootfs_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value, n);
}

/* The value of a label: one line of UTF-8 whose backslashes and quotes are escaped. */
static void add_label(struct strbuf *out, const char *name, struct text value)
{
	_strbuf_ struct strbuf line = {0};

	escape_add_cut(&line, value, LABEL_BYTES);
	if (line.failed)
		out->failed = line.failed;
	strbuf_addf(out, "%s=\"", name);
	for (size_t i = 0; i < line.len; i++) {
		if (line.at[i] == '\\' || line.at[i] == '"')
			strbuf_addc(out, '\\');
		strbuf_addc(out, line.at[i]);
	}
	strbuf_addc(out, '"');
}

static void add_inspections(struct strbuf *out, const struct inspector *inspector)
{
	const struct inspection_stats *stats = &inspector->stats;
	const struct task *task;
	uint64_t waiting = 0;

	add_head(out, "inspections_total", "counter", "Questions to inspectors that ended.");
	add_by(out, "inspections_total", "question", "menu", stats->menus);
	add_by(out, "inspections_total", "question", "content", stats->contents);
	add_by(out, "inspections_total", "question", "volume", stats->volumes);
	add_head(out, "failures_total", "counter", "Questions without an answer, by reason.");
	for (int i = 0; i < FAILURES; i++)
		add_by(out, "failures_total", "reason", failure_names[i], stats->failures[i]);
	for (task = inspector->queue; task; task = task->next)
		waiting++;
	add_one(out, "inspections_waiting", "gauge", "Questions that wait for their turn.",
		waiting);
	add_one(out, "inspectors_running", "gauge", "Inspectors at work.", inspector->running);
	add_one(out, "inspectors_hanging", "gauge",
		"Inspectors that were killed and wait in the kernel for their disk.",
		inspector->lost);
}

static void add_durations(struct strbuf *out, const struct inspection_stats *stats)
{
	uint64_t sum = 0;

	add_head(out, "inspection_seconds", "histogram", "How long inspectors took.");
	for (int i = 0; i < DURATION_BUCKETS; i++) {
		sum += stats->buckets[i];
		add_by(out, "inspection_seconds_bucket", "le", buckets[i].seconds, sum);
	}
	sum += stats->buckets[DURATION_BUCKETS];
	add_by(out, "inspection_seconds_bucket", "le", "+Inf", sum);
	strbuf_addf(out, "bootfs_inspection_seconds_sum %" PRIu64 ".%06" PRIu64 "\n",
		stats->sum_us / 1000000, stats->sum_us % 1000000);
	strbuf_addf(out, "bootfs_inspection_seconds_count %" PRIu64 "\n", sum);
	add_head(out, "inspection_max_seconds", "gauge", "The longest of them.");
	strbuf_addf(out, "bootfs_inspection_max_seconds %" PRIu64 ".%06" PRIu64 "\n",
		stats->max_us / 1000000, stats->max_us % 1000000);
}

static void add_serving(struct strbuf *out, const struct daemon *daemon)
{
	const struct serving_stats *stats = &daemon->stats;

	add_one(out, "cache_hits_total", "counter",
		"Looks into a folder that nothing was asked for.", stats->hits);
	add_one(out, "cache_rechecks_total", "counter",
		"Looks for which the disks were found unchanged, without an inspection.",
		stats->rechecks);
	add_one(out, "cache_evictions_total", "counter", "Answers dropped for want of memory.",
		daemon->cache.evictions);
	add_one(out, "cache_bytes", "gauge", "Memory of answers and contents kept.",
		daemon->cache.used);
	add_one(out, "cache_limit_bytes", "gauge", "The setting cache-memory.",
		daemon->cache.limit);
	add_head(out, "read_bytes_total", "counter", "Bytes handed to readers.");
	add_by(out, "read_bytes_total", "of", "text", stats->text_bytes);
	add_by(out, "read_bytes_total", "of", "content", stats->content_bytes);
	add_one(out, "read_errors_total", "counter", "Reads of contents that failed.",
		stats->read_errors);
}

/* ---- domain by domain ----------------------------------------------------------------------- */

static void add_domain_value(
	struct strbuf *out, const char *name, const struct folder *folder, int64_t value)
{
	strbuf_addf(out, "bootfs_%s{", name);
	add_label(out, "domain", text_of(folder->name));
	strbuf_addf(out, "} %" PRId64 "\n", value);
}

static void add_errors(struct strbuf *out, const struct folder *folders)
{
	add_head(out, "domain_error", "gauge", "Why nothing can boot; partly the guest's words.");
	for (const struct folder *folder = folders; folder; folder = folder->next) {
		if (!folder->last_error)
			continue;
		strbuf_adds(out, "bootfs_domain_error{");
		add_label(out, "domain", text_of(folder->name));
		strbuf_addc(out, ',');
		add_label(out, "error", text_of(folder->last_error));
		strbuf_adds(out, "} 1\n");
	}
}

static void add_domains(struct strbuf *out, const struct folder *folders)
{
	const struct folder *folder;
	uint64_t n = 0;

	for (folder = folders; folder; folder = folder->next)
		n++;
	add_one(out, "domains", "gauge", "Domains that are shown.", n);
	add_head(out, "domain_ok", "gauge", "Of each domain that was looked into: can it boot?");
	for (folder = folders; folder; folder = folder->next) {
		if (folder->answered_s)
			add_domain_value(out, "domain_ok", folder, !folder->last_error);
	}
	add_head(out, "domain_checked_timestamp_seconds", "gauge", "When that was seen.");
	for (folder = folders; folder; folder = folder->next) {
		if (folder->answered_s)
			add_domain_value(out, "domain_checked_timestamp_seconds", folder,
				folder->answered_s);
	}
	add_errors(out, folders);
}

void stats_render(const struct daemon *daemon, struct strbuf *out)
{
	add_head(out, "build_info", "gauge", "The version that runs.");
	add_by(out, "build_info", "version", BOOTFS_VERSION, 1);
	add_one(out, "start_time_seconds", "gauge", "When it was started.",
		(uint64_t)daemon->started.tv_sec);
	add_inspections(out, &daemon->inspector);
	add_durations(out, &daemon->inspector.stats);
	add_serving(out, daemon);
	add_domains(out, daemon->folders);
}
