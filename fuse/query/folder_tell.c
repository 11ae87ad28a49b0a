/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/folder_steps.h"
#include "core/hash.h"

void folder_tell(struct folder *folder, struct text error)
{
	struct notice *notice = &folder->daemon->notice;
	uint64_t hash = error.len ? hash_text(HASH_START, error) : 0;

	if (!folder->domain || hash == folder->told)
		return;
	folder->told = hash;
	if (error.len)
		notice_about(notice, folder->domain->name, LOG_WARNING, "%.*s", TEXT_ARG(error));
	else
		notice_about(notice, folder->domain->name, LOG_INFO, "can boot again");
}
