/* An inspection with something in every field: the guest that bootfs-tree(7) shows. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/inspection.h"

/* One disk of SAMPLE_DISK_SIZE bytes, seven entries and headings, two warnings. */
#define SAMPLE_DISK_SIZE ((uint64_t)10 * GIB)
struct inspection *sample_inspection(void);

/* Where nothing boots: the sample without a default entry, with this error. */
struct inspection *sample_failure(const char *error);
