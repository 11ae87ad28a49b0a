/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/report/status.h"

#include "core/escape.h"
#include "fuse/host/daemon.h"

static void add_problem(struct strbuf *out, const struct config_problem *problem)
{
	strbuf_adds(out, problem->warning ? "warning " : "mistake ");
	escape_add(out, problem->file);
	if (problem->line)
		strbuf_addf(out, ":%u", problem->line);
	strbuf_adds(out, ": ");
	escape_add(out, problem->text);
	strbuf_addc(out, '\n');
}

void status_note(struct status *status, const struct config *config, bool refused)
{
	strbuf_cut(&status->faults, 0);
	status->refused = refused;
	for (const struct config_problem *p = config->problems; p; p = p->next)
		add_problem(&status->faults, p);
}

bool status_knows(const struct status *status, const struct config_problem *problem)
{
	_strbuf_ struct strbuf line = {0};

	add_problem(&line, problem);
	return !line.failed && status->faults.len &&
	       memmem(status->faults.at, status->faults.len, line.at, line.len);
}

void status_render(const struct daemon *daemon, struct strbuf *out)
{
	const struct status *status = &daemon->status;

	strbuf_addf(out, "pid %d\nversion " BOOTFS_VERSION "\nconfig ", (int)getpid());
	escape_add(out, text_of(daemon->config_file));
	strbuf_addf(out, "\ndomains %u\nasked %u\ndone %u\nresult %s\nknown %u\n",
		daemon->config->n_domains, status->asked, status->done,
		status->refused ? "refused" : "ok", daemon->owners.count);
	strbuf_add(out, strbuf_text(&status->faults));
}
