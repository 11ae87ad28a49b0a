/* look: what the inspector says of folders and files, and what the asker takes of it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/answer.h"

#include "inspect/answer/relative.h"
#include "wire/look.h"
#include "tests/support/question.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <cmocka.h>

#define ROOM ((uint64_t)8 * MIB)
#define TREE "d=$IMAGE.tree; mkdir -p $d/usr/lib $d/boot; cd $d; "
#define EXT4 "mke2fs -q -t ext4 -d $IMAGE.tree $IMAGE; "

static struct question ask_about(enum question_kind kind, const char *path, const char *command)
{
	struct question question = question_make(kind);

	question.volume = TEXT("hd0");
	question.path = text_of(path);
	question_add_image(&question, ROOM, command);
	return question;
}

static struct inspection *answer_to(const struct question *question, int expected)
{
	struct inspection *inspection = inspection_new(64 * MIB);
	struct err err = {0};

	assert_non_null(inspection);
	assert_int_equal(question->kind == QUESTION_FOLDER
				 ? answer_folder(question, inspection, &err)
				 : answer_file(question, inspection, &err),
		expected);
	return inspection;
}

static const struct look_entry *entry_of(const struct inspection *inspection, const char *name)
{
	for (uint32_t i = 0; i < inspection->look.count; i++) {
		if (text_is(inspection->look.entries[i].name, name))
			return &inspection->look.entries[i];
	}
	return NULL;
}

static void assert_target(const struct inspection *inspection, const char *name, const char *target)
{
	const struct look_entry *entry = entry_of(inspection, name);

	assert_non_null(entry);
	assert_int_equal(entry->kind, LOOK_LINK);
	assert_string_equal(entry->target.at, target);
}

static void a_folder_is_sorted_and_shows_what_can_be_read(void **state)
{
	_question_ struct question question = ask_about(QUESTION_FOLDER, "usr/lib",
		TREE
		"cd usr/lib; printf hello > b; mkdir a; mkfifo f; touch \"$(printf 'x\\ny')\"; "
		"ln -s b file; ln -s /usr up; ln -s ../.. root; ln -s . self; "
		"ln -s /boot boot; ln -s gone dangling; ln -s loop loop; "
		"ln -s ../../../.. clamped; chmod 4755 b; " EXT4);
	_inspection_ struct inspection *inspection = answer_to(&question, 0);
	const struct volume_look *look = &inspection->look;

	(void)state;
	for (uint32_t i = 1; i < look->count; i++)
		assert_true(text_compare(look->entries[i - 1].name, look->entries[i].name) < 0);
	assert_int_equal(look->count, 8);
	assert_int_equal(look->skipped, 1); /* the name with a newline */
	assert_int_equal(entry_of(inspection, "a")->kind, LOOK_FOLDER);
	assert_int_equal(entry_of(inspection, "b")->size, 5);
	assert_int_equal(entry_of(inspection, "b")->mode, 04755);
	assert_true(entry_of(inspection, "b")->file.present);
	assert_int_equal(entry_of(inspection, "file")->kind, LOOK_FILE);
	assert_int_equal(
		entry_of(inspection, "file")->identity, entry_of(inspection, "b")->identity);
	assert_target(inspection, "up", "..");
	assert_target(inspection, "root", "../..");
	assert_target(inspection, "clamped", "../..");
	assert_target(inspection, "self", ".");
	assert_target(inspection, "boot", "../../boot");
}

static void what_is_not_there_any_more_is_stale(void **state)
{
	_question_ struct question question =
		ask_about(QUESTION_FOLDER, "usr/gone", TREE "printf x > file; " EXT4);

	(void)state;
	inspection_free(answer_to(&question, -ESTALE));
	question.path = TEXT("file");
	inspection_free(answer_to(&question, -ESTALE));
	question.path = TEXT("");
	question.volume = TEXT("hd1");
	inspection_free(answer_to(&question, -ESTALE));
	question.volume = TEXT("hd0");
	inspection_free(answer_to(&question, 0));
}

/* A question about the file as the listing of the root describes it. */
static void mean_file(struct question *question, const char *name)
{
	_inspection_ struct inspection *folder = NULL;
	const struct look_entry *entry;

	question->kind = QUESTION_FOLDER;
	question->path = TEXT("");
	folder = answer_to(question, 0);
	entry = entry_of(folder, name);
	assert_non_null(entry);
	question->kind = QUESTION_FILE;
	question->path = text_of(name);
	question->content_size = entry->size;
	question->content_identity = entry->identity;
}

