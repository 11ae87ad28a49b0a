/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/host/run.h"

#include "core/checked.h"
#include "core/descriptors.h"
#include "core/log.h"
#include "core/program.h"
#include "fuse/host/background.h"
#include "fuse/host/mount.h"
#include "fuse/host/reload.h"
#include "fuse/host/service.h"
#include "fuse/host/rights.h"
#include "fuse/ops/session.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

enum { DESCRIPTORS = 65536, LEAST_DESCRIPTORS = 96 };

/* Settings borrow the paths. */
struct programs {
	char inspector[PATH_MAX], inspector_nbd[PATH_MAX], serve[PATH_MAX];
};

/* One for the whole process; what hangs on it lives as long. */
struct running {
	struct daemon daemon;
	struct mount mount;
	const struct options *options;
	int ready_fd;
	struct programs programs;
	char xl_helper[PATH_MAX];
};

/* ---- programs beside ours ------------------------------------------------------------------- */

/* bootfs-config, where it is installed or built; where it is missing, config_read() says so. */
static void find_xl_helper(char path[PATH_MAX])
{
	if (!program_helper("bootfs-config", path))
		snprintf(path, PATH_MAX, "bootfs-config");
}

static int find_programs(struct programs *programs, struct ask_settings *settings, struct err *err)
{
	settings->namespaces = true;
	settings->reopened = true;
	settings->inspector = programs->inspector;
	if (!program_beside("bootfs-inspect", programs->inspector))
		return err_set(err, ENOENT, "bootfs-inspect is missing: it lies beside bootfs");
	/* Where these are missing, whoever looks at an image is told. */
	if (program_helper("bootfs-inspect-nbd", programs->inspector_nbd))
		settings->inspector_nbd = programs->inspector_nbd;
	if (program_helper("bootfs-serve", programs->serve))
		settings->serve = programs->serve;
	return 0;
}

/* ---- checking ------------------------------------------------------------------------------- */

/* With the rights that the daemon would have, and gives up those that it gives up. */
static bool check_guests(const struct notice *notice, const struct config *config)
{
	struct inspector inspector = {.notice = notice};
	struct trial_subject subject;
	struct trial_result trial;
	struct programs programs;
	struct err err = {0};

	if (find_programs(&programs, &inspector.settings, &err) || rights_drop(&err)) {
		notice_say(notice, LOG_ERR, "%s", err.text);
		return false;
	}
	worker_settings(config, &inspector.settings);
	trial_subject_fill(&inspector.settings, config, &subject);
	trial_of_host(&inspector.settings, &subject, &trial);
	if (trial.guests.code)
		notice_say(notice, LOG_ERR, "%s", trial.guests.text);
	if (trial.images.code)
		notice_say(notice, LOG_ERR, "%s", trial.images.text);
	inspector_tell_gaps(&inspector, trial.gaps);
	return !trial.guests.code && !trial.images.code;
}

int run_check(const struct options *options)
{
	struct notice notice = {0};
	struct config *config;
	char helper[PATH_MAX];
	bool root = geteuid() == 0, good;

	find_xl_helper(helper);
	config = config_read(options->config, helper);
	if (!config) {
		notice_say(&notice, LOG_ERR, "out of memory");
		return 1;
	}
	config_check_users(config);
	say_problems(&notice, config);
	good = !config->errors && !config->xl_errors;
	if (root && !config->errors)
		good &= check_guests(&notice, config);
	if (good)
		printf("%s: ok, %u domains%s\n", options->config, config->n_domains,
			root ? "" : "; as root it is tried, too, whether guests can be read");
	config_free(config);
	if (fflush(stdout))
		notice_say(&notice, LOG_ERR, "cannot write the answer: %m");
	return good && !ferror(stdout) ? 0 : 1;
}

/* ---- starting ------------------------------------------------------------------------------- */

static int daemon_init(struct running *running, struct err *err)
{
	struct daemon *daemon = &running->daemon;
	struct stat ns;
	int r = loop_init(&daemon->loop);

	if (!r)
		r = pool_init(&daemon->pool, &daemon->loop);
	if (r)
		return err_set(err, -r, "cannot start: %s", strerror(-r));
	inspector_init(&daemon->inspector, &daemon->loop);
	laters_init(daemon);
	daemon->inspector.notice = &daemon->notice;
	daemon->cache.loop = &daemon->loop;
	daemon->cache.owners = &daemon->owners;
	clock_gettime(CLOCK_REALTIME, &daemon->started);
	r = find_programs(&running->programs, &daemon->inspector.settings, err);
	if (r)
		return r;
	if (stat("/proc/self/ns/mnt", &ns))
		return err_set(err, errno, "/proc/self/ns/mnt: %m");
	daemon->ns_dev = ns.st_dev;
	daemon->ns_ino = ns.st_ino;
	return 0;
}

