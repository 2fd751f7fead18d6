#include "net/wheel.h"

void
wheel_init(struct wheel *w, int64_t now_us)
{
	for (size_t i = 0; i < WHEEL_SLOTS; i++)
		TAILQ_INIT(&w->slots[i]);
	w->tick = now_us / WHEEL_TICK_US;
	w->count = 0;
}

static struct wheel_slot *
slot_of(struct wheel *w, int64_t us)
{
	return &w->slots[(uint64_t)(us / WHEEL_TICK_US) % WHEEL_SLOTS];
}

void
wheel_remove(struct wheel *w, struct wheel_timer *t)
{
	t->due = 0;
	if (!t->queued)
		return;
	TAILQ_REMOVE(slot_of(w, t->seen), t, link);
	t->queued = false;
	w->count--;
}

void
wheel_set(struct wheel *w, struct wheel_timer *t, int64_t due_us)
{
	int64_t first = (w->tick + 1) * WHEEL_TICK_US;
	int64_t last = (w->tick + WHEEL_SLOTS - 1) * WHEEL_TICK_US;
	/* A tick late rather than early; what is too far away is met twice. */
	int64_t seen = due_us + WHEEL_TICK_US - 1;

	seen = seen < first ? first : seen > last ? last : seen;
	if (t->queued && t->seen <= seen) {
		t->due = due_us;
		return;
	}
	wheel_remove(w, t);
	t->due = due_us;
	t->seen = seen;
	t->queued = true;
	w->count++;
	TAILQ_INSERT_TAIL(slot_of(w, seen), t, link);
}

static void
slot_run(struct wheel *w, struct wheel_slot *slot, int64_t now_us)
{
	struct wheel_timer *t;

	/* What is set meanwhile goes to another slot, so this ends. */
	while ((t = TAILQ_FIRST(slot)) != NULL) {
		int64_t due = t->due;

		wheel_remove(w, t);
		if (due == 0)
			continue;
		if (due <= now_us)
			t->fire(t);
		else
			wheel_set(w, t, due);
	}
}

void
wheel_run(struct wheel *w, int64_t now_us)
{
	int64_t now = now_us / WHEEL_TICK_US;

	/* After a long stop one turn of the wheel meets everything. */
	if (now - w->tick > (int64_t)WHEEL_SLOTS)
		w->tick = now - (int64_t)WHEEL_SLOTS;
	while (w->tick < now) {
		w->tick++;
		slot_run(w, slot_of(w, w->tick * WHEEL_TICK_US), now_us);
	}
}
