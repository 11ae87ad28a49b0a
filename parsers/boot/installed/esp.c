/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What EFI firmware starts: the fallback path of an EFI system partition, and what follows. */
#include "parsers/boot/installed/grub_start.h"

#include "parsers/boot/entry.h"
#include "parsers/boot/bls/pe.h"
#include "parsers/boot/table.h"

#include <errno.h>

/*
 * Firmware without variables of its own starts \EFI\BOOT\BOOTX64.EFI (UEFI, "Removable Media Boot
 * Behavior"). That is a boot loader, or shim, which starts grubx64.efi beside itself; from the
 * fallback path shim first starts fbx64.efi, which reads \EFI\NAME\BOOTX64.CSV (shim's
 * fallback.c). Where nothing is there, an installer has set a variable; if one program alone can
 * be meant, it is that.
 */
#define FALLBACK "/EFI/BOOT/BOOTX64.EFI"

enum {
	MAX_PROGRAM = 16 << 20, /* bytes of a program, or of its section */
	MAX_LOOK = 1 << 20,     /* bytes that are searched for a name */
	MAX_SBAT = 16 << 10,
	MAX_CSV = 4096,
	MAX_HOPS = 4, /* programs that start each other */
};

/* A program on the way. */
struct program {
	struct boot_machine *machine;
	const struct volume_info *volume;
	struct text path;
	struct pe pe;
	uint32_t hops;
};

static int follow(struct program *program, struct installed *ret);

static struct files *files_of(const struct program *program)
{
	return program->machine->files;
}

static struct text read_part(const struct program *program, uint64_t offset, uint64_t size)
{
	struct files *files = files_of(program);
	struct text bytes = {0};

	if (files->ops->read(files, program->volume, program->path, offset, size, &bytes))
		return (struct text){0};
	return bytes;
}

static struct text read_section(const struct program *program, const char *name, uint64_t max)
{
	const struct pe_section *section = pe_find(&program->pe, name, 0);

	if (!section || !section->length)
		return (struct text){0};
	return read_part(program, section->offset, section->length < max ? section->length : max);
}

/* ---- GRUB 2 ------------------------------------------------------------------------------------ */

/* The vendors whose GRUB reads boot entries as Fedora's does. */
static const struct vendor {
	const char *name, *flavour;
} vendors[] = {{"debian", "debian"}, {"ubuntu", "debian"}, {"fedora", "fedora"}, {"rh", "fedora"},
	{"centos", "fedora"}, {"almalinux", "fedora"}, {"rocky", "fedora"}, {"oracle", "fedora"},
	{"ol", "fedora"}, {"amazon", "fedora"}, {"opensuse", "suse"}, {"sle", "suse"},
	{"suse", "suse"}};

static const char *flavour_of_vendor(struct text component)
{
	struct text name = text_skip(component, strlen("grub."));

	/* "debian12" is Debian's as well. */
	for (size_t i = 0; i < ARRAY_SIZE(vendors); i++) {
		if (text_starts(name, text_of(vendors[i].name)))
			return vendors[i].flavour;
	}
	return NULL;
}

static struct text csv_field(struct text line, uint32_t number)
{
	struct text field = {0};

	for (uint32_t i = 0; i <= number; i++) {
		field = (struct text){0};
		text_cut(&line, ',', &field);
	}
	return field;
}

/*
 * A line of .sbat is "component,generation,vendor,package,version,url"; "grub" is everybody's,
 * "grub.debian" says who built it.
 */
static void read_sbat(struct text sbat, struct installed *ret)
{
	struct text line;

	sbat = text_first(sbat, text_find(sbat, '\0'));
	while (text_cut(&sbat, '\n', &line)) {
		struct text component = csv_field(line, 0);
		const char *flavour;

		if (text_is(component, "grub") && !ret->version.len)
			ret->version = csv_field(line, 4);
		if (!text_starts(component, TEXT("grub.")))
			continue;
		ret->version = csv_field(line, 4);
		flavour = flavour_of_vendor(component);
		if (flavour && !ret->flavour.len)
			ret->flavour = text_of(flavour);
	}
	if (ret->version.len && !ret->flavour.len)
		ret->flavour = TEXT("upstream");
}

static int start_grub(struct program *program, struct installed *ret)
{
	struct files *files = files_of(program);
	struct grub_core core = {.old = false};
	struct text area = read_section(program, "mods", MAX_PROGRAM);
	int r = area.len ? grub_core_modules(area, files->arena, &core) : -ENOENT;

	if (area.len)
		arena_release(files->arena, (void *)(uintptr_t)area.at);
	ret->title = TEXT("GRUB 2");
	if (r == -ENOMEM)
		return r;
	if (r)
		return installed_problem(program->machine, ret, "it has no modules: damaged");
	read_sbat(read_section(program, ".sbat", MAX_SBAT), ret);
	if (ret->version.len &&
		arena_printf(files->arena, &ret->title, "GRUB %.*s", TEXT_ARG(ret->version)))
		return -ENOMEM;
	ret->language = &parser_grub2;
	return grub_start_of(
		       files, &core, program->volume->name, path_folder(program->path), &ret->grub)
		       ? -ENOMEM
		       : 1;
}

