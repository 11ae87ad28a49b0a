/* Becoming QEMU: a server for one image, for one client. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "wire/order.h"

/*
 * Hands over a socket on which QEMU will answer and becomes `program` (qemu-nbd), locked up
 * (images/cage.h), for order->disks layers in these formats. Returns only with -errno and err.
 */
int qemu_serve(const struct worker_order *order, const char *program, char *const *formats,
	struct err *err) MUST_CHECK;

/*
 * The image as QEMU is told of it: JSON of a blockdev. Layer i is the file "/disk/i", a block
 * device where device[i]; nothing that an image names is ever opened. False: a format that is no
 * plain word, or too long.
 */
struct strbuf;
bool qemu_describe(
	struct strbuf *out, char *const *formats, const bool *device, uint32_t n) MUST_CHECK;
