/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The witness as an EFI program: what systemd-boot and a unified kernel image start. Linked as
 * flat bytes that run anywhere; realboot.py puts the headers of a PE program in front.
 */
#include <stdint.h>

#define SERIAL     0x3f8
#define DEBUG_EXIT 0xf4
#define EFI        __attribute__((ms_abi))

struct guid {
	uint32_t a;
	uint16_t b, c;
	uint8_t d[8];
};

struct loaded_image {
	uint64_t revision;
	void *parent, *table, *device, *path, *reserved;
	uint32_t options_size, padding;
	const uint16_t *options;
};

struct boot_services {
	uint8_t head[24];
	void *before[16];
	EFI uint64_t (*handle_protocol)(void *handle, const struct guid *guid, void **ret);
};

struct system_table {
	uint8_t before[96];
	struct boot_services *services;
};

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

static void put_options(const struct loaded_image *image)
{
	for (uint32_t i = 0; i < image->options_size / 2 && image->options[i]; i++)
		out(SERIAL, (uint8_t)image->options[i]);
}

__attribute__((section(".entry"), used)) EFI uint64_t efi_main(
	void *handle, struct system_table *table)
{
	const struct guid guid = {
		0x5b1b31a1, 0x9562, 0x11d2, {0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
	void *image = 0;

	put("\nwitness kernel ");
	put(name);
	put("\nwitness cmdline ");
	if (!table->services->handle_protocol(handle, &guid, &image))
		put_options(image);
	put("\nwitness initrd 0 0\nwitness end\n");
	out(DEBUG_EXIT, 0);
	for (;;)
		__asm__ volatile("hlt");
}
