/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/md/md.h"
#include "parsers/disk/scan.h"

#include <errno.h>

/* The members that were found, and on which volumes. */
struct members {
	struct md_member *at;
	struct volume **volumes;
	bool *used;
	uint32_t count;
};

static bool may_be_member(const struct volume *volume)
{
	if (!volume->number && volume->partmap.len)
		return false;
	/* Where libblkid cannot look we do. */
	return text_is(volume->fs_name, "linux_raid_member") ||
	       (!volume->fs_name.len && volume->dev.fd < 0 && !volume->problem.len);
}

static int find_members(struct volumes *volumes, struct members *ret)
{
	ret->at = arena_array(volumes->arena, volumes->count + 1, sizeof(*ret->at));
	ret->volumes = arena_array(volumes->arena, volumes->count + 1, sizeof(*ret->volumes));
	ret->used = arena_array(volumes->arena, volumes->count + 1, sizeof(*ret->used));
	if (!ret->at || !ret->volumes || !ret->used)
		return -ENOMEM;
	for (uint32_t i = 0; i < volumes->count; i++) {
		struct volume *volume = volumes->at[i];

		if (!may_be_member(volume) || md_probe(&volume->dev, &ret->at[ret->count]) != 1)
			continue;
		volume->fs_name = TEXT("linux_raid_member");
		ret->volumes[ret->count++] = volume;
	}
	return 0;
}

/* "md/0", or where there is such a one already, "mduuid/..." */
static int name_array(struct volumes *volumes, const struct md_member *first, struct text *name,
	struct text *id_name)
{
	const uint8_t *u = first->uuid;

	if (arena_printf(volumes->arena, id_name,
		    "mduuid/%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x", u[0],
		    u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12],
		    u[13], u[14], u[15]) ||
		arena_printf(volumes->arena, name, "md/%s", first->name))
		return -ENOMEM;
	if (!first->name[0] || volumes_find(volumes, *name))
		*name = *id_name;
	return 0;
}

static void report_array(struct volumes *volumes, struct text name, int32_t level,
	const struct members *members, const uint32_t *which, uint32_t n)
{
	char list[400] = "";
	size_t len = 0;

	for (uint32_t i = 0; i < n && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%.*s", i ? ", " : "",
			TEXT_ARG(members->volumes[which[i]]->name));
	report_add(volumes->report, REPORT_OK, "%.*s %s of %s", TEXT_ARG(name),
		md_level_name(level), list);
}

/* The array's volume, with its partitions where it has any. */
static int add_array(struct volumes *volumes, struct text name, struct text id_name,
	const struct blockdev *dev, struct text problem)
{
	struct partition_table *table = arena_new(volumes->arena, struct partition_table);
	uint32_t first = volumes->count;
	int err;

	if (!table)
		return -ENOMEM;
	if (problem.len || partitions_read(dev, table))
		table->kind = TABLE_NONE;
	scan_report_table(volumes->report, name, table);
	err = scan_add_disk(volumes, name, dev, table, NULL);
	arena_release(volumes->arena, table);
	if (!err && volumes->count > first) {
		volumes->at[first]->id_name = id_name;
		volumes->at[first]->problem = problem;
	}
	return err;
}

/* Warns of what may be wrong with an array that is read. */
static void report_doubts(struct report *report, struct text name, const struct md_array *array)
{
	if (array->unsure)
		report_add(report, REPORT_WARNING,
			"%.*s: a member is missing and the array was not stopped: what is computed "
			"out of its parity may be wrong",
			TEXT_ARG(name));
	if (array->journal)
		report_add(report, REPORT_WARNING,
			"%.*s has a journal, which is not replayed: newer data may be missing",
			TEXT_ARG(name));
	if (array->cut)
		report_add(report, REPORT_WARNING,
			"%.*s: members of different sizes and no record of how they are striped; "
			"only the first part is read",
			TEXT_ARG(name));
}

/* Assembles the array of the members `which`. */
static int assemble(
	struct volumes *volumes, const struct members *members, const uint32_t *which, uint32_t n)
{
	const struct md_member *list[MAX_VOLUMES], *first = &members->at[which[0]];
	struct md_array array = {.dev = blockdev_on_memory("", 0), .level = first->level};
	struct text name, id_name, problem = {0};
	struct err err = {0};
	uint32_t at;
	int failed;

	for (uint32_t i = 0; i < n; i++)
		list[i] = &members->at[which[i]];
	if (name_array(volumes, first, &name, &id_name))
		return -ENOMEM;
	failed = md_assemble(list, n, volumes->arena, &array, &err);
	if (failed == -ENOMEM)
		return failed;
	if (failed && arena_printf(volumes->arena, &problem, "%s: %s", md_level_name(first->level),
			      err.text))
		return -ENOMEM;
	report_array(volumes, name, array.level, members, which, n);
	report_doubts(volumes->report, name, &array);
	at = volumes->count;
	failed = add_array(volumes, name, id_name, &array.dev, problem);
	for (uint32_t i = 0; i < n && !failed && at < volumes->count; i++)
		members->volumes[which[i]]->array = volumes->at[at];
	return failed;
}

int scan_md(struct volumes *volumes)
{
	struct members members = {0};
	uint32_t which[MAX_VOLUMES];
	int err = find_members(volumes, &members);

	for (uint32_t i = 0; i < members.count && !err; i++) {
		uint32_t n = 0;

		if (members.used[i])
			continue;
		for (uint32_t j = i; j < members.count; j++) {
			if (memcmp(members.at[i].uuid, members.at[j].uuid,
				    sizeof(members.at[i].uuid)) != 0)
				continue;
			members.used[j] = true;
			which[n++] = j;
		}
		err = assemble(volumes, &members, which, n);
	}
	return err;
}
