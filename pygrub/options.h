/* The command line, pygrub's and our own additions. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "pygrub/answer.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Shall the menu be shown? */
enum menu_wanted {
	MENU_AUTO, /* on a terminal */
	MENU_ASKED,
	MENU_QUIET,
};

/* Strings are those of argv; NULL: not given. */
struct options {
	const char *disk;   /* the operand: a disk, or with `is_config` a configuration file */
	const char *output; /* NULL: standard output */
	const char *output_directory;
	const char *args, *entry, *domain, *bootfs, *config_file, *platform, *flavour;
	const char *kernel, *ramdisk; /* paths in the guest; no ramdisk without a kernel */
	enum answer_form form;
	enum menu_wanted menu;
	bool list, not_really, is_config, debug, help, version;
	bool has_runas, has_offset;
	uid_t runas;
	uint32_t domid;          /* 0: not given; options_find_user() makes `runas` of it */
	uint64_t offset;         /* bytes */
	uint64_t max_file_bytes; /* of each copied file, from the environment; 0: not given */
	char warning[200];       /* what was accepted but not followed; empty: nothing */
};

/*
 * Options and operands in any order, `--opt=value` or `--opt value`, unique prefixes. -EINVAL with
 * err for the first mistake; even then everything else is filled, so that the caller can open
 * `output`: a reader may wait for it.
 */
int options_parse(int argc, char **argv, struct options *ret, struct err *err) MUST_CHECK;

/* Reads PYGRUB_MAX_FILE_SIZE_MB, pygrub's limit of each copied file. -EINVAL with err. */
int options_read_environment(struct options *options, struct err *err) MUST_CHECK;

/*
 * Makes --domid=N a --runas, as XAPI's own wrapper of pygrub did before v26.17: the user's number is
 * that of the first user of a range, plus N. `users` is /etc/passwd. -ENOENT, -EINVAL with err.
 */
int options_find_user(struct options *options, const char *users, struct err *err) MUST_CHECK;

/* The usage lines, for --help and after a mistake. */
extern const char options_usage[], options_help[];
