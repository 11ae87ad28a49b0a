/* bare-inspect: bootfs-inspect without its sandbox, for the sanitizers and the fuzzers. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/answer.h"
#include "inspect/command/cli.h"
#include "wire/inspection.h"
#include "render/render.h"

static int show(const struct cli *cli, const struct inspection *inspection)
{
	_strbuf_ struct strbuf out = {0};

	if (cli->json)
		render_json(&out, inspection, (struct text){0});
	else
		render_log(&out, inspection);
	fwrite(out.at, 1, out.len, stdout);
	return inspection->error.len ? 1 : 0;
}

/* As the asker sees it: only what came over the wire. */
static int show_decoded(const struct cli *cli, struct text bytes)
{
	_inspection_ struct inspection *inspection = inspection_new(cli->question.limits.memory);
	uint64_t sizes[MAX_DISKS];
	struct err err = {0};

	for (uint32_t i = 0; i < cli->question.n_disks; i++)
		sizes[i] = cli->question.disks[i].size;
	if (!inspection ||
		wire_get_inspection(bytes, sizes, cli->question.n_disks, inspection, &err) < 0) {
		fprintf(stderr, "bare-inspect: %s\n", err.text);
		return 3;
	}
	return show(cli, inspection);
}

static int answer(const struct cli *cli)
{
	_inspection_ struct inspection *inspection =
		inspection_new(cli->question.limits.memory / 2);
	_strbuf_ struct strbuf bytes = {0};
	struct err err = {0};

	if (!inspection || answer_menu(&cli->question, inspection, &err) < 0) {
		fprintf(stderr, "bare-inspect: %s\n", err.text);
		return 3;
	}
	wire_put_inspection(&bytes, inspection);
	return show_decoded(cli, strbuf_text(&bytes));
}

int main(int argc, char **argv)
{
	_cli_ struct cli cli = {0};
	struct err err = {0};

	switch (inspect_cli_parse(argc, argv, &cli, &err)) {
	case CLI_GO_ON:
		return answer(&cli);
	case CLI_DONE:
		return 0;
	case CLI_FAILED:
		printf("error %s\n", err.text);
		return 1;
	case CLI_USAGE:
	default:
		return 2;
	}
}
