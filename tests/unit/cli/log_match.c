#include "cli/log_match.h"
#include "support/unit.h"

#define MANY 19968u /* a multiple of 64 */

static struct log_intent
intent(uint64_t position, const uint8_t *tbs)
{
	struct log_intent i = {
		.position = position, .id = position * 31, .tbs_sha256 = tbs
	};

	i.serial[0] = (uint8_t)position;
	return i;
}

static struct journal_record
record(uint64_t position, const uint8_t *tbs)
{
	struct journal_record r = { .position = position, .kind = SIGN_LEAF };

	r.serial[0] = (uint8_t)position;
	memcpy(r.tbs_sha256, tbs, sizeof(r.tbs_sha256));
	return r;
}

/* Side by side, the journal in another order within batches of 64: each finds
 * its other half, and nothing is left. */
static void
test_pairs(void **state)
{
	static const uint8_t tbs[32] = { 9 };
	struct log_match *m = log_match_new();
	struct log_unmatched u;
	size_t at = 0;

	(void)state;
	for (uint64_t n = 64; n < MANY; n++) {
		struct log_intent i = intent(n, tbs);
		struct journal_record r = record(n ^ 63, tbs);

		assert_int_equal(log_match_intent(m, &i), LOG_SAME);
		log_match_signed(m, i.id);
		assert_int_equal(log_match_record(m, &r), LOG_SAME);
	}
	assert_false(log_match_next(m, &at, &u));
	log_match_free(m);
}

static void
test_differences(void **state)
{
	static const uint8_t tbs[32] = { 9 }, other[32] = { 8 };
	struct log_match *m = log_match_new();
	struct log_intent i;
	struct journal_record r;

	(void)state;
	i = intent(1, tbs);
	r = record(1, other);
	assert_int_equal(log_match_intent(m, &i), LOG_SAME);
	assert_int_equal(log_match_record(m, &r), LOG_OTHER_TBS);
	r = record(2, tbs);
	i = intent(2, tbs);
	i.serial[3] = 1;
	assert_int_equal(log_match_record(m, &r), LOG_SAME);
	assert_int_equal(log_match_intent(m, &i), LOG_OTHER_NUMBER);
	r = record(3, tbs);
	r.issuer[0] = 1;
	i = intent(3, NULL);
	assert_int_equal(log_match_record(m, &r), LOG_SAME);
	assert_int_equal(log_match_intent(m, &i), LOG_OTHER_ISSUER);
	r = record(4, tbs);
	r.kind = SIGN_CRL;
	i = intent(4, tbs);
	assert_int_equal(log_match_record(m, &r), LOG_SAME);
	assert_int_equal(log_match_intent(m, &i), LOG_OTHER_KIND);
	log_match_free(m);
}

/* An intent counts once it was signed; a record always. */
static void
test_unmatched(void **state)
{
	static const uint8_t tbs[32] = { 9 };
	struct log_match *m = log_match_new();
	struct log_intent open = intent(5, tbs), issued = intent(6, tbs);
	struct journal_record r = record(7, tbs);
	struct log_unmatched u;
	size_t at = 0;
	unsigned seen = 0;

	(void)state;
	(void)log_match_intent(m, &open);
	(void)log_match_intent(m, &issued);
	(void)log_match_record(m, &r);
	log_match_signed(m, issued.id);
	log_match_signed(m, 12345);
	while (log_match_next(m, &at, &u)) {
		assert_int_equal(u.in_journal, u.position == 7);
		assert_true(u.position == 6 || u.position == 7);
		seen++;
	}
	assert_int_equal(seen, 2);
	log_match_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_unmatched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
