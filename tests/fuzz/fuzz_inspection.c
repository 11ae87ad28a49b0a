/* inspection: any configuration gives an answer that the asker takes, within its limits. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/answer.h"
#include "wire/inspection.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	_inspection_ struct inspection *inspection = inspection_new(16 * MIB);
	_inspection_ struct inspection *back = inspection_new(64 * MIB);
	struct question question = {
		.kind = QUESTION_CONFIG,
		.n_disks = 1,
		.disks = {{.path = TEXT("/c"), .size = size, .sector_size = 512}},
		.limits = limits_default(),
	};
	_strbuf_ struct strbuf bytes = {0};
	struct err err = {0};

	if (fd < 0)
		fd = memfd_create("config", 0);
	question.disks[0].fd = fd;
	question.limits.max_steps = 20000;
	if (pwrite(fd, data, size, 0) != (ssize_t)size ||
		answer_menu(&question, inspection, &err) < 0)
		return 0;
	wire_put_inspection(&bytes, inspection);
	if (wire_get_inspection(strbuf_text(&bytes), &question.disks[0].size, 1, back, &err))
		__builtin_trap();
	return 0;
}
