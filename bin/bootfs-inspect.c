/* bootfs-inspect: the inspector, and the command that asks itself. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/image_format.h"
#include "core/program.h"
#include "ask/ask.h"
#include "ask/trial.h"
#include "inspect/command/cli.h"
#include "inspect/worker.h"
#include "render/render.h"

enum { NOBODY = 65534 }; /* whom root's own inspector runs as */

enum { STATUS_BOOTS, STATUS_ERROR, STATUS_USAGE };

/* By hand: what the sandbox lacks on this machine, or for this user. */
static void tell_gaps(uint32_t gaps)
{
	for (uint32_t gap = 1; gap < GAP_ALL; gap <<= 1) {
		if (gaps & gap)
			fprintf(stderr, "bootfs-inspect: sandbox: %s\n", sandbox_gap_text(gap));
	}
}

static int show(const struct cli *cli, const struct inspection *inspection)
{
	_strbuf_ struct strbuf out = {0};

	if (cli->json)
		render_json(&out, inspection, (struct text){0});
	else
		render_log(&out, inspection);
	if (out.failed || fwrite(out.at, 1, out.len, stdout) != out.len || fflush(stdout)) {
		fputs("bootfs-inspect: cannot write the answer\n", stderr);
		return STATUS_ERROR;
	}
	return inspection->error.len ? STATUS_ERROR : STATUS_BOOTS;
}

static int show_error(const struct cli *cli, const struct err *err)
{
	_inspection_ struct inspection *inspection = inspection_of_error(err);

	if (!inspection) {
		fputs("bootfs-inspect: out of memory\n", stderr);
		return STATUS_ERROR;
	}
	return show(cli, inspection);
}

static const char *helper(const char *name, char path[PATH_MAX])
{
	return program_helper(name, path) ? path : NULL;
}

static int self_test(const struct cli *cli, const struct ask_settings *settings)
{
	struct err err = {0};
	uint32_t gaps;

	if (trial_run(settings, &cli->question.limits, cli->format != NULL, &gaps, &err) < 0) {
		fprintf(stderr, "bootfs-inspect: no guest can be read here: %s\n", err.text);
		return STATUS_ERROR;
	}
	tell_gaps(gaps);
	printf("guests can be read here%s\n", cli->format ? ", also from images" : "");
	return STATUS_BOOTS;
}

static int ask_ourselves(const struct cli *cli)
{
	char inspector_nbd[PATH_MAX], serve[PATH_MAX];
	bool root = geteuid() == 0;
	const struct ask_settings settings = {
		.inspector = "/proc/self/exe",
		.inspector_nbd = helper("bootfs-inspect-nbd", inspector_nbd),
		.serve = helper("bootfs-serve", serve),
		.qemu_nbd = QEMU_NBD,
		.uid = root ? NOBODY : (uid_t)-1,
		.gid = root ? NOBODY : (gid_t)-1,
		.namespaces = root,
	};
	_inspection_ struct inspection *inspection = NULL;
	struct err err = {0};
	int r;

	program_lift_limits();
	if (cli->self_test)
		return self_test(cli, &settings);
	r = ask_and_wait(&settings, &cli->question, &inspection, NULL, &err);
	if (r < 0) {
		err_prefix(&err, "%.*s", TEXT_ARG(cli->question.disks[0].path));
		return show_error(cli, &err);
	}
	tell_gaps(inspection->gaps);
	return show(cli, inspection);
}

int main(int argc, char **argv)
{
	_cli_ struct cli cli = {0};
	struct err err = {0};

	program_begin("bootfs-inspect", argc);
	if (argc == 3 && strcmp(argv[1], WORKER_ARGUMENT) == 0)
		return worker_run(argv[2], NULL);
	switch (inspect_cli_parse(argc, argv, &cli, &err)) {
	case CLI_GO_ON:
		return ask_ourselves(&cli);
	case CLI_DONE:
		return STATUS_BOOTS;
	case CLI_FAILED:
		return show_error(&cli, &err);
	case CLI_USAGE:
	default:
		return STATUS_USAGE;
	}
}
