/* The reading process of the wrapper: everything that touches the mount. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/one_shot.h"
#include "pygrub/job.h"

#include "core/checked.h"
#include "pygrub/fetch.h"
#include "pygrub/message.h"
#include "pygrub/private.h"
#include "pygrub/runas.h"
#include "pygrub/tree.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum {
	ARGS_BYTES = 2 << 20,
	LIST_BYTES = 256 << 20,
};

void job_warn(const struct job *job, const char *format, ...)
{
	char *all = job->exchange->warnings;
	size_t used = strlen(all), room = sizeof(job->exchange->warnings) - used;
	va_list args;

	va_start(args, format);
	vsnprintf(all + used, room, format, args);
	va_end(args);
	used = strlen(all);
	if (used + 1 < sizeof(job->exchange->warnings))
		memcpy(all + used, "\n", 2);
}

int job_final(const struct job *job, struct err *err)
{
	job->exchange->final = true;
	return -err->code;
}

static void step(const struct job *job)
{
	atomic_fetch_add(&job->exchange->progress, 1);
}

static int put_result(const struct job *job, struct strbuf *result, struct err *err)
{
	struct text rest = strbuf_text(result);

	if (result->failed) {
		err_set(err, -result->failed, "the answer is too long");
		return job_final(job, err);
	}
	if (ftruncate(job->result_fd, 0))
		return err_set(err, errno, "no room for the answer: %m");
	while (rest.len) {
		ssize_t n =
			pwrite(job->result_fd, rest.at, rest.len, (off_t)(result->len - rest.len));

		if (n <= 0)
			return err_set(err, errno, "no room for the answer: %m");
		rest = text_skip(rest, (size_t)n);
	}
	return 0;
}

/* The answer, with the given names of kernel and ramdisk. */
static int put_answer(const struct job *job, const struct boot_files *files, struct text kernel,
	struct text ramdisk, struct err *err)
{
	_strbuf_ struct strbuf args = {.limit = ARGS_BYTES}, answer = {.limit = ANSWER_BYTES};

	args_join(strbuf_text(&files->cmdline), job->options->args, &args);
	if (args.len > PV_CMDLINE_BYTES)
		job_warn(job, "the command line has %zu bytes: a PV guest sees the first %d only",
			args.len, PV_CMDLINE_BYTES);
	if (answer_print(&answer, job->options->form, kernel, ramdisk, strbuf_text(&args), err))
		return job_final(job, err);
	return put_result(job, &answer, err);
}

static int answer_with_copies(const struct job *job, struct boot_files *files, struct err *err)
{
	_strbuf_ struct strbuf kernel = {0}, ramdisk = {0};
	uint64_t bytes;

	if (!checked_add(files->kernel_size, files->initrd_size, &bytes) ||
		copies_check_room(job->copies, bytes, err))
		return job_final(job, err);
	if (job->options->has_runas && runas(job->options->runas, job->parent, err))
		return job_final(job, err);
	if (fetch_copy(job, files, err))
		return -err->code;
	copies_add_path(job->copies, &job->copies->kernel, &kernel);
	if (job->exchange->with_ramdisk)
		copies_add_path(job->copies, &job->copies->ramdisk, &ramdisk);
	if (kernel.failed || ramdisk.failed)
		return err_set(err, ENOMEM, "out of memory");
	return put_answer(job, files, strbuf_text(&kernel), strbuf_text(&ramdisk), err);
}

/* -n: `<kernel:/path/in/guest>`; several initrds stand with blanks between. */
static int answer_with_names(const struct job *job, int folder, const struct choice *choice,
	const struct boot_files *files, struct err *err)
{
	_strbuf_ struct strbuf kernel = {0}, ramdisk = {0};
	json_t *menu = choose_read_menu(folder, err), *entry;

	if (!menu)
		return -err->code;
	entry = menu_entry(menu, choice_index(choice));
	strbuf_adds(&kernel, "<kernel:");
	strbuf_add(&kernel, menu_file_path(entry, "kernel"));
	strbuf_addc(&kernel, '>');
	if (job->exchange->with_ramdisk) {
		strbuf_adds(&ramdisk, "<ramdisk:");
		menu_add_initrds(entry, &ramdisk);
		strbuf_addc(&ramdisk, '>');
	}
	json_decref(menu);
	if (kernel.failed || ramdisk.failed)
		return err_set(err, ENOMEM, "out of memory");
	return put_answer(job, files, strbuf_text(&kernel), strbuf_text(&ramdisk), err);
}

/* A --domain that bootfs does not know: the disk boots, but without the domain's others. */
static void check_domain(const struct job *job, int folder)
{
	struct err ignored = {0};
	json_t *menu = job->options->domain ? choose_read_menu(folder, &ignored) : NULL;

	if (menu && !text_is(menu_string(menu, "domain"), job->options->domain))
		job_warn(job, "bootfs knows no domain %s: looking at this disk alone",
			job->options->domain);
	json_decref(menu);
}

static int choose(const struct job *job, int folder, struct choice *ret, struct err *err)
{
	int r;

	if (!job->pick || !job->pick->chosen)
		return choose_entry(folder, job->options, ret, err);
	r = choose_picked(folder, job->pick, ret, err);
	return r == -ESTALE ? job_final(job, err) : r;
}

/* The command line as it was edited at the menu. */
static void take_edited(const struct job *job, struct strbuf *cmdline)
{
	if (!job->pick || !job->pick->edited)
		return;
	strbuf_cut(cmdline, 0);
	strbuf_add(cmdline, strbuf_text(&job->pick->cmdline));
}

