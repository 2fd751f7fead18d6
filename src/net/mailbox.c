#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "net/mailbox.h"

bool
mailbox_init(struct mailbox *b, struct err *err)
{
	atomic_init(&b->newest, NULL);
	b->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (b->wake_fd < 0)
		return fail_errno(err, ERR_SYSTEM, "no eventfd for a loop");
	return true;
}

void
mailbox_done(struct mailbox *b)
{
	if (b->wake_fd >= 0)
		close(b->wake_fd);
	b->wake_fd = -1;
}

void
mailbox_post(struct mailbox *b, struct mail *m)
{
	struct mail *old =
	    atomic_load_explicit(&b->newest, memory_order_relaxed);
	const uint64_t one = 1;

	do
		m->next = old;
	while (!atomic_compare_exchange_weak_explicit(
	    &b->newest, &old, m, memory_order_release, memory_order_relaxed));
	/* m may be gone by now; old is only compared. */
	if (old != NULL)
		return;
	while (write(b->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

void
mailbox_open(struct mailbox *b)
{
	struct mail *m, *oldest = NULL;
	uint64_t count;

	/* Emptied before the list is taken: a post after that wakes again. */
	while (read(b->wake_fd, &count, sizeof(count)) < 0 && errno == EINTR)
		continue;
	m = atomic_exchange_explicit(&b->newest, NULL, memory_order_acquire);
	while (m != NULL) {
		struct mail *next = m->next;

		m->next = oldest;
		oldest = m;
		m = next;
	}
	while (oldest != NULL) {
		m = oldest;
		oldest = m->next;
		m->open(m);
	}
}
