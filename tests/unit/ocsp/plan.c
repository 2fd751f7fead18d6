#include "support/unit.h"
#include "ocsp/plan.h"

#define DAY ((int64_t)24 * 3600)
#define NOW ((int64_t)1782907200)
#define FAR (NOW + 400 * DAY)

static void
times_are_in_their_order(void **state)
{
	static const int64_t validities[] = { 600, 3600, 8 * 3600, DAY, 7 * DAY,
		31 * DAY };
	struct plan p;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(validities); i++)
		for (uint64_t spread = 0; spread < 100000; spread += 997) {
			int64_t v = validities[i];

			assert_true(plan_derive(NOW, v, FAR, spread, &p));
			assert_int_equal(p.this_update, NOW);
			assert_int_equal(p.next_update, NOW + v);
			assert_true(p.refresh_at >= NOW + v / 4);
			/* An eighth of the life for trying again. */
			assert_true(p.limit - p.refresh_at >= v / 8 - 1);
			/* Baseline Requirements 4.9.10: before the half. */
			assert_true(p.limit <= NOW + v / 2);
		}
}

static void
an_answer_ends_before_those_who_sign_it(void **state)
{
	struct plan p;

	(void)state;
	assert_true(plan_derive(NOW, 7 * DAY, NOW + DAY, 0, &p));
	assert_int_equal(p.next_update, NOW + DAY);
	assert_true(p.limit <= NOW + DAY / 2);
	assert_false(plan_derive(NOW, 7 * DAY, NOW + 1, 0, &p));
	assert_false(plan_derive(NOW, 7 * DAY, NOW, 0, &p));
	assert_false(plan_derive(NOW, 7 * DAY, NOW - DAY, 0, &p));
}

/* The clock steps in both directions. */
static void
it_holds_between_its_making_and_its_limit(void **state)
{
	struct plan p;

	(void)state;
	assert_true(plan_derive(NOW, 7 * DAY, FAR, 0, &p));
	assert_true(plan_holds(&p, NOW));
	assert_true(plan_holds(&p, p.limit - 1));
	assert_false(plan_holds(&p, p.limit));
	assert_false(plan_holds(&p, p.next_update));
	assert_false(plan_holds(&p, NOW - 1));
}

/* RFC 9919 section 5: thisUpdate < now + max-age < nextUpdate. */
static void
max_age_ends_with_our_limit(void **state)
{
	struct plan p;

	(void)state;
	assert_true(plan_derive(NOW, 7 * DAY, FAR, 0, &p));
	assert_int_equal(plan_max_age(&p, NOW), PLAN_MAX_AGE);
	assert_int_equal(plan_max_age(&p, p.limit - 10), 10);
	assert_int_equal(plan_max_age(&p, p.limit + 10), 0);
	assert_true(plan_derive(NOW, 600, FAR, 0, &p));
	assert_int_equal(plan_max_age(&p, NOW), 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_in_their_order),
		cmocka_unit_test(an_answer_ends_before_those_who_sign_it),
		cmocka_unit_test(it_holds_between_its_making_and_its_limit),
		cmocka_unit_test(max_age_ends_with_our_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
