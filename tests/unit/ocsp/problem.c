#include "support/unit.h"
#include "ocsp/problem.h"

/* RFC 6960 section 2.3, RFC 9919 section 3.1.1: every kind has its answer. */
static void
every_kind_has_a_status(void **state)
{
	static const enum ocsp_response_status want[ERR_KINDS] = {
		[ERR_MALFORMED] = OCSP_MALFORMED_REQUEST,
		[ERR_TOO_LARGE] = OCSP_MALFORMED_REQUEST,
		[ERR_UNSUPPORTED] = OCSP_MALFORMED_REQUEST,
		[ERR_UNAUTHORIZED] = OCSP_UNAUTHORIZED,
		[ERR_NOT_FOUND] = OCSP_UNAUTHORIZED,
		[ERR_BUSY] = OCSP_TRY_LATER,
		[ERR_CONFLICT] = OCSP_TRY_LATER,
		[ERR_RATE_LIMITED] = OCSP_TRY_LATER,
		[ERR_STORE] = OCSP_TRY_LATER,
		[ERR_STORE_FULL] = OCSP_TRY_LATER,
		[ERR_SIGNER] = OCSP_TRY_LATER,
		[ERR_SYSTEM] = OCSP_TRY_LATER,
	};

	(void)state;
	for (unsigned k = ERR_NONE; k < ERR_KINDS; k++) {
		enum ocsp_response_status status =
		    ocsp_problem_status((enum err_kind)k);
		enum ocsp_response_status expected =
		    want[k] == OCSP_SUCCESSFUL ? OCSP_INTERNAL_ERROR : want[k];
		struct bytes body = ocsp_error(status);

		if (status != expected)
			fail_msg("%s: status %d, expected %d",
			    err_kind_name((enum err_kind)k), status, expected);
		/* RFC 6960 section 4.2.1: a SEQUENCE with the status alone. */
		assert_int_equal(body.n, 5);
		assert_memory_equal(body.p, "\x30\x03\x0a\x01", 4);
		assert_int_equal(body.p[4], status);
		/* No error is ever a statement about a certificate. */
		assert_true(ocsp_problem_outcome(status) >= OCSP_DID_MALFORMED);
	}
}

static void
every_outcome_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < OCSP_OUTCOMES; i++)
		assert_non_null(ocsp_outcome_name((enum ocsp_outcome)i));
	assert_string_equal(ocsp_outcome_name(OCSP_DID_TRY_LATER), "tryLater");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_a_status),
		cmocka_unit_test(every_outcome_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
