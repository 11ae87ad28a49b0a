/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/command/images.h"

#include "model/image_format.h"
#include "core/nbd_url.h"
#include "ask/ask.h"

#include <errno.h>

int cli_backing_add(struct cli *cli, char *value, struct err *err)
{
	char *colon = strrchr(value, ':');
	const char *format = colon ? image_format_find(text_of(colon + 1)) : NULL;

	if (!format || colon == value)
		return err_set(err, EINVAL, "%s is not PATH:FORMAT; formats are %s", value,
			image_format_names());
	if (cli->n_backing == ARRAY_SIZE(cli->backing))
		return err_set(
			err, EINVAL, "more than %zu backing images", ARRAY_SIZE(cli->backing));
	*colon = '\0';
	cli->backing[cli->n_backing++] = (struct cli_backing){value, format};
	return 0;
}

static void add_layer(struct image *image, const struct question_disk *file, const char *format)
{
	image->layers[image->n_layers++] = (struct image_layer){
		.fd = file->fd,
		.path = file->path,
		.format = text_of(format),
		.size = file->size,
	};
}

static int add_backing(struct cli *cli, struct image *image, struct err *err)
{
	for (uint32_t i = 0; i < cli->n_backing; i++) {
		struct question_disk file = {.fd = -1};
		int r = ask_open_disk(cli->backing[i].path, &file, err);

		if (r < 0)
			return r;
		add_layer(image, &file, cli->backing[i].format);
	}
	return 0;
}

static int open_url(
	struct cli_image *image, const char *url, struct question_disk *disk, struct err *err)
{
	_arena_ struct arena arena = {.limit = 1 << 20};
	struct nbd_url parts;
	int r = nbd_url_parse(text_of(url), &arena, &parts, err);

	if (r < 0)
		return err_prefix(err, "%s", url);
	image->image.url = text_of(url);
	*disk = (struct question_disk){
		.fd = -1,
		.path = image->image.url,
		.sector_size = 512,
		.image = &image->image,
	};
	return 0;
}

int cli_image_open(struct cli *cli, uint32_t index, const char *path, struct err *err)
{
	struct cli_image *image = &cli->images[index];
	struct question_disk *disk = &cli->question.disks[index];
	int r;

	if (is_url(text_of(path)) && cli->format)
		return err_set(err, EINVAL, "%s: only raw disks are read over the network", path);
	if (is_url(text_of(path)))
		return open_url(image, path, disk, err);
	r = ask_open_disk(path, disk, err);
	if (r < 0 || !cli->format)
		return r;
	image->image.layers = image->layers;
	disk->image = &image->image;
	add_layer(&image->image, disk, cli->format);
	return index == 0 ? add_backing(cli, &image->image, err) : 0;
}

void cli_image_close(struct cli *cli, uint32_t index)
{
	const struct image *image = &cli->images[index].image;

	for (uint32_t i = 1; i < image->n_layers; i++)
		close(image->layers[i].fd);
	cleanup_close(&cli->question.disks[index].fd);
}
