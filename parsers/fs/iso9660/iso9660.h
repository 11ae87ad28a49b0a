/* ISO 9660 from the inside: shared by the files of this reader only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/bytes.h"
#include "parsers/fs/fs.h"
#include "parsers/disk/readcache.h"

/*
 * Sources of the format: ECMA-119; the System Use Sharing Protocol (IEEE P1281) and Rock Ridge
 * (IEEE P1282); Microsoft's Joliet specification.
 */

enum {
	ISO_SECTOR = 2048,
	ISO_ROOT_RECORD = 34, /* bytes */
	ISO_RECORD_MAX = 255,
	ISO_NAME_MAX = 255,
	ISO_TARGET_MAX = 4095,
	ISO_NAME_ROOM = ISO_RECORD_MAX * 3 / 2 + 2,
	ISO_MAX_FOLDER = 64 << 20,    /* bytes */
	ISO_MAX_SECTIONS = 1024,      /* of one file */
	ISO_MAX_CONTINUATIONS = 1024, /* of one record */
	ISO_MAX_AREA = 1 << 14,       /* bytes of one continuation area */
	ISO_MAX_FIELDS = 4096,        /* of one record */
};

enum {
	ISO_FLAG_FOLDER = 0x02,
	ISO_FLAG_ASSOCIATED = 0x04,
	ISO_FLAG_MORE = 0x80, /* the file goes on in the next record */
};

struct iso {
	struct fs fs;
	struct blockdev dev;
	uint32_t block_size; /* bytes: 512, 1024 or 2048 */
	bool joliet, rock;
	uint32_t skip; /* bytes in front of every system use area */
	uint64_t root, root_length;
	struct readcache record_cache, area_cache;
	struct report *report;
	struct text volume_name;
};

static inline struct iso *iso_of(struct fs *fs)
{
	return (struct iso *)fs;
}

/* What node.aux holds. */
enum {
	ISO_AUX_START, /* folder, or file of one section: bytes from the volume's start */
	ISO_AUX_END, /* folder: bytes behind ISO_AUX_START; file: where its folder ends, absolute */
	ISO_AUX_SECTIONS,   /* file: records that it lies in */
	ISO_AUX_UNREADABLE, /* an errno, or 0 */
};

/* A directory record, checked: what it says of lengths holds inside `raw`. */
struct iso_record {
	uint64_t at;     /* bytes from the volume's start */
	uint64_t start;  /* of the data, bytes from the volume's start; not checked */
	uint32_t length; /* of the data, bytes; not checked */
	uint32_t flags;
	bool interleaved;
	int64_t mtime_s;
	struct text id;         /* file identifier, in `raw` */
	struct text system_use; /* in `raw` */
	char raw[ISO_RECORD_MAX];
};

/* A place in a folder. */
struct iso_place {
	uint64_t at, end; /* bytes from the volume's start */
};

extern const struct fs_ops iso_ops;

/* iso_volume.c: volume descriptors */

int iso_probe(const struct blockdev *dev) MUST_CHECK;

/* The primary descriptor and, where there is one, Joliet's. */
struct iso_volume {
	unsigned char primary[ISO_SECTOR], joliet[ISO_SECTOR];
	bool has_joliet;
};

/* The errors of fs_ops.open. */
int iso_read_volume(const struct blockdev *dev, struct iso_volume *ret, struct err *err) MUST_CHECK;

/* The root folder's record of a descriptor, 34 bytes. */
const unsigned char *iso_root_record(const unsigned char descriptor[ISO_SECTOR]);

uint32_t iso_block_size(const struct iso_volume *volume);

/* UUID and label as libblkid prints them. -ENOMEM. */
int iso_take_names(const struct iso_volume *volume, struct arena *arena, struct fs *fs) MUST_CHECK;

/* iso_record.c: folders without extensions */

/* Checks a record of at most `room` bytes and takes it apart. -EUCLEAN. */
int iso_parse_record(const struct iso *iso, const unsigned char *bytes, size_t room,
	struct iso_record *ret) MUST_CHECK;

/* The next record: 1, 0 at the folder's end, -EUCLEAN, -EIO. */
int iso_next_record(struct iso *iso, struct iso_place *place, struct iso_record *ret) MUST_CHECK;

/* Is it the record of the folder itself or of its parent? */
bool iso_is_dot(const struct iso_record *record);

/* The name in UTF-8 without version, written into `room`; empty where it cannot be used. */
struct text iso_name(
	const struct iso *iso, const struct iso_record *record, char room[ISO_NAME_ROOM]);

/* Seconds since 1970 of the 7 bytes of a record, or of the 17 digits of a descriptor. */
int64_t iso_short_time(const unsigned char bytes[7]);
int64_t iso_long_time(const unsigned char bytes[17]);

/* iso_rock.c: Rock Ridge */

/* What Rock Ridge adds to a record. */
struct iso_rock {
	bool seen; /* anything of it */
	bool has_mode, has_mtime, has_ctime, has_child;
	bool relocated;  /* shown elsewhere: the moved folder itself */
	bool compressed; /* zisofs */
	bool target_damaged;
	bool name_goes_on; /* another piece of the name must follow */
	bool damaged;      /* it could not be read to its end */
	uint32_t mode;     /* type and permissions, as in struct stat */
	uint32_t child;    /* block of the moved folder */
	uint32_t raw_size; /* zisofs: bytes when uncompressed */
	int64_t mtime_s, ctime_s;
	bool slash_due; /* while reading a link: the next component needs a slash */
	size_t name_len, target_len;
	char name[ISO_NAME_MAX], target[ISO_TARGET_MAX];
};

/*
 * Looks at the root's own record: has the volume Rock Ridge, and after how many bytes do system
 * use areas begin? -EUCLEAN, -EIO.
 */
int iso_find_rock(struct iso *iso, const struct iso_record *root) MUST_CHECK;

/* Reads the record's fields, following its continuation areas. -EUCLEAN, -EIO. */
int iso_read_rock(
	struct iso *iso, const struct iso_record *record, struct iso_rock *ret) MUST_CHECK;

/* iso_content.c: fs_ops.read and fs_ops.extents */

ssize_t iso_read(struct fs *fs, const struct node *file, uint64_t offset, void *buf, size_t len);
int iso_extents(struct fs *fs, const struct node *file, struct extents *ret);
