/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/libnbd.h"

#include "parsers/disk/nbd.h"

#include <sys/syscall.h>

/* What libnbd does with its socket, and recvmsg() by which we get that. */
static const struct seccomp_rule calls[] = {
	{SYS_recvmsg, ALLOW},
	{SYS_recvfrom, ALLOW},
	{SYS_sendto, ALLOW},
#ifdef SYS_poll
	{SYS_poll, ALLOW},
#endif
	{SYS_ppoll, ALLOW}, /* poll() of newer architectures */
	{SYS_fcntl, ALLOW},
	{SYS_shutdown, ALLOW},
	{SYS_close, ALLOW},
};

const struct served_ops served_by_nbd = {
	.open = nbd_disk_open,
	.calls = calls,
	.n_calls = ARRAY_SIZE(calls),
	.memory = 128 << 20,
};
