/*
 * A loop's mailbox: any thread posts, the loop takes all at once.  The loop is
 * woken only when the box was empty (h2o's rule), so a busy loop costs its
 * senders no system call.
 *
 * A message is part of the object that it moves; posting gives the object away.
 */
#ifndef NET_MAILBOX_H
#define NET_MAILBOX_H

#include <stdatomic.h>
#include "util/err.h"

struct mail {
	struct mail *next;
	/* Called on the loop thread. */
	void (*open)(struct mail *m);
};

struct mailbox {
	_Atomic(struct mail *) newest;
	int wake_fd; /* eventfd; readable when there is mail */
};

bool mailbox_init(struct mailbox *b, struct err *err) MUST_CHECK;
void mailbox_done(struct mailbox *b);
void mailbox_post(struct mailbox *b, struct mail *m);
/* Loop thread: opens everything that is there, oldest first. */
void mailbox_open(struct mailbox *b);

#endif
