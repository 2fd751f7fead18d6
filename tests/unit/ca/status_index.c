#include "support/unit.h"
#include <pthread.h>
#include <stdatomic.h>
#include "ca/status_index.h"
#include "codec/crl.h"
#include "crypto/random.h"

#define MANY 200000u
#define ROUNDS 20000u

static const uint8_t key_a[32] = { 1 }, key_b[32] = { 2 };

static const struct status good = {
	.kind = STATUS_GOOD, .reason = -1, .not_after = 1000
};
static const struct status revoked = { .kind = STATUS_REVOKED,
	.reason = REASON_KEY_COMPROMISE,
	.revoked_at = 500,
	.not_after = 1000 };

/* As ours are made: a prefix, and random octets. */
static void
serial_make(uint64_t n, uint8_t out[SERIAL_SIZE])
{
	struct random r = random_seeded(n + 1);

	memset(out, 0, SERIAL_SIZE);
	out[0] = 1;
	random_fill(&r, out + 6, SERIAL_SIZE - 6);
}

static void
globalsign_2016_10_a_status_is_of_its_issuer(void **state)
{
	struct status_index *x = status_index_new();
	uint8_t serial[SERIAL_SIZE];

	(void)state;
	serial_make(1, serial);
	assert_int_equal(
	    status_index_get(x, key_a, serial).kind, STATUS_NOT_ISSUED);
	status_index_put(x, key_a, serial, &good);
	assert_int_equal(status_index_get(x, key_a, serial).kind, STATUS_GOOD);
	assert_int_equal(
	    status_index_get(x, key_b, serial).kind, STATUS_NOT_ISSUED);
	status_index_put(x, key_b, serial, &revoked);
	assert_int_equal(status_index_get(x, key_a, serial).kind, STATUS_GOOD);
	assert_int_equal(
	    status_index_get(x, key_b, serial).kind, STATUS_REVOKED);
	status_index_free(x);
}

static void
revoked_stays_revoked(void **state)
{
	struct status_index *x = status_index_new();
	struct status later = revoked;
	uint8_t serial[SERIAL_SIZE];
	uint64_t versions[3];

	(void)state;
	serial_make(1, serial);
	status_index_put(x, key_a, serial, &good);
	versions[0] = status_index_get(x, key_a, serial).version;
	status_index_put(x, key_a, serial, &revoked);
	versions[1] = status_index_get(x, key_a, serial).version;
	/* The thread that issued it is late. */
	status_index_put(x, key_a, serial, &good);
	assert_int_equal(
	    status_index_get(x, key_a, serial).kind, STATUS_REVOKED);
	assert_int_equal(
	    status_index_get(x, key_a, serial).reason, REASON_KEY_COMPROMISE);
	later.reason = REASON_SUPERSEDED;
	status_index_put(x, key_a, serial, &later);
	versions[2] = status_index_get(x, key_a, serial).version;
	assert_true(versions[0] != versions[1] && versions[1] != versions[2]);
	assert_true(versions[0] != 0 && versions[0] != versions[2]);
	assert_int_equal(status_index_count(x), 1);
	status_index_free(x);
}

static void
many_are_found_within_64_octets_each(void **state)
{
	struct status_index *x = status_index_new();
	uint8_t serial[SERIAL_SIZE];
	double worst = 0;

	(void)state;
	for (uint64_t i = 0; i < MANY; i++) {
		serial_make(i, serial);
		status_index_put(
		    x, key_a, serial, i % 10 == 0 ? &revoked : &good);
		/* At any size, not only where the growth is favourable. */
		if (i > MANY / 4 && i % 997 == 0)
			worst = MAX_OF(worst,
			    (double)status_index_memory(x) / (double)(i + 1));
	}
	print_message("%.1f octets a certificate at worst\n", worst);
	assert_true(worst > 40 && worst <= 64);
	assert_int_equal(status_index_count(x), MANY);
	for (uint64_t i = 0; i < MANY; i++) {
		serial_make(i, serial);
		assert_int_equal(status_index_get(x, key_a, serial).kind,
		    i % 10 == 0 ? STATUS_REVOKED : STATUS_GOOD);
	}
	serial_make(MANY, serial);
	assert_int_equal(
	    status_index_get(x, key_a, serial).kind, STATUS_NOT_ISSUED);
	status_index_free(x);
}

static void
what_expired_is_dropped_and_the_rest_is_found(void **state)
{
	struct status_index *x = status_index_new();
	uint8_t serial[SERIAL_SIZE];
	struct status st = good;

	(void)state;
	for (uint64_t i = 0; i < 5000; i++) {
		serial_make(i, serial);
		st.not_after = i % 2 == 0 ? 100 : 200;
		status_index_put(x, key_a, serial, &st);
	}
	assert_int_equal(status_index_drop(x, 100), 0);
	assert_int_equal(status_index_drop(x, 101), 2500);
	assert_int_equal(status_index_count(x), 2500);
	for (uint64_t i = 0; i < 5000; i++) {
		serial_make(i, serial);
		assert_int_equal(status_index_get(x, key_a, serial).kind,
		    i % 2 == 0 ? STATUS_NOT_ISSUED : STATUS_GOOD);
	}
	status_index_free(x);
}

struct race {
	struct status_index *x;
	atomic_uint announced; /* revocations below it are acknowledged */
	atomic_bool over;
	atomic_uint contradictions;
};

static void *
ask(void *arg)
{
	struct race *r = arg;
	uint8_t serial[SERIAL_SIZE];
	uint64_t n = 0;

	while (!atomic_load(&r->over)) {
		unsigned until = atomic_load(&r->announced);

		if (until == 0)
			continue;
		serial_make(n++ % until, serial);
		if (status_index_get(r->x, key_a, serial).kind !=
		    STATUS_REVOKED)
			atomic_fetch_add(&r->contradictions, 1);
	}
	return NULL;
}

static void *
issue_late(void *arg)
{
	struct race *r = arg;
	uint8_t serial[SERIAL_SIZE];

	for (uint64_t i = 0; i < ROUNDS; i++) {
		serial_make(i, serial);
		status_index_put(r->x, key_a, serial, &good);
	}
	return NULL;
}

static void
threads_never_see_an_acknowledged_revocation_undone(void **state)
{
	struct race r = { .x = status_index_new() };
	pthread_t asking[2], issuing;
	uint8_t serial[SERIAL_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(asking); i++)
		assert_int_equal(pthread_create(&asking[i], NULL, ask, &r), 0);
	assert_int_equal(pthread_create(&issuing, NULL, issue_late, &r), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		serial_make(i, serial);
		status_index_put(r.x, key_a, serial, &revoked);
		atomic_store(&r.announced, i + 1);
		if (i % 4096 == 0)
			status_index_drop(r.x, 10);
	}
	pthread_join(issuing, NULL);
	atomic_store(&r.over, true);
	for (size_t i = 0; i < COUNT_OF(asking); i++)
		pthread_join(asking[i], NULL);
	assert_int_equal(atomic_load(&r.contradictions), 0);
	assert_int_equal(status_index_count(r.x), ROUNDS);
	status_index_free(r.x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globalsign_2016_10_a_status_is_of_its_issuer),
		cmocka_unit_test(revoked_stays_revoked),
		cmocka_unit_test(many_are_found_within_64_octets_each),
		cmocka_unit_test(what_expired_is_dropped_and_the_rest_is_found),
		cmocka_unit_test(
		    threads_never_see_an_acknowledged_revocation_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
