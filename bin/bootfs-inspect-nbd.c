/* bootfs-inspect-nbd: the inspector for disks that an NBD server has; bootfs starts it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/program.h"
#include "inspect/answer/libnbd.h"
#include "inspect/worker.h"

#include <string.h>

int main(int argc, char **argv)
{
	program_begin("bootfs-inspect-nbd", argc);
	if (argc != 3 || strcmp(argv[1], WORKER_ARGUMENT) != 0) {
		fputs("bootfs-inspect-nbd: this is for bootfs itself; see bootfs-inspect(1)\n",
			stderr);
		return 2;
	}
	/* Without the destructors of a dozen libraries: the sandbox has no calls for them. */
	_exit(worker_run(argv[2], &served_by_nbd));
}
