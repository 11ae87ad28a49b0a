/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/nbd_url.h"

#include <errno.h>

#define NBD_PORT "10809"

bool is_url(struct text text)
{
	struct text rest = text, scheme;

	return text_find(text, ':') < text.len && text_cut(&rest, ':', &scheme) &&
	       text_find(scheme, '/') == scheme.len && text_starts(rest, TEXT("//"));
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %41 is A. A NUL byte could end the name early: refused. */
static int decode(struct arena *arena, struct text from, struct text *ret, struct err *err)
{
	char *to = arena_alloc(arena, from.len + 1);
	size_t n = 0;

	if (!to)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < from.len; i++, n++) {
		int high, low;

		to[n] = from.at[i];
		if (from.at[i] != '%')
			continue;
		high = i + 2 < from.len ? hex_digit(from.at[i + 1]) : -1;
		low = i + 2 < from.len ? hex_digit(from.at[i + 2]) : -1;
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return err_set(err, EINVAL, "bad %% in the URL %.*s", TEXT_ARG(from));
		to[n] = (char)(high << 4 | low);
		i += 2;
	}
	*ret = (struct text){to, n};
	return 0;
}

/* "host", "host:port", "[::1]:port". */
static int split_host(struct text place, struct text *host, struct text *port)
{
	struct text rest = place;

	if (text_starts(place, TEXT("["))) {
		size_t end = text_find(place, ']');

		*host = text_skip(text_first(place, end), 1);
		rest = text_skip(place, end + 1);
		if (end == place.len || (rest.len && rest.at[0] != ':'))
			return -EINVAL;
		rest = text_skip(rest, 1);
	} else if (!text_cut(&rest, ':', host)) {
		return -EINVAL;
	}
	*port = rest.len ? rest : TEXT(NBD_PORT);
	return host->len ? 0 : -EINVAL;
}

static int parse_tcp(struct text rest, struct arena *arena, struct nbd_url *ret, struct err *err)
{
	struct text place = {0}, host, port;
	uint64_t number;
	int r;

	text_cut(&rest, '/', &place);
	if (split_host(place, &host, &port) < 0 || !text_number(port, &number) || !number ||
		number > UINT16_MAX)
		return err_set(err, EINVAL, "no host and port in it, as nbd://HOST:PORT/EXPORT");
	r = decode(arena, host, &ret->host, err);
	if (r == 0)
		r = decode(arena, port, &ret->port, err);
	return r < 0 ? r : decode(arena, rest, &ret->export, err);
}

static int parse_unix(struct text rest, struct arena *arena, struct nbd_url *ret, struct err *err)
{
	struct text export = {0};
	int r;

	if (!text_starts(rest, TEXT("/")) || text_find(rest, '?') == rest.len ||
		!text_cut(&rest, '?', &export) || !text_starts(rest, TEXT("socket=/")))
		return err_set(err, EINVAL,
			"no socket in it, as nbd+unix:///EXPORT?socket=/run/nbd.socket");
	r = decode(arena, text_skip(export, 1), &ret->export, err);
	return r < 0 ? r : decode(arena, text_skip(rest, strlen("socket=")), &ret->socket, err);
}

int nbd_url_parse(struct text url, struct arena *arena, struct nbd_url *ret, struct err *err)
{
	struct text rest = url, scheme = {0};

	*ret = (struct nbd_url){0};
	if (!is_url(url) || !text_cut(&rest, ':', &scheme))
		return err_set(err, EINVAL, "no URL");
	rest = text_skip(rest, 2);
	if (text_is(scheme, "nbd"))
		return parse_tcp(rest, arena, ret, err);
	if (text_is(scheme, "nbd+unix"))
		return parse_unix(rest, arena, ret, err);
	return err_set(err, EINVAL, "%.*s:// is not spoken, only nbd:// and nbd+unix://",
		TEXT_ARG(scheme));
}
