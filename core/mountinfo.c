/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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

/* "rw,user_id=0,group_id=0,...": the super block's options.  False: a number that is none. */
static bool read_owner(struct text options, struct mounted *ret)
{
	const struct text key = TEXT("user_id=");
	struct text option;
	uint64_t number;

	while (text_cut(&options, ',', &option)) {
		if (!text_starts(option, key))
			continue;
		if (!text_number(text_skip(option, key.len), &number) || number > UINT32_MAX)
			return false;
		ret->user_id = (uint32_t)number;
	}
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
	ret->user_id = 0;
	return text_cut(&line, ' ', &field) && read_owner(line, ret);
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

/* The whole list. -errno. */
static int read_mountinfo(struct strbuf *out)
{
	_close_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	char buffer[16384];
	ssize_t n = -1;

	if (fd >= 0) {
		while ((n = read(fd, buffer, sizeof(buffer))) > 0)
			strbuf_add(out, (struct text){buffer, (size_t)n});
	}
	if (n < 0)
		return -errno;
	return out->failed ? -ENOMEM : 0;
}

int mounted_on(const char *path, struct mounted *ret, struct err *err)
{
	_strbuf_ struct strbuf list = {0};
	int r = read_mountinfo(&list);

	if (r < 0)
		return err_set(err, -r, "/proc/self/mountinfo: cannot be read: %s", strerror(-r));
	mountinfo_find(strbuf_text(&list), text_of(path), ret);
	return 0;
}

bool mounted_is_bootfs(const struct mounted *mounted)
{
	return mounted->id && (mounted->user_id == 0 || mounted->user_id == geteuid()) &&
	       strcmp(mounted->type, MOUNT_TYPE_BOOTFS) == 0;
}

static bool is_bootfs_on(struct text mountinfo, struct text path)
{
	struct mounted found;

	mountinfo_find(mountinfo, path, &found);
	return mounted_is_bootfs(&found);
}

bool mounted_bootfs(const char *folder, struct strbuf *path)
{
	_strbuf_ struct strbuf list = {0};
	_free_ char *real = NULL;
	struct text name = text_of(folder);

	while (name.len > 1 && name.at[name.len - 1] == '/')
		name.len--;
	if (read_mountinfo(&list))
		return false;
	/* As written first: realpath() asks the file system, and that must not be a hung bootfs. */
	if (!is_bootfs_on(strbuf_text(&list), name)) {
		real = realpath(folder, NULL);
		name = text_of(real);
		if (!real || !is_bootfs_on(strbuf_text(&list), name))
			return false;
	}
	strbuf_add(path, name);
	return !path->failed;
}