/* ---- systemd-boot and unified kernel images ------------------------------------------------------ */

/* "#### LoaderInfo: systemd-boot 252.39-1 ####": systemd-boot and its stub say it of themselves. */
static struct text loader_info(const struct program *program)
{
	static const char start[] = "#### LoaderInfo: ";
	struct text bytes = read_section(program, ".sdmagic", MAX_CSV);
	const char *found;

	/* Before systemd 250 it stands among the data. */
	if (!bytes.len)
		bytes = read_part(program, 0, MAX_LOOK);
	found = bytes.len ? memmem(bytes.at, bytes.len, start, sizeof(start) - 1) : NULL;
	if (!found)
		return (struct text){0};
	bytes = text_skip(bytes, (size_t)(found - bytes.at) + sizeof(start) - 1);
	found = memmem(bytes.at, bytes.len < 80 ? bytes.len : 80, " ####", 5);
	return found ? text_first(bytes, (size_t)(found - bytes.at)) : (struct text){0};
}

static bool is_folder(const struct program *program, const char *path)
{
	struct files *files = files_of(program);
	struct file_stat stat;

	return !files->ops->stat(files, program->volume, text_of(path), &stat) &&
	       stat.type == FILE_FOLDER;
}

static int start_systemd_boot(struct program *program, struct text info, struct installed *ret)
{
	struct text version = text_skip(info, strlen("systemd-boot "));

	if (arena_text(files_of(program)->arena, version, &ret->version) ||
		arena_printf(files_of(program)->arena, &ret->title, "systemd-boot %.*s",
			TEXT_ARG(version)))
		return -ENOMEM;
	ret->volume = program->volume;
	ret->language = is_folder(program, "/loader/entries") ? &parser_bls : &parser_uki;
	ret->path = ret->language == &parser_bls ? TEXT("/loader/entries") : TEXT("/EFI/Linux");
	if (ret->language == &parser_uki && !is_folder(program, "/EFI/Linux"))
		ret->path = TEXT("/");
	return 1;
}

static int start_uki(struct program *program, struct installed *ret)
{
	ret->title = TEXT("unified kernel image");
	ret->volume = program->volume;
	ret->path = program->path;
	ret->language = &parser_uki;
	return 1;
}

/* ---- shim ---------------------------------------------------------------------------------------- */

/* shim holds the name of what it starts, as the firmware writes text: two bytes a letter. */
static bool is_shim(const struct program *program)
{
	static const char name[] = "g\0r\0u\0b\0x\0006\0004\0.\0e\0f\0i";
	struct text sbat = read_section(program, ".sbat", MAX_SBAT), bytes;

	if (sbat.len)
		return memmem(sbat.at, sbat.len, "\nshim,", 6) != NULL;
	bytes = read_part(program, 0, 4 * MAX_LOOK);
	return bytes.len && memmem(bytes.at, bytes.len, name, sizeof(name) - 1);
}

struct csv_search {
	struct program *program;
	struct text found; /* the program that the first list names */
	int problem;
};

/* The first field of the first line of a list in UTF-16, as ASCII. */
static int first_name(struct text csv, struct arena *arena, struct text *ret)
{
	char name[256];
	size_t len = 0, at = csv.len > 1 && (unsigned char)csv.at[0] == 0xff ? 2 : 0;

	for (; at + 1 < csv.len && len < sizeof(name); at += 2) {
		char c = csv.at[at];

		if (csv.at[at + 1] || c == ',' || c == '\n' || c == '\r' || !c)
			break;
		name[len++] = c;
	}
	return len ? arena_text(arena, (struct text){name, len}, ret) : 0;
}

static int visit_vendor(void *context, struct text name)
{
	struct csv_search *search = context;
	struct files *files = files_of(search->program);
	struct text path, csv, file = {0};

	if (text_equal_nocase(name, TEXT("BOOT")))
		return 0;
	search->problem =
		arena_printf(files->arena, &path, "/EFI/%.*s/BOOTX64.CSV", TEXT_ARG(name));
	if (search->problem ||
		files->ops->read(files, search->program->volume, path, 0, MAX_CSV, &csv))
		return search->problem;
	search->problem = first_name(csv, files->arena, &file);
	if (!search->problem && file.len)
		search->problem = arena_printf(files->arena, &search->found, "/EFI/%.*s/%.*s",
			TEXT_ARG(name), TEXT_ARG(file));
	return search->problem || search->found.len;
}

/* What fbx64.efi starts; the empty text: it finds nothing. */
static int fallback_target(struct program *program, struct text *ret)
{
	struct csv_search search = {.program = program};
	struct files *files = files_of(program);

	(void)!files->ops->list(files, program->volume, TEXT("/EFI"), visit_vendor, &search);
	*ret = search.found;
	return search.problem;
}

