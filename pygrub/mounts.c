/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/mounts.h"

#include <fcntl.h>
#include <limits.h>

enum { MOUNTINFO_BYTES = 64 << 20 };

/* The n-th word of a line, from 0. */
static struct text word(struct text line, int n)
{
	struct text head = {0};

	for (int i = 0; i <= n; i++) {
		if (!text_cut(&line, ' ', &head))
			return (struct text){0};
	}
	return head;
}

static bool is_octal(struct text t)
{
	if (t.len < 4 || t.at[0] != '\\')
		return false;
	for (int i = 1; i < 4; i++) {
		if (t.at[i] < '0' || t.at[i] > '7')
			return false;
	}
	return true;
}

/* Blanks, tabs, newlines and backslashes of paths are written as \040 there. */
static void add_decoded(struct strbuf *out, struct text path)
{
	while (path.len) {
		if (is_octal(path)) {
			strbuf_addc(out, (char)((path.at[1] - '0') << 6 | (path.at[2] - '0') << 3 |
						 (path.at[3] - '0')));
			path = text_skip(path, 4);
		} else {
			strbuf_addc(out, path.at[0]);
			path = text_skip(path, 1);
		}
	}
}

/* The file system type: the first word behind the lone dash (proc_pid_mountinfo(5)). */
static struct text type_of(struct text line)
{
	struct text head;

	while (text_cut(&line, ' ', &head)) {
		if (text_is(head, "-"))
			return word(line, 0);
	}
	return (struct text){0};
}

bool mountinfo_is_bootfs(struct text mountinfo, struct text path)
{
	bool is_bootfs = false;
	struct text line;

	while (text_cut(&mountinfo, '\n', &line)) {
		_strbuf_ struct strbuf at = {0};

		add_decoded(&at, word(line, 4));
		/* The last one mounted there is the one that is seen. */
		if (text_equal(strbuf_text(&at), path))
			is_bootfs = text_is(type_of(line), "fuse.bootfs");
	}
	return is_bootfs;
}

static void read_mountinfo(struct strbuf *out)
{
	_close_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	char buffer[16384];
	ssize_t n;

	out->limit = MOUNTINFO_BYTES;
	while (fd >= 0 && (n = read(fd, buffer, sizeof(buffer))) > 0)
		strbuf_add(out, (struct text){buffer, (size_t)n});
}

bool mounts_find_bootfs(const char *folder, struct strbuf *path)
{
	_strbuf_ struct strbuf mountinfo = {0};
	_free_ char *real = NULL;
	struct text name = text_of(folder);

	while (name.len > 1 && name.at[name.len - 1] == '/')
		name.len--;
	read_mountinfo(&mountinfo);
	/* As written first: realpath() asks the file system, and that must not be a hung bootfs. */
	if (!mountinfo_is_bootfs(strbuf_text(&mountinfo), name)) {
		real = realpath(folder, NULL);
		name = text_of(real);
		if (!real || !mountinfo_is_bootfs(strbuf_text(&mountinfo), name))
			return false;
	}
	strbuf_add(path, name);
	return !path->failed;
}
