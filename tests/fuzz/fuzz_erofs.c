/* EROFS: a damaged disk gives errors, never answers that contradict each other. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/fsfuzz.h"

extern const struct fs_ops erofs_ops;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sparse_disk disk;

	if (sparse_disk_init(&disk, data, size))
		fsfuzz_use(&erofs_ops, &disk.dev, NULL, 0);
	return 0;
}
