/* The GRUB interpreter: its state, and what its parts do for each other. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/grub2/script/parser.h"
#include "parsers/boot/grub2/script/vars.h"

#include "core/strbuf.h"
#include "parsers/boot/files.h"

/* GRUB's error numbers: scripts see them as $?. */
enum grub_status {
	GRUB_OK = 0,
	GRUB_FALSE = 1,
	GRUB_OUT_OF_MEMORY = 3,
	GRUB_BAD_FILE_TYPE = 4,
	GRUB_NOT_FOUND = 5,
	GRUB_BAD_FILENAME = 7,
	GRUB_UNKNOWN_FS = 8,
	GRUB_BAD_NUMBER = 10,
	GRUB_UNKNOWN_DEVICE = 12,
	GRUB_BAD_DEVICE = 13,
	GRUB_UNKNOWN_COMMAND = 16,
	GRUB_INVALID_COMMAND = 17,
	GRUB_BAD_ARGUMENT = 18,
	GRUB_NO_KERNEL = 22,
	GRUB_NOT_IMPLEMENTED = 24,
	GRUB_MENU_ERROR = 27,
	GRUB_IO_ERROR = 29,
	GRUB_IN_EXTRACTOR = 31,
	GRUB_RECURSION = 36,
};

/* Why nothing more is run. */
enum grub_stop {
	STOP_NOT,
	STOP_STEPS,  /* the step bound */
	STOP_MEMORY, /* the memory bound */
	STOP_SHOWN,  /* a menu was shown or a kernel booted: GRUB does not come back from that */
};

enum {
	GRUB_MAX_DEPTH = 64, /* commands inside commands, GRUB's own bound */
	FUNCTION_BUCKETS = 64,
};

/* $1, $2... of a function or a menu entry. */
struct grub_scope {
	struct text *args;
	uint32_t count;
	struct text *owned; /* by setparams: the array to give back; NULL: none */
};

/* An entry or a submenu as defined. */
struct grub_item {
	struct grub_item *next;
	struct text title, id, users;
	bool submenu, restricted;
	bool setparams;    /* its commands begin with one, as GRUB stores a { ... } */
	struct text *args; /* title first */
	uint32_t count;
	struct grub_text body;
	struct text script; /* as written */
	struct text file;
	uint32_t line;
	/* Read by another language's parser: the entry itself, and what boots there by itself. */
	struct menu_entry *foreign;
	const struct menu_entry *foreign_default;
};

struct grub_menu {
	struct grub_item *first, *last;
	uint32_t count;
};

/* What `linux` and its like have loaded. Files live in the arena. */
struct grub_loaded {
	struct text loader; /* the command that loaded last; empty: nothing is loaded */
	bool linux_ready;   /* initrd is possible */
	bool multiboot_ready;
	struct boot_file *kernel, *hypervisor, *devicetree, *initrds, *modules;
	uint32_t n_initrds, n_modules;
	struct text cmdline;
	/* What failed, for the entry's error. */
	struct boot_file *missing_kernel;
	struct text kernel_error, initrd_error, other;
	struct text cause; /* what went wrong first in the entry, where no kernel is loaded */
	struct text bound; /* more than we take, so not what GRUB would boot; empty: all is here */
};

/* Values that save_env wrote, or would have written; newest first. Never changed. */
struct grub_saved {
	const struct grub_saved *next;
	const struct volume_info *volume;
	struct text path, name, value;
	bool set;
};

/* Where SUSE's GRUB sees a subvolume of a btrfs; newest first. Never changed. */
struct grub_mounted {
	const struct grub_mounted *next;
	const struct volume_info *volume;
	struct text folder, subvolume; /* "/boot/grub2/x86_64-efi" and "@/boot/grub2/x86_64-efi" */
};

enum { GRUB_MAX_LOOPS = 256 }; /* uses of `loopback` before one entry boots */

/* What a search found, which the same search gets again; newest first. Never changed. */
struct grub_found {
	const struct grub_found *next;
	unsigned kind;
	struct text what, name; /* name empty: what was found is there no more */
};

/* A name that `loopback` gave; newest first. Never changed. */
struct grub_loop {
	const struct grub_loop *next;
	struct text name;
	const struct volume_info *volume; /* NULL: removed */
	uint32_t count;                   /* in the list from here on */
};

/* A file that was read for a menu: the one that was opened, and what it sources. */
struct grub_source {
	const struct grub_source *next;
	const struct volume_info *volume;
	struct text path;
};

/* A menu that is being made or shown; those outside of it follow. On the stack. */
struct grub_open {
	struct grub_open *outer;
	const struct menu_entry *entry; /* that opened it; NULL: the first */
	const struct grub_source *sources;
};

struct grub {
	struct files *files;
	struct bootmenu *out;
	bool fedora;
	uint32_t version;                 /* 206 for 2.06; 0: not known */
	const struct volume_info *volume; /* of the configuration */

