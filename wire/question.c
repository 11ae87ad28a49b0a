/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/question.h"

#include <errno.h>

enum { LAYER_MIN = 5 + 5 + 8 }; /* bytes a layer takes at least */

static void put_image(struct strbuf *buf, const struct image *image)
{
	wire_put_u8(buf, image != NULL);
	if (!image)
		return;
	wire_put_text(buf, image->url);
	wire_put_u32(buf, image->n_layers);
	for (uint32_t i = 0; i < image->n_layers; i++) {
		wire_put_text(buf, image->layers[i].path);
		wire_put_text(buf, image->layers[i].format);
		wire_put_u64(buf, image->layers[i].size);
	}
}

static const struct image *get_image(struct wire_in *in)
{
	struct image *image;

	if (!wire_get_bool(in, "disk is an image"))
		return NULL;
	image = wire_array(in, 1, sizeof(*image), "image");
	if (!image)
		return NULL;
	image->url = wire_get_text(in, "image URL");
	image->n_layers = wire_get_count(in, MAX_IMAGE_LAYERS, LAYER_MIN, "image layers");
	image->layers = wire_array(in, image->n_layers, sizeof(*image->layers), "image layers");
	for (uint32_t i = 0; i < image->n_layers && image->layers; i++) {
		image->layers[i].fd = -1;
		image->layers[i].path = wire_get_text(in, "layer path");
		image->layers[i].format = wire_get_text(in, "layer format");
		image->layers[i].size = wire_get_u64(in, "layer size");
		if (image->layers[i].size > INT64_MAX)
			wire_refuse(in, "layer size", "too big");
	}
	return image;
}

static void put_disk(struct strbuf *buf, const struct question_disk *disk)
{
	wire_put_text(buf, disk->path);
	wire_put_text(buf, disk->vdev);
	wire_put_u32(buf, disk->partition);
	wire_put_u64(buf, disk->size);
	wire_put_u64(buf, disk->device);
	wire_put_u64(buf, disk->file_device);
	wire_put_u64(buf, disk->inode);
	wire_put_u32(buf, disk->sector_size);
	put_image(buf, disk->image);
}

static void get_disk(struct wire_in *in, struct question_disk *disk)
{
	disk->fd = -1;
	disk->path = wire_get_text(in, "disk path");
	disk->vdev = wire_get_text(in, "disk vdev");
	disk->partition = wire_get_u32(in, "disk partition");
	disk->size = wire_get_u64(in, "disk size");
	disk->device = wire_get_u64(in, "disk device");
	disk->file_device = wire_get_u64(in, "disk file device");
	disk->inode = wire_get_u64(in, "disk inode");
	disk->sector_size = wire_get_u32(in, "disk sector size");
	if (disk->size > INT64_MAX)
		wire_refuse(in, "disk size", "too big");
	if (disk->sector_size < 512 || disk->sector_size > 4096 ||
		(disk->sector_size & (disk->sector_size - 1)))
		wire_refuse(in, "disk sector size", "no power of two from 512 to 4096");
	disk->image = get_image(in);
}

static void put_policy(struct strbuf *buf, const struct boot_policy *policy)
{
	wire_put_text(buf, policy->entry);
	wire_put_u8(buf, policy->refuse_missing_entry);
	wire_put_u8(buf, policy->next_when_missing);
	wire_put_text(buf, policy->args);
	wire_put_text(buf, policy->config);
	wire_put_text(buf, policy->kernel);
	wire_put_text(buf, policy->ramdisk);
}

static void get_policy(struct wire_in *in, struct boot_policy *policy)
{
	policy->entry = wire_get_text(in, "policy entry");
	policy->refuse_missing_entry = wire_get_bool(in, "policy missing-entry");
	policy->next_when_missing = wire_get_bool(in, "policy missing-kernel");
	policy->args = wire_get_text(in, "policy args");
	policy->config = wire_get_text(in, "policy config");
	policy->kernel = wire_get_text(in, "policy kernel");
	policy->ramdisk = wire_get_text(in, "policy ramdisk");
}

