/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/guests.h"

#include "admin/say.h"
#include "pygrub/choose.h"
#include "pygrub/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

enum { INFO_BYTES = 1 << 20 };

const char guests_none[] =
	"no domain is configured; see xl-config, images and [domain NAME] in bootfs.conf(5)";

/* ---- finding ---------------------------------------------------------------------------------- */

/* Takes over the name; NULL: out of memory. */
static int add_guest(struct guests *guests, char *name, bool is_image, struct err *err)
{
	struct guest *bigger =
		name ? reallocarray(guests->at, guests->n + 1, sizeof(*bigger)) : NULL;

	if (!bigger) {
		free(name);
		return err_set(err, ENOMEM, "out of memory");
	}
	guests->at = bigger;
	guests->at[guests->n++] = (struct guest){.name = name, .is_image = is_image, .folder = -1};
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct guest *left = a, *right = b;

	return strverscmp(left->name, right->name);
}

static int find_all(const struct view *view, struct guests *guests, struct err *err)
{
	DIR *dir = opendir(view->mountpoint.at);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return err_set(err, errno, "%s: %m%s", view->mountpoint.at,
			errno == EACCES ? "; access in bootfs.conf(5) says who may, besides root"
					: "");
	while (!r && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.' && entry->d_type != DT_REG)
			r = add_guest(guests, strdup(entry->d_name), false, err);
	}
	closedir(dir);
	if (guests->n)
		qsort(guests->at, guests->n, sizeof(*guests->at), by_name);
	return r;
}

static bool is_domain(const struct view *view, const char *name)
{
	_strbuf_ struct strbuf path = {0};
	struct stat st;

	strbuf_addf(&path, "%s/%s", view->mountpoint.at, name);
	return name[0] != '.' && !path.failed && !stat(path.at, &st) && S_ISDIR(st.st_mode);
}

static int find_one(
	const struct view *view, const char *operand, struct guests *guests, struct err *err)
{
	bool is_path = strchr(operand, '/') != NULL;
	_strbuf_ struct strbuf faults = {0};
	size_t mistakes;

	if (!is_path && is_domain(view, operand))
		return add_guest(guests, strdup(operand), false, err);
	if (access(operand, F_OK) == 0)
		return add_guest(guests, strdup(operand), true, err);
	if (is_path)
		return err_set(err, errno, "%s: %m", operand);
	mistakes = view_mistakes(view, &faults);
	return err_set(err, ENOENT,
		"there is no domain \"%s\"; bootfs list shows those there are%s", operand,
		mistakes ? ", bootfs --check the mistakes in the files of others" : "");
}

int guests_find(const struct view *view, const struct admin_options *options, struct guests *ret,
	struct err *err)
{
	int r = 0;

	*ret = (struct guests){0};
	if (!options->n_operands)
		return find_all(view, ret, err);
	for (int i = 0; i < options->n_operands && !r; i++)
		r = find_one(view, options->operands[i], ret, err);
	return r;
}

void guests_free(struct guests *guests)
{
	for (size_t i = 0; i < guests->n; i++) {
		struct guest *guest = &guests->at[i];

		cleanup_close(&guest->folder);
		json_decref(guest->menu);
		free(guest->version);
		free(guest->name);
	}
	free(guests->at);
	*guests = (struct guests){0};
}

/* ---- loading ---------------------------------------------------------------------------------- */

struct work {
	void (*work)(void *context, size_t i);
	void *context;
	size_t n;
	_Atomic size_t next;
};

static void *work_on(void *argument)
{
	struct work *work = argument;

	for (size_t i = atomic_fetch_add(&work->next, 1); i < work->n;
		i = atomic_fetch_add(&work->next, 1))
		work->work(work->context, i);
	return NULL;
}

void side_by_side(size_t n, size_t threads, void (*one)(void *context, size_t i), void *context)
{
	struct work work = {.work = one, .context = context, .n = n};
	pthread_t others[MOST_THREADS];
	size_t started = 0;

	/* One that cannot be started is no loss: the first thread works too. */
	while (started + 1 < n && started + 1 < threads && started < MOST_THREADS &&
		!pthread_create(&others[started], NULL, work_on, &work))
		started++;
	work_on(&work);
	while (started)
		pthread_join(others[--started], NULL);
}

