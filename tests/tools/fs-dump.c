/*
 * fs-dump [--volume=NAME] [--offset=BYTES] [--volumes-only] [--walk=PATH]
 * [--sector-size=BYTES] IMAGE...: what the readers see, as JSON.
 *
 * Scans the images as one guest's disks, then lists every file of one volume (the first readable
 * one in boot order): path, type, size, mode, mtime, link target, sha256 of the content as read,
 * sha256 of the content as the extents say it lies on the images, and the extents. Paths and
 * targets are bytes: each stands as the character with its number (Latin-1). With --walk, only
 * the one file or folder that a boot loader gets for this path, as "/".
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/disk/volumes.h"
#include "tests/support/errorname.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <sodium/crypto_hash_sha256.h>
#include <sodium/utils.h>
#include <sys/stat.h>

enum { BUFFER = 1 << 20, MAX_DEPTH = 200 };

static struct disk disks[MAX_DISKS];
static struct volumes volumes;
static char buffer[BUFFER];

/* Bytes as a JSON string: Latin-1, so that any name can be told. */
static json_t *json_bytes(struct text text)
{
	char *utf8 = malloc(2 * text.len + 1);
	size_t len = 0;
	json_t *ret;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c < 0x80) {
			utf8[len++] = (char)c;
		} else {
			utf8[len++] = (char)(0xc0 | c >> 6);
			utf8[len++] = (char)(0x80 | (c & 0x3f));
		}
	}
	ret = json_stringn(utf8, len);
	free(utf8);
	return ret;
}

static json_t *json_error(int error)
{
	return json_string(error_name(error < 0 ? -error : error));
}

static json_t *json_digest(crypto_hash_sha256_state *sha)
{
	unsigned char digest[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(digest) + 1];

	crypto_hash_sha256_final(sha, digest);
	return json_string(sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest)));
}

/* The content as the reader gives it. */
static json_t *hash_content(struct fs *fs, const struct node *node)
{
	crypto_hash_sha256_state sha;
	uint64_t offset = 0;

	crypto_hash_sha256_init(&sha);
	while (offset < node->size) {
		ssize_t got = fs->ops->read(fs, node, offset, buffer, sizeof(buffer));

		if (got <= 0)
			return json_error(got ? (int)got : EIO);
		crypto_hash_sha256_update(&sha, (unsigned char *)buffer, (size_t)got);
		offset += (uint64_t)got;
	}
	return json_digest(&sha);
}

/* One piece, where it says that it lies. */
static int hash_piece(struct fs *fs, const struct node *node, const struct extent *extent,
	crypto_hash_sha256_state *sha)
{
	for (uint64_t done = 0, part; done < extent->length; done += part) {
		ssize_t got;

		part = min_u64(sizeof(buffer), extent->length - done);
		if (extent->kind == EXTENT_ZERO) {
			memset(buffer, 0, part);
			got = (ssize_t)part;
		} else if (extent->kind == EXTENT_DISK) {
			got = pread(disks[extent->disk].dev.fd, buffer, part,
				(off_t)(extent->at + done));
		} else {
			got = fs->ops->read(fs, node, extent->offset + done, buffer, part);
		}
		if (got != (ssize_t)part)
			return -EIO;
		crypto_hash_sha256_update(sha, (unsigned char *)buffer, part);
	}
	return 0;
}

static json_t *hash_extents(struct fs *fs, const struct node *node, const struct extents *extents)
{
	crypto_hash_sha256_state sha;

	crypto_hash_sha256_init(&sha);
	for (uint32_t i = 0; i < extents->count; i++) {
		int error = hash_piece(fs, node, &extents->at[i], &sha);

		if (error)
			return json_error(error);
	}
	return json_digest(&sha);
}

static json_t *list_extents(const struct extents *extents)
{
	static const char *const kinds[] = {"disk", "zero", "later"};
	json_t *list = json_array();

	for (uint32_t i = 0; i < extents->count; i++) {
		const struct extent *extent = &extents->at[i];

		json_array_append_new(
			list, json_pack("[s,i,I,I]", kinds[extent->kind], (int)extent->disk,
				      (json_int_t)extent->at, (json_int_t)extent->length));
	}
	return list;
}

static void dump_content(struct fs *fs, const struct node *node, json_t *to)
{
	_extents_ struct extents extents = {0};
	int error = fs->ops->extents ? fs->ops->extents(fs, node, &extents) : -ENOTSUP;

	json_object_set_new(to, "sha256", hash_content(fs, node));
	if (error) {
		json_object_set_new(to, "extents", json_error(error));
		return;
	}
	json_object_set_new(to, "extents", list_extents(&extents));
	json_object_set_new(to, "extents_sha256", hash_extents(fs, node, &extents));
}

static void dump_target(struct fs *fs, const struct node *node, json_t *to)
{
	ssize_t len = fs->ops->readlink(fs, node, buffer, sizeof(buffer));

	json_object_set_new(to, "target",
		len < 0 ? json_error((int)len) : json_bytes((struct text){buffer, (size_t)len}));
}

/* A listing under way: one folder deeper for each level. */
struct dump {
	struct fs *fs;
	struct node folder;
	const char *path; /* of the folder, without a slash at the end */
	int depth;
	json_t *files;
};

static fs_visit dump_name;

