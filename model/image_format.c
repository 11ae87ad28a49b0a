/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/image_format.h"

#include "core/cleanup.h"

static const struct {
	const char *name, *qemu_name;
} formats[] = {
	{"raw", "raw"},
	{"qcow2", "qcow2"},
	{"qcow", "qcow"},
	{"vhd", "vpc"},
	{"vpc", "vpc"},
	{"vhdx", "vhdx"},
	{"vmdk", "vmdk"},
	{"qed", "qed"},
};

const char *image_format_find(struct text name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (text_is(name, formats[i].name))
			return formats[i].qemu_name;
	}
	return NULL;
}

const char *image_format_names(void)
{
	return "raw, qcow2, qcow, vhd, vhdx, vmdk, qed";
}
