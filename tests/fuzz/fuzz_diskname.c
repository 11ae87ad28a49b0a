/* Names below .disk: a name that is taken is the only one for its path. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/diskname.h"

#include "core/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_arena_ struct arena arena = {.limit = 1 << 20};
	struct text name = {(const char *)data, size};
	_strbuf_ struct strbuf again = {0};
	struct disk_request request;

	if (disk_request_parse(name, &arena, &request))
		return 0;
	for (size_t i = 0; i < request.path.len; i++) {
		char c = request.path.at[i];

		if (c && strchr("/%,=", c))
			strbuf_addf(&again, "%%%02X", (unsigned)c);
		else
			strbuf_addc(&again, c);
	}
	if (request.path.at[0] != '/' || request.uid == 0 ||
		!text_equal(strbuf_text(&again), text_first(name, text_find(name, ','))))
		__builtin_trap();
	return 0;
}
