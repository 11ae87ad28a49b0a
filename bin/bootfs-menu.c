/* bootfs-menu: shows a boot menu on a terminal for bootfs-pygrub. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/program.h"
#include "menu/run.h"
#include "core/cleanup.h"
#include "core/text.h"

static bool take_argument(const char *word, struct console_settings *settings)
{
	struct text text = text_of(word);
	uint64_t number;

	if (text_is(text, "--wait=forever")) {
		settings->wait_ms = -1;
		return true;
	}
	if (text_starts(text, TEXT("--wait=")) &&
		text_number(text_skip(text, strlen("--wait=")), &number) && number < INT32_MAX) {
		settings->wait_ms = (int64_t)number;
		return true;
	}
	if (text_starts(text, TEXT("--uid=")) &&
		text_number(text_skip(text, strlen("--uid=")), &number) && number < UINT32_MAX) {
		settings->uid = (uid_t)number;
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct console_settings settings = {.wait_ms = -1};

	program_begin("bootfs-menu", argc);
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts("bootfs-menu " BOOTFS_VERSION);
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		if (take_argument(argv[i], &settings))
			continue;
		fputs("bootfs-menu is a part of bootfs-pygrub: use bootfs-pygrub -i\n", stderr);
		return 1;
	}
	return console_run(&settings);
}
