/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/login.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

int login_add(
	struct logins *logins, pid_t pid, const struct login_request *request, uint64_t *token)
{
	struct login *login;

	if (request->name_len > sizeof(request->name) ||
		request->password_len > sizeof(request->password))
		return -EINVAL;
	if (logins->n >= MAX_LOGINS)
		return -EBUSY;
	login = calloc(1, sizeof(*login));
	if (!login)
		return -ENOMEM;
	login->request = *request;
	login->pid = pid;
	/* Never 0, which means none. */
	if (getrandom(&login->request.token, sizeof(login->request.token), GRND_NONBLOCK) !=
			(ssize_t)sizeof(login->request.token) ||
		!login->request.token) {
		login_free(login);
		return -EBUSY;
	}
	*token = login->request.token;
	login->next = logins->first;
	logins->first = login;
	logins->n++;
	return 0;
}

/* Takes the first out that is of this process (0: any). */
static struct login *find(struct logins *logins, pid_t pid, uint64_t token)
{
	struct login **at = &logins->first, *login;

	while ((login = *at) && (login->request.token != token || (pid && login->pid != pid)))
		at = &login->next;
	if (!login)
		return NULL;
	*at = login->next;
	login->next = NULL;
	logins->n--;
	return login;
}

struct login *login_take(struct logins *logins, pid_t pid, uint64_t token)
{
	return pid ? find(logins, pid, token) : NULL;
}

void login_forget(struct logins *logins, uint64_t token)
{
	login_free(find(logins, 0, token));
}

void login_free(struct login *login)
{
	if (!login)
		return;
	explicit_bzero(login, sizeof(*login));
	free(login);
}
