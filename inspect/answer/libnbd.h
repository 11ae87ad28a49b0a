/* How bootfs-inspect-nbd reads what an NBD server has. Whoever names this is linked with libnbd. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "inspect/answer/nbd.h"

extern const struct served_ops served_by_nbd;
