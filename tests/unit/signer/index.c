#include "signer/index.h"
#include "support/unit.h"

static struct journal_record
record(uint64_t position, int64_t time)
{
	struct journal_record r = { .position = position, .kind = SIGN_LEAF };

	r.serial[0] = 1;
	for (int i = 0; i < 5; i++)
		r.serial[1 + i] = (uint8_t)((uint64_t)time >> (32 - 8 * i));
	memcpy(r.serial + 8, &position, sizeof(position));
	memcpy(r.tbs_sha256, &position, sizeof(position));
	return r;
}

/* What is remembered, what is forgotten, and that nothing gets lost between. */
static void
test_positions(void **state)
{
	enum { KEPT = 32768, N = 100000 };
	struct index *ix = index_new();

	(void)state;
	assert_null(index_find(ix, 0));
	assert_false(index_has_forgotten(ix, 0));
	for (uint64_t i = 0; i < N; i++) {
		/* Not in order, but near to it. */
		struct journal_record r = record(3 * (i ^ 5), 1000);

		index_add(ix, &r, 1000);
	}
	for (uint64_t i = 0; i < N; i++) {
		const struct index_position *p = index_find(ix, 3 * (i ^ 5));

		if (i < N - KEPT) {
			assert_null(p);
			assert_true(index_has_forgotten(ix, 3 * (i ^ 5)));
		} else {
			assert_non_null(p);
			assert_int_equal(p->position, 3 * (i ^ 5));
			assert_memory_equal(p->tbs_sha256, &p->position, 8);
		}
		assert_null(index_find(ix, 3 * i + 1));
	}
	assert_false(index_has_forgotten(ix, 3 * (uint64_t)N + 100));
	index_free(ix);
	index_free(NULL);
}

/* Serials of the last twenty minutes stay, however many there are; older ones
 * go, so that memory does not grow for ever. */
static void
test_serials(void **state)
{
	enum { N = 60000 };
	struct index *ix = index_new();

	(void)state;
	for (int64_t i = 0; i < N; i++) {
		/* 20 a second. */
		int64_t now = 1000000 + i / 20;
		struct journal_record r = record((uint64_t)i, now);

		assert_false(index_has_serial(ix, r.serial));
		index_add(ix, &r, now);
		assert_true(index_has_serial(ix, r.serial));
	}
	for (int64_t i = N - 20 * 1200; i < N; i++) {
		struct journal_record r = record((uint64_t)i, 1000000 + i / 20);

		assert_true(index_has_serial(ix, r.serial));
	}
	index_free(ix);
}

static void
test_crl_numbers_are_no_serials(void **state)
{
	struct index *ix = index_new();
	struct journal_record r = record(1, 1000);

	(void)state;
	r.kind = SIGN_CRL;
	index_add(ix, &r, 1000);
	assert_false(index_has_serial(ix, r.serial));
	assert_non_null(index_find(ix, 1));
	index_free(ix);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_serials),
		cmocka_unit_test(test_crl_numbers_are_no_serials),
	};

	return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
