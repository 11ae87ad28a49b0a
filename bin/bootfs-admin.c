/* bootfs-admin: what `bootfs list`, `bootfs explain` and the other commands run. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/commands.h"

int main(int argc, char **argv)
{
	return admin_main(argc, argv);
}
