/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* FUSE takes no longer name. */
enum { NAME_BYTES = 1024 };

void tree_escape(struct strbuf *out, struct text part)
{
	for (size_t i = 0; i < part.len; i++) {
		if (part.at[i] && strchr("/%,=", part.at[i]))
			strbuf_addf(out, "%%%02X", (unsigned)part.at[i]);
		else
			strbuf_addc(out, part.at[i]);
	}
}

static void add_key(struct strbuf *out, const char *key, const char *value)
{
	if (!value)
		return;
	strbuf_addf(out, ",%s=", key);
	tree_escape(out, text_of(value));
}

static int add_path(struct strbuf *out, const char *path, struct err *err)
{
	_free_ char *here = NULL;

	if (path[0] != '/') {
		here = getcwd(NULL, 0);
		if (!here)
			return err_set(err, errno, "no current folder: %m");
		tree_escape(out, text_of(here));
		strbuf_adds(out, strcmp(here, "/") ? "%2F" : "");
	}
	tree_escape(out, text_of(path));
	return 0;
}

int tree_name(const struct options *options, struct strbuf *out, struct err *err)
{
	size_t start = out->len;

	strbuf_adds(out, ".disk/");
	if (add_path(out, options->disk, err))
		return -err->code;
	if (options->has_offset)
		strbuf_addf(out, ",offset=%" PRIu64, options->offset);
	add_key(out, "domain", options->domain);
	add_key(out, "platform", options->platform);
	add_key(out, "flavour", options->flavour);
	add_key(out, "entry", options->list || options->kernel ? NULL : options->entry);
	add_key(out, "kernel", options->kernel);
	add_key(out, "ramdisk", options->ramdisk);
	if (options->has_runas && options->runas) /* as root is as nobody asked */
		strbuf_addf(out, ",uid=%u", options->runas);
	if (options->max_file_bytes)
		strbuf_addf(out, ",max-kernel=%" PRIu64 ",max-initrd=%" PRIu64,
			options->max_file_bytes, options->max_file_bytes);
	if (options->is_config)
		strbuf_adds(out, ",kind=config");
	if (out->failed)
		return err_set(err, ENOMEM, "out of memory");
	if (out->len - start - strlen(".disk/") > NAME_BYTES)
		return err_set(err, ENAMETOOLONG, "%s: the path is too long to be asked for",
			options->disk);
	return 0;
}

int tree_add_login(const char *mountpoint, const struct login_request *login, struct strbuf *name,
	int *disks, struct err *err)
{
	_strbuf_ struct strbuf path = {0};
	struct login_request request = *login;
	int r = 0;

	strbuf_addf(&path, "%s/.disk", mountpoint);
	if (path.failed)
		return err_set(err, ENOMEM, "out of memory");
	*disks = open(path.at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*disks < 0 || ioctl(*disks, LOGIN_IOCTL, &request))
		r = err_set(err, errno, "bootfs at %s takes no password: %m", mountpoint);
	if (!r)
		strbuf_addf(name, ",login=%" PRIu64, request.token);
	explicit_bzero(&request, sizeof(request));
	if (name->failed)
		r = err_set(err, ENOMEM, "out of memory");
	return r;
}

int tree_open(const char *mountpoint, const char *name, struct err *err)
{
	_strbuf_ struct strbuf path = {0};
	int fd;

	strbuf_addf(&path, "%s/%s", mountpoint, name);
	if (path.failed)
		return err_set(err, ENOMEM, "out of memory");
	fd = open(path.at, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, errno, "bootfs at %s does not show .disk/: %m", mountpoint);
	return fd;
}

int tree_read(int folder, const char *name, size_t limit, struct strbuf *out)
{
	_close_ int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char buffer[16384];
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		strbuf_add(out, (struct text){buffer, (size_t)n});
		if (out->len > limit)
			return -EFBIG;
	}
	return n < 0 ? -errno : out->failed;
}

int tree_read_line(int folder, const char *name, size_t limit, struct strbuf *out)
{
	int r = tree_read(folder, name, limit, out);

	if (!r && out->len && out->at[out->len - 1] == '\n')
		strbuf_cut(out, out->len - 1);
	return r;
}

int tree_error(int folder, struct err *err)
{
	_strbuf_ struct strbuf line = {0};
	struct text text;
	int r = tree_read_line(folder, "error", 65536, &line);

	if (r && r != -ENOENT) {
		errno = -r;
		return err_set(err, -r, "bootfs cannot say why nothing boots: %m");
	}
	text = strbuf_text(&line);
	if (text_starts(text, TEXT("error ")))
		text = text_trim(text_skip(text, strlen("error ")));
	if (!text.len)
		text = TEXT("no entry boots, and bootfs gives no reason");
	return err_set(err, ENOENT, "%.*s", TEXT_ARG(text));
}

/* "253:7" and "4242" as numbers; false where they are none. */
static bool parse_device(struct text device, struct text inode, dev_t *dev, uint64_t *ino)
{
	struct text major_text;
	uint64_t major_number, minor_number;

	*ino = 0;
	if (!text_cut(&device, ':', &major_text) || !text_number(major_text, &major_number) ||
		!text_number(device, &minor_number))
		return false;
	if (inode.len && !text_number(inode, ino))
		return false;
	*dev = makedev((unsigned)major_number, (unsigned)minor_number);
	return true;
}

int source_check_line(struct text line, struct err *err)
{
	struct text path, device, inode = {0};
	_free_ char *copy = NULL;
	struct stat st;
	uint64_t ino;
	dev_t dev;
	size_t at;

	/* "disk hd0 PATH device M:N[ inode I]"; blanks may stand in the path. */
	line = text_skip(line, text_find(line, ' ') + 1);
	line = text_skip(line, text_find(line, ' ') + 1);
	for (at = line.len; at > 0; at--) {
		if (text_starts(text_skip(line, at - 1), TEXT(" device ")))
			break;
	}
	if (!at || memchr(line.at, '\\', line.len))
		return 0; /* it does not say, or the path is not shown as it is */
	path = text_first(line, at - 1);
	line = text_skip(line, at - 1 + strlen(" device "));
	text_cut(&line, ' ', &device);
	if (text_starts(line, TEXT("inode ")))
		inode = text_skip(line, strlen("inode "));
	copy = strndup(path.at, path.len);
	if (!copy || !parse_device(device, inode, &dev, &ino))
		return err_set(err, EPROTO, "bootfs names the disk in a way not understood");
	if (stat(copy, &st))
		return err_set(err, ESTALE, "%s: %m", copy);
	if (ino ? st.st_dev == dev && st.st_ino == ino : st.st_rdev == dev)
		return 0;
	return err_set(err, ESTALE, "bootfs reads another %s than is seen here", copy);
}

int tree_check_source(int folder, const char *entry, struct err *err)
{
	_strbuf_ struct strbuf name = {0}, source = {0};
	struct text rest, line;
	int r;

	strbuf_addf(&name, "%s/source", entry);
	r = name.failed ? name.failed : tree_read(folder, name.at, 1 << 20, &source);
	if (r) {
		errno = -r;
		return err_set(err, -r, "cannot read where the entry comes from: %m");
	}
	rest = strbuf_text(&source);
	while (text_cut(&rest, '\n', &line)) {
		if (text_starts(line, TEXT("disk ")) && source_check_line(line, err))
			return -err->code;
	}
	return 0;
}
