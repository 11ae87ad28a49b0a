/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/commands/commands.h"

/* In alphabetical order: they are looked up by halves. */
static const struct grub_command commands[] = {
	{".", grub_cmd_source, 0, 0},
	{"915resolution", grub_cmd_accept, 0, 0},
	{"[", grub_cmd_test, 0, 1},
	{"acpi", grub_cmd_accept, 0, 0},
	{"all_functional_test", grub_cmd_accept, 0, 0},
	{"appleloader", grub_cmd_chainloader, 0, 0},
	{"authenticate", grub_cmd_accept, 0, 0},
	{"background_color", grub_cmd_accept, 0, 0},
	{"background_image", grub_cmd_accept, 0, 0},
	{"backtrace", grub_cmd_accept, 0, 0},
	{"badram", grub_cmd_accept, 0, 0},
	{"blocklist", grub_cmd_blocklist, 0, 0},
	{"bls_import", grub_cmd_blscfg, 0, 0},
	{"blscfg", grub_cmd_blscfg, 0, 0},
	{"boot", grub_cmd_boot, 0, 0},
	{"break", grub_cmd_break, 0, 0},
	{"btrfs-get-default-subvol", grub_cmd_accept, 0, 0},
	{"btrfs-info", grub_cmd_accept, 0, 0},
	{"btrfs-list-subvols", grub_cmd_accept, 0, 0},
	{"btrfs-mount-subvol", grub_cmd_btrfs_mount, 0, 0},
	{"cat", grub_cmd_cat, 0, 0},
	{"cbmemc", grub_cmd_accept, 0, 0},
	{"chainloader", grub_cmd_chainloader, 0, 0},
	{"clear", grub_cmd_accept, 0, 0},
	{"cmosclean", grub_cmd_accept, 0, 0},
	{"cmosdump", grub_cmd_accept, 0, 0},
	{"cmosset", grub_cmd_accept, 0, 0},
	{"cmostest", grub_cmd_false, 0, 0},
	{"cmp", grub_cmd_cmp, 0, 0},
	{"configfile", grub_cmd_configfile, 0, 0},
	{"continue", grub_cmd_break, 0, 0},
	{"coreboot_boottime", grub_cmd_accept, 0, 0},
	{"cpuid", grub_cmd_cpuid, 0, 0},
	{"crc", grub_cmd_accept, 0, 0},
	{"cryptomount", grub_cmd_cryptomount, 0, 0},
	{"cutmem", grub_cmd_accept, 0, 0},
	{"date", grub_cmd_accept, 0, 0},
	{"decrement", grub_cmd_increment, 0, 0},
	{"devicetree", grub_cmd_devicetree, 0, 0},
	{"distrust", grub_cmd_accept, 0, 0},
	{"drivemap", grub_cmd_accept, 0, 0},
	{"dump", grub_cmd_accept, 0, 0},
	{"echo", grub_cmd_accept, 0, 0},
	{"efi-export-env", grub_cmd_accept, 0, 0},
	{"efi-load-env", grub_cmd_accept, 0, 0},
	{"efiemu_loadcore", grub_cmd_accept, 0, 0},
	{"efiemu_prepare", grub_cmd_accept, 0, 0},
	{"efiemu_unload", grub_cmd_accept, 0, 0},
	{"eval", grub_cmd_eval, 0, 0},
	{"exit", grub_cmd_chainloader, 0, 0},
	{"export", grub_cmd_export, 0, 0},
	{"extract_entries_configfile", grub_cmd_extract, 0, 0},
	{"extract_entries_source", grub_cmd_extract, 0, 0},
	{"extract_legacy_entries_configfile", grub_cmd_foreign, 0, 0},
	{"extract_legacy_entries_source", grub_cmd_foreign, 0, 0},
	{"extract_syslinux_entries_configfile", grub_cmd_foreign, 0, 0},
	{"extract_syslinux_entries_source", grub_cmd_foreign, 0, 0},
	{"fakebios", grub_cmd_accept, 0, 0},
	{"false", grub_cmd_false, 0, 0},
	{"file", grub_cmd_file, 0, 0},
	{"file_env", grub_cmd_file_env, 0, 0},
	{"fix_video", grub_cmd_accept, 0, 0},
	{"freedos", grub_cmd_chainloader, 0, 0},
	{"functional_test", grub_cmd_accept, 0, 0},
	{"fwsetup", grub_cmd_fwsetup, 0, 0},
	{"gdbstub", grub_cmd_accept, 0, 0},
	{"gdbstub_break", grub_cmd_accept, 0, 0},
	{"gdbstub_stop", grub_cmd_accept, 0, 0},
	{"getenv", grub_cmd_accept, 0, 0},
	{"gettext", grub_cmd_gettext, 0, 0},
	{"gptprio.next", grub_cmd_gptprio_next, 0, 0},
	{"gptsync", grub_cmd_accept, 0, 0},
	{"halt", grub_cmd_chainloader, 0, 0},
	{"hashsum", grub_cmd_accept, 0, 0},
	{"hdparm", grub_cmd_accept, 0, 0},
	{"hello", grub_cmd_accept, 0, 0},
	{"help", grub_cmd_accept, 0, 0},
	{"hexdump", grub_cmd_accept, 0, 0},
	{"hexdump_random", grub_cmd_accept, 0, 0},
	{"hwmatch", grub_cmd_accept, 0, 0},
	{"inb", grub_cmd_accept, 0, 0},
	{"increment", grub_cmd_increment, 0, 0},
	{"initrd", grub_cmd_initrd, 0, 0},
	{"initrd16", grub_cmd_initrd, 0, 0},
	{"initrd_with_microcode", grub_cmd_initrd, 0, 0},
	{"initrdefi", grub_cmd_initrd, 0, 0},
	{"inl", grub_cmd_accept, 0, 0},
	{"insmod", grub_cmd_insmod, 0, 0},
	{"inw", grub_cmd_accept, 0, 0},
	{"keymap", grub_cmd_accept, 0, 0},
	{"keystatus", grub_cmd_keystatus, 0, 0},
	{"kfreebsd", grub_cmd_chainloader, 0, 0},
	{"kfreebsd_loadenv", grub_cmd_accept, 0, 0},
	{"kfreebsd_module", grub_cmd_accept, 0, 0},
	{"kfreebsd_module_elf", grub_cmd_accept, 0, 0},
	{"knetbsd", grub_cmd_chainloader, 0, 0},
	{"knetbsd_module", grub_cmd_accept, 0, 0},
	{"knetbsd_module_elf", grub_cmd_accept, 0, 0},
	{"kopenbsd", grub_cmd_chainloader, 0, 0},
	{"kopenbsd_ramdisk", grub_cmd_accept, 0, 0},
	{"legacy_check_password", grub_cmd_accept, 0, 0},
	{"legacy_configfile", grub_cmd_foreign, 0, 0},
	{"legacy_initrd", grub_cmd_initrd, 0, 0},
	{"legacy_initrd_nounzip", grub_cmd_initrd, 0, 0},
	{"legacy_kernel", grub_cmd_linux, 0, 0},
	{"legacy_password", grub_cmd_accept, 0, 0},
	{"legacy_source", grub_cmd_foreign, 0, 0},
	{"linux", grub_cmd_linux, 0, 0},
	{"linux16", grub_cmd_linux, 0, 0},
	{"linuxefi", grub_cmd_linux, 0, 0},
	{"list_env", grub_cmd_list_env, 0, 0},
	{"list_trusted", grub_cmd_accept, 0, 0},
	{"load_env", grub_cmd_load_env, 0, 0},
	{"loadbios", grub_cmd_accept, 0, 0},
	{"loadfont", grub_cmd_accept, 0, 0},
	{"loopback", grub_cmd_loopback, 0, 0},
	{"ls", grub_cmd_accept, 0, 0},
	{"lsacpi", grub_cmd_accept, 0, 0},
	{"lsapm", grub_cmd_accept, 0, 0},
	{"lscoreboot", grub_cmd_accept, 0, 0},
	{"lsdev", grub_cmd_accept, 0, 0},
	{"lsefi", grub_cmd_accept, 0, 0},
	{"lsefimmap", grub_cmd_accept, 0, 0},
	{"lsefisystab", grub_cmd_accept, 0, 0},
	{"lsfonts", grub_cmd_accept, 0, 0},
	{"lsmmap", grub_cmd_accept, 0, 0},
	{"lsmod", grub_cmd_accept, 0, 0},
	{"lspci", grub_cmd_accept, 0, 0},
	{"lssal", grub_cmd_accept, 0, 0},
	{"macppcbless", grub_cmd_accept, 0, 0},
	{"mactelbless", grub_cmd_accept, 0, 0},
	{"md5sum", grub_cmd_accept, 0, 0},
	{"menuentry", grub_cmd_menuentry, 1, 1},
	{"module", grub_cmd_module, 0, 0},
	{"module2", grub_cmd_module, 0, 0},
	{"multiboot", grub_cmd_multiboot, 0, 0},
	{"multiboot2", grub_cmd_multiboot, 0, 0},
	{"nativedisk", grub_cmd_accept, 0, 0},
	{"net_add_addr", grub_cmd_accept, 0, 0},
	{"net_add_dns", grub_cmd_accept, 0, 0},
	{"net_add_route", grub_cmd_accept, 0, 0},
	{"net_bootp", grub_cmd_accept, 0, 0},
	{"net_bootp6", grub_cmd_accept, 0, 0},
	{"net_del_addr", grub_cmd_accept, 0, 0},
	{"net_del_dns", grub_cmd_accept, 0, 0},
	{"net_del_route", grub_cmd_accept, 0, 0},
	{"net_dhcp", grub_cmd_accept, 0, 0},
	{"net_get_dhcp_option", grub_cmd_accept, 0, 0},
	{"net_ipv6_autoconf", grub_cmd_accept, 0, 0},
	{"net_ls_addr", grub_cmd_accept, 0, 0},
	{"net_ls_cards", grub_cmd_accept, 0, 0},
	{"net_ls_dns", grub_cmd_accept, 0, 0},
	{"net_ls_routes", grub_cmd_accept, 0, 0},
	{"net_nslookup", grub_cmd_accept, 0, 0},
	{"normal", grub_cmd_normal, 0, 0},
	{"normal_exit", grub_cmd_accept, 0, 0},
	{"ntldr", grub_cmd_chainloader, 0, 0},
	{"outb", grub_cmd_accept, 0, 0},
	{"outl", grub_cmd_accept, 0, 0},
	{"outw", grub_cmd_accept, 0, 0},
	{"parttool", grub_cmd_accept, 0, 0},
	{"password", grub_cmd_password, 0, 0},
	{"password_pbkdf2", grub_cmd_password, 0, 0},
	{"pcidump", grub_cmd_accept, 0, 0},
	{"plan9", grub_cmd_chainloader, 0, 0},
	{"play", grub_cmd_accept, 0, 0},
	{"probe", grub_cmd_probe, 0, 0},
	{"pxechainloader", grub_cmd_chainloader, 0, 0},
	{"rdmsr", grub_cmd_accept, 0, 0},
	{"read", grub_cmd_read, 0, 0},
	{"read_byte", grub_cmd_accept, 0, 0},
	{"read_dword", grub_cmd_accept, 0, 0},
	{"read_word", grub_cmd_accept, 0, 0},
	{"reboot", grub_cmd_chainloader, 0, 0},
	{"regexp", grub_cmd_regexp, 0, 0},
	{"return", grub_cmd_return, 0, 0},
	{"rmmod", grub_cmd_accept, 0, 0},
	{"save_env", grub_cmd_save_env, 0, 0},
	{"search", grub_cmd_search, 0, 1},
	{"search.disk_uuid", grub_cmd_search_by, 0, 0},
	{"search.file", grub_cmd_search_by, 0, 0},
	{"search.fs_label", grub_cmd_search_by, 0, 0},
	{"search.fs_uuid", grub_cmd_search_by, 0, 0},
	{"search.part_label", grub_cmd_search_by, 0, 0},
	{"search.part_uuid", grub_cmd_search_by, 0, 0},
	{"sendkey", grub_cmd_accept, 0, 0},
	{"serial", grub_cmd_accept, 0, 0},
	{"set", grub_cmd_set, 0, 1},
	{"setparams", grub_cmd_setparams, 0, 0},
	{"setpci", grub_cmd_accept, 0, 0},
	{"sha1sum", grub_cmd_accept, 0, 0},
	{"sha256sum", grub_cmd_accept, 0, 0},
	{"sha512sum", grub_cmd_accept, 0, 0},
	{"shift", grub_cmd_shift, 0, 0},
	{"sleep", grub_cmd_accept, 0, 0},
	{"smbios", grub_cmd_accept, 0, 0},
	{"source", grub_cmd_source, 0, 0},
	{"submenu", grub_cmd_menuentry, 1, 1},
	{"syslinux_configfile", grub_cmd_foreign, 0, 0},
	{"syslinux_source", grub_cmd_foreign, 0, 0},
	{"terminal", grub_cmd_accept, 0, 0},
	{"terminal_input", grub_cmd_accept, 0, 0},
	{"terminal_output", grub_cmd_accept, 0, 0},
	{"terminfo", grub_cmd_accept, 0, 0},
	{"test", grub_cmd_test, 0, 1},
	{"test_blockarg", grub_cmd_accept, 0, 0},
	{"testload", grub_cmd_accept, 0, 0},
	{"testspeed", grub_cmd_accept, 0, 0},
	{"time", grub_cmd_time, 0, 0},
	{"tpm_record_pcrs", grub_cmd_accept, 0, 0},
	{"tr", grub_cmd_tr, 0, 0},
	{"true", grub_cmd_true, 0, 0},
	{"truecrypt", grub_cmd_chainloader, 0, 0},
	{"trust", grub_cmd_accept, 0, 0},
	{"uki", grub_cmd_uki, 0, 0},
	{"unset", grub_cmd_unset, 0, 0},
	{"usb", grub_cmd_accept, 0, 0},
	{"vbeinfo", grub_cmd_accept, 0, 0},
	{"vbetest", grub_cmd_accept, 0, 0},
	{"verify_detached", grub_cmd_accept, 0, 0},
	{"version", grub_cmd_accept, 0, 0},
	{"videoinfo", grub_cmd_accept, 0, 0},
	{"videotest", grub_cmd_accept, 0, 0},
	{"write_byte", grub_cmd_accept, 0, 0},
	{"write_dword", grub_cmd_accept, 0, 0},
	{"write_word", grub_cmd_accept, 0, 0},
	{"wrmsr", grub_cmd_accept, 0, 0},
	{"xen_cat", grub_cmd_accept, 0, 0},
	{"xen_hypervisor", grub_cmd_multiboot, 0, 0},
	{"xen_ls", grub_cmd_accept, 0, 0},
	{"xen_module", grub_cmd_module, 0, 0},
	{"xnu_devprop_load", grub_cmd_accept, 0, 0},
	{"xnu_kernel", grub_cmd_chainloader, 0, 0},
	{"xnu_kernel64", grub_cmd_chainloader, 0, 0},
	{"xnu_kext", grub_cmd_accept, 0, 0},
	{"xnu_kextdir", grub_cmd_accept, 0, 0},
	{"xnu_mkext", grub_cmd_accept, 0, 0},
	{"xnu_ramdisk", grub_cmd_accept, 0, 0},
	{"xnu_resume", grub_cmd_chainloader, 0, 0},
	{"xnu_splash", grub_cmd_accept, 0, 0},
	{"xnu_uuid", grub_cmd_accept, 0, 0},
	{"zfs-bootfs", grub_cmd_accept, 0, 0},
	{"zfsinfo", grub_cmd_accept, 0, 0},
	{"zfskey", grub_cmd_accept, 0, 0},
};

