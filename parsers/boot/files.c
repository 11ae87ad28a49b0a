/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/files.h"

int files_read_all(
	struct files *files, const struct volume_info *volume, struct text path, struct text *ret)
{
	uint64_t max = files->limits->max_config;
	struct file_stat stat;
	int r;

	*ret = (struct text){0};
	r = files->ops->stat(files, volume, path, &stat);
	if (r < 0)
		return r;
	if (stat.type == FILE_FOLDER)
		return -EISDIR;
	if (stat.type != FILE_REGULAR)
		return -EINVAL;
	if (stat.size > max)
		return -EFBIG;
	r = files->ops->read(files, volume, path, 0, max, ret);
	return r < 0 ? r : 0;
}

bool files_is_regular(struct files *files, const struct volume_info *volume, struct text path)
{
	struct file_stat stat;

	return files->ops->stat(files, volume, path, &stat) == 0 && stat.type == FILE_REGULAR;
}

struct text files_full_name(struct files *files, const struct volume_info *volume, struct text path)
{
	struct text name = {0};

	/* By hand: a guest's path may hold a NUL byte. */
	char *at = arena_array(files->arena, 1, volume->name.len + path.len + 4);

	if (!at)
		return name;
	at[name.len++] = '(';
	memcpy(at + name.len, volume->name.len ? volume->name.at : "", volume->name.len);
	name.len += volume->name.len;
	at[name.len++] = ')';
	if (!path.len || path.at[0] != '/')
		at[name.len++] = '/';
	memcpy(at + name.len, path.len ? path.at : "", path.len);
	name.len += path.len;
	name.at = at;
	return name;
}
