/* wire: what is put comes back; what was tampered with is refused or harmless. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/inspection.h"
#include "wire/message.h"
#include "wire/question.h"
#include "wire/sigsys.h"

#include "tests/support/sample_inspection.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <cmocka.h>

static const uint64_t disk_sizes[] = {SAMPLE_DISK_SIZE};

/* Decodes into a new inspection; NULL with err filled where it is refused. */
static struct inspection *decode(struct text bytes, struct err *err)
{
	struct inspection *ret = inspection_new(4 * MIB);

	*err = (struct err){0};
	assert_non_null(ret);
	if (wire_get_inspection(bytes, disk_sizes, 1, ret, err) == 0)
		return ret;
	assert_int_not_equal(err->code, 0);
	assert_int_not_equal(err->text[0], '\0');
	inspection_free(ret);
	return NULL;
}

static void refuses(struct inspection *inspection, const char *field)
{
	_strbuf_ struct strbuf bytes = {0};
	struct err err;

	wire_put_inspection(&bytes, inspection);
	assert_int_equal(bytes.failed, 0);
	assert_null(decode(strbuf_text(&bytes), &err));
	assert_int_equal(err.code, EPROTO);
	if (!strstr(err.text, field))
		fail_msg("\"%s\" does not name \"%s\"", err.text, field);
}

static void an_inspection_comes_back_as_it_was(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection(), *back = NULL;
	_strbuf_ struct strbuf bytes = {0}, again = {0};
	struct err err;

	(void)state;
	wire_put_inspection(&bytes, sample);
	back = decode(strbuf_text(&bytes), &err);
	assert_non_null(back);
	assert_int_equal(back->menu.entries, 5);
	assert_int_equal(back->menu.default_entry->index, 2);
	assert_true(text_is(back->menu.default_entry->cmdline, "root=UUID=3f0c ro"));
	assert_int_equal(back->report.lines, sample->report.lines);
	assert_int_equal(back->report.last->kind, REPORT_WARNING);
	wire_put_inspection(&again, back);
	assert_true(text_equal(strbuf_text(&bytes), strbuf_text(&again)));
}

static void a_failure_comes_back_as_it_was(void **state)
{
	_inspection_ struct inspection *sample = sample_failure("no"), *back = NULL;
	_strbuf_ struct strbuf bytes = {0};
	struct err err;

	(void)state;
	wire_put_inspection(&bytes, sample);
	back = decode(strbuf_text(&bytes), &err);
	assert_non_null(back);
	assert_true(text_is(back->error, "no"));
	assert_null(back->menu.default_entry);
}

static void every_truncation_is_refused(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf bytes = {0};
	struct err err;

	(void)state;
	wire_put_inspection(&bytes, sample);
	for (size_t len = 0; len < bytes.len; len++) {
		uint64_t claimed = len - WIRE_HEAD;

		/* As it is, and with a head that knows of it. */
		assert_null(decode(text_first(strbuf_text(&bytes), len), &err));
		if (len < WIRE_HEAD)
			continue;
		memcpy(bytes.at + 8, &claimed, sizeof(claimed));
		assert_null(decode(text_first(strbuf_text(&bytes), len), &err));
	}
}

/* Whatever bit flips: refused, or something that encodes to exactly those bytes again. */
static void every_flipped_bit_is_refused_or_harmless(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf bytes = {0};
	struct err err;

	(void)state;
	wire_put_inspection(&bytes, sample);
	for (size_t i = 0; i < 8 * bytes.len; i++) {
		_inspection_ struct inspection *back = NULL;
		_strbuf_ struct strbuf again = {0};

		bytes.at[i / 8] ^= (char)(1 << i % 8);
		back = decode(strbuf_text(&bytes), &err);
		if (back) {
			wire_put_inspection(&again, back);
			assert_true(text_equal(strbuf_text(&bytes), strbuf_text(&again)));
		}
		bytes.at[i / 8] ^= (char)(1 << i % 8);
	}
}

