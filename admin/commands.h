/* The commands that read the tree: bootfs list, explain, check-guests and the others. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "admin/options.h"

/* All of them; ends with one without a name. */
extern const struct admin_command admin_commands[];

/* Each returns its exit status (admin/say.h). */
int command_list(const struct admin_options *options);
int command_explain(const struct admin_options *options);
int command_check_guests(const struct admin_options *options);
int command_extract(const struct admin_options *options);
int command_compare(const struct admin_options *options);
int command_reload(const struct admin_options *options);

/* The program: argv[1] names the command. */
int admin_main(int argc, char **argv);
