/* The asker's side: starts an inspector, waits for nothing, reads the answer when it is dead. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ask/serve.h"
#include "model/inspection.h"
#include "model/question.h"

#include <sys/types.h>

/* How inspectors are started; the same for all of one process. */
struct ask_settings {
	const char *inspector; /* path of the bootfs-inspect program */
	/* For questions about images: paths of bootfs-inspect-nbd and bootfs-serve; NULL: missing. */
	const char *inspector_nbd, *serve;
	const char *qemu_nbd; /* path of qemu-nbd, whether it is there or not */
	uid_t uid;            /* the inspector's user and group; (uid_t)-1: keep ours */
	gid_t gid;
	bool namespaces; /* own mount, pid, ipc and uts namespaces; without where refused */
	/*
	 * The questions' descriptors come from ask_reopen_disk() and are there for children only:
	 * they are passed on as they are, so that ask_start() never waits for a disk.
	 */
	bool reopened;
};

/*
 * A running inspector. A value; ask_start() fills it, ask_finish() or ask_abort() ends it. It
 * owns the descriptors in it.
 */
struct ask {
	enum question_kind kind;
	pid_t pid;
	int pidfd;            /* readable when it is dead: wait with epoll or poll */
	int answer_fd;        /* memfd of fixed size that the child writes its answer into */
	int content_fd;       /* memfd of question_memory() bytes; -1: none */
	int life_fd;          /* its end of file tells the child that we are gone */
	uint64_t answer_size; /* bytes: the most the answer memfd can take */
	char *question;       /* the question as it was sent, on the heap */
	size_t question_length;
	struct limits limits;
	/*
	 * Of its images. All are killed when the ask ends; those that are not dead by then are the
	 * caller's to reap: servers_reap().
	 */
	struct servers servers;
};

/*
 * Starts an inspector for the question. The disks' descriptors stay the caller's; the child gets
 * re-opened ones. Must be called by the thread that lives as long as the children may: a
 * parent-death signal ends them with it. -errno with err filled.
 */
int ask_start(const struct ask_settings *settings, const struct question *question, struct ask *ret,
	struct err *err) MUST_CHECK;

/*
 * After pidfd became readable: reaps the child and decodes the answer. MENU and CONFIG: *ret is
 * a new inspection. FOLDER and FILE: one
 * with nothing but its `look`. CONTENT and BYTES: *ret_content is the memfd, owned by the caller and sealed against
 * writing, whose bytes stand at their content offsets. What an inspection says of the disks
 * (path, size, device) is the question's word, not the child's. -ECHILD the child died: err says
 * how ("inspector killed by SIGSYS"); -EPROTO its answer is refused; else what the child itself said ("-ESTALE: ...").
 * The other one of ret and ret_content may be NULL. Ends the ask in either case.
 */
int ask_finish(
	struct ask *ask, struct inspection **ret, int *ret_content, struct err *err) MUST_CHECK;

/* Kills the child and its servers, and waits for none. */
void ask_kill(struct ask *ask);

/*
 * Kills the child and frees everything; for timeouts and interrupts. 0: ended. -EAGAIN: the child
 * does not die within 50 ms (its disk hangs): only pid and pidfd are left; call again when it is readable.
 */
int ask_abort(struct ask *ask);

/* start, poll up to limits.timeout_ms, finish or abort: for programs without an event loop. */
int ask_and_wait(const struct ask_settings *settings, const struct question *question,
	struct inspection **ret, int *ret_content, struct err *err) MUST_CHECK;

/*
 * Opens a disk for a question: O_RDONLY|O_NONBLOCK|O_NOCTTY|O_CLOEXEC, regular files and block
 * devices only; measures size and sector size; drops a block device's cached pages. `path` is
 * borrowed as disk->path; vdev and partition are not touched. The caller closes disk->fd. err
 * says "PATH: what is wrong, and what to do".
 */
int ask_open_disk(const char *path, struct question_disk *disk, struct err *err) MUST_CHECK;

/*
 * A disk's descriptor once more, for children: sharing ours, one could move our offset and change
 * our flags. It is the same disk, whatever its path names by now. -1 with errno. May wait for the
 * disk.
 */
int ask_reopen_disk(int fd) MUST_CHECK;

/* ask_open_disk() for a descriptor that is open already (borrowed): measures it. */
int ask_measure_disk(
	const char *path, int fd, struct question_disk *disk, struct err *err) MUST_CHECK;
