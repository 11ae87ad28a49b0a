/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/nbd.h"

#include "core/nbd_url.h"
#include "parsers/disk/image_header.h"
#include "wire/handoff.h"

#include <errno.h>

/* QEMU gets the same files; what it would do with another header is not looked at. */
static int check_layers(const struct image *image, struct err *err)
{
	for (uint32_t i = 0; i < image->n_layers; i++) {
		const struct image_layer *layer = &image->layers[i];
		struct blockdev file = blockdev_on_fd(layer->fd, 0, layer->size, 512);
		int r = image_check(&file, layer->format, i + 1 < image->n_layers, err);

		if (r < 0 && i > 0)
			return err_prefix(err, "its backing image %.*s", TEXT_ARG(layer->path));
		if (r < 0)
			return r;
	}
	return 0;
}

int served_open(const struct question *question, uint32_t index, struct arena *arena,
	struct blockdev *ret, struct err *err)
{
	const struct question_disk *disk = &question->disks[index];
	struct nbd_url url = {0};
	int r = check_layers(disk->image, err), socket;

	if (r < 0)
		return r;
	if (disk->image->url.len)
		r = nbd_url_parse(disk->image->url, arena, &url, err);
	if (r < 0)
		return r;
	if (!question->served)
		return err_set(err, ENOTSUP, "this inspector reads plain images only");
	socket = handoff_take(disk->fd, err);
	r = socket;
	if (r >= 0)
		r = question->served->open(socket, url.export, index, arena, ret, err);
	return r < 0 ? err_prefix(err, NBD_SERVER) : 0;
}
