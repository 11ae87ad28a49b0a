/* GRUB's commands: one table, one file a topic. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/grub2/script/interp.h"

/* One command being run. The texts die with it. */
struct grub_call {
	struct text name;
	struct text *args; /* without the name */
	uint32_t count;
	const struct grub_part *block; /* { ... } as the last argument; NULL: none */
	const struct grub_node *node;  /* words and place, as written */
};

/* Returns GRUB's error number; 0 is success. */
typedef int grub_run(struct grub *g, const struct grub_call *call);

struct grub_command {
	const char *name;
	grub_run *run;
	bool block;     /* takes a { ... } itself; others get it as text */
	bool extractor; /* runs inside extract_entries_source */
};

/* NULL: not a command. */
const struct grub_command *grub_command_find(struct text name);

int grub_command_run(
	struct grub *g, const struct grub_command *command, const struct grub_call *call);

/* Makes a block one more argument, as text. GRUB_OUT_OF_MEMORY. */
int grub_call_add_block(struct grub *g, struct grub_call *call) MUST_CHECK;

/* By topic, called from the table only. */
grub_run grub_cmd_set, grub_cmd_unset, grub_cmd_export, grub_cmd_increment, grub_cmd_read;
grub_run grub_cmd_break, grub_cmd_shift, grub_cmd_setparams, grub_cmd_return, grub_cmd_eval;
grub_run grub_cmd_true, grub_cmd_false, grub_cmd_accept, grub_cmd_insmod, grub_cmd_cpuid,
	grub_cmd_keystatus;
grub_run grub_cmd_tr, grub_cmd_time, grub_cmd_cmp;
grub_run grub_cmd_gettext, grub_cmd_cryptomount, grub_cmd_fwsetup, grub_cmd_blocklist;
grub_run grub_cmd_menuentry, grub_cmd_password, grub_cmd_blscfg, grub_cmd_uki;
grub_run grub_cmd_search, grub_cmd_search_by, grub_cmd_probe, grub_cmd_loopback;
grub_run grub_cmd_gptprio_next, grub_cmd_file_env, grub_cmd_btrfs_mount;
grub_run grub_cmd_test, grub_cmd_regexp;
grub_run grub_cmd_load_env, grub_cmd_save_env, grub_cmd_list_env;
grub_run grub_cmd_source, grub_cmd_configfile, grub_cmd_extract, grub_cmd_normal, grub_cmd_cat,
	grub_cmd_file;
grub_run grub_cmd_foreign;
grub_run grub_cmd_linux, grub_cmd_initrd, grub_cmd_multiboot, grub_cmd_module;
grub_run grub_cmd_devicetree, grub_cmd_chainloader, grub_cmd_boot;

/* Gives a variable its value; `word` is the NAME=VALUE as written, to tell where it came from. */
int grub_assign(struct grub *g, struct text name, struct text value, const struct grub_word *word);

/* A { ... } as one argument, braces included. Empty text: out of memory. */
struct text grub_block_text(struct grub *g, const struct grub_part *block);

/* ---- options, as GRUB's extended commands read them (args.c) ------------------------------ */

enum { GRUB_MAX_OPTIONS = 24 };

struct grub_option {
	const char *name; /* "fs-uuid" */
	char letter;      /* 'u'; 0: none */
	bool value;       /* takes one */
	bool optional;    /* the value may be missing */
};

struct grub_options {
	const struct grub_option *known; /* ends with a NULL name */
	bool accept_dash;                /* what is not known is a plain argument */
	bool at_start;                   /* none are looked for behind the first plain argument */
	/* result */
	uint32_t set[GRUB_MAX_OPTIONS];      /* how often */
	struct text value[GRUB_MAX_OPTIONS]; /* the last; at is NULL where there is none */
	struct text *args;                   /* what is left, in the scratch pool */
	uint32_t count;
	bool block_used; /* the { ... } was taken for an option's value */
	/* Every use in order, for options that may be repeated. */
	struct grub_option_use {
		uint32_t option;
		struct text value;
	} * uses;
	uint32_t n_uses;
};

/* GRUB_BAD_ARGUMENT where GRUB refuses. */
int grub_options_parse(
	struct grub *g, const struct grub_call *call, struct grub_options *options) MUST_CHECK;
