/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/fetch.h"

#include "core/escape.h"
#include "pygrub/transfer.h"
#include "pygrub/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

enum { CMDLINE_BYTES = 1 << 20 };

/* Opens one of the entry's files for the copy: around the page cache where that works. */
static int open_content(
	int folder, const struct choice *choice, const char *name, int *fd, uint64_t *size)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", choice->entry, name);
	*fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_DIRECT);
	if (*fd < 0 && errno == EINVAL)
		*fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (*fd < 0 || fstat(*fd, &st))
		return -errno;
	*size = (uint64_t)st.st_size;
	return 0;
}

/* Why the entry has no kernel: its own reason, or that it names none. */
static int explain_missing(
	const struct job *job, int folder, const struct choice *choice, struct err *err)
{
	json_t *menu = choose_read_menu(folder, err), *entry;
	_strbuf_ struct strbuf title = {0}, why = {0};

	if (!menu)
		return -err->code;
	entry = menu_entry(menu, choice_index(choice));
	escape_add_cut(&title, menu_string(entry, "title"), 80);
	menu_add_fault(entry, &why);
	if (!why.len)
		strbuf_adds(&why, "it names no kernel");
	json_decref(menu);
	if (title.failed || why.failed)
		return err_set(err, ENOMEM, "out of memory");
	return err_set(err, ENOENT, "%s: entry %" PRIu64 " \"%s\" cannot boot: %s",
		job->options->disk, choice_index(choice), title.at ? title.at : "", why.at);
}

/* -ENOENT is left to the caller: it means something else for each file. */
static int open_all(const struct job *job, int folder, const struct choice *choice,
	struct boot_files *files, bool *no_kernel)
{
	char path[64];
	int r = open_content(folder, choice, "kernel", &files->kernel, &files->kernel_size);

	*no_kernel = r == -ENOENT;
	if (r)
		return r;
	r = open_content(folder, choice, "initrd", &files->initrd, &files->initrd_size);
	if (r && r != -ENOENT)
		return r;
	job->exchange->with_ramdisk = r == 0;
	snprintf(path, sizeof(path), "%s/cmdline", choice->entry);
	r = tree_read_line(folder, path, CMDLINE_BYTES, &files->cmdline);
	return r == -ENOENT ? 0 : r;
}

int fetch_open(const struct job *job, int folder, const struct choice *choice,
	struct boot_files *ret, struct err *err)
{
	bool no_kernel;
	int r;

	*ret = (struct boot_files){.kernel = -1, .initrd = -1};
	r = open_all(job, folder, choice, ret, &no_kernel);
	if (no_kernel) {
		(void)explain_missing(job, folder, choice, err);
		return job_final(job, err);
	}
	if (r) {
		errno = -r;
		return err_set(err, -r, "cannot read %s: %m", choice->entry);
	}
	if (!ret->kernel_size) {
		err_set(err, ENOEXEC,
			"%s: the kernel of entry %" PRIu64 " is empty (0 bytes); "
			"was the guest's disk full at its last update? --entry boots another one",
			job->options->disk, choice_index(choice));
		return job_final(job, err);
	}
	return 0;
}

/* bootfs compares the disk once more when a file is closed. */
static int close_checked(int *fd, const char *name, struct err *err)
{
	if (*fd < 0 || close(steal_fd(fd)) == 0 || errno == EINTR)
		return 0;
	return err_set(err, errno, "the disk changed while the %s was copied: %m", name);
}

int fetch_copy(const struct job *job, struct boot_files *files, struct err *err)
{
	const struct transfer transfers[] = {
		{files->kernel, job->copies->kernel.fd, files->kernel_size, "kernel"},
		{files->initrd, job->copies->ramdisk.fd, files->initrd_size, "initrd"},
	};
	uint32_t n = files->initrd >= 0 ? 2 : 1;
	bool write_failed = false;

	/* A second try finds the bytes of the first. */
	for (uint32_t i = 0; i < n; i++) {
		if (ftruncate(transfers[i].to, 0)) {
			err_set(err, errno, "cannot empty the copy: %m");
			return job_final(job, err);
		}
	}
	if (transfer_all(transfers, n, &job->exchange->progress, &write_failed, err))
		return write_failed ? job_final(job, err) : -err->code;
	if (close_checked(&files->kernel, "kernel", err))
		return -err->code;
	return close_checked(&files->initrd, "initrd", err);
}

void fetch_done(struct boot_files *files)
{
	if (files->kernel >= 0)
		close(steal_fd(&files->kernel));
	if (files->initrd >= 0)
		close(steal_fd(&files->initrd));
	strbuf_done(&files->cmdline);
}
