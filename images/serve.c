/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "images/serve.h"

#include "wire/serve.h"
#include "model/limits.h"
#include "wire/order.h"
#include "images/qemu.h"
#include "images/remote.h"

#include <errno.h>
#include <string.h>

static int serve(int argc, char **argv, struct err *err)
{
	struct worker_order order;

	if (argc < 4 || !worker_order_parse(argv[2], &order))
		return err_set(err, EINVAL, "bootfs-serve: this is for bootfs itself");
	if (strcmp(argv[1], SERVE_URL) == 0 && argc == 4)
		return remote_serve(&order, argv[3], err);
	if (strcmp(argv[1], SERVE_IMAGE) == 0 && order.disks > 0 &&
		(uint32_t)argc == 4 + order.disks && order.disks <= MAX_IMAGE_LAYERS)
		return qemu_serve(&order, argv[3], argv + 4, err);
	return err_set(err, EINVAL, "bootfs-serve: this is for bootfs itself");
}

int serve_main(int argc, char **argv)
{
	struct err err = {0};

	if (serve(argc, argv, &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err.text);
	return 1;
}
