/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/answer.h"

#include "core/size.h"
#include "inspect/answer/choose.h"
#include "inspect/answer/contents.h"
#include "inspect/answer/login.h"
#include "inspect/answer/one_shot.h"
#include "inspect/answer/places.h"

#include <errno.h>

/* Kept back from the parsers, so that a guest that fills the arena can still be told of. */
enum { HEADROOM = 256 * 1024 };

/* ---- what was found on the disks --------------------------------------------------------------- */

static void fill_disks(const struct question *question, struct inspection *inspection)
{
	inspection->n_disks = question->n_disks;
	for (uint32_t i = 0; i < question->n_disks; i++) {
		const struct question_disk *asked = &question->disks[i];

		inspection->disks[i] = (struct inspection_disk){
			.path = asked->path,
			.size = asked->size,
			.device = asked->device,
			.file_device = asked->file_device,
			.inode = asked->inode,
		};
	}
}

static void describe_root(const struct volume *volume, struct inspection_volume *ret)
{
	struct node root;

	if (!volume->fs || volume->fs->ops->root(volume->fs, &root) < 0)
		return;
	ret->readable = true;
	ret->mode = root.mode;
	ret->mtime_s = root.mtime_s;
}

static int fill_volumes(const struct guest *guest)
{
	struct inspection *inspection = guest->inspection;
	const struct volumes *volumes = &guest->volumes;

	for (uint32_t i = 0; i < volumes->n_disks; i++) {
		inspection->disks[i].name = volumes->disks[i].name;
		inspection->disks[i].table = text_of(volumes->disks[i].table);
	}
	if (!volumes->count)
		return 0;
	inspection->volumes =
		arena_array(&inspection->arena, volumes->count, sizeof(*inspection->volumes));
	if (!inspection->volumes)
		return -ENOMEM;
	for (uint32_t i = 0; i < volumes->count; i++) {
		const struct volume *volume = volumes->at[i];

		inspection->volumes[inspection->n_volumes++] = (struct inspection_volume){
			.name = volume->name,
			.fs_name = volume->fs_name,
			.uuid = volume->uuid,
			.label = volume->label,
			.size = volume->dev.size,
		};
		describe_root(volume, &inspection->volumes[inspection->n_volumes - 1]);
	}
	return 0;
}

/* ---- the menu ---------------------------------------------------------------------------------- */

/* An entry that names nothing to boot says so. */
static void explain_empty_entries(struct inspection *inspection)
{
	for (struct menu_entry *entry = inspection->menu.first; entry; entry = entry->next) {
		if (entry->submenu || entry->error.len || entry->kernel || entry->hypervisor)
			continue;
		if (!entry->loader.len)
			entry->error = TEXT("no kernel");
		else if (arena_printf(&inspection->arena, &entry->error, "no kernel: %.*s",
				 TEXT_ARG(entry->loader)))
			entry->error = TEXT("no kernel");
	}
}

static bool is_said(const struct report *report, struct text text)
{
	for (const struct report_line *line = report->first; line; line = line->next) {
		if (line->kind == REPORT_WARNING && text_equal(line->text, text))
			return true;
	}
	return false;
}

/* "entry 3: /boot/vmlinuz not found on hd0,msdos1", where the parser could not say it. */
static int warn_of_missing_file(struct inspection *inspection, const struct menu_entry *entry)
{
	const struct boot_file *file = choose_missing_file(entry);
	struct text text;

	if (!file)
		return 0;
	if (arena_printf(&inspection->arena, &text, "entry %d: %.*s not found on %.*s",
		    entry->index, TEXT_ARG(file->path), TEXT_ARG(file->volume)))
		return -ENOMEM;
	if (!is_said(&inspection->report, text))
		report_add_text(&inspection->report, REPORT_WARNING, (struct text){0}, 0, text);
	return 0;
}

static void warn_of_kernel(struct report *report, const struct menu_entry *entry)
{
	const struct kernel_info *info = &entry->kernel_info;

	if (info->xen_pv != XEN_NO)
		return;
	if (info->xen_pvh == XEN_YES)
		report_add(report, REPORT_WARNING,
			"entry %d: kernel has no Xen PV entry; a PV guest will not start "
			"(type=\"pvh\"?)",
			entry->index);
	else
		report_add(report, REPORT_WARNING,
			"entry %d: kernel has no Xen PV entry; a PV guest will not start",
			entry->index);
}

static int complete_entries(struct contents *contents)
{
	struct inspection *inspection = contents->guest->inspection;
	struct menu_entry *entry;
	int r = 0;

	for (entry = inspection->menu.first; entry && r == 0; entry = entry->next) {
		r = entry->error.len ? warn_of_missing_file(inspection, entry)
				     : contents_complete(contents, entry);
		if (menu_entry_boots(entry))
			warn_of_kernel(&inspection->report, entry);
	}
	return r < 0 ? r
		     : arena_text(&inspection->arena, strbuf_text(&contents->bytes),
			       &inspection->menu.bytes);
}

static int find_and_complete(struct guest *guest, struct err *err)
{
	CLEANUP(contents_done) struct contents contents;
	struct inspection *inspection = guest->inspection;
	int r;

	contents_init(&contents, guest);
	r = places_find_menu(guest, err);
	inspection->arena.limit += HEADROOM;
	if (r < 0)
		return r;
	explain_empty_entries(inspection);
	r = complete_entries(&contents);
	if (r >= 0)
		r = one_shot_identify(guest, &inspection->menu);
	return r < 0 ? err_set(err, -r, "no memory left for the menu (inspect-memory)") : 0;
}

