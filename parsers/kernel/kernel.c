/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/kernel/kernel.h"

#include "core/bytes.h"
#include "core/checked.h"
#include "parsers/kernel/bytes.h"

enum {
	SCRATCH = 4 << 20,      /* bytes that one look may read */
	MAX_VERSION = 256,      /* bytes of the banner in the header */
	SETUP_SECTOR = 512,     /* unit of the setup code's size */
	ZBOOT_COMPRESSION = 24, /* where an EFI zboot image names its compression */
};

struct text kernel_peek(const struct kernel_bytes *kernel, uint64_t offset, uint64_t max)
{
	struct text bytes;

	if (offset >= kernel->size)
		return (struct text){0};
	max = min_u64(max, kernel->size - offset);
	if (kernel->files->ops->read(kernel->files, kernel->volume, kernel->path,
		    kernel->start + offset, max, &bytes))
		return (struct text){0};
	return bytes;
}

bool kernel_get(const struct kernel_bytes *kernel, uint64_t offset, void *out, size_t length)
{
	struct text bytes = kernel_peek(kernel, offset, length);

	if (bytes.len != length)
		return false;
	memcpy(out, bytes.at, length);
	return true;
}

/* ---- compression, by the first bytes -------------------------------------------------------- */

static const struct {
	const char *name;
	struct text magic;
} compressions[] = {
	{"gzip", TEXT("\x1f\x8b")},
	{"bzip2", TEXT("BZh")},
	{"xz", TEXT("\xfd"
		    "7zXZ")},
	{"lzma", TEXT("\x5d\x00\x00")},
	{"lzo", TEXT("\x89"
		     "LZO")},
	{"lz4", TEXT("\x02\x21\x4c\x18")},
	{"zstd", TEXT("\x28\xb5\x2f\xfd")},
	{"none", TEXT("\x7f"
		      "ELF")},
};

static struct text compression_of(struct text bytes)
{
	for (size_t i = 0; i < ARRAY_SIZE(compressions); i++) {
		if (text_starts(bytes, compressions[i].magic))
			return text_of(compressions[i].name);
	}
	return (struct text){0};
}

/* ---- bzImage ------------------------------------------------------------------------------- */

/* The header's fields that tell something, at their places in the file. */
struct setup_header {
	uint8_t setup_sectors; /* 0x1f1; 0 means 4 */
	uint8_t unused1[12];
	struct le16 boot_flag; /* 0x1fe: aa55 */
	struct le16 jump;
	char magic[4];       /* 0x202: "HdrS" */
	struct le16 version; /* 0x206: of the protocol, major and minor byte */
	uint8_t unused2[6];
	struct le16 kernel_version; /* 0x20e: where the banner stands, from 0x200 */
	uint8_t type_of_loader, loadflags;
	uint8_t unused3[0x248 - 0x212];
	struct le32 payload_offset, payload_length; /* 0x248: from the protected-mode code */
} __attribute__((packed));
_Static_assert(sizeof(struct setup_header) == 0x250 - 0x1f1, "x86 setup header");

enum { SETUP_HEADER = 0x1f1, LOADED_HIGH = 1, WITH_PAYLOAD = 0x208 };

static int set_release(const struct kernel_bytes *kernel, const struct setup_header *header,
	struct arena *arena, struct kernel_info *ret)
{
	uint32_t at = le16_get(header->kernel_version);
	struct text banner;
	size_t len = 0;

	if (!at)
		return 0;
	banner = kernel_peek(kernel, at + 0x200u, MAX_VERSION);
	while (len < banner.len && banner.at[len] > ' ' && banner.at[len] != 0x7f)
		len++;
	return len ? arena_text(arena, text_first(banner, len), &ret->version) : 0;
}

static int read_bzimage(const struct kernel_bytes *kernel, const struct setup_header *header,
	struct arena *arena, struct kernel_info *ret)
{
	uint16_t protocol = le16_get(header->version);
	uint64_t payload = header->setup_sectors ? header->setup_sectors : 4;
	char magic[8];
	int r = arena_printf(arena, &ret->format, "%s %u.%02u",
		header->loadflags & LOADED_HIGH ? "bzImage" : "zImage", protocol >> 8,
		protocol & 0xffu);