static void dump_node(struct dump *dump, const struct node *node, const char *path)
{
	static const char *const types[] = {"file", "folder", "link", "other"};
	struct dump inside = {dump->fs, *node, path, dump->depth + 1, dump->files};
	json_t *to = json_pack("{s:o,s:s,s:i,s:I,s:I}", "path", json_bytes(text_of(path)), "type",
		types[node->type], "mode", (int)node->mode, "mtime", (json_int_t)node->mtime_s,
		"size", (json_int_t)node->size);
	int error;

	json_array_append_new(dump->files, to);
	if (node->type == NODE_FILE)
		dump_content(dump->fs, node, to);
	if (node->type == NODE_LINK)
		dump_target(dump->fs, node, to);
	if (node->type != NODE_FOLDER || inside.depth > MAX_DEPTH)
		return;
	error = dump->fs->ops->list(dump->fs, node, dump_name, &inside);
	if (error)
		json_object_set_new(to, "error", json_error(error));
}

static int dump_name(void *context, struct text name)
{
	struct dump *dump = context;
	struct node node;
	char *path;
	int error;

	if (asprintf(&path, "%s/%.*s", dump->path, (int)name.len, name.at) < 0)
		return -ENOMEM;
	error = dump->fs->ops->find(dump->fs, &dump->folder, name, &node);
	if (error)
		json_array_append_new(
			dump->files, json_pack("{s:o,s:o}", "path", json_bytes(text_of(path)),
					     "error", json_error(error)));
	else
		dump_node(dump, &node, path);
	free(path);
	return 0;
}

static json_t *dump_report(const struct report *report)
{
	json_t *list = json_array();

	for (const struct report_line *line = report->first; line; line = line->next)
		json_array_append_new(list,
			json_pack("[s,o]", report_kind_name(line->kind), json_bytes(line->text)));
	return list;
}

static json_t *dump_volumes(void)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < volumes.count; i++) {
		const struct volume *v = volumes.at[i];

		json_array_append_new(
			list, json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:b,s:b,s:I,s:I}", "name",
				      json_bytes(v->name), "fs", json_bytes(v->fs_name), "uuid",
				      json_bytes(v->uuid), "label", json_bytes(v->label),
				      "part_uuid", json_bytes(v->part_uuid), "problem",
				      json_bytes(v->problem), "readable", v->fs != NULL, "active",
				      v->active, "esp", v->esp, "start", (json_int_t)v->dev.start,
				      "size", (json_int_t)v->dev.size));
	}
	return list;
}

static struct volume *choose(const char *name)
{
	struct volume *order[MAX_VOLUMES];

	if (name)
		return volumes_find(&volumes, text_of(name));
	volumes_boot_order(&volumes, order);
	for (uint32_t i = 0; i < volumes.count; i++) {
		if (order[i]->fs)
			return order[i];
	}
	return NULL;
}

static void open_disk(const char *path, uint32_t number, uint64_t offset, uint32_t sector_size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", path);
	disks[number] = (struct disk){
		.dev = blockdev_on_fd(fd, number, (uint64_t)lseek(fd, 0, SEEK_END), sector_size),
		.offset = number ? 0 : offset,
		.device = S_ISBLK(st.st_mode) ? st.st_rdev : 0,
		.path = text_of(path),
	};
}

static json_t *dump_all(const char *name, const char *walk, bool files)
{
	json_t *all = json_pack("{s:o}", "volumes", dump_volumes());
	struct volume *volume = choose(name);
	struct dump dump = {.path = "", .files = json_array()};
	struct node root;
	int error;

	if (volume && volume->fs && files) {
		json_object_set_new(all, "volume", json_bytes(volume->name));
		dump.fs = volume->fs;
		error = fs_walk(dump.fs, text_of(walk ? walk : "/"), &root);
		/* Too deep to go on below it. */
		if (walk)
			dump.depth = MAX_DEPTH;
		if (!error)
			dump_node(&dump, &root, "");
		else
			json_object_set_new(all, "error", json_error(error));
	}
	json_object_set_new(all, "files", dump.files);
	return all;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"volume", required_argument, NULL, 'v'},
		{"offset", required_argument, NULL, 'o'},
		{"sector-size", required_argument, NULL, 's'},
		{"volumes-only", no_argument, NULL, 'n'},
		{"walk", required_argument, NULL, 'w'},
		{0},
	};
	struct arena arena _arena_ = {0};
	const char *name = NULL, *walk = NULL;
	uint32_t sector_size = 512, n = 0;
	uint64_t offset = 0;
	struct report report;
	struct err why = {0};
	bool files = true;
	json_t *all;

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == '?')
			return 2;
		if (c == 'v')
			name = optarg;
		if (c == 'o')
			offset = strtoull(optarg, NULL, 0);
		if (c == 's')
			sector_size = (uint32_t)strtoul(optarg, NULL, 0);
		if (c == 'w')
			walk = optarg;
		if (c == 'n')
			files = false;
	}
	for (int i = optind; i < argc && n < MAX_DISKS; i++, n++)
		open_disk(argv[i], n, offset, sector_size);
	arena_init(&arena, 256 * MIB);
	report_init(&report, &arena);
	if (volumes_scan(&volumes, &arena, &report, disks, n, &why))
		errx(1, "%s", why.text);
	all = dump_all(name, walk, files);
	json_object_set_new(all, "report", dump_report(&report));
	json_dumpf(all, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(all);
	volumes_done(&volumes);
	return 0;
}
