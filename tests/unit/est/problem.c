/* Every kind of failure has a status of HTTP, and those that a client can do
 * something about one of 4xx. */
#include "support/unit.h"
#include "est/problem.h"

static void
every_kind_has_a_status(void **state)
{
	(void)state;
	for (int k = ERR_NONE + 1; k < ERR_KINDS; k++) {
		int status = est_problem_status((enum err_kind)k, false);

		assert_in_range(status, 400, 503);
		assert_int_not_equal(status, 401);
	}
	assert_int_equal(est_problem_status(ERR_UNAUTHORIZED, true), 401);
	assert_int_equal(est_problem_status(ERR_UNAUTHORIZED, false), 403);
	assert_int_equal(est_problem_status(ERR_MALFORMED, true), 400);
	assert_int_equal(est_problem_status(ERR_BAD_CSR, true), 400);
	assert_int_equal(est_problem_status(ERR_NOT_FOUND, true), 404);
	assert_int_equal(est_problem_status(ERR_RATE_LIMITED, true), 429);
	assert_int_equal(est_problem_status(ERR_BUSY, true), 503);
	assert_int_equal(est_problem_status(ERR_INTERNAL, true), 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