static void signal_ready(struct source *source)
{
	struct daemon *daemon = container_of(source, struct daemon, signals);
	struct signalfd_siginfo info;

	if (read(source->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP) {
		reload_start(daemon);
		return;
	}
	service_tell(daemon->service_manager, "STOPPING=1");
	daemon->loop.stop = true;
}

/* Before any thread is started: all of them inherit what is blocked. */
static int take_signals(struct daemon *daemon, struct err *err)
{
	sigset_t ours;
	int r;

	sigemptyset(&ours);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigprocmask(SIG_BLOCK, &ours, NULL);
	signal(SIGPIPE, SIG_IGN);
	daemon->signals.fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	daemon->signals.ready = signal_ready;
	r = daemon->signals.fd < 0 ? -errno : loop_watch(&daemon->loop, &daemon->signals);
	return r ? err_set(err, -r, "cannot wait for signals: %s", strerror(-r)) : 0;
}

/* Readers ask for as much at once as one request can carry; without it for an eighth. */
static void raise_read_ahead(const struct mounted *here)
{
	static const char kib[] = "1024";
	char path[64];
	_close_ int fd = -1;

	snprintf(
		path, sizeof(path), "/sys/class/bdi/%u:%u/read_ahead_kb", here->major, here->minor);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, kib, sizeof(kib) - 1) < 0)
		return; /* only slower */
}

static void tree_answers(struct daemon *daemon)
{
	struct running *running = container_of(daemon, struct running, daemon);

	if (!running->options->private) {
		raise_read_ahead(&running->mount.here);
		watch_start(daemon);
	}
	if (ready_tell(&running->ready_fd, "1"))
		daemon->loop.stop = true; /* whoever waited for us is gone */
	service_tell(
		daemon->service_manager, "READY=1\nSTATUS=%u domains", daemon->config->n_domains);
	if (running->options->foreground)
		return;
	background_detach();
	daemon->notice.to_syslog = true;
}

/*
 * A domain's disks are open for a moment after it was looked at; some hosts have hundreds. Each
 * takes two descriptors: a quarter of all there can be is for those that only wait.
 */
static int raise_descriptor_limit(struct cache *cache, struct err *err)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < DESCRIPTORS) {
		limit.rlim_cur = min_u64(limit.rlim_max, DESCRIPTORS);
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur < LEAST_DESCRIPTORS)
		return err_set(err, EMFILE,
			"at most %llu files may be open here, bootfs needs %d; try: ulimit -n %d, "
			"or "
			"LimitNOFILE= in the unit",
			(unsigned long long)limit.rlim_cur, LEAST_DESCRIPTORS, LEAST_DESCRIPTORS);
	cache->max_idle_disks = (uint32_t)min_u64(limit.rlim_cur / 8, MAX_IDLE_DISKS);
	return 0;
}

/* A host where no guest can be read has no use for us; without images others can be. */
static int try_guests(struct daemon *daemon, struct err *err)
{
	struct trial_result trial;

	trial_subject_fill(&daemon->inspector.settings, daemon->config, &daemon->tried);
	trial_of_host(&daemon->inspector.settings, &daemon->tried, &trial);
	if (trial.guests.code)
		return err_set(err, trial.guests.code, "%s", trial.guests.text);
	if (trial.images.code) {
		notice_say(&daemon->notice, LOG_ERR, "%s", trial.images.text);
		daemon->tried = (struct trial_subject){0};
	}
	inspector_tell_gaps(&daemon->inspector, trial.gaps);
	return 0;
}

static int start(struct running *running, struct config *config, struct err *err)
{
	struct daemon *daemon = &running->daemon;
	const char *path = running->options->mountpoint;
	int r;

	r = raise_descriptor_limit(&daemon->cache, err);
	if (!r)
		r = daemon_init(running, err);
	if (r) {
		config_free(config);
		return r;
	}
	r = daemon_configure(daemon, config, err);
	if (!r)
		r = take_signals(daemon, err);
	if (r)
		return r;
	running->mount.source = running->options->source;
	r = mount_start(&running->mount, path ? path : daemon->config->mountpoint.at, err);
	if (r)
		return r;
	shrink_init(&daemon->shrink, &daemon->pool, &daemon->owners, &running->mount);
	r = rights_drop(err);
	if (!r && !running->options->private)
		r = try_guests(daemon, err);
	if (!r)
		r = pool_start(&daemon->pool, err);
	if (!r)
		r = session_start(daemon, running->mount.fuse_fd, tree_answers, err);
	if (r)
		mount_end(&running->mount);
	return r;
}