static void bytes_behind_the_end_are_refused(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf bytes = {0};
	struct err err;
	uint64_t claimed;

	(void)state;
	wire_put_inspection(&bytes, sample);
	strbuf_addc(&bytes, 'x');
	assert_null(decode(strbuf_text(&bytes), &err));
	claimed = bytes.len - WIRE_HEAD;
	memcpy(bytes.at + 8, &claimed, sizeof(claimed));
	assert_null(decode(strbuf_text(&bytes), &err));
	assert_non_null(strstr(err.text, "more bytes than fields"));
}

static void refuses_a_piece_outside_the_disk(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct piece *piece = sample->menu.first->content[SLOT_KERNEL].pieces;

	(void)state;
	piece->at = SAMPLE_DISK_SIZE - piece->length + 1;
	refuses(sample, "outside the disk");
	piece->at = UINT64_MAX;
	refuses(sample, "outside the disk");
	piece->at = 0;
	piece->disk = 1;
	refuses(sample, "outside the disk");
}

static void refuses_a_piece_outside_the_bytes_of_the_menu(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct content *content = &sample->menu.first->content[SLOT_INITRD];

	(void)state;
	content->size = sample->menu.bytes.len + 1;
	content->pieces[0] = (struct piece){.kind = PIECE_BYTES, .length = content->size};
	refuses(sample, "piece");
}

static void refuses_pieces_that_do_not_sum_up(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct content *content = &sample->menu.first->content[SLOT_KERNEL];

	(void)state;
	content->size++;
	refuses(sample, "sum of its pieces");
	content->pieces[0].length = 0;
	refuses(sample, "piece length");
}

static void refuses_unknown_values(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();

	(void)state;
	sample->menu.first->content[SLOT_KERNEL].pieces[0].kind = PIECE_KINDS;
	refuses(sample, "piece kind");
	sample->menu.first->kernel_info.xen_pv = XEN_YES + 1;
	sample->menu.first->content[SLOT_KERNEL].pieces[0].kind = PIECE_DISK;
	refuses(sample, "Xen PV");
	sample->gaps = GAP_ALL + 1;
	refuses(sample, "gaps");
}

static void refuses_a_path_that_does_not_fit_the_tree(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	struct menu_entry *in_submenu = sample->menu.first->next->next;

	(void)state;
	in_submenu->path[0] = 0; /* in an entry that is no heading */
	refuses(sample, "entry path");
	in_submenu->path[0] = 1;
	in_submenu->path[1] = 1; /* like the next one */
	refuses(sample, "entry path");
	in_submenu->path[1] = 0;
	in_submenu->depth = 3; /* in a heading that is not there */
	refuses(sample, "entry path");
	in_submenu->depth = 0;
	refuses(sample, "entry depth");
}

static void refuses_a_content_that_no_file_is_named_for(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();

	(void)state;
	sample->menu.first->kernel = NULL;
	refuses(sample, "a kernel where none is named");
}

static void refuses_another_number_of_disks(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();

	(void)state;
	sample->n_disks = 0;
	refuses(sample, "number of disks");
}

static void refuses_an_error_beside_a_default_and_none_of_both(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();

	(void)state;
	sample->error = TEXT("and yet");
	refuses(sample, "error");
	sample->error = TEXT("");
	sample->menu.default_entry = NULL;
	refuses(sample, "error");
}

static void refuses_what_does_not_fit_the_arena(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection();
	_strbuf_ struct strbuf bytes = {0};
	bool fits = false;

	(void)state;
	wire_put_inspection(&bytes, sample);
	for (size_t limit = 0; !fits; limit += 64) {
		_inspection_ struct inspection *small = inspection_new(limit);
		struct err err = {0};

		fits = wire_get_inspection(strbuf_text(&bytes), disk_sizes, 1, small, &err) == 0;
		assert_int_equal(fits, err.code == 0);
		assert_true(!fits || limit > bytes.len);
	}
}

