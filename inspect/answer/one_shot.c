/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/one_shot.h"

#include "core/hash.h"

#include <errno.h>
#include <inttypes.h>

/* An environment block has 1,024 bytes; what is bigger is none. */
enum { BLOCK_BYTES = 4096 };

/* "(hd0,msdos1)/boot/grub/grubenv" into its halves. */
static bool split(struct text file, struct text *volume, struct text *path)
{
	size_t end = text_find(file, ')');

	if (!file.len || file.at[0] != '(' || end == file.len)
		return false;
	*volume = text_skip(text_first(file, end), 1);
	*path = text_skip(file, end + 1);
	return true;
}

int one_shot_identify(struct guest *guest, struct bootmenu *menu)
{
	struct text name, path, content;
	struct volume *volume;
	struct node node;
	int r;

	if (!menu->one_shot.len || !split(menu->one_shot_file, &name, &path) ||
		guest_look_up(guest, name, path, &volume, &node) < 0)
		return 0;
	r = fs_read_all(volume->fs, &node, BLOCK_BYTES, &guest->inspection->arena, &content);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	menu->one_shot_mtime_s = node.mtime_s;
	return arena_printf(&guest->inspection->arena, &menu->one_shot_key,
		"%.*s %" PRIu64 " %" PRId64 " %016" PRIx64, TEXT_ARG(volume->uuid), node.ino,
		node.mtime_s, hash_text(HASH_START, content));
}