/* To whoever waits for us, or to whoever looks. */
static void fail(struct running *running, const char *text)
{
	if (running->ready_fd < 0)
		notice_say(&running->daemon.notice, LOG_ERR, "%s", text);
	ready_tell(&running->ready_fd, text);
}

/* Ends without waiting for readers, inspectors or disks. The exit status. */
static int serve(struct running *running, struct config *config)
{
	struct err err = {0};

	if (start(running, config, &err)) {
		fail(running, err.text);
		return 1;
	}
	if (loop_run(&running->daemon.loop))
		notice_say(&running->daemon.notice, LOG_ERR, "the event loop failed: %m");
	mount_end(&running->mount);
	session_end(&running->daemon);
	return 0;
}

/* NULL: it cannot be used, and that was said. */
static struct config *read_config(struct running *running)
{
	struct daemon *daemon = &running->daemon;
	struct config *config = config_read(daemon->config_file, daemon->xl_helper);
	const struct config_problem *problem;
	char text[PROBLEM_BYTES];

	if (!config) {
		fail(running, "out of memory");
		return NULL;
	}
	config_check_users(config);
	say_problems(&daemon->notice, config);
	status_note(&daemon->status, config, config->errors > 0);
	if (!config->errors)
		return config;
	for (problem = config->problems; problem->warning; problem = problem->next)
		;
	problem_text(problem, text);
	if (running->ready_fd >= 0)
		fail(running, text);
	config_free(config);
	return NULL;
}

/* The parent's side of going to the background, or its child's, or neither. The exit status. */
static int run_in_background(struct running *running, struct config *config)
{
	const char *path = running->options->mountpoint;
	int r = background_fork(&running->ready_fd);

	if (r > 0)
		return serve(running, config);
	if (!r)
		r = background_wait(running->ready_fd, path ? path : config->mountpoint.at);
	else
		notice_say(&running->daemon.notice, LOG_ERR, "cannot fork: %s", strerror(-r));
	config_free(config);
	return r ? 1 : 0;
}

/* A signal of the kernel when the parent dies; one that is gone already has closed ready_fd. */
static bool bind_to_parent(const struct options *options)
{
	return !options->private || prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
}

static char *absolute(const char *path)
{
	_free_ char *here = path[0] == '/' ? NULL : get_current_dir_name();
	char *ret;

	if (!here)
		return strdup(path);
	return asprintf(&ret, "%s/%s", here, path) < 0 ? NULL : ret;
}

/*
 * What our parent forgot to close would keep its disks and files open as long as we run. Leaves
 * the standard descriptors and the one to tell our readiness to.
 */
static void drop_inherited(int *ready_fd)
{
	enum { FIRST = STDERR_FILENO + 1 };

	if (*ready_fd >= 0)
		*ready_fd = *ready_fd == FIRST ? FIRST : dup3(*ready_fd, FIRST, O_CLOEXEC);
	descriptors_close_from(*ready_fd >= 0 ? FIRST + 1 : FIRST);
	if (*ready_fd >= 0)
		(void)fcntl(*ready_fd, F_SETFD, FD_CLOEXEC);
}

int run(const struct options *options)
{
	static struct running running;
	struct config *config;

	program_lift_limits();
	running.options = options;
	running.ready_fd = options->ready_fd;
	drop_inherited(&running.ready_fd);
	running.daemon.notice.quiet = options->private;
	running.daemon.notice.to_journal = options->foreground && ends_in_journal(STDERR_FILENO);
	running.daemon.service_manager = options->private ? NULL : service_manager();
	running.daemon.config_file = absolute(options->config);
	find_xl_helper(running.xl_helper);
	running.daemon.xl_helper = running.xl_helper;
	if (geteuid() != 0 || !running.daemon.config_file || !bind_to_parent(options)) {
		fail(&running, geteuid() ? "must be run as root: it mounts, and opens disks"
					 : "out of memory");
		return 1;
	}
	config = read_config(&running);
	if (!config)
		return 1;
	return options->foreground ? serve(&running, config) : run_in_background(&running, config);
}
