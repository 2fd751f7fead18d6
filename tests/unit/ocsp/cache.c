#include "support/unit.h"
#include <pthread.h>
#include <stdatomic.h>
#include "ocsp/cache.h"

#define DAY ((int64_t)24 * 3600)
#define NOW ((int64_t)1782907200)

static const uint8_t key[32] = { 7 };

static struct bytes
id_make(unsigned n, uint8_t out[40])
{
	memset(out, 0x30, 40);
	memcpy(out + 30, &n, sizeof(n));
	return bytes_of(out, 40);
}

static void
put(struct cache *c, unsigned n, int64_t now, size_t size)
{
	struct cached answer = { .issuer_key = key, .version = n };
	AUTO_BUF der = { 0 };
	struct plan plan;
	uint8_t id[40];

	while (der.n < size)
		buf_add_byte(&der, (uint8_t)n);
	assert_true(plan_derive(now, 8 * 3600, now + 400 * DAY, n, &plan));
	cached_make(&answer, buf_bytes(&der), &plan);
	cache_put(c, id_make(n, id), &answer);
	blob_unref(answer.blob);
}

static bool
has(struct cache *c, unsigned n)
{
	struct cached answer;
	uint8_t id[40];

	if (!cache_get(c, id_make(n, id), &answer))
		return false;
	assert_int_equal(answer.version, n);
	assert_int_equal(answer.der.p[0], (uint8_t)n);
	blob_unref(answer.blob);
	return true;
}

static void
an_answer_brings_its_http_fields(void **state)
{
	struct cache *c = cache_new(1 << 20, 1);
	struct cached answer;
	uint8_t id[40];

	(void)state;
	put(c, 65, NOW, 100);
	assert_true(cache_get(c, id_make(65, id), &answer));
	assert_int_equal(answer.der.n, 100);
	/* The strong one of RFC 9919 section 5, with its quotes. */
	assert_int_equal(strlen(answer.etag), 66);
	assert_int_equal(answer.etag[0], '"');
	assert_string_equal(
	    answer.last_modified, "Wed, 01 Jul 2026 12:00:00 GMT");
	assert_string_equal(answer.expires, "Wed, 01 Jul 2026 20:00:00 GMT");
	blob_unref(answer.blob);
	cache_free(c);
}

static void
memory_is_bounded_and_the_asked_for_stay(void **state)
{
	struct cache *c = cache_new(4 << 20, 99);
	struct cache_usage usage;
	unsigned kept = 0;

	(void)state;
	for (unsigned i = 0; i < 40000; i++) {
		put(c, i, NOW, 600);
		/* The first hundred are asked for all the time. */
		if (i >= 100 && i % 50 == 0)
			for (unsigned k = 0; k < 100; k++)
				has(c, k);
	}
	cache_usage_get(c, &usage);
	assert_true(usage.octets <= 4 << 20);
	assert_true(usage.answers > 1000);
	for (unsigned k = 0; k < 100; k++)
		kept += has(c, k);
	assert_true(kept > 90);
	cache_free(c);
}

static size_t
sweep_all(struct cache *c, int64_t now, struct cache_due *due, size_t max)
{
	size_t n = 0;

	for (int i = 0; i < 4; i++)
		n += cache_sweep(c, now, due + n, max - n);
	return n;
}

static void
a_sweep_lists_what_is_due_and_forgets_what_is_over(void **state)
{
	struct cache *c = cache_new(1 << 20, 5);
	struct cache_due due[100];
	struct cache_usage usage;

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		put(c, i, NOW, 100);
	for (unsigned i = 0; i < 10; i++)
		assert_true(has(c, i));
	assert_int_equal(sweep_all(c, NOW + 3600, due, 100), 0);
	cache_usage_get(c, &usage);
	assert_int_equal(usage.oldest, NOW);
	assert_int_equal(usage.answers, 50);
	/* Due are those that were asked for. */
	assert_int_equal(sweep_all(c, NOW + 3 * 3600, due, 100), 10);
	assert_int_equal(due[0].id_n, 40);
	assert_ptr_equal(due[0].issuer_key, key);
	/* A few at a time. */
	assert_int_equal(sweep_all(c, NOW + 3 * 3600, due, 4), 4);
	assert_int_equal(sweep_all(c, NOW + 4 * 3600, due, 100), 0);
	cache_usage_get(c, &usage);
	assert_int_equal(usage.answers, 0);
	assert_int_equal(usage.octets, 0);
	sweep_all(c, NOW + 4 * 3600, due, 100);
	cache_usage_get(c, &usage);
	assert_int_equal(usage.oldest, 0);
	cache_free(c);
}

/* Signed before the clock was set back: gone, too. */
static void
an_answer_from_the_future_is_forgotten(void **state)
{
	struct cache *c = cache_new(1 << 20, 5);
	struct cache_due due[4];

	(void)state;
	put(c, 1, NOW, 100);
	assert_int_equal(sweep_all(c, NOW - 1, due, 4), 0);
	assert_false(has(c, 1));
	cache_free(c);
}

static void
an_id_that_is_too_long_is_not_kept(void **state)
{
	struct cache *c = cache_new(1 << 20, 5);
	struct cached answer = { .issuer_key = key };
	uint8_t id[CACHE_ID_MAX + 1] = { 0x30 };
	struct cache_usage usage;
	struct plan plan;

	(void)state;
	assert_true(plan_derive(NOW, DAY, NOW + 400 * DAY, 0, &plan));
	cached_make(&answer, bytes_str("answer"), &plan);
	cache_put(c, bytes_of(id, sizeof(id)), &answer);
	cache_usage_get(c, &usage);
	assert_int_equal(usage.answers, 0);
	blob_unref(answer.blob);
	cache_free(c);
}

struct race {
	struct cache *c;
	atomic_bool over;
	atomic_uint found;
};

static void *
read_on(void *arg)
{
	struct race *r = arg;
	unsigned n = 0;

	while (!atomic_load(&r->over))
		if (has(r->c, n++ % 64))
			atomic_fetch_add(&r->found, 1);
	return NULL;
}

static void
threads_read_while_answers_come_and_go(void **state)
{
	struct race r = { .c = cache_new(64 * 1024, 3) };
	struct cache_due due[8];
	pthread_t t[2];

	(void)state;
	put(r.c, 1, NOW, 300);
	for (size_t i = 0; i < COUNT_OF(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, read_on, &r), 0);
	for (unsigned i = 0; i < 5000; i++) {
		put(r.c, i % 64, NOW + i % 3, 300);
		if (i % 100 == 0)
			sweep_all(r.c, NOW + i % 3 * 7200, due, 8);
	}
	while (atomic_load(&r.found) == 0)
		put(r.c, 1, NOW, 300);
	atomic_store(&r.over, true);
	for (size_t i = 0; i < COUNT_OF(t); i++)
		pthread_join(t[i], NULL);
	cache_free(r.c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_brings_its_http_fields),
		cmocka_unit_test(memory_is_bounded_and_the_asked_for_stay),
		cmocka_unit_test(
		    a_sweep_lists_what_is_due_and_forgets_what_is_over),
		cmocka_unit_test(an_answer_from_the_future_is_forgotten),
		cmocka_unit_test(an_id_that_is_too_long_is_not_kept),
		cmocka_unit_test(threads_read_while_answers_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
