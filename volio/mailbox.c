// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages between threads. */
#include "volio/mailbox.h"

#include <errno.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

int mailbox_open(struct mailbox *box)
{
	atomic_init(&box->head, NULL);
	box->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return box->event_fd >= 0 ? 0 : -errno;
}

void mailbox_close(struct mailbox *box)
{
	close(box->event_fd);
	box->event_fd = -1;
}

void mailbox_post(struct mailbox *box, struct mail *mail)
{
	static const uint64_t one = 1;
	struct mail *head = atomic_load_explicit(&box->head, memory_order_relaxed);

	do {
		mail->next = head;
	} while (!atomic_compare_exchange_weak_explicit(
		&box->head, &head, mail, memory_order_release, memory_order_relaxed));
	/* The mail is the receiver's from here on. Into an empty box: it has to be woken. */
	if (head == NULL) {
		(void)!write(box->event_fd, &one, sizeof(one));
	}
}

void mailbox_deliver(struct mailbox *box)
{
	struct mail *newest = atomic_exchange_explicit(&box->head, NULL, memory_order_acquire);
	struct mail *oldest = NULL;

	while (newest != NULL) {
		struct mail *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	while (oldest != NULL) {
		struct mail *mail = oldest;

		oldest = mail->next;
		mail->fn(mail);
	}
}
