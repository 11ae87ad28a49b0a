/* A GRUB script as a tree: words and statements. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"

/* A script and where it stands. */
struct grub_text {
	struct text text;
	struct text file; /* full name; empty: made up by a command */
	uint32_t line;    /* of the first byte */
	bool from_file;   /* lines beginning with # and carriage returns do not count */
	bool whole;       /* a whole file: a syntax error costs only its group */
	bool lasting;     /* lives as long as the interpreter */
};

/* What a word is made of; neighbours are glued together. */
enum grub_part_type {
	PART_TEXT,       /* unquoted: backslashes are still in it, wildcards count */
	PART_QUOTED,     /* from quotes, ready; an empty one still makes a word */
	PART_TRANSLATED, /* $"...": variables are put in when it is looked at */
	PART_VAR,        /* $name: split into words, wildcards count */
	PART_QUOTED_VAR, /* "$name" */
	PART_BLOCK,      /* { ... } as an argument; text is what stands between the braces */
};

struct grub_part {
	struct grub_part *next;
	enum grub_part_type type;
	uint32_t line; /* PART_BLOCK: of its first byte */
	struct text text;
};

struct grub_word {
	struct grub_word *next;
	struct grub_part *parts;
};

enum grub_node_type {
	NODE_COMMAND, /* words */
	NODE_LIST,    /* first */
	NODE_IF,      /* condition, body, otherwise (a list, or an if: elif) */
	NODE_FOR,     /* name, words, body */
	NODE_WHILE,   /* condition, body */
	NODE_UNTIL,
};

struct grub_node {
	struct grub_node *next; /* in a list */
	enum grub_node_type type;
	uint32_t line;
	struct text source;      /* NODE_COMMAND: as written, from the first word to the last */
	struct grub_word *words; /* NODE_COMMAND, NODE_FOR */
	struct text name;        /* NODE_FOR */
	struct grub_node *first, *condition, *body, *otherwise;
};

/* A function as parsed; text and tree live in the interpreter's lasting pool. */
struct grub_function {
	struct grub_function *next;
	struct text name;
	const struct grub_node *body;
	const struct grub_text *source;
};
