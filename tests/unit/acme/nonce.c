/* Anti-replay nonces: acme/nonce.h. */
#include <pthread.h>
#include <stdlib.h>
#include "support/unit.h"
#include "acme/nonce.h"

struct fixture {
	struct nonces *nonces;
	struct arena *arena;
};

static int
setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	struct random random = random_seeded(1);

	f->nonces = nonces_new(7, &random);
	f->arena = arena_new();
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	nonces_free(f->nonces);
	arena_free(f->arena);
	free(f);
	return 0;
}

static bool
burn(struct fixture *f, const char *nonce, struct err *err)
{
	err_clear(err);
	return nonces_burn(f->nonces, nonce, f->arena, err);
}

static void
test_used_once(void **state)
{
	struct fixture *f = *state;
	char nonce[NONCE_SIZE], other[NONCE_SIZE];
	struct err err = { 0 };

	nonces_issue(f->nonces, nonce);
	nonces_issue(f->nonces, other);
	assert_string_not_equal(nonce, other);
	assert_int_equal(strlen(nonce), NONCE_SIZE - 1);
	/* Looking costs nothing. */
	assert_true(nonces_check(f->nonces, nonce, f->arena, &err));
	assert_true(nonces_check(f->nonces, nonce, f->arena, &err));
	assert_true(burn(f, nonce, &err));
	assert_false(burn(f, nonce, &err));
	assert_int_equal(err.kind, ERR_BAD_NONCE);
	assert_non_null(strstr(err.shown, "used before"));
	assert_false(nonces_check(f->nonces, nonce, f->arena, NULL));
	assert_true(burn(f, other, &err));
	assert_int_equal(nonces_issued(f->nonces), 2);
}

static void
test_alphabet(void **state)
{
	struct fixture *f = *state;
	char nonce[NONCE_SIZE];

	for (unsigned i = 0; i < 1000; i++) {
		nonces_issue(f->nonces, nonce);
		for (const char *p = nonce; *p != '\0'; p++)
			assert_true((*p >= 'a' && *p <= 'z') ||
			    (*p >= 'A' && *p <= 'Z') ||
			    (*p >= '0' && *p <= '9') || *p == '-' || *p == '_');
	}
}

static void
test_forged(void **state)
{
	struct fixture *f = *state;
	struct random random = random_seeded(2);
	struct nonces *restarted = nonces_new(7, &random);
	char nonce[NONCE_SIZE], bad[NONCE_SIZE];
	struct err err = { 0 };
	static const char *const junk[] = { "", "a", "!", "AAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" };

	nonces_issue(f->nonces, nonce);
	for (size_t i = 0; i < NONCE_SIZE - 1; i++) {
		memcpy(bad, nonce, sizeof(bad));
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		assert_false(burn(f, bad, &err));
		assert_int_equal(err.kind, ERR_BAD_NONCE);
	}
	for (size_t i = 0; i < COUNT_OF(junk); i++) {
		assert_false(burn(f, junk[i], &err));
		assert_int_equal(err.kind, ERR_BAD_NONCE);
	}
	/* After a restart the key is another one. */
	assert_false(nonces_check(restarted, nonce, f->arena, NULL));
	assert_true(burn(f, nonce, &err));
	nonces_free(restarted);
}

/* Rule 12. */
static void
test_acme_sh_finds_its_bad_nonce_words(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };

	assert_false(burn(f, "nonsense", &err));
	assert_non_null(
	    strstr(err.shown, "JWS has an invalid anti-replay nonce"));
}

static void
test_window(void **state)
{
	struct fixture *f = *state;
	char first[NONCE_SIZE], second[NONCE_SIZE], used[NONCE_SIZE],
	    last[NONCE_SIZE];
	struct err err = { 0 };

	nonces_issue(f->nonces, first);
	nonces_issue(f->nonces, used);
	assert_true(burn(f, used, &err));
	nonces_issue(f->nonces, second);
	for (size_t i = 0; i < NONCE_WINDOW - 2; i++)
		nonces_issue(f->nonces, last);
	/* first has just left the window, second is its oldest. */
	assert_false(burn(f, first, &err));
	assert_non_null(strstr(err.shown, "too old"));
	assert_true(burn(f, second, &err));
	assert_true(burn(f, last, &err));
	/* A slot that is used again forgets nothing that could come back. */
	for (size_t i = 0; i < 100; i++) {
		nonces_issue(f->nonces, last);
		assert_true(burn(f, last, &err));
	}
	assert_false(burn(f, used, &err));
	assert_false(burn(f, last, &err));
}

#define THREADS 4
#define EACH 2000

struct race {
	struct nonces *nonces;
	char (*shared)[NONCE_SIZE];
	unsigned won;
};

/* Issues its own, and fights the others for the shared ones. */
static void *
racer(void *arg)
{
	struct race *r = arg;
	AUTO_ARENA *a = arena_new();
	char own[NONCE_SIZE];

	for (unsigned i = 0; i < EACH; i++) {
		nonces_issue(r->nonces, own);
		if (!nonces_burn(r->nonces, own, a, NULL))
			return (void *)1;
		if (nonces_burn(r->nonces, r->shared[i], a, NULL))
			r->won++;
		arena_reset(a);
	}
	return NULL;
}

static void
test_one_of_many_threads_wins(void **state)
{
	struct fixture *f = *state;
	char(*shared)[NONCE_SIZE] = mem_array(EACH, NONCE_SIZE);
	struct race races[THREADS];
	pthread_t threads[THREADS];
	unsigned won = 0;
	void *failed;

	for (size_t i = 0; i < EACH; i++)
		nonces_issue(f->nonces, shared[i]);
	for (size_t i = 0; i < THREADS; i++) {
		races[i] = (struct race){ f->nonces, shared, 0 };
		assert_int_equal(
		    pthread_create(&threads[i], NULL, racer, &races[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
		won += races[i].won;
	}
	assert_int_equal(won, EACH);
	assert_int_equal(nonces_issued(f->nonces), EACH * (THREADS + 1));
	free(shared);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_used_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alphabet, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forged, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_acme_sh_finds_its_bad_nonce_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_window, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_one_of_many_threads_wins, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
