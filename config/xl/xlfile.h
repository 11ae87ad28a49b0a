/* xl's domain files and disk specifications, read by xl's own parser, as JSON. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

/*
 * Only bootfs-config is linked with this: it needs libxlutil. Both return a new object that the
 * caller drops, or NULL when out of memory.
 */

/*
 * {"file": PATH, "faults": [{"line": N, "text": T, "warning": true}...]} and, where no fault is
 * more than a warning, name, type, kernel, bootloader, bootloader_args and disks.
 */
json_t *xlfile_read(const char *path);

/* {"disk": {target, vdev, format, backendtype, backend, script, cdrom, readonly}} or {"fault": T} */
json_t *xlfile_read_disk(const char *spec);
