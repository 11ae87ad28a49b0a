/* Connecting to an NBD server elsewhere. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "wire/order.h"

/* Connects and hands over the socket; may wait as long as the network does. -errno with err. */
int remote_serve(const struct worker_order *order, const char *url, struct err *err) MUST_CHECK;