static int start_shim(struct program *program, struct installed *ret)
{
	struct files *files = files_of(program);
	struct text folder = path_folder(program->path), next = {0};

	if (text_equal_nocase(program->path, TEXT(FALLBACK)) &&
		files_is_regular(files, program->volume, TEXT("/EFI/BOOT/fbx64.efi")) &&
		fallback_target(program, &next))
		return -ENOMEM;
	if (!next.len && arena_printf(files->arena, &next, "%.*s/grubx64.efi",
				 folder.len > 1 ? (int)folder.len : 0, folder.at))
		return -ENOMEM;
	program->path = next;
	return follow(program, ret);
}

/* ---- one program --------------------------------------------------------------------------------- */

static bool has_section(const struct program *program, const char *name)
{
	return pe_find(&program->pe, name, 0) != NULL;
}

/* "(hd0,gpt1)/EFI/BOOT/BOOTX64.EFI, (hd0,gpt1)/EFI/debian/grubx64.efi" */
static int note_place(const struct program *program, struct installed *ret)
{
	struct files *files = files_of(program);

	return arena_printf(files->arena, &ret->place, "%.*s%s(%.*s)%.*s", TEXT_ARG(ret->place),
		ret->place.len ? ", " : "", TEXT_ARG(program->volume->name),
		TEXT_ARG(program->path));
}

static int follow(struct program *program, struct installed *ret)
{
	struct text info;
	int r;

	if (program->hops++ == MAX_HOPS)
		return installed_problem(program->machine, ret, "its programs start each other");
	if (note_place(program, ret))
		return -ENOMEM;
	r = pe_open(files_of(program), program->volume, program->path, &program->pe);
	if (r == -ENOMEM)
		return r;
	if (r)
		return installed_problem(program->machine, ret, "%s",
			r == -EINVAL ? "no EFI program" : strerror(-r));
	if (has_section(program, "mods"))
		return start_grub(program, ret);
	if (has_section(program, ".linux"))
		return start_uki(program, ret);
	if (is_shim(program))
		return start_shim(program, ret);
	info = loader_info(program);
	if (text_starts(info, TEXT("systemd-boot ")))
		return start_systemd_boot(program, info, ret);
	return installed_problem(program->machine, ret, "it is no known boot loader");
}

/* ---- which partition, which program ----------------------------------------------------------------- */

/* Programs that installers enter into the firmware's variables, best first. */
static const char *const known_names[] = {
	"shimx64.efi", "grubx64.efi", "systemd-bootx64.efi", NULL};

struct vendor_search {
	struct program *program;
	struct text found;
	uint32_t count;
	int problem;
};

static int visit_for_loader(void *context, struct text name)
{
	struct vendor_search *search = context;
	struct files *files = files_of(search->program);
	struct text path;

	for (size_t i = 0; known_names[i]; i++) {
		search->problem = arena_printf(
			files->arena, &path, "/EFI/%.*s/%s", TEXT_ARG(name), known_names[i]);
		if (search->problem)
			return search->problem;
		if (!files_is_regular(files, search->program->volume, path))
			continue;
		search->found = path;
		search->count++;
		break;
	}
	return 0;
}

/* No fallback path: the one boot loader that is there. */
static int only_loader(struct program *program, struct installed *ret)
{
	struct vendor_search search = {.program = program};
	struct files *files = files_of(program);

	(void)!files->ops->list(files, program->volume, TEXT("/EFI"), visit_for_loader, &search);
	if (search.problem || !search.count)
		return search.problem;
	program->path = search.found;
	if (search.count == 1)
		return follow(program, ret);
	if (arena_printf(files->arena, &ret->place, "(%.*s)/EFI", TEXT_ARG(program->volume->name)))
		return -ENOMEM;
	return installed_problem(program->machine, ret,
		"%u boot loaders and no " FALLBACK
		": a variable of the firmware chooses, and is not on the disk",
		search.count);
}

static int ask_volume(
	struct boot_machine *machine, const struct volume_info *volume, struct installed *ret)
{
	struct program program = {.machine = machine, .volume = volume, .path = TEXT(FALLBACK)};

	*ret = (struct installed){.firmware = "efi"};
	if (files_is_regular(machine->files, volume, program.path))
		return follow(&program, ret);
	return only_loader(&program, ret);
}

static int ask_disk(
	struct boot_machine *machine, const struct boot_disk *disk, bool esp, struct installed *ret)
{
	int r = 0;

	for (uint32_t i = 0; i < disk->n_parts && !r; i++) {
		const struct volume_info *volume = disk->parts[i].volume;

		if (volume->readable && volume->esp == esp && text_is(volume->fs_name, "vfat"))
			r = ask_volume(machine, volume, ret);
	}
	return r;
}

/* EFI system partitions in order, then any FAT file system, as firmware does with a bare disk. */
int installed_efi(struct boot_machine *machine, struct installed *ret)
{
	int r = 0;

	for (uint32_t i = 0; i < machine->n_disks && !r; i++)
		r = ask_disk(machine, &machine->disks[i], true, ret);
	for (uint32_t i = 0; i < machine->n_disks && !r; i++)
		r = ask_disk(machine, &machine->disks[i], false, ret);
	if (!r)
		*ret = (struct installed){.firmware = "efi"};
	return r;
}
