/* Fuzz: durations, sizes, vdevs and disk specifications. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/disk_spec.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = {(const char *)data, size};
	struct disk_spec spec;
	struct err err = {0};
	uint64_t bytes;
	uint32_t ms;

	(void)parse_duration_ms(text, &ms);
	(void)parse_size(text, &bytes);
	assert(vdev_partition(text) <= MAX_PARTITIONS);
	if (!domain_name_fault(text))
		assert(size && size <= 255 && data[0] != '.');
	if (disk_spec_parse(text, &spec, &err))
		assert(err.text[0]);
	else
		assert(spec.vdev.len && spec.format.len);
	return 0;
}
