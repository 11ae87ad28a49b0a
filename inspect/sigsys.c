/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/sigsys.h"

#include "wire/order.h"
#include "wire/sigsys.h"

#include <blkid/blkid.h>
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>
#include <signal.h>
#include <string.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

static void add(char out[], size_t size, const char *text)
{
	size_t used = strlen(out), length = strlen(text);

	if (length < size - used)
		memcpy(out + used, text, length + 1);
}

/* Those that this process runs: the asker may have others. */
static void tell_libraries(char out[], size_t size)
{
	const char *libc = "not glibc", *ext2fs = "?", *blkid = "?";

#ifdef __GLIBC__
	libc = gnu_get_libc_version();
#endif
	ext2fs_get_library_version(&ext2fs, NULL);
	blkid_get_library_version(&blkid, NULL);
	out[0] = '\0';
	add(out, size, "libc ");
	add(out, size, libc);
	add(out, size, ", libext2fs ");
	add(out, size, ext2fs);
	add(out, size, ", libblkid ");
	add(out, size, blkid);
}

static void handle(int number, siginfo_t *info, void *context)
{
	struct wire_sigsys message;
	char libraries[sizeof(message.libraries)];

	(void)number;
	(void)context;
	tell_libraries(libraries, sizeof(libraries));
	wire_put_sigsys(&message, (uint32_t)info->si_syscall, libraries);
	_exit(pwrite(WORKER_ANSWER, &message, sizeof(message), 0) < 0 ? 2 : 0);
}

int sigsys_catch(void)
{
	struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};

	return sigaction(SIGSYS, &action, NULL);
}
