/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/order.h"

#include "core/cleanup.h"
#include "model/limits.h"
#include "core/text.h"

#include <inttypes.h>
#include <stdio.h>

void worker_order_print(const struct worker_order *order, char out[WORKER_ORDER_LENGTH])
{
	snprintf(out, WORKER_ORDER_LENGTH, "%u:%u:%" PRIu64 ":%u:%u:%u", order->uid, order->gid,
		order->memory, order->cpu_seconds, order->disks, order->private_root);
}

bool worker_order_parse(const char *string, struct worker_order *ret)
{
	struct text rest = text_of(string), word;
	uint64_t numbers[6];
	unsigned n = 0;

	while (text_cut(&rest, ':', &word)) {
		if (n == ARRAY_SIZE(numbers) || !text_number(word, &numbers[n++]))
			return false;
	}
	if (n != ARRAY_SIZE(numbers) || numbers[0] > UINT32_MAX || numbers[1] > UINT32_MAX ||
		numbers[3] > UINT32_MAX || numbers[4] > MAX_DISKS + MAX_LAYERS || numbers[5] > 1)
		return false;
	*ret = (struct worker_order){
		.uid = (uid_t)numbers[0],
		.gid = (gid_t)numbers[1],
		.memory = numbers[2],
		.cpu_seconds = (uint32_t)numbers[3],
		.disks = (uint32_t)numbers[4],
		.private_root = numbers[5] == 1,
	};
	return true;
}
