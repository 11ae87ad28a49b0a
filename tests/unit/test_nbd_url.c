/* URLs of NBD servers: what is in them, and which are refused. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/nbd_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

static struct arena arena = {.limit = 1 << 20};

static struct nbd_url parse(const char *url)
{
	struct nbd_url ret;
	struct err err = {0};

	assert_int_equal(nbd_url_parse(text_of(url), &arena, &ret, &err), 0);
	return ret;
}

static void refuse(const char *url, const char *why)
{
	struct nbd_url ret;
	struct err err = {0};

	assert_int_equal(nbd_url_parse(text_of(url), &arena, &ret, &err), -EINVAL);
	assert_non_null(strstr(err.text, why));
}

static void knows_host_port_and_export(void **state)
{
	struct nbd_url url = parse("nbd://storage.example:10810/guest/mail");

	(void)state;
	assert_string_equal(url.host.at, "storage.example");
	assert_string_equal(url.port.at, "10810");
	assert_string_equal(url.export.at, "guest/mail");
	assert_int_equal(url.socket.len, 0);
}

static void takes_the_standard_port_and_the_default_export(void **state)
{
	struct nbd_url url = parse("nbd://storage");

	(void)state;
	assert_string_equal(url.host.at, "storage");
	assert_string_equal(url.port.at, "10809");
	assert_string_equal(url.export.at, "");
}

static void knows_addresses_in_brackets(void **state)
{
	struct nbd_url url = parse("nbd://[fe80::1]:99/x");

	(void)state;
	assert_string_equal(url.host.at, "fe80::1");
	assert_string_equal(url.port.at, "99");
	assert_string_equal(parse("nbd://[::1]").port.at, "10809");
}

static void knows_sockets(void **state)
{
	struct nbd_url url = parse("nbd+unix:///my%20disk?socket=/run/nbd%2Csock");

	(void)state;
	assert_string_equal(url.socket.at, "/run/nbd,sock");
	assert_string_equal(url.export.at, "my disk");
	assert_int_equal(url.host.len, 0);
	assert_string_equal(parse("nbd+unix:///?socket=/s").export.at, "");
}

static void refuses_what_is_malformed(void **state)
{
	(void)state;
	refuse("nbd://", "no host");
	refuse("nbd://:1/x", "no host");
	refuse("nbd://[::1/x", "no host");
	refuse("nbd://[::1]x", "no host");
	refuse("nbd://h:0/x", "no host");
	refuse("nbd://h:65536/x", "no host");
	refuse("nbd://h:1x/x", "no host");
	refuse("nbd+unix:///x", "no socket");
	refuse("nbd+unix:///x?socket=run/s", "no socket");
	refuse("nbd://h/%4", "bad %");
	refuse("nbd://h/%zz", "bad %");
	refuse("nbd://h/a%00b", "bad %");
	refuse("nbds://h/x", "nbds:// is not spoken");
	refuse("/dev/sda", "no URL");
}

static void tells_urls_from_paths(void **state)
{
	(void)state;
	assert_true(is_url(TEXT("nbd://h/x")));
	assert_true(is_url(TEXT("iscsi://h/x")));
	assert_false(is_url(TEXT("/srv/a://b")));
	assert_false(is_url(TEXT("phy:/dev/sda")));
	assert_false(is_url(TEXT("")));
}

static int forget(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_host_port_and_export),
		cmocka_unit_test(takes_the_standard_port_and_the_default_export),
		cmocka_unit_test(knows_addresses_in_brackets),
		cmocka_unit_test(knows_sockets),
		cmocka_unit_test(refuses_what_is_malformed),
		cmocka_unit_test(tells_urls_from_paths),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
