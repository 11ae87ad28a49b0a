/* EROFS: a damaged disk gives errors, never answers that contradict each other. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/fsfuzz.h"

extern const struct fs_ops erofs_ops;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sparse_disk disk;

	/* Every block of a large disk could be a chunk of every file: bounded, but slow. */
	if (sparse_disk_init(&disk, data, size) && disk.dev.size <= 1 << 20)
		fsfuzz_use(&erofs_ops, &disk.dev, NULL, 0);
	return 0;
}