const struct grub_command *grub_command_find(struct text name)
{
	size_t low = 0, high = ARRAY_SIZE(commands);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = text_compare(name, text_of(commands[middle].name));

		if (order == 0)
			return &commands[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

struct text grub_block_text(struct grub *g, const struct grub_part *block)
{
	struct text from = block->text;
	char *at = grub_pool_alloc(&g->scratch, from.len + 3);
	size_t n = 0;
	bool drop = false;

	if (!at) {
		grub_no_memory(g);
		return (struct text){0};
	}
	at[n++] = '{';
	for (size_t i = 0; i < from.len; i++) {
		/* As GRUB's reader hands it on: without # lines and carriage returns. */
		if (g->source->from_file && i && from.at[i - 1] == '\n')
			drop = from.at[i] == '#';
		if (!drop && (from.at[i] != '\r' || !g->source->from_file))
			at[n++] = from.at[i];
	}
	at[n++] = '}';
	return (struct text){at, n};
}

int grub_call_add_block(struct grub *g, struct grub_call *call)
{
	struct text *args = grub_pool_alloc(&g->scratch, (call->count + 1) * sizeof(*args));

	if (!args)
		return grub_no_memory(g);
	memcpy(args, call->args, call->count * sizeof(*args));
	args[call->count++] = grub_block_text(g, call->block);
	call->args = args;
	call->block = NULL;
	return GRUB_OK;
}

int grub_command_run(
	struct grub *g, const struct grub_command *command, const struct grub_call *given)
{
	struct grub_call call = *given;

	if (g->extracting && !command->extractor)
		return GRUB_IN_EXTRACTOR;
	if (call.block && !command->block && grub_call_add_block(g, &call))
		return GRUB_OUT_OF_MEMORY;
	return command->run(g, &call);
}
