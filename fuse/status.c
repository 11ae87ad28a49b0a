/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/status.h"

#include "core/escape.h"
#include "fuse/daemon.h"

void status_note(struct status *status, const struct config *config, bool refused)
{
	strbuf_cut(&status->faults, 0);
	status->refused = refused;
	for (const struct config_problem *p = config->problems; p; p = p->next) {
		struct strbuf *out = &status->faults;

		strbuf_adds(out, p->warning ? "warning " : "mistake ");
		escape_add(out, p->file);
		if (p->line)
			strbuf_addf(out, ":%u", p->line);
		strbuf_adds(out, ": ");
		escape_add(out, p->text);
		strbuf_addc(out, '\n');
	}
}

void status_render(const struct daemon *daemon, struct strbuf *out)
{
	const struct status *status = &daemon->status;

	strbuf_addf(out, "pid %d\nversion " BOOTFS_VERSION "\nconfig ", (int)getpid());
	escape_add(out, text_of(daemon->config_file));
	strbuf_addf(out, "\ndomains %u\nasked %u\ndone %u\nresult %s\n", daemon->config->n_domains,
		status->asked, status->done, status->refused ? "refused" : "ok");
	strbuf_add(out, strbuf_text(&status->faults));
}
