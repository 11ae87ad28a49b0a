/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/menu_talk.h"

#include <errno.h>
#include <sys/socket.h>

static uint32_t copy(char *to, size_t room, struct text text)
{
	text = text_first(text, room);
	if (text.len)
		memcpy(to, text.at, text.len);
	return (uint32_t)text.len;
}

void menu_packet_set_name(struct menu_packet *packet, struct text name)
{
	packet->name_len = copy(packet->name, sizeof(packet->name), name);
}

void menu_packet_set_text(struct menu_packet *packet, struct text text)
{
	packet->text_len = copy(packet->text, sizeof(packet->text), text);
}

void menu_packet_wipe(struct menu_packet *packet)
{
	explicit_bzero(packet, sizeof(*packet));
}

int menu_packet_send(int fd, const struct menu_packet *packet)
{
	ssize_t n;

	do
		n = send(fd, packet, sizeof(*packet), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int menu_packet_receive(int fd, struct menu_packet *ret)
{
	ssize_t n;

	do
		n = recv(fd, ret, sizeof(*ret), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -EPIPE;
	if (n != (ssize_t)sizeof(*ret) || ret->name_len > sizeof(ret->name) ||
		ret->text_len > sizeof(ret->text))
		return -EPROTO;
	return 0;
}
