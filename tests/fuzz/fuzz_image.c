/* Headers of images in every format, and what they look like. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/image_header.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const formats[] = {"raw", "qcow2", "qcow", "qed", "vpc", "vhdx", "vmdk"};
	struct blockdev file = blockdev_on_memory(data, size);

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct err err = {0};
		int alone = image_check(&file, text_of(formats[i]), false, &err);
		int backed = image_check(&file, text_of(formats[i]), true, NULL);

		/* It cannot be right with and without a backing image, and a refusal says why. */
		if ((alone == 0 && backed == 0) || (alone < 0 && !err.text[0]))
			abort();
	}
	(void)image_looks_like(&file);
	return 0;
}
