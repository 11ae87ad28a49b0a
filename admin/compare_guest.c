/* One guest of bootfs compare: what pygrub and bootfs answer. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/compare.h"

#include "admin/difference.h"
#include "core/escape.h"
#include "pygrub/menu.h"
#include "pygrub/message.h"
#include "pygrub/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

enum { CHUNK = 1 << 16, CMDLINE_BYTES = 1 << 20 };

/* ---- files ------------------------------------------------------------------------------------ */

static uint64_t size_of(int fd)
{
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) ? (uint64_t)st.st_size : 0;
}

/* Whole `size` bytes at an offset; false: they cannot be read. */
static bool read_whole(int fd, char *to, size_t size, off_t at)
{
	while (size) {
		ssize_t n = pread(fd, to, size, at);

		if (n <= 0)
			return false;
		to += n;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

/* Do both hold the same bytes? Two that are not there are the same as well. */
static bool are_same(int a, int b)
{
	char left[CHUNK], right[CHUNK];
	uint64_t size = size_of(a);

	if (a < 0 || b < 0)
		return a < 0 && b < 0;
	if (size != size_of(b))
		return false;
	for (uint64_t at = 0; at < size; at += CHUNK) {
		size_t part = size - at < CHUNK ? (size_t)(size - at) : CHUNK;

		if (!read_whole(a, left, part, (off_t)at) ||
			!read_whole(b, right, part, (off_t)at) || memcmp(left, right, part) != 0)
			return false;
	}
	return true;
}

static int open_of_entry(const struct guest *guest, const char *entry, const char *name)
{
	_strbuf_ struct strbuf path = {0};

	strbuf_addf(&path, "%s/%s", entry, name);
	return path.failed ? -1 : openat(guest->folder, path.at, O_RDONLY | O_CLOEXEC);
}

/* ---- how much of an entry pygrub's answer is -------------------------------------------------- */

struct likeness {
	bool kernel, initrd, args, args_exactly;
};

static struct likeness compare_entry(
	const struct guest *guest, const char *entry, const struct pygrub_answer *theirs)
{
	_close_ int kernel = open_of_entry(guest, entry, "kernel");
	_close_ int initrd = open_of_entry(guest, entry, "initrd");
	struct text args = strbuf_text(&theirs->args);
	_strbuf_ struct strbuf path = {0}, line = {0};

	strbuf_addf(&path, "%s/cmdline", entry);
	if (path.failed || tree_read_line(guest->folder, path.at, CMDLINE_BYTES, &line))
		return (struct likeness){0};
	return (struct likeness){
		.kernel = are_same(kernel, theirs->kernel),
		.initrd = are_same(initrd, theirs->ramdisk),
		.args = args_are_alike(args, strbuf_text(&line)),
		.args_exactly = text_equal(args, strbuf_text(&line)),
	};
}

static int points(struct likeness like)
{
	return like.kernel ? 4 + 2 * like.args + like.initrd : 0;
}

/* The entry that pygrub's answer is most like, the default before others; -1: none has its kernel. */
static json_int_t find_entry(const struct guest *guest, const struct pygrub_answer *theirs)
{
	json_t *ours = json_object_get(guest->menu, "default_index");
	uint64_t count = menu_count(guest->menu);
	json_int_t best = -1;
	int most = 0;

	for (uint64_t i = 0; i < count; i++) {
		json_t *entry = menu_entry(guest->menu, i);
		json_t *size = json_object_get(json_object_get(entry, "kernel"), "size");
		char name[40];
		int found;

		if ((uint64_t)json_integer_value(size) != size_of(theirs->kernel))
			continue;
		snprintf(name, sizeof(name), "entries/%" PRIu64, i);
		found = 2 * points(compare_entry(guest, name, theirs));
		if (found && json_integer_value(ours) == (json_int_t)i)
			found++;
		if (found > most) {
			most = found;
			best = (json_int_t)i;
		}
	}
	return best;
}

/* ---- in words --------------------------------------------------------------------------------- */

static void explain_files(struct strbuf *out, const struct guest *guest, struct likeness like)
{
	json_t *initrds = json_object_get(guest_default(guest), "initrd");

	if (!like.kernel)
		strbuf_adds(out, "the kernels differ: of a running guest, or one that crashed, "
				 "pygrub may see an older state of the file system\n");
	if (like.initrd)
		return;
	if (json_array_size(initrds) > 1)
		strbuf_adds(out, "the initrds differ: bootfs joins several as GRUB does, pygrub "
				 "takes their names for one\n");
	else
		strbuf_adds(out, "the initrds differ\n");
}

static void explain_args(
	struct strbuf *out, const struct guest *guest, const struct pygrub_answer *theirs)
{
	struct text ours = menu_string(guest_default(guest), "cmdline");
	struct text args = strbuf_text(&theirs->args);

	strbuf_adds(out, "command line: ");
	difference_of_args(out, args, ours);
	if (memchr(args.len ? args.at : "", '$', args.len))
		strbuf_adds(out, " (GRUB expands variables, pygrub does not)");
	strbuf_addc(out, '\n');
}

static void compare_both(
	const struct guest *guest, const struct pygrub_answer *theirs, struct comparison *ret)
{
	struct likeness like = compare_entry(guest, "default", theirs);
	json_t *ours = json_object_get(guest->menu, "default_index");
	json_int_t index;

	if (like.kernel && like.initrd && like.args) {
		ret->verdict = like.args_exactly ? VERDICT_SAME : VERDICT_ALIKE;
		if (!like.args_exactly)
			strbuf_adds(
				&ret->why, "the command lines differ by blanks or quotes only\n");
		return;
	}
	ret->verdict = VERDICT_DIFFERENT;
	index = find_entry(guest, theirs);
	if (index != json_integer_value(ours)) {
		difference_of_entries(&ret->why, guest->menu, index);
		strbuf_addc(&ret->why, '\n');
	} else {
		explain_files(&ret->why, guest, like);
	}
	if (!like.args)
		explain_args(&ret->why, guest, theirs);
}

static void add_our_error(struct strbuf *out, const struct guest *guest)
{
	strbuf_adds(out, "bootfs: ");
	message_add(out, guest_error(guest));
	strbuf_addc(out, '\n');
}

static void judge(
	const struct guest *guest, const struct pygrub_answer *theirs, struct comparison *ret)
{
	if (theirs->ok && guest_boots(guest)) {
		compare_both(guest, theirs, ret);
	} else if (theirs->ok) {
		ret->verdict = VERDICT_PYGRUB;
		add_our_error(&ret->why, guest);
		strbuf_addf(&ret->why, "pygrub: kernel of %" PRIu64 " bytes, args ",
			size_of(theirs->kernel));
		escape_add_cut(&ret->why, strbuf_text(&theirs->args), 1000);
	} else if (guest_boots(guest)) {
		ret->verdict = VERDICT_BOOTFS;
		difference_of_reach(&ret->why, guest->menu, strbuf_text(&theirs->message));
	} else {
		ret->verdict = VERDICT_NEITHER;
		add_our_error(&ret->why, guest);
		strbuf_adds(&ret->why, "pygrub: ");
		strbuf_add(&ret->why, strbuf_text(&theirs->message));
	}
}

/* The disk that xl would hand to a boot loader: the first. NULL: there is none. */
static const char *first_disk(const struct guest *guest)
{
	json_t *disk = json_array_get(json_object_get(guest->menu, "disks"), 0);

	return guest->is_image ? guest->name : json_string_value(json_object_get(disk, "path"));
}

void compare_guest(
	const struct guest *guest, const struct pygrub_settings *settings, struct comparison *ret)
{
	CLEANUP(pygrub_answer_done)
	struct pygrub_answer theirs = {.folder = -1, .kernel = -1, .ramdisk = -1};
	const char *disk = first_disk(guest);
	struct err err = {0};

	*ret = (struct comparison){.verdict = VERDICT_TROUBLE};
	if (!guest->menu) {
		message_add(&ret->why, text_of(guest->err.text));
	} else if (guest_unused(guest).len) {
		ret->verdict = VERDICT_SKIPPED;
		escape_add(&ret->why, guest_unused(guest));
	} else if (!disk) {
		ret->verdict = VERDICT_NEITHER;
		add_our_error(&ret->why, guest);
	} else if (pygrub_run(settings, disk, &theirs, &err)) {
		message_add(&ret->why, text_of(err.text));
	} else {
		judge(guest, &theirs, ret);
	}
}