static void put_limits(struct strbuf *buf, const struct limits *limits)
{
	wire_put_u64(buf, limits->max_kernel);
	wire_put_u64(buf, limits->max_initrd);
	wire_put_u64(buf, limits->memory);
	wire_put_u64(buf, limits->max_config);
	wire_put_u32(buf, limits->timeout_ms);
	wire_put_u32(buf, limits->max_entries);
	wire_put_u64(buf, limits->max_steps);
	wire_put_u32(buf, limits->max_log);
}

static void get_limits(struct wire_in *in, struct limits *limits)
{
	limits->max_kernel = wire_get_u64(in, "limit max-kernel");
	limits->max_initrd = wire_get_u64(in, "limit max-initrd");
	limits->memory = wire_get_u64(in, "limit inspect-memory");
	limits->max_config = wire_get_u64(in, "limit max-config");
	limits->timeout_ms = wire_get_u32(in, "limit inspect-timeout");
	limits->max_entries = wire_get_u32(in, "limit max-entries");
	limits->max_steps = wire_get_u64(in, "limit max-steps");
	limits->max_log = wire_get_u32(in, "limit max-log");
}

void wire_put_question(struct strbuf *buf, const struct question *question)
{
	size_t start = wire_put_head(buf, WIRE_QUESTION);

	wire_put_u8(buf, (uint8_t)question->kind);
	wire_put_u32(buf, question->n_disks);
	for (uint32_t i = 0; i < question->n_disks; i++)
		put_disk(buf, &question->disks[i]);
	wire_put_u64(buf, question->offset);
	wire_put_text(buf, question->domain);
	wire_put_text(buf, question->platform);
	wire_put_text(buf, question->flavour);
	wire_put_u8(buf, question->ignore_one_shot);
	put_policy(buf, &question->policy);
	put_limits(buf, &question->limits);
	wire_put_u8(buf, question->has_login);
	wire_put_text(buf, question->login_name);
	wire_put_text(buf, question->login_password);
	wire_put_u32(buf, question->content_entry);
	wire_put_u8(buf, (uint8_t)question->content_slot);
	wire_put_u64(buf, question->content_size);
	wire_put_u64(buf, question->content_identity);
	wire_put_text(buf, question->volume);
	wire_put_text(buf, question->path);
	wire_put_u64(buf, question->range_at);
	wire_put_u64(buf, question->range_length);
	wire_put_end(buf, start);
}

int wire_get_question(struct text bytes, struct arena *arena, struct question *ret, struct err *err)
{
	struct wire_in in;
	struct text fields = {0};
	int r = wire_open(bytes, WIRE_QUESTION, &fields, err);

	if (r < 0)
		return r;
	r = wire_begin(&in, fields, arena, err);
	if (r < 0)
		return r;
	*ret = (struct question){0};
	ret->kind = wire_get_enum(&in, QUESTION_KINDS, "question kind");
	ret->n_disks = wire_get_count(&in, MAX_DISKS, 1, "number of disks");
	for (uint32_t i = 0; i < ret->n_disks; i++)
		get_disk(&in, &ret->disks[i]);
	ret->offset = wire_get_u64(&in, "offset");
	ret->domain = wire_get_text(&in, "domain");
	ret->platform = wire_get_text(&in, "platform");
	ret->flavour = wire_get_text(&in, "flavour");
	ret->ignore_one_shot = wire_get_bool(&in, "one-shot");
	get_policy(&in, &ret->policy);
	get_limits(&in, &ret->limits);
	ret->has_login = wire_get_bool(&in, "login");
	ret->login_name = wire_get_text(&in, "login name");
	ret->login_password = wire_get_text(&in, "login password");
	ret->content_entry = wire_get_u32(&in, "content entry");
	ret->content_slot = wire_get_enum(&in, CONTENT_SLOTS, "content slot");
	ret->content_size = wire_get_u64(&in, "content size");
	ret->content_identity = wire_get_u64(&in, "content identity");
	ret->volume = wire_get_text(&in, "volume");
	ret->path = wire_get_text(&in, "path");
	ret->range_at = wire_get_u64(&in, "range offset");
	ret->range_length = wire_get_u64(&in, "range length");
	if (ret->range_length > RANGE_MOST)
		wire_refuse(&in, "range length", "too big");
	return wire_end(&in);
}
