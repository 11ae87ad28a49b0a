/* bootfs-config: prints what xl's domain files and disk specifications say, one JSON a line. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/xl/xlfile.h"
#include "core/program.h"

#include "core/cleanup.h"

#include <stdbool.h>
#include <string.h>

static void print_help(FILE *to)
{
	fputs("usage: bootfs-config [--disk=SPEC]... [FILE]...\n"
	      "Reads disk specifications and domain files of xl with xl's own parser and prints\n"
	      "one JSON object a line for each, in the order given.  A helper of bootfs.\n",
		to);
}

/* One line; false where it could not be made or written. */
static bool print_object(json_t *object)
{
	bool ok = object && !json_dumpf(object, stdout, JSON_COMPACT) && putchar('\n') != EOF;

	json_decref(object);
	return ok;
}

int main(int argc, char **argv)
{
	static const char disk[] = "--disk=";

	program_begin("bootfs-config", argc);
	if (argc < 2 || !strcmp(argv[1], "--help")) {
		print_help(argc < 2 ? stderr : stdout);
		return argc < 2;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("bootfs-config " BOOTFS_VERSION);
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		bool is_disk = !strncmp(argv[i], disk, strlen(disk));

		if (!print_object(is_disk ? xlfile_read_disk(argv[i] + strlen(disk))
					  : xlfile_read(argv[i]))) {
			perror("bootfs-config");
			return 1;
		}
	}
	if (fflush(stdout)) {
		perror("bootfs-config: cannot write");
		return 1;
	}
	return 0;
}
