/* How bootfs-serve is started: its descriptors and its arguments. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Where bootfs-serve finds its descriptors; 0 is /dev/null, 1 and 2 are the log. */
enum serve_fd {
	SERVE_PAIR = 3, /* the inspector's end gets the connection (wire/handoff.h) */
	SERVE_LIFE = 4, /* socket: its end of file means that the asker is gone */
	SERVE_LAYERS = 5,
};

/*
 * Its arguments: SERVE_URL ORDER URL, or SERVE_IMAGE ORDER QEMU-NBD FORMAT..., a format for each
 * layer, the image itself first. ORDER is that of worker_order_print().
 */
#define SERVE_URL   "--url"
#define SERVE_IMAGE "--image"
