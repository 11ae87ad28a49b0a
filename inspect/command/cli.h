/* The command line of bootfs-inspect, and of the test tool that answers without a sandbox. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/inspection.h"
#include "model/question.h"

/* One disk in a format of its own, or elsewhere. */
struct cli_image {
	struct image image;
	struct image_layer layers[MAX_IMAGE_LAYERS];
};

struct cli_backing {
	const char *path, *format;
};

struct cli {
	struct question question; /* its disks are open; texts are borrowed from argv */
	bool json;
	bool self_test;     /* no image: the trial of ask/trial.h */
	const char *format; /* QEMU's name; NULL: the images are raw */
	struct cli_backing backing[MAX_IMAGE_LAYERS - 1]; /* of the first image, its own first */
	uint32_t n_backing;
	struct cli_image images[MAX_DISKS];
};

enum cli_next { CLI_GO_ON, CLI_DONE, CLI_USAGE, CLI_FAILED };

/*
 * Parses the options and opens the images. CLI_DONE: help or version was printed. CLI_USAGE: what
 * is wrong was printed on stderr. CLI_FAILED: an image cannot be used, err says which and why.
 */
enum cli_next inspect_cli_parse(int argc, char **argv, struct cli *ret, struct err *err) MUST_CHECK;

/* Closes the images. */
void inspect_cli_done(struct cli *cli);
#define _cli_ CLEANUP(inspect_cli_done)
