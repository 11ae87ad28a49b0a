/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/disk_spec.h"

#include "model/image_format.h"
#include "core/nbd_url.h"

#include <errno.h>

/* Prefixes of the target in use before xl 4.2, and the format each stands for. */
static const struct {
	const char *prefix, *format;
} old_prefixes[] = {
	{"tap2:", NULL},
	{"tap:", NULL},
	{"aio:", "raw"},
	{"file:", "raw"},
	{"phy:", "raw"},
	{"raw:", "raw"},
	{"qcow2:", "qcow2"},
	{"qcow:", "qcow"},
	{"vhd:", "vhd"},
};

static const char *const formats[] = {"raw", "qcow", "qcow2", "vhd", "qed"};

/* What is read so far; positional parameters come in the order target, format, vdev, access. */
struct reading {
	struct disk_spec *spec;
	bool has_target, has_format, has_access;
};

static void read_target(struct reading *reading, struct text value)
{
	reading->has_target = true;
	for (size_t i = 0; i < ARRAY_SIZE(old_prefixes); i++) {
		if (!text_starts(value, text_of(old_prefixes[i].prefix)))
			continue;
		value = text_skip(value, strlen(old_prefixes[i].prefix));
		if (old_prefixes[i].format)
			reading->spec->format = text_of(old_prefixes[i].format);
		reading->has_format = true;
	}
	reading->spec->target = value;
}

static int read_format(struct reading *reading, struct text value, struct err *err)
{
	reading->has_format = true;
	if (!value.len)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (text_equal_nocase(value, text_of(formats[i]))) {
			reading->spec->format = text_of(formats[i]);
			return 0;
		}
	}
	return err_set(err, EINVAL, "unknown format \"%.*s\"", TEXT_ARG(value));
}

static int read_vdev(struct reading *reading, struct text value, struct err *err)
{
	if (text_starts(value, TEXT("ioemu:")))
		value = text_skip(value, strlen("ioemu:"));
	if (text_ends(value, TEXT(":cdrom"))) {
		reading->spec->cdrom = true;
		value.len -= strlen(":cdrom");
	}
	if (!value.len)
		return err_set(err, EINVAL, "no vdev (as xvda) in the disk specification");
	reading->spec->vdev = value;
	return 0;
}

static int read_access(struct reading *reading, struct text value, struct err *err)
{
	static const char *const known[] = {"r", "ro", "w", "rw", ""};

	reading->has_access = true;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (text_is(value, known[i]))
			return 0;
	}
	return err_set(err, EINVAL, "unknown access \"%.*s\"; r or w", TEXT_ARG(value));
}

static int read_positional(struct reading *reading, struct text value, struct err *err)
{
	if (!reading->has_target) {
		read_target(reading, value);
		return 0;
	}
	if (!reading->has_format)
		return read_format(reading, value, err);
	if (!reading->spec->vdev.len)
		return read_vdev(reading, value, err);
	if (!reading->has_access)
		return read_access(reading, value, err);
	return err_set(err, EINVAL, "too many parameters at \"%.*s\"", TEXT_ARG(value));
}

static int read_key(struct reading *reading, struct text key, struct text value, struct err *err)
{
	if (text_is(key, "format"))
		return read_format(reading, value, err);
	if (text_is(key, "vdev"))
		return read_vdev(reading, value, err);
	if (text_is(key, "access"))
		return read_access(reading, value, err);
	if (text_is(key, "script"))
		reading->spec->script = value;
	else if (text_is(key, "backend"))
		reading->spec->backend = value;
	else if (text_is(key, "devtype") && text_is(value, "cdrom"))
		reading->spec->cdrom = true;
	else if (!text_is(key, "backendtype") && !text_is(key, "devtype"))
		return err_set(err, EINVAL, "unknown parameter \"%.*s\"", TEXT_ARG(key));
	return 0;
}

/* Parameters that are words of their own, without a value. */
static bool read_flag(struct reading *reading, struct text word)
{
	static const char *const ignored[] = {
		"removable", "discard", "no-discard", "direct-io-safe"};

	if (text_is(word, "cdrom")) {
		reading->spec->cdrom = true;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++) {
		if (text_is(word, ignored[i]))
			return true;
	}
	return false;
}

static bool is_key(struct text key)
{
	for (size_t i = 0; i < key.len; i++) {
		if (key.at[i] < 'a' || key.at[i] > 'z')
			return false;
	}
	return key.len > 0;
}

