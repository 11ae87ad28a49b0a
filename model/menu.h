/* The vocabulary of the whole project: a boot menu, its entries, the files they name. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "model/limits.h"

/*
 * Who fills what: a parser fills the menu (everything but the fields marked "answer"), the
 * inspector's answer completes it with sizes, contents and the choice of the administrator, the
 * wire carries it, the daemon renders it. Everything lives in one arena. Every text may hold any
 * bytes of the guest; an empty text means "none".
 */

/* Where the bytes of a file lie. */
enum piece_kind {
	PIECE_DISK,  /* `at` is a byte offset on disk number `disk` */
	PIECE_BYTES, /* `at` is a byte offset in the menu's `bytes`: padding, cpio headers, tails */
	PIECE_ZERO,  /* zeros */
	PIECE_LATER, /* must be asked for: a second question puts it at its offset in a memfd */
};
#define PIECE_KINDS (PIECE_LATER + 1)

struct piece {
	enum piece_kind kind;
	uint32_t disk;
	uint64_t at, length; /* bytes; length is never 0 */
};

/* One file as an entry offers it: the kernel, or all initrds joined. In order, without gaps. */
struct content {
	bool present;
	uint64_t size; /* bytes: the sum of the pieces' lengths */
	struct piece *pieces;
	uint32_t count;
	uint64_t identity; /* same value: same guest inode, unchanged by its times and generation */
};

enum content_slot { SLOT_KERNEL, SLOT_INITRD, SLOT_DEVICETREE, SLOT_XEN };
#define CONTENT_SLOTS (SLOT_XEN + 1)

/* A file that an entry names. */
struct boot_file {
	struct boot_file *next;
	struct text volume;  /* GRUB's name without parentheses: "hd0,msdos1" */
	struct text path;    /* in that volume, from its root: "/boot/vmlinuz" */
	struct text newc;    /* initrd: the file name of the cpio member that wraps it */
	struct text cmdline; /* multiboot module: its own command line */
	/* A part of the file (a unified kernel image's section); whole_file when length is 0. */
	uint64_t part_offset, part_length; /* bytes */
	uint64_t size;                     /* answer: bytes of the file or part */
};

/* What a kernel's header says (answer). Fields not known are empty. */
struct kernel_info {
	struct text format;      /* "bzImage 2.15", "ELF 64-bit x86-64", "PE", "arm64 Image" */
	struct text version;     /* the release part of its banner: "6.1.0-18-amd64" */
	struct text compression; /* "gzip", "zstd", ..., "none" */
	enum { XEN_UNKNOWN, XEN_NO, XEN_YES } xen_pv, xen_pvh;
};

/* How a password stands in a configuration. */
enum password_kind { PASSWORD_PLAIN, PASSWORD_MD5_CRYPT, PASSWORD_PBKDF2, PASSWORD_OTHER };

struct password {
	enum password_kind kind;
	struct text value; /* as configured; never leaves the inspector; empty: none */
};

/* What a question with a password came to. */
enum login_result { LOGIN_NONE, LOGIN_RIGHT, LOGIN_WRONG, LOGIN_UNKNOWN_KIND };
#define LOGIN_RESULTS (LOGIN_UNKNOWN_KIND + 1)

struct menu_entry {
	struct menu_entry *next;       /* menu order: a heading before the entries of its submenu */
	uint32_t path[MAX_MENU_DEPTH]; /* place in the menu tree: {1, 2} is "1>2", from 0 */
	uint32_t depth;                /* numbers used in path; 1 at the top */
	int32_t index;   /* place among the entries that are not headings; -1: heading */
	bool submenu;    /* a heading */
	bool restricted; /* the boot loader asks for a password first */
	struct text title, id;
	struct text users;        /* who may start it besides superusers: blank-separated names */
	struct password password; /* its own, that needs no name */
	struct text config;       /* file it is written in, as "(hd0,msdos1)/boot/grub/grub.cfg" */
	uint32_t config_line;     /* from 1; 0: not known */
	struct text script;       /* the entry as written */
	struct text loader;       /* command that loads it: "linux", "multiboot2", "chainloader" */
	struct boot_file *kernel, *hypervisor, *devicetree; /* NULL: none */
	struct boot_file *initrds;                          /* in the order they are joined */
	struct boot_file
		*modules;    /* multiboot modules in order; [0] is the kernel, [1] the initrd */
	struct text cmdline; /* without BOOT_IMAGE= */
	struct text error;   /* why it cannot boot, one line; empty: it can */
	struct content content[CONTENT_SLOTS]; /* answer */
	struct kernel_info kernel_info;        /* answer */
};

