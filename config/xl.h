/* Asks bootfs-config what xl's domain files and disk specifications say. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/conf.h"

/*
 * Reads the domains of the xl files that the config's globs match and the disks of bootfs.conf's
 * domains, all by one run of the helper; puts everything together in config->domains. A helper
 * that is missing or fails is one problem: then there are no xl domains, and the disks are read by
 * disk_spec.h. -ENOMEM.
 */
int xl_read(struct config *config, const struct conf *conf, const char *helper) MUST_CHECK;