int answer_open_guest(const struct question *question, struct inspection *inspection,
	struct guest **ret, struct err *err)
{
	struct guest *guest = NULL;
	struct err why = {0};
	int r;

	if (inspection->arena.limit > 4 * (size_t)HEADROOM)
		guest = arena_new(&inspection->arena, struct guest);
	*ret = guest;
	if (!guest) {
		err_set(err, ENOMEM, "inspect-memory is too small");
		return -ENOMEM;
	}
	inspection->arena.limit -= HEADROOM;
	r = guest_open(guest, question, inspection, &why);
	if (r == 0)
		return fill_volumes(guest);
	inspection->arena.limit += HEADROOM;
	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "no memory left for the volumes (inspect-memory)");
	return arena_text(&inspection->arena, text_of(why.text), &inspection->error);
}

static int answer_guest(
	const struct question *question, struct inspection *inspection, struct err *err)
{
	struct guest *guest;
	int r = answer_open_guest(question, inspection, &guest, err);

	if (r == 0 && !inspection->error.len)
		r = find_and_complete(guest, err);
	if (guest) {
		inspection->moved = guest_moved(guest);
		guest_close(guest);
	}
	return r;
}

/* ---- a bare configuration ------------------------------------------------------------------------ */

static int read_bare(const struct question *question, struct inspection *inspection,
	struct text *ret, struct err *err)
{
	const struct question_disk *disk = &question->disks[0];
	struct blockdev dev = blockdev_on_fd(disk->fd, 0, disk->size, disk->sector_size);
	char *buf;
	int r;

	if (disk->size > question->limits.max_config)
		return places_fail(question, inspection, "too big: %s, limit %s (max-config)",
			size_text(disk->size).at, size_text(question->limits.max_config).at);
	buf = arena_alloc(&inspection->arena, (size_t)disk->size + 1);
	if (!buf)
		return err_set(err, ENOMEM, "no memory for the configuration (inspect-memory)");
	r = blockdev_read(&dev, 0, buf, (size_t)disk->size);
	if (r < 0)
		return places_fail(question, inspection, "cannot be read: %s", strerror(-r));
	*ret = (struct text){buf, (size_t)disk->size};
	return 0;
}

static int answer_config(
	const struct question *question, struct inspection *inspection, struct err *err)
{
	struct text content = {0};
	int r = read_bare(question, inspection, &content, err);

	inspection->disks[0].name = TEXT("hd0");
	if (r == 0 && !inspection->error.len)
		r = places_read_bare(question, inspection, content, err);
	explain_empty_entries(inspection);
	return r;
}

/* ---- the questions ------------------------------------------------------------------------------- */

int answer_menu(const struct question *question, struct inspection *inspection, struct err *err)
{
	int r;

	if (!question->n_disks)
		return err_set(err, EINVAL, "a question without disks");
	inspection->report.limit = question->limits.max_log;
	fill_disks(question, inspection);
	r = question->kind == QUESTION_CONFIG ? answer_config(question, inspection, err)
					      : answer_guest(question, inspection, err);
	if (r == 0)
		r = choose(question, inspection);
	if (r == 0)
		login_apply(question, &inspection->menu);
	return r < 0 ? err_set(err, -r, "no memory left (inspect-memory)") : 0;
}

static int write_content(struct guest *guest, int content_fd, struct err *err)
{
	CLEANUP(contents_done) struct contents contents;
	const struct question *question = guest->question;
	enum content_slot slot = question->content_slot;
	struct menu_entry *entry;
	int r = places_find_menu(guest, err);

	contents_init(&contents, guest);
	if (r < 0)
		return r;
	entry = bootmenu_entry(&guest->inspection->menu, question->content_entry);
	r = entry ? contents_complete(&contents, entry) : 0;
	if (r < 0)
		return err_set(err, -r, "no memory left (inspect-memory)");
	if (!entry || !entry->content[slot].present ||
		entry->content[slot].size != question->content_size ||
		entry->content[slot].identity != question->content_identity)
		return err_set(err, ESTALE, "the guest's files have changed");
	return contents_write_later(&contents, entry, slot, content_fd, err);
}

/* One try: *moved where the guest wrote to its disks meanwhile. */
static int try_content(
	const struct question *question, int content_fd, bool *moved, struct err *err)
{
	_inspection_ struct inspection *inspection = inspection_new(question->limits.memory / 2);
	struct guest *guest;
	int r;

	if (!inspection)
		return err_set(err, ENOMEM, "no memory for a content");
	r = answer_open_guest(question, inspection, &guest, err);
	if (r == 0 && inspection->error.len)
		r = err_set(err, EIO, "%.*s", TEXT_ARG(inspection->error));
	if (r == 0)
		r = write_content(guest, content_fd, err);
	if (guest) {
		*moved = guest_moved(guest);
		guest_close(guest);
	}
	return r;
}

/*
 * A file that is found again as it was, after its bytes were read, had these bytes all the time:
 * its blocks were nobody else's. So where a guest wrote meanwhile, it is read once more.
 */
int answer_content(const struct question *question, int content_fd, struct err *err)
{
	struct err first = {0};
	bool moved = false;
	int r = try_content(question, content_fd, &moved, &first);

	if (moved)
		return try_content(question, content_fd, &moved, err);
	return r < 0 ? err_set(err, -r, "%s", first.text) : r;
}