	struct grub_pool scratch, lasting;
	struct grub_vars *vars; /* the current context */
	struct grub_undo *undo;
	uint32_t level; /* marks set, see grub_vars_mark() */
	struct grub_function *functions[FUNCTION_BUCKETS];
	struct grub_scope *scope;
	struct grub_menu *menu; /* NULL: none yet */
	uint32_t items;         /* in all menus */
	struct grub_loaded loaded;
	struct grub_open *open;
	const struct grub_saved *saved;
	const struct grub_loop *loops;
	const struct grub_found *found;
	const struct grub_mounted *mounted;
	const struct grub_bls_shown *bls_shown; /* entries that blscfg made; newest first */
	struct grub_file_cache *cache;
	struct grub_loop_volume *loop_volumes;

	bool wildcards;  /* the module `regexp` is there: * and ? are expanded */
	int status;      /* $?, once a command has run in this context */
	bool has_status; /* false: $? is not set */
	uint32_t depth;
	uint32_t loop_depth, breaks; /* loops around the command; how many are being left */
	bool continuing, returning;
	uint32_t extracting; /* inside extract_entries_... */

	struct menu_entry *entry;  /* being run; NULL: the configuration is being read */
	struct menu_entry *chosen; /* what the menu shown last boots by itself */
	uint32_t leaves;           /* entries that are no headings, so far */
	bool booted;               /* by the command */
	const struct volume_info *shown_volume; /* the file read last */
	struct text shown_path;

	enum grub_stop stop;
	uint64_t steps, max_steps;
	size_t max_memory;     /* bytes of the arena that may be in use */
	bool memory_out;       /* at some time */
	uint64_t script_bytes; /* of entries shown so far */
	bool entries_full;

	const struct grub_text *source; /* being run */
	uint32_t line;
	struct strbuf word; /* for expansion */
};

/* ---- bounds and reports ------------------------------------------------------------------- */

/* Counts work done; false: a bound is reached and everything must come to an end. */
bool grub_step(struct grub *g, uint64_t cost);

/* Memory is out: everything must come to an end. Returns GRUB_OUT_OF_MEMORY. */
int grub_no_memory(struct grub *g);

/* A warning about the line being run. */
void grub_warn(struct grub *g, const char *format, ...) PRINTF_LIKE(2, 3);
void grub_note(struct grub *g, const char *format, ...) PRINTF_LIKE(2, 3);

/* Remembers why the entry being run may load no kernel; the first reason counts. */
void grub_blame(struct grub *g, const char *format, ...) PRINTF_LIKE(2, 3);

/* "(hd0,msdos1)/boot/grub/grub.cfg", shorter where it lies on the configuration's volume. */
struct text grub_short_name(const struct grub *g, struct text file);

/* A copy that lives as long as the menu; the empty text when memory is out. */
struct text grub_keep(struct grub *g, struct text text);

/* ---- words (expand.c, glob.c) ------------------------------------------------------------- */

struct grub_argv {
	struct text *at; /* in the scratch pool */
	uint32_t count;
	const struct grub_part *block; /* the { ... } among them; NULL: none */
};

/* Words to arguments, as GRUB expands them. GRUB_OUT_OF_MEMORY. */
int grub_expand(struct grub *g, const struct grub_word *words, struct grub_argv *ret) MUST_CHECK;

/* Files or devices that match; *ret stays untouched (and 0 is returned) where none does. */
int grub_glob(struct grub *g, struct text pattern, struct text **ret, uint32_t *count) MUST_CHECK;

/* Is this \xHH, which Fedora's GRUB hands on as it is? */
bool grub_is_hex_escape(const struct grub *g, struct text text);

/* ---- running (eval.c) --------------------------------------------------------------------- */

/* Runs a whole text, group by group. In a whole file a syntax error costs one group, elsewhere the rest. */
int grub_run_text(struct grub *g, const struct grub_text *text);

/* Runs a text with its own $1, $2... */
int grub_run_scoped(
	struct grub *g, const struct grub_text *text, struct text *args, uint32_t count);

/* Runs commands of a tree; counts as one level of depth. */
int grub_run_node(struct grub *g, const struct grub_node *node);

const struct grub_function *grub_function_find(const struct grub *g, struct text name);

/* ---- what a configuration file is to GRUB (source.c) -------------------------------------- */

/*
 * Reads and runs a file in the current context: $config_file and $config_directory are set
 * meanwhile. GRUB_NOT_FOUND and the like where it cannot be read.
 */
int grub_run_file(struct grub *g, struct text name);

/* A whole file by GRUB's name; read once, then remembered. GRUB_NOT_FOUND... */
int grub_read_file(struct grub *g, struct text name, struct text *content,
	const struct volume_info **volume, struct text *path) MUST_CHECK;
