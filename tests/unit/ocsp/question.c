#include "support/unit.h"
#include "ocsp/question.h"

static void
what_was_never_issued_is_never_good(void **state)
{
	static const enum ocsp_unissued ways[] = { OCSP_NO_ANSWER,
		OCSP_SAY_UNKNOWN, OCSP_SAY_REVOKED };
	const struct status st = { .kind = STATUS_NOT_ISSUED, .reason = -1 };
	struct ocsp_single single;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		question_single(&st, ways[i], &single);
		assert_int_not_equal(single.status, OCSP_GOOD);
	}
	question_single(&st, OCSP_SAY_UNKNOWN, &single);
	assert_int_equal(single.status, OCSP_UNKNOWN);
	/* RFC 6960 section 2.2 */
	question_single(&st, OCSP_SAY_REVOKED, &single);
	assert_int_equal(single.status, OCSP_REVOKED);
	assert_int_equal(single.reason, REASON_HOLD);
	assert_int_equal(single.revoked_at, 0);
}

static void
a_status_is_said_as_it_is(void **state)
{
	struct status st = { .kind = STATUS_GOOD, .reason = -1 };
	struct ocsp_single single;

	(void)state;
	question_single(&st, OCSP_SAY_REVOKED, &single);
	assert_int_equal(single.status, OCSP_GOOD);
	st = (struct status){ .kind = STATUS_REVOKED,
		.reason = REASON_KEY_COMPROMISE,
		.revoked_at = 77 };
	question_single(&st, OCSP_NO_ANSWER, &single);
	assert_int_equal(single.status, OCSP_REVOKED);
	assert_int_equal(single.reason, REASON_KEY_COMPROMISE);
	assert_int_equal(single.revoked_at, 77);
	st.reason = REASON_UNSPECIFIED;
	question_single(&st, OCSP_NO_ANSWER, &single);
	assert_int_equal(single.reason, -1);
}

static void
another_answer_has_another_version(void **state)
{
	const struct status none = { .kind = STATUS_NOT_ISSUED, .reason = -1 };
	const struct status good = { .kind = STATUS_GOOD, .version = 1 };

	(void)state;
	assert_true(question_version(&none, OCSP_SAY_UNKNOWN) !=
	    question_version(&none, OCSP_SAY_REVOKED));
	assert_true(question_version(&none, OCSP_SAY_UNKNOWN) !=
	    question_version(&good, OCSP_SAY_UNKNOWN));
	/* What was issued does not depend on that option. */
	assert_true(question_version(&good, OCSP_SAY_UNKNOWN) ==
	    question_version(&good, OCSP_SAY_REVOKED));
}

static void
a_short_serial_gets_zeros_in_front(void **state)
{
	static const uint8_t short_one[] = { 1, 2 };
	uint8_t out[SERIAL_SIZE];

	(void)state;
	ocsp_serial_widen(bytes_of(short_one, 2), out);
	for (size_t i = 0; i < SERIAL_SIZE - 2; i++)
		assert_int_equal(out[i], 0);
	assert_memory_equal(out + SERIAL_SIZE - 2, short_one, 2);
	ocsp_serial_widen(BYTES_NONE, out);
	assert_int_equal(out[SERIAL_SIZE - 1], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_never_issued_is_never_good),
		cmocka_unit_test(a_status_is_said_as_it_is),
		cmocka_unit_test(another_answer_has_another_version),
		cmocka_unit_test(a_short_serial_gets_zeros_in_front),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