static int read_parameter(struct reading *reading, struct text word, struct err *err)
{
	struct text key, value = word;

	if (text_find(word, '=') < word.len && text_cut(&value, '=', &key) && is_key(key))
		return read_key(reading, key, value, err);
	if (reading->has_target && read_flag(reading, word))
		return 0;
	return read_positional(reading, word, err);
}

int disk_spec_parse(struct text spec, struct disk_spec *ret, struct err *err)
{
	struct reading reading = {.spec = ret};

	*ret = (struct disk_spec){.format = TEXT("raw")};
	for (;;) {
		size_t at;
		int r;

		while (spec.len && (spec.at[0] == ' ' || spec.at[0] == '\t'))
			spec = text_skip(spec, 1);
		at = text_find(spec, ',');
		/* target= takes all that is left, commas included. */
		if (text_starts(spec, TEXT("target="))) {
			read_target(&reading, text_skip(spec, strlen("target=")));
			break;
		}
		r = read_parameter(&reading, text_first(spec, at), err);
		if (r)
			return r;
		if (at == spec.len)
			break;
		spec = text_skip(spec, at + 1);
	}
	if (!ret->vdev.len)
		return err_set(err, EINVAL, "no vdev (as xvda) in the disk specification");
	return 0;
}

bool disk_spec_is_empty(const struct disk_spec *spec)
{
	return !spec->target.len || text_is(spec->format, "empty");
}

static bool is_local_backend(struct text backend)
{
	return !backend.len || text_is(backend, "0") || text_is(backend, "Domain-0");
}

static bool has_scheme(struct text target)
{
	return is_url(target) || text_starts(target, TEXT("rbd:"));
}

/* What helps where a network disk is not read. */
static const char *attach_hint(struct text target)
{
	if (text_starts(target, TEXT("rbd:")))
		return "attach it to this host (rbd map POOL/IMAGE) and name it as "
		       "phy:/dev/rbd/...";
	if (text_starts(target, TEXT("iscsi:")))
		return "log this host in (iscsiadm) and name it as phy:/dev/disk/by-path/...";
	return "attach it to this host and name its block device as phy:/dev/...";
}

/* -ENOMEM. */
static int find_network_problem(struct arena *arena, const struct disk_spec *spec, struct text *ret)
{
	struct nbd_url url;
	struct err err = {0};
	int r = nbd_url_parse(spec->target, arena, &url, &err);

	if (r == -ENOMEM)
		return r;
	if (r == 0 && !text_is(spec->format, "raw"))
		return arena_printf(arena, ret, "only raw disks are read over NBD, not format %.*s",
			TEXT_ARG(spec->format));
	if (r == 0)
		return 0;
	if (text_starts(spec->target, TEXT("nbd")))
		return arena_text(arena, text_of(err.text), ret);
	return arena_printf(arena, ret, "not read over the network; %s", attach_hint(spec->target));
}

/* Why this version cannot read the disk; an empty text where it can. */
static int find_problem(struct arena *arena, const struct disk_spec *spec, struct text *ret)
{
	if (spec->script.len)
		return arena_printf(arena, ret,
			"attached by xl's script %.*s, which bootfs does not run; name the block "
			"device on this host as phy:/dev/...",
			TEXT_ARG(spec->script));
	if (!is_local_backend(spec->backend))
		return arena_printf(arena, ret, "served by domain %.*s, not readable from here",
			TEXT_ARG(spec->backend));
	if (has_scheme(spec->target))
		return find_network_problem(arena, spec, ret);
	if (!image_format_find(spec->format))
		return arena_printf(arena, ret, "image format %.*s is not read, only %s",
			TEXT_ARG(spec->format), image_format_names());
	return 0;
}

int disk_spec_to_disk(struct arena *arena, const struct disk_spec *spec, struct domain_disk *ret)
{
	bool as_is = text_starts(spec->target, TEXT("/")) || has_scheme(spec->target) ||
		     spec->script.len;

	*ret = (struct domain_disk){.partition = vdev_partition(spec->vdev)};
	if (arena_printf(
		    arena, &ret->path, "%s%.*s", as_is ? "" : "/dev/", TEXT_ARG(spec->target)) ||
		arena_text(arena, spec->vdev, &ret->vdev) ||
		arena_text(arena, spec->format, &ret->format) ||
		find_problem(arena, spec, &ret->problem))
		return -ENOMEM;
	return 0;
}
