/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/owner.h"

#include <stddef.h>

static struct owner **bucket(struct owners *owners, uint32_t serial)
{
	return &owners->buckets[serial % OWNER_BUCKETS];
}

struct owner *owner_find(const struct owners *owners, uint32_t serial)
{
	struct owner *owner = owners->buckets[serial % OWNER_BUCKETS];

	while (owner && owner->serial != serial)
		owner = owner->next;
	return owner;
}

void owner_add(struct owners *owners, struct owner *owner, enum owner_kind kind)
{
	struct owner **at;

	do
		owners->last++;
	while (!owners->last || owner_find(owners, owners->last));
	at = bucket(owners, owners->last);
	*owner = (struct owner){.next = *at, .serial = owners->last, .kind = kind};
	*at = owner;
	owners->count++;
}

void owner_remove(struct owners *owners, struct owner *owner)
{
	struct owner **at = bucket(owners, owner->serial);

	while (*at && *at != owner)
		at = &(*at)->next;
	if (*at) {
		*at = owner->next;
		owners->count--;
	}
	owner->next = NULL;
}

bool owner_forget(struct owner *owner, uint64_t count)
{
	if (!owner->lookups)
		return false;
	owner->lookups -= count < owner->lookups ? count : owner->lookups;
	return owner->lookups == 0;
}
