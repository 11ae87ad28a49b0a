/* What bootfs-pygrub and bootfs-menu say to each other. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"
#include "core/text.h"

/* Descriptors of bootfs-menu besides its terminal. */
enum {
	MENU_TALK_FD = 3, /* a SOCK_SEQPACKET socket: one packet a message */
	MENU_JSON_FD = 4, /* a memfd with the menu.json to be shown */
};

enum menu_message {
	/* bootfs-menu says: */
	MENU_SAYS_DEFAULT = 'd', /* boot the default: nobody pressed a key */
	MENU_SAYS_BOOT = 'b',    /* boot entry `index`, if `edited` with `text` as command line */
	MENU_SAYS_LOGIN = 'l',   /* does the password `text`, of user `name`, open anything? */
	/* bootfs-pygrub answers a login: */
	MENU_TOLD_YES = 'y', /* the menu was written anew */
	MENU_TOLD_NO = 'n',  /* why stands in `text` */
};

enum { MENU_NAME_BYTES = 256, MENU_TEXT_BYTES = 8192 };

struct menu_packet {
	uint32_t message; /* enum menu_message */
	uint32_t edited;
	uint64_t index;
	uint32_t name_len, text_len; /* bytes */
	char name[MENU_NAME_BYTES], text[MENU_TEXT_BYTES];
};

/* Sets name or text, cut where they are too long. */
void menu_packet_set_name(struct menu_packet *packet, struct text name);
void menu_packet_set_text(struct menu_packet *packet, struct text text);

static inline struct text menu_packet_name(const struct menu_packet *packet)
{
	return (struct text){packet->name, packet->name_len};
}

static inline struct text menu_packet_text(const struct menu_packet *packet)
{
	return (struct text){packet->text, packet->text_len};
}

/* Forgets what may be a password. */
void menu_packet_wipe(struct menu_packet *packet);

/* -errno; -EPIPE: the other side is gone; -EPROTO: no such packet. */
int menu_packet_send(int fd, const struct menu_packet *packet) MUST_CHECK;
int menu_packet_receive(int fd, struct menu_packet *ret) MUST_CHECK;
