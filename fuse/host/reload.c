/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/host/reload.h"

#include "fuse/host/service.h"

struct reload {
	struct job job;
	struct daemon *daemon;
	struct config *config; /* what was read; NULL: out of memory */
	bool domains_only;
	struct ask_settings settings; /* the daemon's when it began */
	struct trial_subject subject; /* first what was tried before, then what is wanted */
	bool tried;
	struct trial_result trial;
	enum { AGAIN_NOT, AGAIN_DOMAINS, AGAIN_ALL } again; /* wanted meanwhile */
	uint32_t number;                                    /* daemon->status.asked when it began */
};

void problem_text(const struct config_problem *problem, char text[PROBLEM_BYTES])
{
	if (problem->line)
		snprintf(text, PROBLEM_BYTES, "%s:%u: %s", problem->file.at, problem->line,
			problem->text.at);
	else
		snprintf(text, PROBLEM_BYTES, "%s: %s", problem->file.at, problem->text.at);
}

static void say_problem(const struct notice *notice, const struct config_problem *problem)
{
	char text[PROBLEM_BYTES];

	problem_text(problem, text);
	notice_say(notice, problem->warning ? LOG_WARNING : LOG_ERR, "%s", text);
}

void say_problems(const struct notice *notice, const struct config *config)
{
	const struct config_problem *problem;

	for (problem = config->problems; problem; problem = problem->next)
		say_problem(notice, problem);
}

/* Where this changed what guests are read with. */
static void reload_try(struct reload *reload)
{
	struct trial_subject before = reload->subject;

	worker_settings(reload->config, &reload->settings);
	trial_subject_fill(&reload->settings, reload->config, &reload->subject);
	reload->tried = !trial_subject_equal(&before, &reload->subject);
	if (reload->tried)
		trial_of_host(&reload->settings, &reload->subject, &reload->trial);
}

static void reload_run(struct job *job, struct scratch *scratch)
{
	struct reload *reload = container_of(job, struct reload, job);

	(void)scratch;
	if (reload->domains_only)
		reload->config =
			config_read_again(reload->daemon->config, reload->daemon->xl_helper);
	else
		reload->config =
			config_read(reload->daemon->config_file, reload->daemon->xl_helper);
	if (!reload->config)
		return;
	config_check_users(reload->config);
	if (!reload->config->errors)
		reload_try(reload);
}

/* Of what the domains say only what was not said before: one bad file is no news each time. */
static void say_news(const struct daemon *daemon, const struct config *config)
{
	const struct config_problem *problem;

	for (problem = config->problems; problem; problem = problem->next) {
		if (!status_knows(&daemon->status, problem))
			say_problem(&daemon->notice, problem);
	}
}

/* False: the configuration must not be taken over, and why was said. */
static bool say_trial(struct daemon *daemon, const struct reload *reload)
{
	const struct trial_result *trial = &reload->trial;

	if (!reload->tried)
		return true;
	if (trial->guests.code) {
		notice_say(&daemon->notice, LOG_ERR, "%s", trial->guests.text);
		notice_say(&daemon->notice, LOG_ERR, "%s: the configuration stays as it was",
			reload->config->file.at);
		return false;
	}
	daemon->tried = reload->subject;
	if (trial->images.code) {
		notice_say(&daemon->notice, LOG_ERR, "%s", trial->images.text);
		daemon->tried = (struct trial_subject){0};
	}
	inspector_tell_gaps(&daemon->inspector, trial->gaps);
	return true;
}

static void reload_take(struct daemon *daemon, const struct reload *reload)
{
	struct config *config = reload->config;
	bool domains_only = reload->domains_only;
	struct err err = {0};

	if (!config) {
		notice_say(&daemon->notice, LOG_ERR, "out of memory: configuration not reloaded");
		return;
	}
	if (domains_only)
		say_news(daemon, config);
	else
		say_problems(&daemon->notice, config);
	status_note(&daemon->status, config, config->errors > 0);
	if (config->errors) {
		notice_say(&daemon->notice, LOG_ERR,
			"%s: %u mistakes: the configuration stays as it was", config->file.at,
			config->errors);
		config_free(config);
		return;
	}
	if (!say_trial(daemon, reload)) {
		config_free(config);
		return;
	}
	if (daemon_configure(daemon, config, &err))
		notice_say(&daemon->notice, LOG_ERR, "%s", err.text);
	else
		notice_say(&daemon->notice, LOG_INFO, "%s: %u domains",
			domains_only ? "domains read again" : "configuration reloaded",
			daemon->config->n_domains);
}

static void reload_begin(struct daemon *daemon, bool domains_only);

static void reload_done(struct job *job)
{
	struct reload *reload = container_of(job, struct reload, job);
	struct daemon *daemon = reload->daemon;
	int again = (int)reload->again;

	daemon->reload = NULL;
	reload_take(daemon, reload);
	service_tell(
		daemon->service_manager, "READY=1\nSTATUS=%u domains", daemon->config->n_domains);
	daemon->status.done = reload->number;
	free(reload);
	if (again)
		reload_begin(daemon, again == AGAIN_DOMAINS);
	else
		watch_start(daemon);
}

static void reload_begin(struct daemon *daemon, bool domains_only)
{
	struct reload *reload = calloc(1, sizeof(*reload));

	if (!reload)
		return;
	reload->job = (struct job){.wake = true, .run = reload_run, .done = reload_done};
	reload->daemon = daemon;
	reload->domains_only = domains_only;
	reload->number = daemon->status.asked;
	reload->settings = daemon->inspector.settings;
	reload->subject = daemon->tried;
	daemon->reload = reload;
	if (!domains_only)
		service_tell(daemon->service_manager, "RELOADING=1");
	pool_submit(&daemon->pool, &reload->job);
}

void reload_start(struct daemon *daemon)
{
	daemon->status.asked++;
	if (daemon->reload)
		daemon->reload->again = AGAIN_ALL;
	else
		reload_begin(daemon, false);
}

void reload_domains(struct daemon *daemon)
{
	if (!daemon->reload)
		reload_begin(daemon, true);
	else if (!daemon->reload->again)
		daemon->reload->again = AGAIN_DOMAINS;
}
