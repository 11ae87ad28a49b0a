/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/grub2/commands.h"

int grub_cmd_true(struct grub *g, const struct grub_call *call)
{
	(void)g;
	(void)call;
	return GRUB_OK;
}

int grub_cmd_false(struct grub *g, const struct grub_call *call)
{
	(void)g;
	(void)call;
	return GRUB_FALSE;
}

/* What only changes screens, keyboards, memory or modules has no meaning here and succeeds. */
int grub_cmd_accept(struct grub *g, const struct grub_call *call)
{
	(void)g;
	(void)call;
	return GRUB_OK;
}

/* cpuid -l (long mode), -p (PAE): the answers of a 64-bit processor. */
int grub_cmd_cpuid(struct grub *g, const struct grub_call *call)
{
	(void)g;
	for (uint32_t i = 0; i < call->count; i++) {
		if (text_is(call->args[i], "-l") || text_is(call->args[i], "--long-mode") ||
			text_is(call->args[i], "-p") || text_is(call->args[i], "--pae"))
			return GRUB_OK;
	}
	return GRUB_BAD_ARGUMENT;
}

/* Nobody holds a key, nor can a key be seen. */
int grub_cmd_keystatus(struct grub *g, const struct grub_call *call)
{
	(void)g;
	(void)call;
	return GRUB_FALSE;
}

int grub_cmd_gettext(struct grub *g, const struct grub_call *call)
{
	(void)g;
	return call->count == 1 ? GRUB_OK : GRUB_BAD_ARGUMENT;
}

int grub_cmd_cryptomount(struct grub *g, const struct grub_call *call)
{
	(void)call;
	grub_warn(g, "cryptomount: encrypted volumes are not opened");
	return GRUB_UNKNOWN_DEVICE;
}

/* Only firmware of the EFI kind has a setup; elsewhere GRUB does not know the command. */
int grub_cmd_fwsetup(struct grub *g, const struct grub_call *call)
{
	if (text_is(g->files->settings->platform, "efi"))
		return call->count ? GRUB_FALSE : grub_cmd_chainloader(g, call);
	grub_warn(g, "unknown command \"fwsetup\"");
	return GRUB_OK;
}

int grub_cmd_blocklist(struct grub *g, const struct grub_call *call)
{
	(void)call;
	grub_warn(g, "blocklist: lists of blocks are not shown");
	return GRUB_NOT_IMPLEMENTED;
}