static void what_is_too_long_goes_without_its_scripts(void **state)
{
	_inspection_ struct inspection *sample = sample_inspection(), *back = NULL;
	_strbuf_ struct strbuf whole = {0}, buf = {0};
	struct err err = {0};

	(void)state;
	wire_put_inspection(&whole, sample);
	buf.limit = whole.len;
	assert_int_equal(wire_put_bounded(&buf, sample, &err), 0);
	assert_true(text_equal(strbuf_text(&buf), strbuf_text(&whole)));
	strbuf_done(&buf);
	buf.limit = whole.len - 1;
	assert_int_equal(wire_put_bounded(&buf, sample, &err), 0);
	back = decode(strbuf_text(&buf), &err);
	assert_non_null(back);
	assert_int_equal(back->menu.first->script.len, 0);
	assert_non_null(strstr(back->report.last->text.at, "without their script"));
	strbuf_done(&buf);
	buf.limit = 100;
	assert_int_equal(wire_put_bounded(&buf, sample, &err), -EFBIG);
	assert_string_equal(err.text, "menu too big for an answer");
}

static struct question sample_question(void)
{
	struct question question = {
		.kind = QUESTION_CONTENT,
		.n_disks = 2,
		.offset = 4096,
		.domain = TEXT("mail"),
		.platform = TEXT("xen"),
		.flavour = TEXT("fedora"),
		.ignore_one_shot = true,
		.policy = {.entry = TEXT("1>2"),
			.args = TEXT("quiet"),
			.config = TEXT("/x"),
			.kernel = TEXT("/k"),
			.ramdisk = TEXT("/i")},
		.limits = limits_default(),
		.content_entry = 3,
		.content_slot = SLOT_INITRD,
		.content_size = 77,
		.content_identity = UINT64_MAX,
	};

	for (uint32_t i = 0; i < question.n_disks; i++) {
		question.disks[i] = (struct question_disk){
			.fd = 3, .path = TEXT("/d"), .size = 1 << i, .sector_size = 512};
	}
	return question;
}

static void a_question_comes_back_as_it_was(void **state)
{
	_strbuf_ struct strbuf bytes = {0}, again = {0};
	struct question question = sample_question(), back;
	_arena_ struct arena arena = {.limit = MIB};
	struct err err = {0};

	(void)state;
	wire_put_question(&bytes, &question);
	assert_int_equal(wire_get_question(strbuf_text(&bytes), &arena, &back, &err), 0);
	assert_int_equal(back.disks[0].fd, -1);
	assert_true(text_is(back.policy.entry, "1>2"));
	assert_true(text_is(back.policy.kernel, "/k") && text_is(back.policy.ramdisk, "/i"));
	wire_put_question(&again, &back);
	assert_true(text_equal(strbuf_text(&bytes), strbuf_text(&again)));
}

static void a_tampered_question_is_refused_or_harmless(void **state)
{
	struct question question = sample_question(), back;
	_strbuf_ struct strbuf bytes = {0};

	(void)state;
	wire_put_question(&bytes, &question);
	for (size_t i = 0; i < 8 * bytes.len; i++) {
		_arena_ struct arena arena = {.limit = MIB};
		_strbuf_ struct strbuf again = {0};
		struct err err = {0};

		bytes.at[i / 8] ^= (char)(1 << i % 8);
		if (wire_get_question(strbuf_text(&bytes), &arena, &back, &err) == 0) {
			wire_put_question(&again, &back);
			assert_true(text_equal(strbuf_text(&bytes), strbuf_text(&again)));
		}
		bytes.at[i / 8] ^= (char)(1 << i % 8);
	}
}

static void what_the_child_says_of_its_failure_arrives(void **state)
{
	_strbuf_ struct strbuf bytes = {0};
	struct err said = {.code = ESTALE, .text = "changed"}, err = {0};

	(void)state;
	wire_put_failure(&bytes, &said);
	assert_int_equal(wire_get_done(strbuf_text(&bytes), &err), -ESTALE);
	assert_string_equal(err.text, "changed");
	assert_null(decode(strbuf_text(&bytes), &err));
	assert_int_equal(err.code, ESTALE);
}

