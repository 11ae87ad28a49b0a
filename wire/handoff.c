/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/handoff.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* One byte, and room for one descriptor beside it. */
struct parcel {
	char byte;
	struct iovec part;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct msghdr message;
};

static void parcel_init(struct parcel *parcel)
{
	*parcel = (struct parcel){.byte = 'S'};
	parcel->part = (struct iovec){&parcel->byte, 1};
	parcel->message = (struct msghdr){
		.msg_iov = &parcel->part,
		.msg_iovlen = 1,
		.msg_control = parcel->control,
		.msg_controllen = sizeof(parcel->control),
	};
}

int handoff_give(int pair, int socket)
{
	struct parcel parcel;
	struct cmsghdr *head;

	parcel_init(&parcel);
	head = CMSG_FIRSTHDR(&parcel.message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &socket, sizeof(int));
	return sendmsg(pair, &parcel.message, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

int handoff_take(int pair, struct err *err)
{
	struct parcel parcel;
	struct cmsghdr *head;
	int socket;

	parcel_init(&parcel);
	if (recvmsg(pair, &parcel.message, MSG_CMSG_CLOEXEC) != 1)
		return err_set(err, EIO, "does not answer");
	head = CMSG_FIRSTHDR(&parcel.message);
	if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
		head->cmsg_len != CMSG_LEN(sizeof(int)))
		return err_set(err, EIO, "does not answer");
	memcpy(&socket, CMSG_DATA(head), sizeof(int));
	return socket;
}
