/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A "kernel" that bears witness: it prints what the boot loader gave it on the first serial port
 * and ends the machine (QEMU's isa-debug-exit). Tests boot it with real boot loaders.
 *
 *	witness kernel NAME		the name that the test wrote into this file
 *	witness cmdline TEXT
 *	witness initrd SIZE HASH	in hexadecimal; FNV-1a
 *	witness end
 */
#include <stdint.h>

#define SERIAL     0x3f8
#define DEBUG_EXIT 0xf4

/* Fields of struct boot_params, and of the header on disk: the same offsets in both. */
#define RAMDISK_IMAGE 0x218
#define RAMDISK_SIZE  0x21c
#define CMD_LINE_PTR  0x228

__attribute__((section(".name"), used)) char name[512] = "@NAME@";

static void out(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static void put(const char *text)
{
	while (*text)
		out(SERIAL, (uint8_t)*text++);
}

static void put_hex(uint32_t value)
{
	static const char digits[] = "0123456789abcdef";

	for (int shift = 28; shift >= 0; shift -= 4)
		out(SERIAL, (uint8_t)digits[value >> shift & 15]);
}

static uint32_t field(uintptr_t params, uint32_t offset)
{
	return *(const volatile uint32_t *)(params + offset);
}

static uint32_t fnv(uintptr_t at, uint32_t size)
{
	uint32_t hash = 2166136261u;

	for (uint32_t i = 0; i < size; i++)
		hash = (hash ^ *(const volatile uint8_t *)(at + i)) * 16777619u;
	return hash;
}

__attribute__((noreturn, used)) void witness(uintptr_t params)
{
	uint32_t size = field(params, RAMDISK_SIZE);

	put("\nwitness kernel ");
	put(name);
	put("\nwitness cmdline ");
	if (field(params, CMD_LINE_PTR))
		put((const char *)(uintptr_t)field(params, CMD_LINE_PTR));
	put("\nwitness initrd ");
	put_hex(size);
	put(" ");
	put_hex(fnv(field(params, RAMDISK_IMAGE), size));
	put("\nwitness end\n");
	out(DEBUG_EXIT, 0);
	for (;;)
		__asm__ volatile("hlt");
}

__asm__(".section .entry, \"ax\"\n"
	"	movw	$0x18, %ax\n"
	"	movw	%ax, %ds\n"
	"	movw	%ax, %es\n"
	"	movw	%ax, %ss\n"
	"	movl	$0x108000, %esp\n"
	"	pushl	%esi\n"
	"	call	witness\n");
