/* main() of a fuzz target outside the fuzz build: gives it files, one after the other. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cleanup.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_INPUT = 1 << 20 };

static int replay(const char *path, uint8_t *room)
{
	_free_ uint8_t *exact = NULL;
	_fclose_ FILE *file = fopen(path, "rb");
	size_t size;

	if (!file) {
		perror(path);
		return 1;
	}
	size = fread(room, 1, MAX_INPUT, file);
	/* A block of its own: reading past the end is then seen. */
	exact = malloc(size + !size);
	if (!exact)
		return 1;
	for (size_t i = 0; i < size; i++)
		exact[i] = room[i];
	return LLVMFuzzerTestOneInput(exact, size);
}

int main(int argc, char **argv)
{
	_free_ uint8_t *room = malloc(MAX_INPUT);
	int failed = !room;

	for (int i = 1; i < argc && room; i++)
		failed |= replay(argv[i], room);
	return failed;
}
