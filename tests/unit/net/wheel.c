/* Deadlines: never early, at most two ticks late, whatever was moved. */
#include "support/unit.h"
#include "net/wheel.h"

struct item {
	struct wheel_timer timer;
	struct wheel *wheel;
	int64_t fired;
	struct item *removes;
};

static int64_t now;

static void
fire(struct wheel_timer *t)
{
	struct item *i = (struct item *)t;

	i->fired = now;
	if (i->removes != NULL)
		wheel_remove(i->wheel, &i->removes->timer);
}

static void
run_to(struct wheel *w, int64_t end)
{
	for (; now < end; now += WHEEL_TICK_US / 2)
		wheel_run(w, now);
}

static void
fires_once_and_in_time(void **state)
{
	static const int64_t delays[] = { 0, 1, WHEEL_TICK_US,
		WHEEL_TICK_US + 1, 10 * WHEEL_TICK_US, 100000000, 127000000,
		128000000, 600000000 };
	struct item items[COUNT_OF(delays)] = { 0 };
	struct wheel w;

	(void)state;
	now = 1000000007;
	wheel_init(&w, now);
	for (size_t i = 0; i < COUNT_OF(delays); i++) {
		items[i].timer.fire = fire;
		wheel_set(&w, &items[i].timer, now + delays[i]);
	}
	int64_t start = now;

	run_to(&w, start + 700000000);
	for (size_t i = 0; i < COUNT_OF(delays); i++) {
		assert_true(items[i].fired >= start + delays[i]);
		assert_true(
		    items[i].fired <= start + delays[i] + 3 * WHEEL_TICK_US);
	}
	assert_int_equal(w.count, 0);
}

static void
later_earlier_cleared_removed(void **state)
{
	struct item later = { .timer.fire = fire };
	struct item sooner = { .timer.fire = fire };
	struct item cleared = { .timer.fire = fire };
	struct item removed = { .timer.fire = fire };
	struct wheel w;

	(void)state;
	now = 5000000000;
	wheel_init(&w, now);
	wheel_set(&w, &later.timer, now + 1000000);
	wheel_set(&w, &later.timer, now + 9000000);
	wheel_set(&w, &sooner.timer, now + 9000000);
	wheel_set(&w, &sooner.timer, now + 1000000);
	wheel_set(&w, &cleared.timer, now + 1000000);
	wheel_clear(&cleared.timer);
	wheel_set(&w, &removed.timer, now + 1000000);
	wheel_remove(&w, &removed.timer);
	int64_t start = now;

	run_to(&w, start + 20000000);
	assert_true(later.fired >= start + 9000000);
	assert_in_range(sooner.fired, start + 1000000, start + 2000000);
	assert_int_equal(cleared.fired, 0);
	assert_int_equal(removed.fired, 0);
	assert_int_equal(w.count, 0);
}

/* A connection that is closed may close others of the same slot. */
static void
one_may_remove_another(void **state)
{
	struct item items[3] = { 0 };
	struct wheel w;

	(void)state;
	now = 5000000000;
	wheel_init(&w, now);
	for (int i = 0; i < 3; i++) {
		items[i].timer.fire = fire;
		items[i].wheel = &w;
		wheel_set(&w, &items[i].timer, now + 1000000);
	}
	items[0].removes = &items[2];
	run_to(&w, now + 5000000);
	assert_int_not_equal(items[0].fired, 0);
	assert_int_not_equal(items[1].fired, 0);
	assert_int_equal(items[2].fired, 0);
}

static void
a_long_stop_is_caught_up(void **state)
{
	struct item item = { .timer.fire = fire };
	struct wheel w;

	(void)state;
	now = 5000000000;
	wheel_init(&w, now);
	wheel_set(&w, &item.timer, now + 1000000);
	now += 4000000000;
	wheel_run(&w, now);
	assert_int_equal(item.fired, now);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fires_once_and_in_time),
		cmocka_unit_test(later_earlier_cleared_removed),
		cmocka_unit_test(one_may_remove_another),
		cmocka_unit_test(a_long_stop_is_caught_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
