/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/view.h"

#include "admin/say.h"
#include "core/mountinfo.h"
#include "pygrub/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { STATUS_BYTES = 16 << 20 };

static const char *wanted_folder(const struct admin_options *options, const struct view *view)
{
	const char *folder = options->bootfs ? options->bootfs : getenv("BOOTFS");

	return folder && folder[0] ? folder : view->config->mountpoint.at;
}

/* Is somebody at the other end? A mount whose daemon was killed says ENOTCONN. */
static int check_alive(const char *mountpoint, struct err *err)
{
	struct stat st;

	if (stat(mountpoint, &st))
		return err_set(err, errno, "bootfs at %s does not answer: %m", mountpoint);
	return 0;
}

int view_open_shared(const struct admin_options *options, struct view *ret, struct err *err)
{
	const char *folder;

	*ret = (struct view){.config = config_read(options->config, NULL)};
	if (!ret->config)
		return err_set(err, ENOMEM, "out of memory");
	folder = wanted_folder(options, ret);
	if (!mounted_bootfs(folder, &ret->mountpoint))
		return err_set(err, ENOENT,
			"no bootfs is mounted on %s; start it: systemctl start bootfs, or bootfs "
			"%s",
			folder, folder);
	return check_alive(ret->mountpoint.at, err);
}

/* A mount that was asked for by name and is none is a mistake, not a reason to look elsewhere. */
static bool may_be_private(const struct admin_options *options, struct err *err)
{
	if (options->bootfs)
		return false;
	if (geteuid() == 0)
		return true;
	err_prefix(err, "only root can look without a mount");
	return false;
}

int view_open(const struct admin_options *options, struct view *ret, struct err *err)
{
	const struct private_settings settings = {.config = options->config};
	int r = view_open_shared(options, ret, err);

	if (!r || !ret->config || !may_be_private(options, err))
		return r;
	if (r != -ENOENT)
		say("%s; reading through a private bootfs instead", err->text);
	*err = (struct err){0};
	r = private_start(&settings, &ret->own, err);
	if (r)
		return r;
	strbuf_cut(&ret->mountpoint, 0);
	strbuf_adds(&ret->mountpoint, ret->own.mountpoint);
	return ret->mountpoint.failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

size_t view_mistakes(const struct view *view, struct strbuf *out)
{
	_close_ int folder = open(view->mountpoint.at, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_strbuf_ struct strbuf status = {0};
	struct text rest, line;
	size_t n = 0;

	if (folder < 0 || tree_read(folder, ".status", STATUS_BYTES, &status))
		return 0;
	rest = strbuf_text(&status);
	while (text_cut(&rest, '\n', &line)) {
		if (!text_starts(line, TEXT("mistake ")))
			continue;
		strbuf_add(out, text_skip(line, strlen("mistake ")));
		strbuf_addc(out, '\n');
		n++;
	}
	return n;
}

void view_close(struct view *view)
{
	private_stop(&view->own);
	config_free(view->config);
	strbuf_done(&view->mountpoint);
	*view = (struct view){0};
}