static void a_file_is_told_only_where_it_is_the_one_that_is_meant(void **state)
{
	_question_ struct question question =
		ask_about(QUESTION_FOLDER, "", TREE "seq 9999 > file; ln -s file link; " EXT4);
	_inspection_ struct inspection *inspection = NULL;

	(void)state;
	mean_file(&question, "link");
	inspection = answer_to(&question, 0);
	assert_int_equal(inspection->look.file.size, 48888);
	assert_int_equal(inspection->look.file.pieces[0].kind, PIECE_DISK);
	question.content_identity++;
	inspection_free(answer_to(&question, -ESTALE));
	question.content_identity--;
	question.content_size++;
	inspection_free(answer_to(&question, -ESTALE));
}

static void a_small_packed_file_comes_with_the_answer(void **state)
{
	_question_ struct question question = ask_about(QUESTION_FOLDER, "",
		TREE "seq 9999 > file; seq 99999 > big; "
		     "mksquashfs $d $IMAGE -noappend >/dev/null; ");
	_inspection_ struct inspection *small = NULL, *big = NULL;
	char bytes[7] = "";
	struct err err = {0};
	int fd = memfd_create("test", MFD_CLOEXEC);

	(void)state;
	mean_file(&question, "file");
	small = answer_to(&question, 0);
	assert_int_equal(small->look.file.pieces[0].kind, PIECE_BYTES);
	assert_int_equal(small->look.bytes.len, 48888);
	mean_file(&question, "big");
	big = answer_to(&question, 0);
	assert_int_equal(big->look.file.pieces[0].kind, PIECE_LATER);
	question.kind = QUESTION_BYTES;
	question.range_at = 588888 - 6;
	question.range_length = 6;
	assert_int_equal(answer_bytes(&question, fd, &err), 0);
	assert_int_equal(pread(fd, bytes, 6, 0), 6);
	assert_string_equal(bytes, "99999\n");
	question.range_length = 7;
	assert_int_equal(answer_bytes(&question, fd, &err), -ERANGE);
	close(fd);
}

static void assert_relative(const char *from, const char *to, const char *expected)
{
	_arena_ struct arena arena = {.limit = 4096};
	struct text target;

	assert_int_equal(relative_target(&arena, text_of(from), text_of(to), &target), 0);
	assert_string_equal(target.at, expected);
}

static void one_folder_is_seen_from_another(void **state)
{
	(void)state;
	assert_relative("", "", ".");
	assert_relative("", "usr/lib", "usr/lib");
	assert_relative("usr/lib", "", "../..");
	assert_relative("usr/lib", "usr/lib", ".");
	assert_relative("usr/lib", "usr", "..");
	assert_relative("usr", "usr/lib", "lib");
	assert_relative("usr/lib", "usr/lib64", "../lib64");
	assert_relative("ab", "a", "../a");
	assert_relative("a/b/c", "a/x/c", "../../x/c");
}

/* ---- what the asker takes --------------------------------------------------------------------- */

static struct question asked(const char *path)
{
	struct question question = question_make(QUESTION_FOLDER);

	question.n_disks = 1;
	question.disks[0].size = 1000;
	question.path = text_of(path);
	return question;
}

static int take(const struct question *question, const struct volume_look *look)
{
	_inspection_ struct inspection *inspection = inspection_new(MIB);
	_strbuf_ struct strbuf bytes = {0};
	struct err err = {0};

	if (question->kind == QUESTION_FOLDER)
		wire_put_folder(&bytes, look);
	else
		wire_put_file(&bytes, look);
	return wire_get_look(strbuf_text(&bytes), question, inspection, &err);
}

static int take_entry(const char *path, struct look_entry entry)
{
	struct question question = asked(path);
	struct volume_look look = {.entries = &entry, .count = 1};

	return take(&question, &look);
}

static int take_name(struct text name)
{
	return take_entry("", (struct look_entry){.name = name});
}

static void names_are_names_of_files(void **state)
{
	char longest[256];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(take_name(TEXT("a")), 0);
	assert_int_equal(take_name(TEXT("...")), 0);
	assert_int_equal(take_name((struct text){longest, 255}), 0);
	assert_int_equal(take_name((struct text){longest, 256}), -EPROTO);
	assert_int_equal(take_name(TEXT("")), -EPROTO);
	assert_int_equal(take_name(TEXT(".")), -EPROTO);
	assert_int_equal(take_name(TEXT("..")), -EPROTO);
	assert_int_equal(take_name(TEXT("a/b")), -EPROTO);
	assert_int_equal(take_name(TEXT("/")), -EPROTO);
	assert_int_equal(take_name(TEXT("a\0b")), -EPROTO);
}