static void done_is_done_and_nothing_else(void **state)
{
	_strbuf_ struct strbuf bytes = {0};
	struct err err = {0};

	(void)state;
	wire_put_done(&bytes);
	assert_int_equal(wire_get_done(strbuf_text(&bytes), &err), 0);
	assert_null(decode(strbuf_text(&bytes), &err));
	assert_non_null(strstr(err.text, "another question"));
}

static void the_length_of_a_message_is_bounded(void **state)
{
	_strbuf_ struct strbuf bytes = {0};
	struct err err = {0};
	uint64_t length;

	(void)state;
	wire_put_done(&bytes);
	assert_int_equal(wire_length(strbuf_text(&bytes), 100, &length, &err), 0);
	assert_int_equal(length, WIRE_HEAD);
	memset(bytes.at + 8, 0xff, 8);
	assert_int_equal(wire_length(strbuf_text(&bytes), 100, &length, &err), -EPROTO);
	memset(bytes.at, 0, WIRE_HEAD);
	err = (struct err){0};
	assert_int_equal(wire_length(strbuf_text(&bytes), 100, &length, &err), -EPROTO);
	assert_non_null(strstr(err.text, "nothing written"));
}

static void last_words_name_the_call_and_are_plain_text(void **state)
{
	char expected[200];
	const char hostile[] = "libc \033[2J%n\n2.41";
	struct wire_sigsys words;
	struct text bytes = {(const char *)&words, sizeof(words)};
	struct err err = {0};

	(void)state;
	wire_put_sigsys(&words, SYS_socket, hostile);
	bytes.len = WIRE_HEAD + words.length;
	assert_int_equal(bytes.len, WIRE_HEAD + 8 + strlen(hostile) + 1);
	assert_int_equal(wire_get_done(bytes, &err), -ECHILD);
	snprintf(expected, sizeof(expected),
		"inspector killed by SIGSYS: its sandbox forbids socket() (system call %d; libc "
		"2Jn2.41)",
		SYS_socket);
	assert_string_equal(err.text, expected);
}

static void last_words_of_a_wrong_length_are_refused(void **state)
{
	struct wire_sigsys words;

	(void)state;
	for (uint32_t length = 0; length < 200; length++) {
		struct text bytes = {(const char *)&words, WIRE_HEAD + 20};
		struct err err = {0};

		wire_put_sigsys(&words, UINT32_MAX, "libc 2.36...");
		words.length = bytes.len - WIRE_HEAD;
		words.libraries_length = length;
		assert_int_equal(wire_get_done(bytes, &err), length == 11 ? -ECHILD : -EPROTO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_inspection_comes_back_as_it_was),
		cmocka_unit_test(a_failure_comes_back_as_it_was),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(every_flipped_bit_is_refused_or_harmless),
		cmocka_unit_test(bytes_behind_the_end_are_refused),
		cmocka_unit_test(refuses_a_piece_outside_the_disk),
		cmocka_unit_test(refuses_a_piece_outside_the_bytes_of_the_menu),
		cmocka_unit_test(refuses_pieces_that_do_not_sum_up),
		cmocka_unit_test(refuses_unknown_values),
		cmocka_unit_test(refuses_a_path_that_does_not_fit_the_tree),
		cmocka_unit_test(refuses_a_content_that_no_file_is_named_for),
		cmocka_unit_test(refuses_another_number_of_disks),
		cmocka_unit_test(refuses_an_error_beside_a_default_and_none_of_both),
		cmocka_unit_test(refuses_what_does_not_fit_the_arena),
		cmocka_unit_test(what_is_too_long_goes_without_its_scripts),
		cmocka_unit_test(a_question_comes_back_as_it_was),
		cmocka_unit_test(a_tampered_question_is_refused_or_harmless),
		cmocka_unit_test(what_the_child_says_of_its_failure_arrives),
		cmocka_unit_test(done_is_done_and_nothing_else),
		cmocka_unit_test(the_length_of_a_message_is_bounded),
		cmocka_unit_test(last_words_name_the_call_and_are_plain_text),
		cmocka_unit_test(last_words_of_a_wrong_length_are_refused),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
