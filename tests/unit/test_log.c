/* core: what is told to the journal and to local sockets. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <cmocka.h>

static void a_message_is_fields_with_lengths(void **state)
{
	static const char expected[] = "MESSAGE\n\x05\0\0\0\0\0\0\0hello\n"
				       "PRIORITY\n\x01\0\0\0\0\0\0\0"
				       "4\n"
				       "SYSLOG_IDENTIFIER\n\x06\0\0\0\0\0\0\0"
				       "bootfs\n"
				       "BOOTFS_DOMAIN\n\x04\0\0\0\0\0\0\0mail\n";
	const struct journal_field fields[] = {
		{"BOOTFS_DOMAIN", TEXT("mail")},
		{"BOOTFS_REASON", TEXT("")},
	};
	const struct journal_message message = {"bootfs", 4, TEXT("hello"), fields, 2};
	_strbuf_ struct strbuf out = {0};

	(void)state;
	journal_format(&out, &message);
	assert_int_equal(out.len, sizeof(expected) - 1);
	assert_memory_equal(out.at, expected, out.len);
}

static void a_newline_in_a_value_begins_no_field(void **state)
{
	const struct journal_message message = {"bootfs", 3, TEXT("a\nPRIORITY=0\nb"), NULL, 0};
	_strbuf_ struct strbuf out = {0};

	(void)state;
	journal_format(&out, &message);
	assert_memory_equal(out.at, "MESSAGE\n\x0e\0\0\0\0\0\0\0a\n", 18);
}

static int listen_at(struct sockaddr_un *address, const char *name)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	address->sun_family = AF_UNIX;
	snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "%s", name);
	assert_true(fd >= 0);
	assert_int_equal(
		bind(fd, (struct sockaddr *)address,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))),
		0);
	return fd;
}

static void an_abstract_socket_is_reached_by_its_at_sign(void **state)
{
	struct sockaddr_un address = {0};
	char name[64], path[65], got[64];
	_close_ int fd = -1;

	(void)state;
	snprintf(name, sizeof(name), "bootfs-test-%d", (int)getpid());
	fd = listen_at(&address, name);
	snprintf(path, sizeof(path), "@%s", name);
	assert_int_equal(datagram_send(path, TEXT("READY=1")), 0);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 7);
	assert_memory_equal(got, "READY=1", 7);
}

static void a_full_socket_never_makes_us_wait(void **state)
{
	struct sockaddr_un address = {0};
	char name[64], path[65];
	_close_ int fd = -1;
	int r = 0;

	(void)state;
	snprintf(name, sizeof(name), "bootfs-full-%d", (int)getpid());
	fd = listen_at(&address, name);
	snprintf(path, sizeof(path), "@%s", name);
	for (int i = 0; i < 100000 && !r; i++)
		r = datagram_send(path, TEXT("x"));
	assert_int_equal(r, -EAGAIN);
}

static void nobody_there_is_an_error_and_nothing_else(void **state)
{
	char long_path[200];

	(void)state;
	memset(long_path, 'x', sizeof(long_path));
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(datagram_send("/nonexistent/socket", TEXT("x")), -ENOENT);
	assert_int_equal(datagram_send("", TEXT("x")), -EINVAL);
	assert_int_equal(datagram_send(long_path, TEXT("x")), -EINVAL);
}

static void the_journals_stream_is_known_by_its_inode(void **state)
{
	char here[64];
	struct stat stat;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fstat(ends[1], &stat), 0);
	unsetenv("JOURNAL_STREAM");
	assert_false(ends_in_journal(ends[1]));
	snprintf(here, sizeof(here), "%ju:%ju", (uintmax_t)stat.st_dev, (uintmax_t)stat.st_ino);
	setenv("JOURNAL_STREAM", here, 1);
	assert_true(ends_in_journal(ends[1]));
	setenv("JOURNAL_STREAM", "0:1", 1);
	assert_false(ends_in_journal(ends[1]));
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_fields_with_lengths),
		cmocka_unit_test(a_newline_in_a_value_begins_no_field),
		cmocka_unit_test(an_abstract_socket_is_reached_by_its_at_sign),
		cmocka_unit_test(a_full_socket_never_makes_us_wait),
		cmocka_unit_test(nobody_there_is_an_error_and_nothing_else),
		cmocka_unit_test(the_journals_stream_is_known_by_its_inode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