static int boot(const struct job *job, int folder, struct err *err)
{
	struct choice choice = {.warning = {.limit = 4096}};
	struct boot_files files = {.kernel = -1, .initrd = -1};
	int r = choose(job, folder, &choice, err);

	step(job);
	if (choice.warning.len)
		job_warn(job, "%s", choice.warning.at);
	strbuf_done(&choice.warning);
	if (r)
		return r == -ENOENT ? job_final(job, err) : r;
	message_debug(job->options, "booting %s", choice.entry);
	check_domain(job, folder);
	one_shot_note(job, folder);
	r = tree_check_source(folder, choice.entry, err);
	if (!r)
		r = fetch_open(job, folder, &choice, &files, err);
	step(job);
	take_edited(job, &files.cmdline);
	if (!r)
		r = job->copies ? answer_with_copies(job, &files, err)
				: answer_with_names(job, folder, &choice, &files, err);
	fetch_done(&files);
	return r;
}

static int list(const struct job *job, int folder, struct err *err)
{
	_strbuf_ struct strbuf out = {.limit = LIST_BYTES};
	json_t *menu = choose_read_menu(folder, err);
	uint64_t count;

	if (!menu)
		return -err->code;
	count = menu_count(menu);
	/* Entries are listed as the guest has them; with --kernel the arguments are ours alone. */
	if (count)
		menu_list(menu, job->options->kernel ? job->options->args : NULL, &out);
	json_decref(menu);
	if (!count) {
		(void)tree_error(folder, err);
		return job_final(job, err);
	}
	return put_result(job, &out, err);
}

/* As it is, for bootfs-menu. */
static int hand_over_menu(const struct job *job, int folder, struct err *err)
{
	_strbuf_ struct strbuf text = {0};
	uint64_t count;
	json_t *menu;

	if (choose_read_text(folder, &text, err))
		return -err->code;
	menu = menu_parse(strbuf_text(&text), err);
	if (!menu)
		return -err->code;
	count = menu_count(menu);
	json_decref(menu);
	if (!count) {
		(void)tree_error(folder, err);
		return job_final(job, err);
	}
	return put_result(job, &text, err);
}

/* --isconfig: what the file would boot, for people. */
static int describe(const struct job *job, int folder, struct err *err)
{
	_strbuf_ struct strbuf out = {.limit = LIST_BYTES};
	struct choice choice = {0};
	json_t *menu;

	if (choose_entry(folder, job->options, &choice, err))
		return err->code == ENOENT ? job_final(job, err) : -err->code;
	if (choice.warning.len)
		job_warn(job, "%s", choice.warning.at);
	strbuf_done(&choice.warning);
	menu = choose_read_menu(folder, err);
	if (!menu)
		return -err->code;
	menu_describe(menu_entry(menu, choice_index(&choice)), job->options->args, &out);
	json_decref(menu);
	return put_result(job, &out, err);
}

/* With --debug: how bootfs came to its menu. */
static void show_log(const struct job *job, int folder)
{
	_strbuf_ struct strbuf log = {0};
	struct text rest, line;

	if (!job->options->debug || tree_read(folder, "log", LIST_BYTES, &log))
		return;
	rest = strbuf_text(&log);
	while (text_cut(&rest, '\n', &line))
		message_debug(job->options, "%.*s", TEXT_ARG(line));
}

static int (*const steps[])(const struct job *job, int folder, struct err *err) = {
	[JOB_BOOT] = boot,
	[JOB_LIST] = list,
	[JOB_DESCRIBE] = describe,
	[JOB_MENU] = hand_over_menu,
};

static int read_mount(const struct job *job, const char *mountpoint, struct err *err)
{
	_strbuf_ struct strbuf name = {0};
	_close_ int folder = -1, disks = -1;

	if (tree_name(job->options, &name, err))
		return job_final(job, err);
	if (job->login && tree_add_login(mountpoint, job->login, &name, &disks, err))
		return -err->code;
	message_debug(job->options, "reading %s/%s", mountpoint, name.at);
	folder = tree_open(mountpoint, name.at, err);
	if (folder < 0)
		return folder;
	atomic_store(&job->exchange->opened, true);
	show_log(job, folder);
	return steps[job->kind](job, folder, err);
}

/*
 * The same in a child that may drop its rights. The private bootfs must not be the child of a
 * process without them: neither kill() nor the parent-death signal of such a one reaches it.
 */
static int read_mount_apart(struct job job, const char *mountpoint, struct err *err)
{
	pid_t pid;
	int status;

	job.parent = getpid();
	pid = fork();
	if (pid < 0)
		return err_set(err, errno, "cannot start a process: %m");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(getppid() == job.parent && !read_mount(&job, mountpoint, err) ? 0 : 1);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EPROTO;
}

static int read_private(const struct job *job, struct err *err)
{
	const struct private_settings settings = {
		.config = job->options->config_file,
		.debug = job->options->debug,
	};
	CLEANUP(private_stop) struct private_bootfs own = {0};

	if (private_start(&settings, &own, err))
		return job_final(job, err);
	step(job);
	if (job->options->has_runas)
		return read_mount_apart(*job, own.mountpoint, err);
	return read_mount(job, own.mountpoint, err);
}

int reader_run(const struct job *job, const char *mountpoint)
{
	struct err *err = &job->exchange->err;

	if (!mountpoint)
		return read_private(job, err) ? 1 : 0;
	step(job);
	return read_mount(job, mountpoint, err) ? 1 : 0;
}
