/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/one_shot.h"

#include "config/oneshot.h"

#include <errno.h>
#include <limits.h>

static bool folder_of(const struct config *config, char *path, size_t size)
{
	int n = snprintf(path, size, "%s/one-shot", config->state_folder.at);

	return n > 0 && (size_t)n < size;
}

bool one_shot_is_refused(const struct config *config, const struct inspection *inspection,
	struct text domain, struct err *why)
{
	const struct bootmenu *menu = &inspection->menu;
	char folder[PATH_MAX];

	if (!menu->one_shot.len)
		return false;
	if (!folder_of(config, folder, sizeof(folder)) || !menu->one_shot_key.len) {
		err_set(why, EINVAL, "what was booted cannot be remembered");
		return true;
	}
	return !oneshot_fresh(folder, domain, menu->one_shot_key, menu->one_shot_mtime_s, why);
}

static bool is_configured(void *context, struct text name)
{
	const struct config *config = context;

	for (const struct domain *domain = config->domains; domain; domain = domain->next) {
		if (text_equal(domain->name, name))
			return true;
	}
	return false;
}

void one_shot_tidy(const struct config *config)
{
	char folder[PATH_MAX];
	union {
		const struct config *constant;
		void *plain;
	} context = {config};

	if (!config->errors && !config->xl_errors && folder_of(config, folder, sizeof(folder)))
		oneshot_tidy(folder, is_configured, context.plain);
}
