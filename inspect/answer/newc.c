/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/newc.h"

#include "core/cleanup.h"

enum { MODE_FOLDER = 040777, MODE_FILE = 0100777 };

/*
 * Thirteen fields of eight hexadecimal digits behind the magic: ino, mode, uid, gid, nlink, mtime,
 * filesize, four device numbers, namesize (with the NUL), check. Then the name, padded to 4 bytes.
 * Format: Linux's Documentation/driver-api/early-userspace/buffer-format.rst; values: GRUB's
 * grub-core/loader/linux.c.
 */
static void header(struct strbuf *out, struct text name, uint32_t mode, uint32_t size)
{
	size_t start = out->len;

	strbuf_addf(out, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 0, mode, 0,
		0, 1, 0, size, 0, 0, 0, 0, (uint32_t)name.len + 1, 0);
	strbuf_add(out, name);
	strbuf_addc(out, '\0');
	while ((out->len - start) % 4 && !out->failed)
		strbuf_addc(out, '\0');
}

/*
 * Is the folder known, looking at those written before `before`? Then *before is its place; else
 * it is added, and *before is where it stands.
 */
static bool find_or_add(struct newc *newc, struct text component, uint32_t *before)
{
	for (uint32_t i = *before; i--;) {
		if (text_equal(newc->folders[i], component)) {
			*before = i;
			return true;
		}
	}
	*before = newc->count;
	if (newc->count < ARRAY_SIZE(newc->folders))
		newc->folders[newc->count++] = component;
	return false;
}

void newc_add_file(struct newc *newc, struct strbuf *out, struct text name, uint64_t size)
{
	uint32_t before = newc->count;
	size_t end = 0;

	while (name.len && name.at[0] == '/')
		name = text_skip(name, 1);
	for (;;) {
		size_t start = end;

		while (start < name.len && name.at[start] == '/')
			start++;
		end = start + text_find(text_skip(name, start), '/');
		if (end == name.len)
			break;
		if (!find_or_add(newc, text_skip(text_first(name, end), start), &before))
			header(out, text_first(name, end), MODE_FOLDER, 0);
	}
	header(out, name, MODE_FILE, (uint32_t)size);
}

void newc_end(struct newc *newc, struct strbuf *out)
{
	header(out, TEXT("TRAILER!!!"), 0, 0);
	newc->count = 0;
}
