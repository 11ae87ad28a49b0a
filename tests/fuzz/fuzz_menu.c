/* Fuzz: what the wrapper reads of bootfs: menu.json, `source`, mountinfo. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/menu.h"
#include "core/mountinfo.h"
#include "pygrub/tree.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = {(const char *)data, size};
	_strbuf_ struct strbuf list = {0}, one = {0};
	struct err err = {0};
	json_t *menu = menu_parse(text, &err), *entry;
	struct mounted mounted;

	mountinfo_find(text, TEXT("/bootfs"), &mounted);
	(void)mounted_is_bootfs(&mounted);
	if (!menu) {
		assert(err.code);
		err = (struct err){0};
		return source_check_line(text, &err) && !err.code ? 1 : 0;
	}
	menu_list(menu, "more", &list);
	for (size_t i = 0; i < list.len; i++)
		assert(list.at[i] == '\n' || (unsigned char)list.at[i] >= 0x20);
	entry = menu_entry(menu, 0);
	if (entry)
		menu_describe(entry, "more", &one);
	json_decref(menu);
	return 0;
}
