/* Ends servers of images without waiting for their death. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/loop/loop.h"
#include "ask/serve.h"

/* Takes over what is left of an ended ask's servers: all killed, each reaped when it is dead. */
void reaper_take(struct loop *loop, struct servers *servers);
