/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask/trial.h"

#include "ask/own.h"
#include "ask/trial_disk.h"
#include "core/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- the disk -------------------------------------------------------------------------------- */

/* A file with a name: QEMU's sandbox takes it along as a mount, and no mount is made without. */
static int make_named(char path[], size_t size)
{
	static const char *const folders[] = {"/run", "/var/tmp", "/tmp"};
	int fd = -1;

	for (size_t i = 0; i < ARRAY_SIZE(folders) && fd < 0; i++) {
		snprintf(path, size, "%s/bootfs-trial-XXXXXX", folders[i]);
		fd = mkostemp(path, O_CLOEXEC);
	}
	if (fd < 0)
		path[0] = '\0';
	return fd;
}

/* As a guest's disk is: open for reading. */
static int open_disk(int writable, struct question_disk *disk, struct err *err)
{
	_close_ int fd = ask_reopen_disk(writable);
	int r;

	if (fd < 0)
		return err_set(err, errno, "its disk cannot be opened again: %s", strerror(errno));
	r = ask_measure_disk("disk", fd, disk, err);
	if (r == 0)
		steal_fd(&fd);
	else
		disk->fd = -1;
	return r;
}

static int make_raw(struct question_disk *disk, struct err *err)
{
	_close_ int fd = kernel_memory_file("bootfs-trial", MFD_CLOEXEC);

	if (fd < 0 || trial_disk_write(fd) < 0)
		return err_set(err, errno, "its disk cannot be made: %s", strerror(errno));
	return open_disk(fd, disk, err);
}

static int make_image(
	char path[], size_t size, struct image *image, struct question_disk *disk, struct err *err)
{
	_close_ int fd = make_named(path, size);
	int r;

	if (fd < 0 || trial_disk_write_qcow2(fd) < 0)
		return err_set(err, errno, "its image cannot be made: %s", strerror(errno));
	r = open_disk(fd, disk, err);
	if (r < 0)
		return r;
	image->n_layers = 1;
	image->layers[0] = (struct image_layer){
		.fd = disk->fd,
		.path = disk->path,
		.format = TEXT("qcow2"),
		.size = disk->size,
	};
	disk->image = image;
	return 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int check_answer(const struct inspection *answer, struct err *err)
{
	const struct menu_entry *entry = answer->menu.default_entry;

	if (answer->error.len)
		return err_set(err, EPROTO, "%.*s", TEXT_ARG(answer->error));
	if (!entry || !text_equal(entry->title, TEXT(TRIAL_TITLE)) || !menu_entry_boots(entry))
		return err_set(err, EPROTO, "the menu of its own trial disk was read wrongly");
	return 0;
}

/* Where the reason alone does not say it. */
static const char *advice(const struct ask_settings *settings, const struct err *err)
{
	if (err->code == ECHILD && strstr(err->text, "SIGSYS"))
		return "; is bootfs older than these libraries? Install it again, or report this "
		       "line";
	if (err->code == EPERM && settings->namespaces)
		return "; bootfs needs the capabilities of its service: SYS_ADMIN, SETUID, SETGID, "
		       "SYS_CHROOT, DAC_READ_SEARCH, KILL";
	if (err->code == EACCES)
		return "; may worker-user run bootfs-inspect, in every folder above it?";
	if (err->code == ENOSYS)
		return "; this kernel is too old, or a container forbids the call";
	if (err->code == ENOMEM)
		return "; is inspect-memory, or a limit of this service, too low?";
	return "";
}

static int ask(const struct ask_settings *settings, const struct question *question, uint32_t *gaps,
	struct err *err)
{
	_inspection_ struct inspection *answer = NULL;
	struct err why = {0};
	int r = ask_and_wait(settings, question, &answer, NULL, &why);

	if (r == 0) {
		*gaps = answer->gaps;
		r = check_answer(answer, &why);
	}
	return r < 0 ? err_set(err, why.code, "%s%s", why.text, advice(settings, &why)) : 0;
}

int trial_run(const struct ask_settings *settings, const struct limits *limits, bool as_image,
	uint32_t *gaps, struct err *err)
{
	struct question question = {
		.kind = QUESTION_MENU,
		.platform = TEXT("xen"),
		.limits = *limits,
		.n_disks = 1,
		.disks = {{.fd = -1}},
	};
	struct question_disk *disk = &question.disks[0];
	struct image_layer layer;
	struct image image = {.layers = &layer};
	char path[40] = "";
	int r;

	*gaps = 0;
	r = as_image ? make_image(path, sizeof(path), &image, disk, err) : make_raw(disk, err);
	if (r == 0)
		r = ask(settings, &question, gaps, err);
	if (path[0])
		unlink(path);
	cleanup_close(&disk->fd);
	return r;
}