static int open_folder(const struct view *view, const struct guest *guest, struct err *err)
{
	const struct options as_image = {.disk = guest->name};
	_strbuf_ struct strbuf name = {0};

	if (guest->is_image) {
		if (geteuid() != 0)
			return err_set(err, EACCES,
				"%s: only root may have bootfs look at any image; bootfs-inspect "
				"looks with your own rights",
				guest->name);
		if (tree_name(&as_image, &name, err))
			return -1;
		return tree_open(view->mountpoint.at, name.at, err);
	}
	strbuf_adds(&name, guest->name);
	return name.failed ? -1 : tree_open(view->mountpoint.at, name.at, err);
}

/* "6.1.0-18-amd64" out of the default entry's kernel.info; NULL: it does not say. */
static char *read_version(int folder)
{
	_strbuf_ struct strbuf info = {0};
	struct text rest, line;

	if (tree_read(folder, "default/kernel.info", INFO_BYTES, &info))
		return NULL;
	rest = strbuf_text(&info);
	while (text_cut(&rest, '\n', &line)) {
		if (text_starts(line, TEXT("version ")))
			return strndup(line.at + strlen("version "), line.len - strlen("version "));
	}
	return NULL;
}

struct loading {
	const struct view *view;
	struct guests *guests;
};

static void load_one(void *context, size_t i)
{
	const struct loading *loading = context;
	struct guest *guest = &loading->guests->at[i];

	guest->folder = open_folder(loading->view, guest, &guest->err);
	if (guest->folder < 0)
		return;
	guest->menu = choose_read_menu(guest->folder, &guest->err);
	if (guest->menu && guest_boots(guest))
		guest->version = read_version(guest->folder);
}

/* The first disk of a domain, as its menu names it. */
static struct text first_disk(const struct guest *guest)
{
	return menu_string(json_array_get(json_object_get(guest->menu, "disks"), 0), "path");
}

int guest_choose(const struct view *view, struct guest *guest, const char *entry, struct err *err)
{
	_free_ char *disk = guest->is_image ? strdup(guest->name)
					    : strndup(first_disk(guest).at, first_disk(guest).len);
	const struct options wish = {
		.disk = disk,
		.domain = guest->is_image ? NULL : guest->name,
		.entry = entry,
	};
	_strbuf_ struct strbuf name = {0};

	if (geteuid() != 0)
		return err_set(err, EACCES,
			"only root may choose an entry by its name; give its number, as the file "
			"menu shows it");
	if (!disk || tree_name(&wish, &name, err))
		return err->code ? -err->code : err_set(err, ENOMEM, "out of memory");
	cleanup_close(&guest->folder);
	json_decref(guest->menu);
	guest->menu = NULL;
	guest->folder = tree_open(view->mountpoint.at, name.at, err);
	if (guest->folder >= 0)
		guest->menu = choose_read_menu(guest->folder, err);
	return guest->menu ? 0 : -err->code;
}

void guests_load(const struct view *view, struct guests *guests)
{
	struct loading loading = {view, guests};

	side_by_side(guests->n, MOST_THREADS, load_one, &loading);
}

bool guests_open(const struct admin_options *options, struct view *view, struct guests *ret)
{
	struct err err = {0};

	if (view_open(options, view, &err) || guests_find(view, options, ret, &err)) {
		say("%s", err.text);
		return false;
	}
	guests_load(view, ret);
	return true;
}

/* ---- what a menu says ------------------------------------------------------------------------- */

bool guest_boots(const struct guest *guest)
{
	return guest->menu && text_is(menu_string(guest->menu, "status"), "ok");
}

struct text guest_error(const struct guest *guest)
{
	if (!guest->menu)
		return text_of(guest->err.text);
	return menu_string(guest->menu, "error");
}

json_t *guest_default(const struct guest *guest)
{
	json_t *index = guest->menu ? json_object_get(guest->menu, "default_index") : NULL;

	return json_is_integer(index) ? menu_entry(guest->menu, (uint64_t)json_integer_value(index))
				      : NULL;
}

struct text guest_unused(const struct guest *guest)
{
	return menu_string(guest->menu, "unused");
}
