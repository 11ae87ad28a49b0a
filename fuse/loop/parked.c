/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/loop/parked.h"

#include <errno.h>
#include <fuse_lowlevel.h>

static void parked_remove(struct parked *parked)
{
	struct parked_list *list = parked->list;

	if (parked->previous)
		parked->previous->next = parked->next;
	else
		list->first = parked->next;
	if (parked->next)
		parked->next->previous = parked->previous;
	else
		list->last = parked->previous;
	parked->next = parked->previous = NULL;
	parked->list = NULL;
}

/* A reader that was killed would stay in the kernel until it is answered. */
static void parked_interrupted(fuse_req_t req, void *data)
{
	struct parked *parked = data;

	(void)req;
	if (!parked->list)
		return;
	parked_remove(parked);
	parked->resume(parked, EINTR);
}

void parked_add(struct parked_list *list, struct parked *parked)
{
	/* libfuse would call back at once, and must not be answered from in there. */
	if (fuse_req_interrupted(parked->req)) {
		parked->resume(parked, EINTR);
		return;
	}
	parked->list = list;
	parked->next = NULL;
	parked->previous = list->last;
	if (list->last)
		list->last->next = parked;
	else
		list->first = parked;
	list->last = parked;
	fuse_req_interrupt_func(parked->req, parked_interrupted, parked);
}

void parked_resume(struct parked_list *list, int error)
{
	struct parked_list all = *list;
	struct parked *parked;

	*list = (struct parked_list){0};
	for (parked = all.first; parked; parked = parked->next)
		parked->list = &all;
	while ((parked = all.first)) {
		parked_remove(parked);
		/* What answers later must not be found by an interrupt meanwhile. */
		fuse_req_interrupt_func(parked->req, NULL, NULL);
		parked->resume(parked, error);
	}
}
