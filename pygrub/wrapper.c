/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/wrapper.h"

#include "core/kernel.h"
#include "core/shortage.h"
#include "pygrub/attempt.h"
#include "pygrub/message.h"
#include "core/mountinfo.h"
#include "pygrub/one_shot.h"
#include "pygrub/show.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#define DEFAULT_CONFIG "/etc/bootfs/bootfs.conf"

/* Everything that must be put away at the end of a run. */
struct run {
	const struct options *options;
	struct config *config;
	struct answer_file output;
	struct copies copies;
	struct job job;
	struct watch watch;
	struct pick pick;
	bool wants_menu;
	int signal; /* that ended the run; 0: none */
};

int wrapper_refuse(const struct options *options, const struct err *err, bool usage)
{
	struct answer_file output;
	struct err ignored = {0};

	/* xend waits in its own open() until somebody opens the FIFO. */
	if (options->output) {
		(void)!answer_open(options->output, &output, &ignored);
		answer_discard(&output);
	}
	if (usage)
		fputs(options_usage, stderr);
	message_failure(options, text_of(err->text));
	return 1;
}

/* From here on the signals that end us are read from a descriptor, and we clean up first. */
static int watch_signals(struct run *run, struct err *err)
{
	static const int ending[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		sigaddset(&set, ending[i]);
	/* Of these two the failing write() tells. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	run->watch.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (run->watch.signal_fd < 0)
		return err_set(err, errno, "no signalfd: %m");
	return 0;
}

/* The signal that came; 0: none. */
static int pending_signal(const struct run *run)
{
	struct signalfd_siginfo info;

	if (read(run->watch.signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}

static int prepare_job(struct run *run, struct err *err)
{
	const struct options *options = run->options;
	struct job *job = &run->job;

	job->options = options;
	job->config = run->config;
	job->parent = getpid();
	job->exchange = mmap(NULL, sizeof(*job->exchange), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job->exchange == MAP_FAILED)
		return err_set(err, errno, "out of memory");
	job->result_fd = kernel_memory_file("answer", MFD_CLOEXEC);
	if (job->result_fd < 0)
		return err_set(err, errno, "out of memory");
	run->watch.stall_ms = (int64_t)run->config->limits.timeout_ms + 5000;
	run->watch.output_fd = run->output.fd;
	job->kind = options->list ? JOB_LIST : options->is_config ? JOB_DESCRIBE : JOB_BOOT;
	if (job->kind != JOB_BOOT || options->not_really)
		return 0;
	if (copies_open(options->output_directory, &run->copies, err))
		return -err->code;
	job->copies = &run->copies;
	return 0;
}

/* Where a bootfs is mounted; an empty path: nowhere. */
static void find_mount(const struct run *run, struct strbuf *path)
{
	const char *folder = run->options->bootfs;

	if (!folder)
		folder = getenv("BOOTFS");
	if (!folder || !folder[0])
		folder = run->config->mountpoint.at;
	if (!mounted_bootfs(folder, path))
		message_debug(run->options, "no bootfs is mounted on %s", folder);
}

static int deliver(struct run *run, struct err *err)
{
	struct answer_file terminal = {.fd = STDOUT_FILENO};
	_strbuf_ struct strbuf result = {0};
	bool show = run->job.kind != JOB_BOOT;

	if (attempt_result(&run->job, &result, err))
		return -err->code;
	if (run->job.copies && copies_publish(&run->copies, run->job.exchange->with_ramdisk, err))
		return -err->code;
	if (answer_write(show ? &terminal : &run->output, strbuf_text(&result),
		    run->watch.signal_fd, err))
		return -err->code;
	if (run->job.copies)
		one_shot_consume(&run->job);
	return 0;
}

static int do_run(struct run *run, struct err *err)
{
	_strbuf_ struct strbuf path = {0};
	const char *mountpoint;

	if (answer_open(run->options->output, &run->output, err) || watch_signals(run, err) ||
		prepare_job(run, err))
		return -err->code;
	find_mount(run, &path);
	mountpoint = path.len ? path.at : NULL;
	if (run->wants_menu) {
		if (show_menu(&run->job, &run->watch, &mountpoint, &run->pick, err))
			return err->code ? -err->code : -EINTR;
		run->job.pick = &run->pick;
	}
	if (attempt_all(&run->job, &run->watch, &mountpoint, err))
		return err->code ? -err->code : -EINTR;
	return deliver(run, err);
}

/* After a failure nothing is left: no copy, no half answer. */
static void put_away(struct run *run, bool ok)
{
	if (run->job.copies)
		copies_close(&run->copies, ok);
	pick_done(&run->pick);
	if (!ok || run->job.kind != JOB_BOOT)
		answer_discard(&run->output);
}

/* Ends as the signal would have ended us. */
static void die_of(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	signal(number, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
}

static int boot(const struct options *options, struct config *config)
{
	struct run run = {.options = options,
		.config = config,
		.wants_menu = show_is_wanted(options, config),
		.output = {.fd = -1, .path = ""},
		.watch = {.signal_fd = -1, .output_fd = -1}};
	struct err err = {0};
	bool ok = do_run(&run, &err) == 0;
	int number = run.watch.signal_fd >= 0 ? pending_signal(&run) : 0;

	put_away(&run, ok && !number);
	if (number) {
		message_failure(options, TEXT("ended by a signal"));
		die_of(number);
	}
	if (!ok) {
		shortage_explain(&err);
		message_failure(options, text_of(err.text));
	}
	return ok && !number ? 0 : 1;
}

int wrapper_run(const struct options *options)
{
	_config_ struct config *config = NULL;
	struct err err = {0};

	if (options->warning[0])
		message_warning(options, text_of(options->warning));
	config = config_read(options->config_file ? options->config_file : DEFAULT_CONFIG, NULL);
	if (!config) {
		err_set(&err, ENOMEM, "out of memory");
		return wrapper_refuse(options, &err, false);
	}
	return boot(options, config);
}
