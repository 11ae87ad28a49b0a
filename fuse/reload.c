/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/reload.h"

#include "fuse/service.h"

struct reload {
	struct job job;
	struct daemon *daemon;
	struct config *config; /* what was read; NULL: out of memory */
	bool again;            /* somebody wants one more meanwhile */
	uint32_t number;       /* daemon->status.asked when it began */
};

void say_problems(const struct notice *notice, const struct config *config)
{
	const struct config_problem *problem;

	for (problem = config->problems; problem; problem = problem->next) {
		int priority = problem->warning ? LOG_WARNING : LOG_ERR;

		if (problem->line)
			notice_say(notice, priority, "%s:%u: %s", problem->file.at, problem->line,
				problem->text.at);
		else
			notice_say(notice, priority, "%s: %s", problem->file.at, problem->text.at);
	}
}

static void reload_run(struct job *job, struct scratch *scratch)
{
	struct reload *reload = container_of(job, struct reload, job);

	(void)scratch;
	reload->config = config_read(reload->daemon->config_file, reload->daemon->xl_helper);
	if (reload->config)
		config_check_users(reload->config);
}

static void reload_take(struct daemon *daemon, struct config *config)
{
	struct err err = {0};

	if (!config) {
		notice_say(&daemon->notice, LOG_ERR, "out of memory: configuration not reloaded");
		return;
	}
	say_problems(&daemon->notice, config);
	status_note(&daemon->status, config, config->errors > 0);
	if (config->errors) {
		notice_say(&daemon->notice, LOG_ERR,
			"%s: %u mistakes: the configuration stays as it was", config->file.at,
			config->errors);
		config_free(config);
		return;
	}
	if (daemon_configure(daemon, config, &err))
		notice_say(&daemon->notice, LOG_ERR, "%s", err.text);
	else
		notice_say(&daemon->notice, LOG_INFO, "configuration reloaded: %u domains",
			daemon->config->n_domains);
}

static void reload_done(struct job *job)
{
	struct reload *reload = container_of(job, struct reload, job);
	struct daemon *daemon = reload->daemon;
	bool again = reload->again;

	daemon->reload = NULL;
	reload_take(daemon, reload->config);
	service_tell(
		daemon->service_manager, "READY=1\nSTATUS=%u domains", daemon->config->n_domains);
	daemon->status.done = reload->number;
	free(reload);
	if (again) {
		daemon->status.asked--; /* was counted when it was asked for */
		reload_start(daemon);
	}
}

void reload_start(struct daemon *daemon)
{
	struct reload *reload = daemon->reload;

	daemon->status.asked++;
	if (reload) {
		reload->again = true;
		return;
	}
	reload = calloc(1, sizeof(*reload));
	if (!reload)
		return;
	reload->job = (struct job){.wake = true, .run = reload_run, .done = reload_done};
	reload->daemon = daemon;
	reload->number = daemon->status.asked;
	daemon->reload = reload;
	service_tell(daemon->service_manager, "RELOADING=1");
	pool_submit(&daemon->pool, &reload->job);
}
