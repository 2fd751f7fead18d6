/*
 * Deadlines of connections: a wheel of slots, a quarter of a second each.
 * Moving a deadline further away, which every request does, is a store; the
 * entry is looked at when its old slot comes round and put where it belongs.
 *
 * Of one loop thread.  A timer belongs to the struct that it is part of, which
 * takes it out before it goes.
 */
#ifndef NET_WHEEL_H
#define NET_WHEEL_H

#include <sys/queue.h>
#include "util/mem.h"

#define WHEEL_SLOTS 512u
#define WHEEL_TICK_US 250000

struct wheel_timer {
	TAILQ_ENTRY(wheel_timer) link;
	void (*fire)(struct wheel_timer *t);
	int64_t due; /* monotonic microseconds; 0: none */
	int64_t seen; /* when its slot comes round */
	bool queued;
};

struct wheel {
	TAILQ_HEAD(wheel_slot, wheel_timer) slots[WHEEL_SLOTS];
	int64_t tick; /* the last one that was run */
	size_t count;
};

void wheel_init(struct wheel *w, int64_t now_us);
/* fire is called once, up to a tick late; a later set replaces this one. */
void wheel_set(struct wheel *w, struct wheel_timer *t, int64_t due_us);
/* No deadline till the next set; cheap, the entry may stay queued. */
static inline void
wheel_clear(struct wheel_timer *t)
{
	t->due = 0;
}
/* Takes it out: it may be freed. */
void wheel_remove(struct wheel *w, struct wheel_timer *t);
void wheel_run(struct wheel *w, int64_t now_us);

#endif
