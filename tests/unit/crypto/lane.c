#include "crypto/lane.h"
#include <pthread.h>
#include <stdatomic.h>
#include "crypto/digest.h"
#include "support/unit.h"

struct crowd {
	struct lanes *lanes;
	atomic_int inside, most;
};

static void *
crowd_main(void *arg)
{
	struct crowd *c = arg;
	uint8_t out[32];

	for (int i = 0; i < 500; i++) {
		AUTO_LANE loan = lane_lend(c->lanes);
		int now = atomic_fetch_add(&c->inside, 1) + 1;
		int most = atomic_load(&c->most);

		while (now > most &&
		    !atomic_compare_exchange_weak(&c->most, &most, now))
			;
		digest_compute(loan.lane, DIGEST_SHA256, bytes_str("x"), out);
		atomic_fetch_sub(&c->inside, 1);
	}
	return NULL;
}

/* Ten threads, three lanes: never a lane lent twice. */
static void
test_no_more_borrowers_than_lanes(void **state)
{
	struct crowd c = { .lanes = lanes_new(3) };
	pthread_t threads[10];

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, crowd_main, &c), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&c.inside), 0);
	assert_in_range(atomic_load(&c.most), 1, 3);
	lanes_free(c.lanes);
}

static void
test_last_returned_first(void **state)
{
	struct lanes *l = lanes_new(2);
	struct lane *a = lane_borrow(l), *b = lane_borrow(l);

	(void)state;
	assert_ptr_not_equal(a, b);
	assert_ptr_not_equal(lane_libctx(a), lane_libctx(b));
	lane_return(l, a);
	lane_return(l, b);
	assert_ptr_equal(lane_borrow(l), b);
	lane_return(l, b);
	lanes_free(l);
	l = lanes_new(0);
	a = lane_borrow(l);
	assert_non_null(a);
	lane_return(l, a);
	lanes_free(l);
	lanes_free(NULL);
	lane_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_more_borrowers_than_lanes),
		cmocka_unit_test(test_last_returned_first),
	};

	return cmocka_run_group_tests_name("lane", tests, NULL, NULL);
}
