/* xl's files: libxlutil's parser and what we take of it end well, whatever the file says. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/xl/xlfile.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libxlutil drops what it has read of a file that it then refuses. */
const char *__lsan_default_suppressions(void)
{
	return "leak:xlu_";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[40];
	char *spec = strndup((const char *)data, size);
	json_t *said;

	if (fd < 0)
		fd = memfd_create("xl", 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert(spec && !ftruncate(fd, 0) && pwrite(fd, data, size, 0) == (ssize_t)size);
	said = xlfile_read(path);
	assert(json_is_array(json_object_get(said, "faults")));
	json_decref(said);
	said = xlfile_read_disk(spec);
	assert(json_object_get(said, "disk") || json_is_string(json_object_get(said, "fault")));
	json_decref(said);
	free(spec);
	return 0;
}
