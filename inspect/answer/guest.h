/* A guest's volumes as the parsers' struct files: where disk/ and parsers/ are joined. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/disk/volumes.h"
#include "model/inspection.h"
#include "model/question.h"
#include "parsers/boot/files.h"

struct guest_volume;

/* The last look-ups: entries name the same few files again and again. */
enum { WALKS = 256, WALK_PATH = 128 };
struct guest_walk {
	const struct volume *volume; /* NULL: nothing here */
	struct node node;
	int r;
	size_t len;
	char path[WALK_PATH];
};

/* The files that were read last: how a menu was reached. */
enum { MAX_READS = 128 };
struct guest_reads {
	uint64_t identities[MAX_READS];
	uint32_t count;
};

/* Everything of one inspection. Too big for a small stack: lives in the inspection's arena. */
struct guest {
	const struct question *question;
	struct inspection *inspection;
	struct disk disks[MAX_DISKS];
	struct err not_served; /* why the first of those that are images cannot be read */
	struct volumes volumes;
	struct parse_settings settings;
	struct files files; /* its context is the guest */
	struct guest_volume *infos[MAX_VOLUMES];
	struct guest_volume *all; /* also those of loopback files taken away again */
	struct guest_walk walks[WALKS];
	struct guest_reads reads;
};

/*
 * Scans the question's disks (their fds are borrowed). -ENOMEM, or -EIO with err naming the disk
 * where none can be read; guest_close() in either case.
 */
int guest_open(struct guest *guest, const struct question *question, struct inspection *inspection,
	struct err *err) MUST_CHECK;
void guest_close(struct guest *guest);

/*
 * Has a running guest committed anything to a file system since it was opened? What was read can
 * then belong to two states. A file system that cannot tell counts as unchanged.
 */
bool guest_moved(struct guest *guest);

/* The volume behind what the parsers were given. */
struct volume *guest_volume_of(const struct volume_info *info);
/* What the parsers are given for a volume; NULL: out of memory. */
const struct volume_info *guest_info_of(struct guest *guest, struct volume *volume);

/* Finds a file: its volume's reader and its node. The errors of struct files_ops. */
int guest_look_up(struct guest *guest, struct text volume, struct text path,
	struct volume **ret_volume, struct node *ret) MUST_CHECK;

/* Was a file of this identity read? */
bool reads_have(const struct guest_reads *reads, uint64_t identity);

/* "xen", "pc" or "efi": what "auto" comes to. Borrows the text. */
void guest_set_platform(struct guest *guest, struct text platform);

/* See struct file_stat. */
uint64_t guest_identity(const struct volume *volume, const struct node *node);

/*
 * QUESTION_CONFIG: the files of a guest that is nothing but one configuration file. Every path
 * names a regular file, so that the parser takes every kernel for there; only the configuration
 * can be read, and only its own folder listed.
 */
struct bare_config {
	struct files files;
	struct parse_settings settings;
	struct volume_info volume;
	struct text path, content;
};

void bare_config_init(struct bare_config *bare, const struct question *question,
	struct inspection *inspection, struct text path, struct text content);