static int take_link(const char *path, const char *target)
{
	return take_entry(
		path, (struct look_entry){
			      .name = TEXT("l"), .kind = LOOK_LINK, .target = text_of(target)});
}

static void no_link_leads_out_of_its_volume(void **state)
{
	(void)state;
	assert_int_equal(take_link("", "."), 0);
	assert_int_equal(take_link("", "usr/lib"), 0);
	assert_int_equal(take_link("usr", ".."), 0);
	assert_int_equal(take_link("usr/lib", "../../boot"), 0);
	assert_int_equal(take_link("", ""), -EPROTO);
	assert_int_equal(take_link("", ".."), -EPROTO);
	assert_int_equal(take_link("usr", "../.."), -EPROTO);
	assert_int_equal(take_link("usr", "../../etc"), -EPROTO);
	assert_int_equal(take_link("usr", "lib/../../.."), -EPROTO);
	assert_int_equal(take_link("usr/lib", "a/.."), -EPROTO);
	assert_int_equal(take_link("usr/lib", "/etc"), -EPROTO);
	assert_int_equal(take_link("usr/lib", "./a"), -EPROTO);
	assert_int_equal(take_link("usr/lib", "a//b"), -EPROTO);
	assert_int_equal(take_link("usr/lib", "a/"), -EPROTO);
	assert_int_equal(take_link("usr/lib", "../"), -EPROTO);
}

static void other_fields_are_checked_too(void **state)
{
	struct piece piece = {PIECE_DISK, 0, 990, 10};
	struct look_entry file = {.name = TEXT("f"), .size = 10};

	(void)state;
	file.file = (struct content){.present = true, .size = 10, .pieces = &piece, .count = 1};
	assert_int_equal(take_entry("", file), 0);
	piece.at++;
	assert_int_equal(take_entry("", file), -EPROTO); /* outside the disk */
	piece.at--;
	file.size = 11;
	assert_int_equal(take_entry("", file), -EPROTO);
	file.size = 10;
	file.kind = LOOK_FOLDER;
	assert_int_equal(take_entry("", file), -EPROTO);
	file.file.present = false;
	assert_int_equal(take_entry("", file), 0);
	file.target = TEXT("x");
	assert_int_equal(take_entry("", file), -EPROTO);
	file.target = (struct text){0};
	file.mode = 010000;
	assert_int_equal(take_entry("", file), -EPROTO);
	file.mode = 0;
	file.size = (uint64_t)INT64_MAX + 1;
	assert_int_equal(take_entry("", file), -EPROTO);
}

static void names_come_sorted_and_once(void **state)
{
	struct question question = asked("");
	struct look_entry entries[2] = {{.name = TEXT("a")}, {.name = TEXT("b")}};
	struct volume_look look = {.entries = entries, .count = 2};

	(void)state;
	assert_int_equal(take(&question, &look), 0);
	entries[1].name = TEXT("a");
	assert_int_equal(take(&question, &look), -EPROTO);
	entries[0].name = TEXT("b");
	assert_int_equal(take(&question, &look), -EPROTO);
}

static void a_file_has_the_size_that_was_asked_for(void **state)
{
	struct question question = asked("f");
	struct piece piece = {PIECE_BYTES, 0, 0, 3};
	struct volume_look look = {.bytes = TEXT("abc"),
		.file = {.present = true, .size = 3, .pieces = &piece, .count = 1}};

	(void)state;
	question.kind = QUESTION_FILE;
	question.content_size = 3;
	assert_int_equal(take(&question, &look), 0);
	look.bytes = TEXT("ab");
	assert_int_equal(take(&question, &look), -EPROTO);
	look.bytes = TEXT("abc");
	question.content_size = 4;
	assert_int_equal(take(&question, &look), -EPROTO);
	look.file = (struct content){0};
	question.content_size = 0;
	assert_int_equal(take(&question, &look), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_is_sorted_and_shows_what_can_be_read),
		cmocka_unit_test(what_is_not_there_any_more_is_stale),
		cmocka_unit_test(a_file_is_told_only_where_it_is_the_one_that_is_meant),
		cmocka_unit_test(a_small_packed_file_comes_with_the_answer),
		cmocka_unit_test(one_folder_is_seen_from_another),
		cmocka_unit_test(names_are_names_of_files),
		cmocka_unit_test(no_link_leads_out_of_its_volume),
		cmocka_unit_test(other_fields_are_checked_too),
		cmocka_unit_test(names_come_sorted_and_once),
		cmocka_unit_test(a_file_has_the_size_that_was_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