	if (!r)
		r = set_release(kernel, header, arena, ret);
	if (r || protocol < WITH_PAYLOAD || !le32_get(header->payload_length))
		return r;
	payload = (payload + 1) * SETUP_SECTOR + le32_get(header->payload_offset);
	if (!kernel_get(kernel, payload, magic, sizeof(magic)))
		return 0;
	ret->compression = compression_of((struct text){magic, sizeof(magic)});
	xen_notes_read(kernel, payload, ret);
	return 0;
}

static bool is_bzimage(const struct kernel_bytes *kernel, struct setup_header *header)
{
	return kernel_get(kernel, SETUP_HEADER, header, sizeof(*header)) &&
	       le16_get(header->boot_flag) == 0xaa55 && memcmp(header->magic, "HdrS", 4) == 0;
}

/* ---- the others ---------------------------------------------------------------------------- */

static struct text elf_format(struct text head)
{
	unsigned char class = head.len > 18 ? (unsigned char)head.at[4] : 0;
	unsigned char machine = head.len > 18 ? (unsigned char)head.at[18] : 0;

	if (class == 2 && machine == 62)
		return TEXT("ELF 64-bit x86-64");
	if (class == 2 && machine == 183)
		return TEXT("ELF 64-bit AArch64");
	if (class == 1 && machine == 3)
		return TEXT("ELF 32-bit i386");
	if (class == 1 && machine == 40)
		return TEXT("ELF 32-bit ARM");
	return class == 2 ? TEXT("ELF 64-bit") : TEXT("ELF 32-bit");
}

/* An image that decompresses itself names how, as text: "gzip", "zstd22". */
static int read_zboot(struct text head, struct arena *arena, struct kernel_info *ret)
{
	struct text name = text_first(text_skip(head, ZBOOT_COMPRESSION), 16);

	ret->format = TEXT("PE (EFI zboot)");
	name = text_first(name, text_find(name, '\0'));
	while (name.len && name.at[name.len - 1] >= '0' && name.at[name.len - 1] <= '9')
		name.len--;
	return arena_text(arena, name, &ret->compression);
}

static int read_other(
	const struct kernel_bytes *kernel, struct arena *arena, struct kernel_info *ret)
{
	struct text head = kernel_peek(kernel, 0, 64);

	if (!head.at)
		return 0;
	ret->compression = compression_of(head);
	if (text_starts(head, TEXT("\x7f"
				   "ELF"))) {
		ret->format = elf_format(head);
		xen_notes_read(kernel, 0, ret);
	} else if (head.len == 64 &&
		   text_equal(text_first(text_skip(head, 56), 4), TEXT("ARM\x64"))) {
		ret->format = TEXT("arm64 Image");
		ret->compression = TEXT("none");
	} else if (text_starts(head, TEXT("MZ")) && text_starts(text_skip(head, 4), TEXT("zimg"))) {
		return read_zboot(head, arena, ret);
	} else if (text_starts(head, TEXT("MZ"))) {
		ret->format = TEXT("PE");
	} else if (ret->compression.len) {
		ret->format = TEXT("compressed");
	}
	return 0;
}

int kernel_info_read(struct files *files, const struct boot_file *kernel, struct arena *arena,
	struct kernel_info *ret)
{
	_arena_ struct arena scratch = {.limit = SCRATCH};
	struct files reader = *files;
	struct kernel_bytes bytes = {
		.files = &reader,
		.volume = files->ops->find(files, kernel->volume),
		.path = kernel->path,
		.start = kernel->part_offset,
	};
	struct setup_header header;
	struct file_stat stat;
	int r;

	*ret = (struct kernel_info){0};
	if (!bytes.volume)
		return -ENODEV;
	reader.arena = &scratch;
	r = files->ops->stat(files, bytes.volume, bytes.path, &stat);
	if (r)
		return r;
	if (bytes.start > stat.size)
		return -ERANGE;
	bytes.size = stat.size - bytes.start;
	if (kernel->part_length)
		bytes.size = min_u64(bytes.size, kernel->part_length);
	if (is_bzimage(&bytes, &header))
		r = read_bzimage(&bytes, &header, arena, ret);
	else
		r = read_other(&bytes, arena, ret);
	if (!r && ret->xen_pv == XEN_UNKNOWN && ret->xen_pvh == XEN_UNKNOWN)
		kernel_config_read(&bytes, ret);
	return r;
}
