/* Reads the configuration again, in a worker: it may lie on a slow disk, and runs a helper. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/host/daemon.h"

/* What it finds is used if it has no errors. One at a time; another one follows it. */
void reload_start(struct daemon *daemon);

/* The same for the domains alone, by the settings that run: xl's files or images changed. */
void reload_domains(struct daemon *daemon);

enum { PROBLEM_BYTES = 1200 };

/* "FILE:LINE: what is wrong", or without the line where it is about none. */
void problem_text(const struct config_problem *problem, char text[PROBLEM_BYTES]);

/* Says every problem of a configuration, one a line. */
void say_problems(const struct notice *notice, const struct config *config);
