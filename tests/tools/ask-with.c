/* ask-with: asks any inspector program about an image, as the daemon does. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask/ask.h"
#include "render/render.h"

#include <getopt.h>
#include <poll.h>
#include <stdlib.h>

struct settings {
	struct ask_settings ask;
	struct question question;
	bool abandon; /* do not wait for the child: die */
};

static bool parse(int argc, char **argv, struct settings *ret)
{
	int option;

	*ret = (struct settings){
		.ask = {.uid = 65534, .gid = 65534, .namespaces = true},
		.question = {.limits = limits_default(), .n_disks = 1},
	};
	while ((option = getopt(argc, argv, "at:m:nu:c:")) != -1) {
		switch (option) {
		case 'a':
			ret->abandon = true;
			break;
		case 't':
			ret->question.limits.timeout_ms = (uint32_t)atoi(optarg);
			break;
		case 'm':
			ret->question.limits.memory = (uint64_t)atoll(optarg);
			break;
		case 'n':
			ret->ask.namespaces = false;
			break;
		case 'u':
			ret->ask.uid = ret->ask.gid = (uid_t)atoi(optarg);
			break;
		case 'c':
			ret->question.kind = QUESTION_CONTENT;
			ret->question.content_size = (uint64_t)atoll(optarg);
			break;
		default:
			return false;
		}
	}
	return argc - optind == 2;
}

static int finish(struct ask *ask, int timeout_ms, struct inspection **ret, struct err *err)
{
	struct pollfd dead = {.fd = ask->pidfd, .events = POLLIN};
	int content = -1, r;

	if (poll(&dead, 1, timeout_ms) == 0) {
		r = ask_abort(ask);
		return err_set(err, 1, "no answer; abort: %d", r);
	}
	r = ask_finish(ask, ret, &content, err);
	if (r == 0 && content >= 0)
		printf("content\n");
	return r;
}

/* "pid N" first, so that a test can look at the child while it runs. */
int main(int argc, char **argv)
{
	_inspection_ struct inspection *inspection = NULL;
	_strbuf_ struct strbuf log = {0};
	struct settings settings;
	struct err err = {0};
	struct ask ask;

	if (!parse(argc, argv, &settings)) {
		fputs("Usage: ask-with [-a] [-n] [-t MS] [-m BYTES] [-u UID] [-c BYTES] "
		      "INSPECTOR IMAGE\n",
			stderr);
		return 2;
	}
	settings.ask.inspector = argv[optind];
	if (ask_open_disk(argv[optind + 1], &settings.question.disks[0], &err) < 0 ||
		ask_start(&settings.ask, &settings.question, &ask, &err) < 0) {
		printf("refused: %s\n", err.text);
		return 1;
	}
	printf("pid %d\n", ask.pid);
	fflush(stdout);
	if (settings.abandon)
		_exit(0);
	if (finish(&ask, (int)settings.question.limits.timeout_ms, &inspection, &err) < 0) {
		printf("failed: %s\n", err.text);
		return 1;
	}
	if (inspection)
		render_log(&log, inspection);
	fwrite(log.at, 1, log.len, stdout);
	return 0;
}
