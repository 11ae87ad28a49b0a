/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/host/mountinfo.h"

#include "core/strbuf.h"

#include <errno.h>
#include <fcntl.h>

static bool is_octal(struct text t)
{
	for (size_t i = 0; i < 3; i++) {
		if (t.len < 3 || t.at[i] < '0' || t.at[i] > '7')
			return false;
	}
	return true;
}

/* Is this field, in which blanks and the like are written as \040, that path? */
static bool field_is(struct text field, struct text path)
{
	while (field.len && path.len) {
		char c = field.at[0];

		field = text_skip(field, 1);
		if (c == '\\' && is_octal(field)) {
			c = (char)((field.at[0] - '0') << 6 | (field.at[1] - '0') << 3 |
				   (field.at[2] - '0'));
			field = text_skip(field, 3);
		}
		if (c != path.at[0])
			return false;
		path = text_skip(path, 1);
	}
	return !field.len && !path.len;
}

static bool read_device(struct text field, struct mounted *ret)
{
	struct text major;
	uint64_t high, low;

	if (!text_cut(&field, ':', &major) || !text_number(major, &high) ||
		!text_number(field, &low))
		return false;
	ret->major = (unsigned)high;
	ret->minor = (unsigned)low;
	return true;
}

/* ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [TAG]... - TYPE SOURCE OPTIONS */
static bool read_line(struct text line, struct text path, struct mounted *ret)
{
	struct text fields[5], field;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (!text_cut(&line, ' ', &fields[i]))
			return false;
	}
	if (!field_is(fields[4], path) || !text_number(fields[0], &ret->id) ||
		!read_device(fields[2], ret))
		return false;
	do {
		if (!text_cut(&line, ' ', &field))
			return false;
	} while (!text_is(field, "-"));
	if (!text_cut(&line, ' ', &field))
		return false;
	snprintf(ret->type, sizeof(ret->type), "%.*s", TEXT_ARG(field));
	return true;
}

void mountinfo_find(struct text mountinfo, struct text path, struct mounted *ret)
{
	struct mounted found = {0};
	struct text line;

	*ret = (struct mounted){0};
	/* What is mounted later stands later, and on top. */
	while (text_cut(&mountinfo, '\n', &line)) {
		if (read_line(line, path, &found))
			*ret = found;
	}
}

int mounted_on(const char *path, struct mounted *ret, struct err *err)
{
	_close_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	_strbuf_ struct strbuf text = {0};
	char buffer[4096];
	ssize_t n = -1;

	if (fd >= 0) {
		while ((n = read(fd, buffer, sizeof(buffer))) > 0)
			strbuf_add(&text, (struct text){buffer, (size_t)n});
	}
	if (n < 0)
		return err_set(err, errno, "/proc/self/mountinfo: cannot be read: %m");
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	mountinfo_find(strbuf_text(&text), text_of(path), ret);
	return 0;
}
