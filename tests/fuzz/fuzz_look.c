/* wire_look: what decodes encodes to the same bytes, is sorted, and leads nowhere outside. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/look.h"
#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* data[0] is the kind: 4 a folder, 5 a file of three bytes. The head is made here. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct question question = {.kind = QUESTION_FOLDER, .n_disks = 1, .path = TEXT("usr/lib")};
	_inspection_ struct inspection *inspection = inspection_new(16 * MIB);
	_strbuf_ struct strbuf bytes = {0}, again = {0};
	uint64_t rest = size ? size - 1 : 0;
	struct err err = {0};

	if (size && data[0] == 5)
		question.kind = QUESTION_FILE;
	question.content_size = 3;
	question.disks[0].size = 10 * GIB;
	strbuf_adds(&bytes, WIRE_VERSION);
	strbuf_add(&bytes, (struct text){(const char *)data, size ? 1 : 0});
	strbuf_add(&bytes, (struct text){(const char *)&rest, sizeof(rest)});
	strbuf_add(&bytes, text_skip((struct text){(const char *)data, size}, 1));
	if (wire_get_look(strbuf_text(&bytes), &question, inspection, &err))
		return 0;
	if (question.kind == QUESTION_FOLDER)
		wire_put_folder(&again, &inspection->look);
	else
		wire_put_file(&again, &inspection->look);
	if (!text_equal(strbuf_text(&bytes), strbuf_text(&again)))
		__builtin_trap();
	for (uint32_t i = 0; i < inspection->look.count; i++) {
		struct text target = inspection->look.entries[i].target;

		if (text_starts(target, TEXT("/")) || text_starts(target, TEXT("../../..")))
			__builtin_trap();
	}
	return 0;
}
