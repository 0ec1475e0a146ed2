/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between threads without a lock: many senders, one receiver, woken by an eventfd.
 *
 * A mail is a part of the object it is about and is in at most one mailbox at a time: so nothing is
 * allocated and the number of mails is bounded by the number of objects. Mails of one sender keep
 * their order. What the sender wrote before mailbox_post() is seen by the receiver.
 */
#ifndef VX_VOLIO_MAILBOX_H
#define VX_VOLIO_MAILBOX_H

#include <stdatomic.h>
#include <stddef.h>

struct mail {
	struct mail *next;
	void (*fn)(struct mail *mail); /* called in the receiver's thread */
};

struct mailbox {
	_Atomic(struct mail *) head; /* newest first */
	int event_fd;
};

/* 0 or -errno. */
int mailbox_open(struct mailbox *box);
void mailbox_close(struct mailbox *box);
/* Any thread. */
void mailbox_post(struct mailbox *box, struct mail *mail);
/* The receiver: calls fn of every mail, oldest first. The event is not read here. */
void mailbox_deliver(struct mailbox *box);

#endif
