/* Turns at something that costs much. */
#include <pthread.h>
#include <stdatomic.h>

#include "support/unit.h"
#include "util/turns.h"

#define THREADS 8
#define ROUNDS 500

static struct turns *turns;
static atomic_int inside, most_inside, entered, refused;

static void *
run(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		int now, most;

		if (!turns_enter(turns)) {
			atomic_fetch_add(&refused, 1);
			continue;
		}
		now = atomic_fetch_add(&inside, 1) + 1;
		most = atomic_load(&most_inside);
		while (now > most &&
		    !atomic_compare_exchange_weak(&most_inside, &most, now))
			continue;
		atomic_fetch_add(&entered, 1);
		atomic_fetch_sub(&inside, 1);
		turns_leave(turns);
	}
	return NULL;
}

static void
never_more_than_so_many(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	turns = turns_new(2, THREADS);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, run, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_in_range(atomic_load(&most_inside), 1, 2);
	assert_int_equal(atomic_load(&entered), THREADS * ROUNDS);
	assert_int_equal(atomic_load(&refused), 0);
	turns_free(turns);
}

static void
who_would_wait_too_long_is_told(void **state)
{
	(void)state;
	turns = turns_new(2, 0);
	assert_true(turns_enter(turns));
	assert_true(turns_enter(turns));
	assert_false(turns_enter(turns));
	turns_leave(turns);
	assert_true(turns_enter(turns));
	assert_false(turns_enter(turns));
	turns_leave(turns);
	turns_leave(turns);
	turns_free(turns);
	assert_true(turns_half_of_the_cores() >= 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_more_than_so_many),
		cmocka_unit_test(who_would_wait_too_long_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
