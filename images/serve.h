/* bootfs-serve: hands an inspector a connected NBD server, then is gone, or is that server. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Arguments and descriptors: wire/serve.h. The exit status; returns only on failure or
 * when a remote server is connected: for an image it becomes QEMU. */
int serve_main(int argc, char **argv);
