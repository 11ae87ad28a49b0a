/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded into grub-emu by LD_PRELOAD, makes a judge of it that answers in milliseconds: the terminal
 * is memory, sleeping takes no time, and one process that has started answers for many disks.
 *
 * The grub.cfg that grub-emu starts with (judge.py) prints MARK_JOB, and reads lines. There this
 * process waits for jobs on descriptor 3 and forks for each; the child gets the job's first three
 * lines as what was typed. Behind MARK_PATH, when the guest's configuration has been read, the
 * child forks for each further line, the place of an entry to start. What that prints goes to
 * descriptor 4, with its length in front:
 *
 *	job:     images (| between) \n root \n folder \n config \n place \n ... \n \n
 *	answer:  "length\n" and that many bytes, for each place; "0\n" behind the last
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define MARK_JOB  "~JOB~"
#define MARK_PATH "~PATH~"

enum {
	JOBS = 3,
	ANSWERS = 4,
	MOST_OUTPUT = 1 << 20, /* of one run; a script that prints more is cut */
	MOST_KEYS = 200,       /* that a script may ask for before it is ended */
	DEADLINE_S = 10,       /* of one run, in real time */
};

static char job[1 << 20];
static const char *image, *typed, *places;
static char output[MOST_OUTPUT];
static size_t printed;
static unsigned keys;
static unsigned looked;
static int running; /* an entry: the next question ends the run */
static long long slept_ms;

static void put_all(int fd, const char *at, size_t length)
{
	while (length) {
		ssize_t n = syscall(SYS_write, fd, at, length);

		if (n <= 0)
			_exit(1);
		at += n;
		length -= (size_t)n;
	}
}

static void answer(void)
{
	char head[32];

	snprintf(head, sizeof(head), "%zu\n", printed);
	put_all(ANSWERS, head, strlen(head));
	put_all(ANSWERS, output, printed);
	_exit(0);
}

/* Does what was printed last hold this text? */
static int printed_last(const char *text, size_t within)
{
	size_t from = printed > within ? printed - within : 0;

	return memmem(output + from, printed - from, text, strlen(text)) != NULL;
}

/* One job, with its empty line, into `job`; 0 at the end of all. */
static int read_job(void)
{
	size_t length = 0;

	for (;;) {
		ssize_t n = syscall(SYS_read, JOBS, job + length, 1);

		if (n <= 0 || ++length >= sizeof(job) - 1)
			return 0;
		if (length > 1 && job[length - 1] == '\n' && job[length - 2] == '\n')
			break;
	}
	job[length - 1] = '\0';
	return 1;
}

static char *end_line(char *at)
{
	char *end = strchr(at, '\n');

	*end = '\0';
	return end + 1;
}

/* The whole process waits here for jobs; a child of it returns. */
static void serve(void)
{
	char *rest;
	int status;

	while (read_job()) {
		pid_t child = fork();

		if (child == 0) {
			image = job;
			rest = end_line(job);
			typed = rest;
			for (int i = 0; i < 3; i++)
				rest = strchr(rest, '\n') + 1;
			places = rest;
			printed = 0;
			alarm(DEADLINE_S);
			return;
		}
		waitpid(child, &status, 0);
		put_all(ANSWERS, "0\n", 2);
	}
	_exit(0);
}

/* Starts every place in a process of its own, that returns from here. */
static void start_places(void)
{
	const char *at = places, *end;
	int status;

	for (; *at; at = end + 1) {
		pid_t child = fork();

		end = strchr(at, '\n');
		if (child == 0) {
			typed = at;
			places = end;
			running = 1;
			printed = 0;
			alarm(DEADLINE_S);
			return;
		}
		waitpid(child, &status, 0);
		if (WIFSIGNALED(status) && WTERMSIG(status) != SIGALRM)
			put_all(ANSWERS, "9\n~CRASHED~", 11);
		else if (!WIFEXITED(status) || WEXITSTATUS(status))
			put_all(ANSWERS, "8\n~KILLED~", 10);
	}
	_exit(0);
}

static int at_mark(void)
{
	return printed_last(MARK_JOB, 16) || printed_last(MARK_PATH, 16);
}

static int typing(void)
{
	return typed && typed < places && *typed;
}

/* The next key; a script that asks for one gets Enter. */
static char next_key(void)
{
	char key;

	if (printed_last(MARK_JOB, 16)) {
		printed = 0;
		serve();
	} else if (printed_last(MARK_PATH, 16)) {
		printed = 0;
		start_places();
	}
	if (typing()) {
		key = *typed++;
		if (key == '\n' && running)
			typed = NULL;
		return key == '\n' ? '\r' : key;
	}
	/* "Press any key" alone is an error on the way: GRUB goes on behind it. */
	if (++keys > MOST_KEYS ||
		(running && (printed_last("Failed to boot", 200) || printed_last("grub>", 200) ||
				    printed_last("username:", 200))))
		answer();
	return '\r';
}

ssize_t read(int fd, void *buffer, size_t length)
{
	if (fd != STDIN_FILENO || !length)
		return syscall(SYS_read, fd, buffer, length);
	/* Who only looks for a key finds none, who waits for one gets it the next time. */
	if (looked++ % 2 == 0 && !typing() && !at_mark()) {
		errno = EAGAIN;
		return -1;
	}
	*(char *)buffer = next_key();
	return 1;
}

ssize_t write(int fd, const void *buffer, size_t length)
{
	if (fd != STDOUT_FILENO)
		return syscall(SYS_write, fd, buffer, length);
	if (length > sizeof(output) - printed)
		answer();
	memcpy(output + printed, buffer, length);
	printed += length;
	return (ssize_t)length;
}

/* The disks of the job, with | between, stand for judge0.img... of the device map. */
static const char *other_name(const char *path)
{
	static char name[4096];
	size_t length = strlen(path);
	const char *at = image, *end;
	int number;

	if (!image || length < 11 || strncmp(path + length - 11, "/judge", 6))
		return path;
	for (number = path[length - 5] - '0'; number && at; number--) {
		at = strchr(at, '|');
		at += at != NULL;
	}
	if (!at)
		return "/dev/none";
	end = strchrnul(at, '|');
	snprintf(name, sizeof(name), "%.*s", (int)(end - at), at);
	return name;
}

int open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return (int)syscall(SYS_openat, AT_FDCWD, other_name(path), flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return open64(path, flags, mode);
}

int __open64_2(const char *path, int flags)
{
	return open64(path, flags);
}

int __open_2(const char *path, int flags)
{
	return open64(path, flags);
}

int nanosleep(const struct timespec *time, struct timespec *rest)
{
	(void)rest;
	slept_ms += time->tv_sec * 1000 + time->tv_nsec / 1000000;
	return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec real;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &real);
	/* Waiting in a loop for time to pass takes few turns. */
	slept_ms += 10;
	now->tv_sec = real.tv_sec + slept_ms / 1000;
	now->tv_usec = real.tv_nsec / 1000 + slept_ms % 1000 * 1000 % 1000000;
	now->tv_usec %= 1000000;
	return 0;
}

int tcgetattr(int fd, struct termios *ret)
{
	(void)fd;
	memset(ret, 0, sizeof(*ret));
	return 0;
}

int tcsetattr(int fd, int how, const struct termios *settings)
{
	(void)fd;
	(void)how;
	(void)settings;
	return 0;
}
