/*
 * open-inspect: an inspector that answers without its sandbox. The sanitizers need what the sandbox
 * takes away, so theirs is the inspector beside a sanitized bootfs (tests/system/test_sanitized.py).
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/message.h"
#include "inspect/worker.h"

#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	_strbuf_ struct strbuf bytes = {0};
	struct worker_order order;
	struct err err = {0};

	if (argc != 3 || strcmp(argv[1], WORKER_ARGUMENT) != 0 ||
		!worker_order_parse(argv[2], &order))
		return 9;
	if (worker_answer(NULL, 0, &err) == 0)
		return 0;
	wire_put_failure(&bytes, &err);
	return pwrite(WORKER_ANSWER, bytes.at, bytes.len, 0) < 0 ? 7 : 0;
}
