/* ask-bench: what one sandboxed inspection costs, beside starting another program. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask/ask.h"

#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

enum { ROUNDS = 300 };

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const char *what, double times[ROUNDS])
{
	qsort(times, ROUNDS, sizeof(times[0]), compare);
	printf("%-12s median %6.0f us, 5%% %6.0f us, 95%% %6.0f us\n", what, times[ROUNDS / 2],
		times[ROUNDS / 20], times[ROUNDS - ROUNDS / 20]);
}

/* fork and exec, as a shell does. */
static void run_program(const char *path)
{
	double times[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		double start = now_us();
		pid_t pid = fork();

		if (pid == 0) {
			execl(path, path, (char *)NULL);
			_exit(127);
		}
		waitpid(pid, NULL, 0);
		times[i] = now_us() - start;
	}
	print("fork+exec", times);
}

static void ask(const struct ask_settings *settings, const struct question *question)
{
	double times[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		_inspection_ struct inspection *inspection = NULL;
		struct err err = {0};
		double start = now_us();

		if (ask_and_wait(settings, question, &inspection, NULL, &err) < 0) {
			fprintf(stderr, "ask-bench: %s\n", err.text);
			exit(1);
		}
		times[i] = now_us() - start;
	}
	print(settings->namespaces ? "sandboxed" : "no namespace", times);
}

int main(int argc, char **argv)
{
	struct ask_settings settings = {.uid = (uid_t)-1, .gid = (gid_t)-1};
	struct question question = {.limits = limits_default(), .n_disks = 1};
	struct err err = {0};

	if (argc != 4) {
		fputs("Usage: ask-bench PROGRAM BOOTFS-INSPECT IMAGE\n", stderr);
		return 2;
	}
	settings.inspector = argv[2];
	if (ask_open_disk(argv[3], &question.disks[0], &err) < 0) {
		fprintf(stderr, "ask-bench: %s\n", err.text);
		return 1;
	}
	run_program(argv[1]);
	ask(&settings, &question);
	if (geteuid() == 0) {
		settings.namespaces = true;
		settings.uid = settings.gid = 65534;
		ask(&settings, &question);
	}
	return 0;
}
