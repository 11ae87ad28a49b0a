/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/one_shot.h"

#include "config/oneshot.h"
#include "pygrub/message.h"
#include "pygrub/tree.h"

#include <limits.h>

enum { FILE_BYTES = 16384 };

static void take(struct text line, struct text word, char *to, size_t size)
{
	struct text value = text_skip(line, word.len);

	if (!text_starts(line, word) || value.len >= size)
		return;
	memcpy(to, value.at, value.len);
	to[value.len] = '\0';
}

void one_shot_note(const struct job *job, int folder)
{
	_strbuf_ struct strbuf content = {0};
	struct exchange *exchange = job->exchange;
	struct text rest, line;

	exchange->one_shot_domain[0] = exchange->one_shot_key[0] = '\0';
	if (tree_read(folder, "one-shot", FILE_BYTES, &content))
		return;
	rest = strbuf_text(&content);
	while (text_cut(&rest, '\n', &line)) {
		take(line, TEXT("domain "), exchange->one_shot_domain,
			sizeof(exchange->one_shot_domain));
		take(line, TEXT("key "), exchange->one_shot_key, sizeof(exchange->one_shot_key));
	}
}

void one_shot_consume(const struct job *job)
{
	const struct exchange *exchange = job->exchange;
	char folder[PATH_MAX];
	struct err err = {0};

	if (!exchange->one_shot_key[0])
		return;
	snprintf(folder, sizeof(folder), "%s/one-shot", job->config->state_folder.at);
	if (oneshot_record(folder, text_of(exchange->one_shot_domain),
		    text_of(exchange->one_shot_key), &err))
		message_warning(job->options, text_of(err.text));
}
