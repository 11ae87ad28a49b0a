/* Which menu: the configuration places of every volume, in the order of ARCHITECTURE.md. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"
#include "inspect/answer/guest.h"

/*
 * Tries the places, or only what the policy names (a configuration; a kernel: inspect/answer/named.h), and puts the first menu with an entry
 * that can boot (else the first menu with entries, else the first) into the inspection, its
 * warnings and what else was found into the report. Where there is none, the inspection's error
 * says where was looked. -ENOMEM.
 */
int places_find_menu(struct guest *guest, struct err *err) MUST_CHECK;

/* QUESTION_CONFIG: the menu of a bare configuration, its language told by its content. */
int places_read_bare(const struct question *question, struct inspection *inspection,
	struct text content, struct err *err) MUST_CHECK;

/* Sets the inspection's error: "PATH: " of the first disk, then the text. -ENOMEM. */
int places_fail(const struct question *question, struct inspection *inspection, const char *format,
	...) PRINTF_LIKE(3, 4) MUST_CHECK;

/* Can any volume's file system be read? */
bool places_any_readable(const struct guest *guest);

/* Appends "hd0,msdos1 (ext4) and hd0,msdos5 (swap)": wherever a file system could be. */
void places_name_volumes(const struct guest *guest, struct strbuf *out);

/* No configuration anywhere, after `places` places were tried: says why, as well as it can. */
int places_explain(struct guest *guest, uint32_t places) MUST_CHECK;
