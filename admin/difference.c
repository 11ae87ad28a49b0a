/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/difference.h"

#include "core/escape.h"
#include "pygrub/menu.h"

enum { MAX_BYTES = 1 << 15, MAX_SHOWN = 12 };

/* ---- command lines ---------------------------------------------------------------------------- */

/* The next word, between blanks as text_trim() knows them; quotes and backslashes stay in it. */
static bool next_word(struct text *rest, struct text *word)
{
	*rest = text_trim(*rest);
	if (!rest->len)
		return false;
	*word = *rest;
	for (size_t i = 0; i < rest->len; i++) {
		if (rest->at[i] && strchr(" \t\r\n", rest->at[i])) {
			*word = text_first(*rest, i);
			break;
		}
	}
	*rest = text_skip(*rest, word->len);
	return true;
}

static void add_plain(struct strbuf *out, struct text args)
{
	struct text word;

	while (next_word(&args, &word)) {
		if (out->len)
			strbuf_addc(out, ' ');
		for (size_t i = 0; i < word.len; i++) {
			if (!strchr("'\"\\", word.at[i]))
				strbuf_addc(out, word.at[i]);
		}
	}
}

bool args_are_alike(struct text a, struct text b)
{
	_strbuf_ struct strbuf left = {0}, right = {0};

	add_plain(&left, a);
	add_plain(&right, b);
	return !left.failed && !right.failed && text_equal(strbuf_text(&left), strbuf_text(&right));
}

static size_t count_word(struct text args, struct text wanted)
{
	struct text word;
	size_t count = 0;

	while (next_word(&args, &word))
		count += text_equal(word, wanted);
	return count;
}

/* Appends the words of `from` that `other` has less often, with `who` in front. */
static size_t add_missing(struct strbuf *out, const char *who, struct text from, struct text other)
{
	struct text rest = from, word;
	size_t shown = 0;

	while (next_word(&rest, &word)) {
		struct text before = text_first(from, (size_t)(word.at - from.at));

		if (count_word(before, word) < count_word(other, word))
			continue; /* its match is there */
		if (shown++ == MAX_SHOWN) {
			strbuf_adds(out, " ...");
			break;
		}
		strbuf_adds(out, shown == 1 ? who : "");
		strbuf_addc(out, ' ');
		escape_add_cut(out, word, 200);
	}
	return shown;
}

void difference_of_args(struct strbuf *out, struct text pygrub, struct text ours)
{
	size_t start = out->len, found;

	/* Every word is looked for in the other line; no kernel takes a line as long as this. */
	pygrub = text_first(pygrub, MAX_BYTES);
	ours = text_first(ours, MAX_BYTES);
	found = add_missing(out, "pygrub alone has", pygrub, ours);
	if (found)
		strbuf_adds(out, "; ");
	if (add_missing(out, "bootfs alone has", ours, pygrub))
		return;
	if (found)
		strbuf_cut(out, out->len - strlen("; "));
	else if (out->len == start)
		strbuf_adds(out, "the same words in another order");
}

/* ---- which entry ------------------------------------------------------------------------------ */

static bool has(struct text text, const char *part)
{
	return text.len && memmem(text.at, text.len, part, strlen(part));
}

static void add_entry(struct strbuf *out, json_t *menu, json_int_t index)
{
	json_t *entry = index < 0 ? NULL : menu_entry(menu, (uint64_t)index);

	if (!entry) {
		strbuf_adds(out, "files that are no entry of bootfs's menu");
		return;
	}
	strbuf_addf(out, "entry %u \"", (unsigned)index);
	escape_add_cut(out, menu_string(entry, "title"), 120);
	strbuf_addc(out, '"');
}

static const char *why_another_entry(struct text loader, struct text reason)
{
	if (has(reason, "next_entry"))
		return "pygrub does not know next_entry (grub-reboot)";
	if (has(reason, "saved_entry"))
		return "pygrub does not know saved_entry (grub-set-default)";
	if (has(reason, "entry = "))
		return "bootfs.conf pins it";
	if (has(reason, "fallback"))
		return "pygrub does not know fallback entries";
	if (has(reason, "missing-kernel"))
		return "the default's kernel is missing, and bootfs.conf says missing-kernel = "
		       "next";
	if (text_is(loader, "bls"))
		return "pygrub does not know this loader's order";
	if (has(reason, "set default"))
		return "pygrub knows a default only as a plain number that nothing changes later";
	return "pygrub reads the configuration line by line and runs no part of it";
}

void difference_of_entries(struct strbuf *out, json_t *menu, json_int_t index)
{
	json_t *ours = json_object_get(menu, "default_index");
	struct text reason = menu_string(menu, "default_reason");

	strbuf_adds(out, "pygrub takes ");
	add_entry(out, menu, index);
	strbuf_adds(out, ", bootfs ");
	add_entry(out, menu, json_is_integer(ours) ? json_integer_value(ours) : -1);
	strbuf_adds(out, " (");
	escape_add_cut(out, reason.len ? reason : TEXT("the default"), 160);
	strbuf_addf(out, "): %s", why_another_entry(menu_string(menu, "loader"), reason));
}

/* ---- what it cannot see ----------------------------------------------------------------------- */

static bool is_logical(struct text volume)
{
	size_t at = text_find(volume, ',');
	struct text partition = text_skip(volume, at + 1);
	uint64_t number;

	return text_starts(partition, TEXT("msdos")) &&
	       text_number(text_skip(partition, strlen("msdos")), &number) && number > 4;
}

static bool is_one_of(struct text word, const char *const *words)
{
	while (*words && !text_is(word, *words))
		words++;
	return *words != NULL;
}

/* NULL: nothing that is known to stop it. */
static const char *what_stops_it(json_t *menu)
{
	static const char *const unread[] = {"btrfs", "squashfs", "erofs", NULL};
	static const char *const foreign[] = {"bls", "uki", NULL};
	json_t *config = json_object_get(menu, "config");
	struct text volume = menu_string(config, "volume"), fs = menu_string(config, "fs"),
		    disk = menu_string(config, "disk");

	if (text_starts(volume, TEXT("lvm")))
		return "its configuration lies in a logical volume, which pygrub does not see";
	if (text_starts(volume, TEXT("md")))
		return "its configuration lies in an md array, which pygrub does not see";
	if (disk.len && !text_is(disk, "hd0"))
		return "its configuration lies on another disk than the first, the only one that "
		       "pygrub looks at";
	if (is_logical(volume))
		return "its configuration lies in a logical partition, which pygrub does not see";
	if (text_is(fs, "xfs"))
		return "pygrub cannot read XFS version 5, which mkfs.xfs makes since 2015";
	if (is_one_of(fs, unread))
		return "pygrub cannot read this file system";
	if (is_one_of(menu_string(menu, "loader"), foreign))
		return "pygrub does not know this kind of boot configuration";
	if (text_is(menu_string(menu, "flavour"), "fedora"))
		return "its entries are files of their own (blscfg), which pygrub does not read";
	return NULL;
}

void difference_of_reach(struct strbuf *out, json_t *menu, struct text said)
{
	struct text fs = menu_string(json_object_get(menu, "config"), "fs");
	const char *why = what_stops_it(menu);

	strbuf_adds(out, why ? why : "pygrub does not understand the configuration");
	if (why && has(text_of(why), "file system")) {
		strbuf_adds(out, ", ");
		escape_add(out, fs);
	}
	strbuf_adds(out, "; it said: ");
	strbuf_add(out, said);
}
