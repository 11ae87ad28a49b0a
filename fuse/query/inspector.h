/* Questions to the inspector: a queue, some running side by side, each with a deadline. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/query/disks.h"
#include "fuse/query/login.h"
#include "fuse/loop/loop.h"
#include "fuse/report/notice.h"
#include "fuse/report/stats.h"
#include "ask/ask.h"

struct task;
struct lost_child;

/*
 * Tasks that take long hang on a disk rather than work: after SLOW_MS they no longer keep others
 * waiting, so that one guest's disk never stops another guest. At most MORE_TASKS do so.
 */
enum { SLOW_MS = 1000, MORE_TASKS = 16 };

struct inspector {
	struct loop *loop;
	struct ask_settings settings; /* the user is each question's own */
	const struct notice *notice;  /* NULL: tells nothing */
	uint32_t told_gaps;           /* enum sandbox_gap: what the sandbox lacks is told once */
	struct task *queue, **queue_end;
	uint32_t limit;   /* run at once */
	uint32_t running; /* all */
	uint32_t slow;    /* of them, those that no longer count */
	uint32_t lost;    /* killed, but not dead yet */
	struct inspection_stats stats;
};

enum task_state { TASK_NONE, TASK_QUEUED, TASK_RUNNING };

/* One question. The owner fills the first part and may end it at any time by task_abort(). */
struct task {
	const struct disks *disks; /* open, and so until it is finished */
	/* For a content; content_size 0: the menu is asked for, or what `about` says. */
	uint32_t content_entry;
	enum content_slot content_slot;
	uint64_t content_size, content_identity;
	const struct login *login; /* of who asks for the menu; NULL: nobody */
	/* About a volume: kind from QUESTION_FOLDER on; texts are borrowed until it is finished. */
	struct {
		enum question_kind kind;
		struct text volume, path;
		uint64_t size, identity; /* of the file that is meant */
		uint64_t range_at, range_length;
	} about;
	/*
	 * Called once. With an inspection or a memfd (now the callee's), or with neither and
	 * err->code: ETIMEDOUT is the deadline. May free the task.
	 */
	void (*finished)(struct task *task, struct inspection *inspection, int content_fd,
		const struct err *err);

	struct inspector *inspector;
	struct task *next;
	enum task_state state;
	bool is_slow;
	struct ask ask;
	int64_t asked_us;
	struct source source; /* the child's pidfd */
	struct timer deadline, slow;
	struct lost_child *lost; /* of an earlier question: killed, but not dead yet */
};

void inspector_init(struct inspector *inspector, struct loop *loop);

/* Logs what the sandbox lacks on this host, each enum sandbox_gap once. */
void inspector_tell_gaps(struct inspector *inspector, uint32_t gaps);

/*
 * Queues the task; it is finished at the latest after timeout_ms, and may be before this returns.
 * While a child of an earlier question hangs on the disk beyond its death, it is -ETIMEDOUT at
 * once.
 */
void task_start(struct inspector *inspector, struct task *task, uint32_t timeout_ms);

/* Ends it without a call of finished(). */
void task_abort(struct task *task);