struct menu_user {
	struct menu_user *next;
	struct text name; /* empty: the loader has no names, and one password */
	struct password password;
};

/* A configuration that was found beside the menu's own. */
struct other_config {
	struct other_config *next;
	struct text volume, path, title; /* title: that of its language, for people */
	struct text why;                 /* it was tried and is not good; empty: not tried */
	bool on_the_way;                 /* the menu's boot loader read it, and went on */
	bool is_next;                    /* would be the menu if the present one were not there */
};

/* The boot loader that the guest's disks start. */
struct installed_loader {
	struct text title;   /* "GRUB 2.06-13+deb12u2"; empty: none was found */
	struct text place;   /* "boot sector of hd0, core.img at sector 1 (hd0)" */
	struct text problem; /* why it is not followed; empty: it is */
};

struct bootmenu {
	struct arena *arena;
	struct text loader;  /* the parser's name: "grub2" */
	struct text title;   /* for people: "GRUB 2" */
	struct text flavour; /* "debian", "fedora", "suse", "upstream"; empty: means nothing */
	struct text flavour_reason;
	struct text platform; /* the value of $grub_platform that was used */
	struct text config_volume, config_path;
	struct menu_entry *first, *last;
	uint32_t total;                   /* entries and headings */
	uint32_t entries;                 /* without headings; set by bootmenu_number() */
	struct menu_entry *default_entry; /* NULL: nothing boots by default */
	struct text missing_entry;        /* answer: the wish that names no entry; empty: none */
	struct text default_reason;       /* "saved_entry in (hd0,msdos1)/boot/grub/grubenv" */
	int64_t timeout_s;                /* -1: wait for ever */
	struct text timeout_style;        /* "menu", "hidden", "countdown" */
	struct text superusers;
	struct menu_user *users;
	bool edit_restricted;    /* editing a command line needs a password */
	bool asks_name;          /* answer: a password needs a name with it */
	enum login_result login; /* answer */
	struct text one_shot; /* a next_entry (or the like) that was honoured; see one_shot_key */
	struct text one_shot_key;  /* answer: tells that very environment block from any other */
	int64_t one_shot_mtime_s;  /* answer: when it was written, seconds since 1970 */
	struct text one_shot_file; /* "(hd0,msdos1)/boot/grub/grubenv" */
	struct text bytes;         /* answer: what PIECE_BYTES points into */
	struct installed_loader installed; /* answer */
	struct other_config *others;       /* answer */
};

/* A flavour as people write it: "Debian", "Fedora", "SUSE", "upstream". */
struct text flavour_title(struct text flavour);

void bootmenu_init(struct bootmenu *menu, struct arena *arena);

/*
 * Appends an empty entry behind the last one; the caller sets path, depth and the rest. NULL
 * when the arena is full or the menu already has `max_entries` entries and headings.
 */
struct menu_entry *bootmenu_add(struct bootmenu *menu, uint32_t max_entries) MUST_CHECK;

/* Gives every entry that is no heading its index, in order, and counts them. */
void bootmenu_number(struct bootmenu *menu);

/* The entry that is no heading with this index; NULL where there is none. */
struct menu_entry *bootmenu_entry(const struct bootmenu *menu, uint32_t index);

/* Can it be started: a kernel or a hypervisor, and nothing wrong? */
bool menu_entry_boots(const struct menu_entry *entry);

/* Appends a file to the list that begins at *list; NULL when the arena is full. */
struct boot_file *boot_file_add(struct arena *arena, struct boot_file **list) MUST_CHECK;

/* Writes "1>2" into `out`, cut where it does not fit. */
void menu_path_print(const struct menu_entry *entry, char *out, size_t size);
