/* wire: whatever decodes encodes to the same bytes, and can be rendered. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/inspection.h"
#include "wire/message.h"
#include "wire/question.h"
#include "render/render.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The head is made here: its length would fit only by accident. data[0] is the kind. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t disk_sizes[] = {10 * GIB};
	_inspection_ struct inspection *inspection = inspection_new(16 * MIB);
	_strbuf_ struct strbuf bytes = {0}, again = {0}, out = {0};
	uint64_t rest = size ? size - 1 : 0;
	struct question question;
	struct err err = {0};

	strbuf_adds(&bytes, WIRE_VERSION);
	strbuf_add(&bytes, (struct text){(const char *)data, size ? 1 : 0});
	strbuf_add(&bytes, (struct text){(const char *)&rest, sizeof(rest)});
	strbuf_add(&bytes, text_skip((struct text){(const char *)data, size}, 1));
	if (!wire_get_inspection(strbuf_text(&bytes), disk_sizes, 1, inspection, &err)) {
		wire_put_inspection(&again, inspection);
		render_menu(&out, inspection);
		render_log(&out, inspection);
		render_json(&out, inspection, (struct text){0});
		for (struct menu_entry *e = inspection->menu.first; e; e = e->next)
			render_source(&out, inspection, e);
	} else if (!wire_get_question(strbuf_text(&bytes), &inspection->arena, &question, &err)) {
		wire_put_question(&again, &question);
	}
	if (again.len && !text_equal(strbuf_text(&bytes), strbuf_text(&again)))
		__builtin_trap();
	return 0;
}
