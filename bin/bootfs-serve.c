/* bootfs-serve: connects to an NBD server, or becomes one, for one inspector; bootfs starts it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/program.h"
#include "images/serve.h"

int main(int argc, char **argv)
{
	program_begin("bootfs-serve", argc);
	return serve_main(argc, argv);
}
