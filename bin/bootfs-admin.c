/* bootfs-admin: what `bootfs list`, `bootfs explain` and the other commands run. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/program.h"
#include "admin/commands.h"

int main(int argc, char **argv)
{
	program_begin("bootfs-admin", argc);
	return admin_main(argc, argv);
}
