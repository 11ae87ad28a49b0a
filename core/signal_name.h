/* Names of signals, the same with every C library. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

enum { SIGNAL_NAME_BYTES = 24 };

/* "SIGSEGV", or "signal 40" for one without a name. Returns `out`. */
const char *signal_name(int number, char out[SIGNAL_NAME_BYTES]);
