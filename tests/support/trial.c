/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/trial.h"

#include <stddef.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* The sanitizers' own functions (sanitizer/allocator_interface.h); not there without them. */
typedef void malloc_hook(const volatile void *memory, size_t size);
typedef void free_hook(const volatile void *memory);
extern int __sanitizer_install_malloc_and_free_hooks(malloc_hook *, free_hook *)
	__attribute__((weak));
extern size_t __sanitizer_get_allocated_size(const volatile void *) __attribute__((weak));

/* Hooks have no context of their own. */
static int64_t live_bytes, most_bytes;

static void count_malloc(const volatile void *memory, size_t size)
{
	(void)memory;
	live_bytes += (int64_t)size;
	if (live_bytes > most_bytes)
		most_bytes = live_bytes;
}

static void count_free(const volatile void *memory)
{
	if (memory)
		live_bytes -= (int64_t)__sanitizer_get_allocated_size(memory);
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void trial_begin(struct trials *trials, unsigned hangs_s)
{
	if (!trials->count && __sanitizer_install_malloc_and_free_hooks)
		__sanitizer_install_malloc_and_free_hooks(count_malloc, count_free);
	trials->count++;
	trials->begun_us = now_us();
	alarm(hangs_s);
}

void trial_end(struct trials *trials)
{
	uint64_t took = now_us() - trials->begun_us;

	alarm(0);
	if (took > trials->slowest_us)
		trials->slowest_us = took;
}

void trials_print(const struct trials *trials)
{
	printf("%llu trials, slowest %.1f ms", (unsigned long long)trials->count,
		(double)trials->slowest_us / 1e3);
	if (most_bytes)
		printf(", memory %.1f MiB at most", (double)most_bytes / (1 << 20));
	putchar('\n');
}
