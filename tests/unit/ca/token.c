/*
 * Enrolment secrets: bound, burnt with the intent, given back with a void,
 * each exactly once.
 */
#include <pthread.h>
#include <stdatomic.h>
#include "support/unit.h"
#include "ca/core.h"
#include "ca/token.h"
#include "store/token.h"
#include "support/test_ca.h"
#include "util/text.h"

#define HOUR ((int64_t)3600)

static const char *const one[] = { "dns:a.example.net" };

struct made {
	struct token token;
	char secret[TOKEN_SECRET_LENGTH + 1];
};

static struct made
make(struct test_ca *t, const char *const *names, size_t n, int64_t uses)
{
	struct made m;
	struct token_spec spec = { .profile = "default",
		.names = test_ca_names(t, names, n),
		.uses = uses,
		.expires_at = t->now + HOUR,
		.by = "alice" };

	assert_ok(t,
	    ca_token_create(t->ca, &spec, t->a, &m.token, m.secret, &t->err));
	return m;
}

static struct ca_request
request(struct test_ca *t, const char *const *names, size_t n, const char *id)
{
	struct privkey *key = test_ca_key(t, KEY_EC_P256, 0);

	return (struct ca_request){
		.profile = ca_profile_find(t->ca, "default"),
		.csr = test_ca_csr(t, key, NULL, names, n, false),
		.names = test_ca_names(t, names, n),
		.requester = "est",
		.token_id = id,
	};
}

static bool
issue(struct test_ca *t, const char *id)
{
	struct ca_request req = request(t, one, 1, id);
	struct ca_issued out;

	return ca_issue(t->ca, &req, t->a, &out, &t->err);
}

static struct token
read_back(struct test_ca *t, const char *id)
{
	struct token *all;
	size_t n;

	assert_ok(t, ca_token_list(t->ca, NULL, 100, t->a, &all, &n, &t->err));
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].id, id) == 0)
			return all[i];
	fail_msg("token %s is not in the list", id);
	return all[0];
}

static void
assert_left(struct test_ca *t, const char *id, int64_t left)
{
	assert_int_equal(read_back(t, id).uses_left, left);
}

static bool
check(struct test_ca *t, const char *secret, const char *profile)
{
	struct token out;

	return ca_token_check(
	    t->ca, bytes_str(secret), profile, "est/x", t->a, &out, &t->err);
}

/* ---- what a secret is ---- */

static void
checked(void **state)
{
	struct test_ca *t = *state;
	struct made m = make(t, one, 1, 2);
	struct token out;
	char other[TOKEN_SECRET_LENGTH + 1];

	assert_true(secret_text_has_form(bytes_str(m.secret)));
	assert_ok(t,
	    ca_token_check(t->ca, bytes_str(m.secret), "default", "est/x", t->a,
		&out, &t->err));
	assert_string_equal(out.id, m.token.id);
	assert_string_equal(out.by, "alice");
	assert_int_equal(out.uses, 2);
	assert_int_equal(out.names.n, 1);
	assert_string_equal(out.names.v[0].text, "a.example.net");
	/* Looking burns nothing. */
	assert_left(t, m.token.id, 2);

	memcpy(other, m.secret, sizeof(other));
	other[31] = other[31] == 'A' ? 'B' : 'A';
	assert_fails(t, check(t, other, "default"), ERR_UNAUTHORIZED);
	assert_fails(t, check(t, m.secret, "server"), ERR_UNAUTHORIZED);
	assert_fails(t, check(t, "", "default"), ERR_UNAUTHORIZED);
	other[31] = '\0';
	assert_fails(t, check(t, other, "default"), ERR_UNAUTHORIZED);
	/* The id is printed in lists: it is no secret. */
	assert_fails(t, check(t, m.token.id, "default"), ERR_UNAUTHORIZED);
	t->now += HOUR - 1;
	assert_ok(t, check(t, m.secret, "default"));
	t->now += 1;
	assert_fails(t, check(t, m.secret, "default"), ERR_UNAUTHORIZED);
}

/* The guesser cannot tell a wrong secret from an expired one. */
static void
one_sentence(void **state)
{
	struct test_ca *t = *state;
	struct made m = make(t, one, 1, 1);
	char shown[sizeof(t->err.shown)];

	assert_false(check(t, "abcdefghijklmnopqrstuvwxyz012345", "default"));
	memcpy(shown, t->err.shown, sizeof(shown));
	err_clear(&t->err);
	assert_ok(t, ca_token_revoke(t->ca, m.token.id, "bob", &t->err));
	assert_false(check(t, m.secret, "default"));
	assert_string_equal(t->err.shown, shown);
	assert_non_null(strstr(t->err.detail, "revoked"));
	err_clear(&t->err);
	assert_false(check(t, "short", "default"));
	assert_string_equal(t->err.shown, shown);
	err_clear(&t->err);
}

static void
refused_specs(void **state)
{
	static const char *const bad[] = { "email:a@example.net" };
	struct test_ca *t = *state;
	struct token_spec spec = { .profile = "default",
		.uses = 1,
		.expires_at = t->now + HOUR,
		.by = "alice" };
	struct token_spec s;
	struct token out;
	char secret[TOKEN_SECRET_LENGTH + 1] = "untouched";

#define REFUSED(kind)                                                          \
	assert_fails(                                                          \
	    t, ca_token_create(t->ca, &s, t->a, &out, secret, &t->err), kind)
	s = spec;
	s.profile = "none";
	REFUSED(ERR_PROFILE_INVALID);
	s = spec;
	s.uses = 0;
	REFUSED(ERR_MALFORMED);
	s.uses = TOKEN_USES_MAX + 1;
	REFUSED(ERR_MALFORMED);
	s = spec;
	s.expires_at = t->now;
	REFUSED(ERR_MALFORMED);
	s.expires_at = t->now + TOKEN_LIFETIME_MAX + 1;
	REFUSED(ERR_MALFORMED);
	s = spec;
	s.names = test_ca_names(t, bad, 1);
	REFUSED(ERR_IDENTIFIER_REJECTED);
	assert_string_equal(secret, "untouched");
}

/* ---- names ---- */

static void
names(void **state)
{
	static const char *const two[] = { "dns:a.example.net",
		"dns:b.example.net" };
	static const char *const wild[] = { "dns:*.example.net" };
	static const char *const outside[] = { "dns:a.example.net",
		"dns:c.example.net" };
	struct test_ca *t = *state;
	struct made m = make(t, two, 2, 10), w = make(t, wild, 1, 10),
		    any = make(t, NULL, 0, 10);
	struct ca_issued out;
	struct ca_request req;

#define TRY(v, n, m)                                                           \
	(req = request(t, v, n, (m).token.id),                                 \
	    ca_issue(t->ca, &req, t->a, &out, &t->err))
	assert_ok(t, TRY(two, 2, m));
	/* A part of them is no more than was given. */
	assert_ok(t, TRY(one, 1, m));
	assert_fails(t, TRY(outside, 2, m), ERR_IDENTIFIER_REJECTED);
	assert_left(t, m.token.id, 8);
	/* A wildcard is that name alone. */
	assert_fails(t, TRY(one, 1, w), ERR_IDENTIFIER_REJECTED);
	assert_fails(t, TRY(wild, 1, m), ERR_IDENTIFIER_REJECTED);
	assert_ok(t, TRY(wild, 1, w));
	assert_ok(t, TRY(outside, 2, any));
	assert_int_equal(read_back(t, any.token.id).names.n, 0);
	assert_true(token_check_names(&m.token, &req.names, &t->err) == false);
	err_clear(&t->err);
}

/* Of another profile: the SQL of the intent refuses it, whoever asks. */
static void
profile(void **state)
{
	struct test_ca *t = *state;
	struct made m = make(t, NULL, 0, 1);
	struct ca_request req = request(t, one, 1, m.token.id);
	struct ca_issued out;

	req.profile = ca_profile_find(t->ca, "server");
	assert_fails(
	    t, ca_issue(t->ca, &req, t->a, &out, &t->err), ERR_UNAUTHORIZED);
	assert_left(t, m.token.id, 1);
	assert_fails(t, issue(t, "no-such-token"), ERR_UNAUTHORIZED);
}

/* ---- uses ---- */

static void
burnt(void **state)
{
	struct test_ca *t = *state;
	struct made m = make(t, one, 1, 2), r = make(t, one, 1, 2),
		    e = make(t, one, 1, 2);

	assert_ok(t, issue(t, m.token.id));
	assert_ok(t, issue(t, m.token.id));
	assert_left(t, m.token.id, 0);
	assert_fails(t, issue(t, m.token.id), ERR_UNAUTHORIZED);
	/* Somebody may have missed an answer; then nobody. */
	assert_ok(t, check(t, m.secret, "default"));
	t->now += TOKEN_REPEAT - 1;
	assert_ok(t, check(t, m.secret, "default"));
	t->now += 1;
	assert_fails(t, check(t, m.secret, "default"), ERR_UNAUTHORIZED);
	t->now -= TOKEN_REPEAT;
	assert_left(t, m.token.id, 0);
	assert_ok(t, ca_token_revoke(t->ca, r.token.id, "bob", &t->err));
	assert_fails(t, issue(t, r.token.id), ERR_UNAUTHORIZED);
	/* Twice is once. */
	assert_ok(t, ca_token_revoke(t->ca, r.token.id, "bob", &t->err));
	assert_fails(
	    t, ca_token_revoke(t->ca, "none", "bob", &t->err), ERR_NOT_FOUND);
	t->now += HOUR;
	assert_fails(t, issue(t, e.token.id), ERR_UNAUTHORIZED);
	assert_left(t, e.token.id, 2);
	assert_int_equal(token_state(&e.token, t->now - 1), TOKEN_USABLE);
	e.token = read_back(t, e.token.id);
	r.token = read_back(t, r.token.id);
	m.token = read_back(t, m.token.id);
	assert_int_equal(token_state(&e.token, t->now), TOKEN_EXPIRED);
	assert_int_equal(token_state(&r.token, t->now), TOKEN_REVOKED);
	assert_int_equal(token_state(&m.token, t->now), TOKEN_USED);
}

static struct ca_issued
assert_again(struct test_ca *t, const struct ca_request *req,
    const struct ca_issued *first)
{
	struct ca_issued out;

	assert_ok(t, ca_check_request(t->ca, req, t->a, &t->err));
	assert_ok(t, ca_issue(t->ca, req, t->a, &out, &t->err));
	assert_string_equal(out.id, first->id);
	assert_memory_equal(out.serial, first->serial, SERIAL_SIZE);
	assert_true(bytes_equal(out.der, first->der));
	assert_true(bytes_equal(out.pem_chain, first->pem_chain));
	assert_int_equal(out.not_after, first->not_after);
	assert_null(out.revocation_secret);
	return out;
}

/* The answer was lost: the same request gets the same certificate. */
static void
comes_again(void **state)
{
	struct test_ca *t = *state;
	struct made m = make(t, one, 1, 1), wide = make(t, one, 1, 5);
	struct ca_request req = request(t, one, 1, m.token.id),
			  other = request(t, one, 1, m.token.id);
	struct ca_issued first, out;

	assert_ok(t, ca_issue(t->ca, &req, t->a, &first, &t->err));
	assert_again(t, &req, &first);
	assert_left(t, m.token.id, 0);
	/* The same key and names in other octets are another request. */
	assert_fails(
	    t, ca_issue(t->ca, &other, t->a, &out, &t->err), ERR_UNAUTHORIZED);
	assert_fails(t, ca_check_request(t->ca, &other, t->a, &t->err),
	    ERR_UNAUTHORIZED);
	/* Another profile, another secret. */
	other = req;
	other.profile = ca_profile_find(t->ca, "server");
	assert_false(ca_issue(t->ca, &other, t->a, &out, &t->err));
	err_clear(&t->err);
	other = req;
	other.token_id = wide.token.id;
	assert_ok(t, ca_issue(t->ca, &other, t->a, &out, &t->err));
	assert_string_not_equal(out.id, first.id);
	assert_left(t, wide.token.id, 4);
	assert_again(t, &other, &out);
	assert_left(t, wide.token.id, 4);
	/* After a restart too, and when the secret has run out; for an hour. */
	test_ca_restart(t);
	req.profile = ca_profile_find(t->ca, "default");
	t->now += TOKEN_REPEAT - 1;
	assert_again(t, &req, &first);
	t->now += 1;
	assert_fails(
	    t, ca_issue(t->ca, &req, t->a, &out, &t->err), ERR_UNAUTHORIZED);
}

static void
revoke(struct test_ca *t, const char *id)
{
	struct cert_row row;

	assert_ok(t, store_cert_get(t->store, id, t->a, &row, &t->err));
	assert_ok(t, ca_revoke(t->ca, &row, 4, "alice", false, &t->err));
}

/* What was revoked is not handed out as if it were good. */
static void
revoked_is_not_repeated(void **state)
{
	struct test_ca *t = *state;
	struct made m = make(t, one, 1, 1), wide = make(t, one, 1, 2),
		    r = make(t, one, 1, 1);
	struct ca_request req = request(t, one, 1, m.token.id);
	struct ca_issued first, out;

	assert_ok(t, ca_issue(t->ca, &req, t->a, &first, &t->err));
	revoke(t, first.id);
	assert_fails(
	    t, ca_issue(t->ca, &req, t->a, &out, &t->err), ERR_UNAUTHORIZED);
	assert_fails(t, ca_issued_get(t->ca, first.id, t->a, &out, &t->err),
	    ERR_REJECTED);
	/* With uses left it is a request like others. */
	req.token_id = wide.token.id;
	assert_ok(t, ca_issue(t->ca, &req, t->a, &first, &t->err));
	revoke(t, first.id);
	assert_ok(t, ca_issue(t->ca, &req, t->a, &out, &t->err));
	assert_string_not_equal(out.id, first.id);
	/* Nor does a revoked secret lead to anything. */
	req.token_id = r.token.id;
	assert_ok(t, ca_issue(t->ca, &req, t->a, &first, &t->err));
	assert_ok(t, ca_token_revoke(t->ca, r.token.id, "bob", &t->err));
	assert_fails(
	    t, ca_issue(t->ca, &req, t->a, &out, &t->err), ERR_UNAUTHORIZED);
}

struct racer {
	struct test_ca *t;
	struct ca_request req;
	pthread_barrier_t *start;
	atomic_uint *won, *lost;
};

static void *
race(void *arg)
{
	struct racer *r = arg;
	AUTO_ARENA *a = arena_new();
	struct ca_issued out;
	struct err err = { 0 };

	pthread_barrier_wait(r->start);
	if (ca_issue(r->t->ca, &r->req, a, &out, &err))
		atomic_fetch_add(r->won, 1);
	else if (err.kind == ERR_UNAUTHORIZED)
		atomic_fetch_add(r->lost, 1);
	return NULL;
}

/* Twelve at once with one secret of one use: one certificate. */
static void
one_use_many_threads(void **state)
{
	struct test_ca *t = *state;

	for (int round = 0; round < 10; round++) {
		struct made m = make(t, one, 1, 1);
		struct racer racers[12];
		pthread_t threads[COUNT_OF(racers)];
		pthread_barrier_t start;
		atomic_uint won = 0, lost = 0;

		pthread_barrier_init(&start, NULL, COUNT_OF(racers));
		for (size_t i = 0; i < COUNT_OF(racers); i++) {
			racers[i] =
			    (struct racer){ t, request(t, one, 1, m.token.id),
				    &start, &won, &lost };
			assert_int_equal(
			    pthread_create(&threads[i], NULL, race, &racers[i]),
			    0);
		}
		for (size_t i = 0; i < COUNT_OF(racers); i++)
			pthread_join(threads[i], NULL);
		pthread_barrier_destroy(&start);
		assert_int_equal(won, 1);
		assert_int_equal(lost, COUNT_OF(racers) - 1);
		assert_left(t, m.token.id, 0);
	}
}

/* The same octets twelve times: a repetition is served or told to wait, never
 * refused. */
static void
one_request_many_threads(void **state)
{
	struct test_ca *t = *state;

	for (int round = 0; round < 10; round++) {
		struct made m = make(t, one, 1, 1);
		const struct ca_request same = request(t, one, 1, m.token.id);
		struct racer racers[12];
		pthread_t threads[COUNT_OF(racers)];
		pthread_barrier_t start;
		atomic_uint won = 0, lost = 0;

		pthread_barrier_init(&start, NULL, COUNT_OF(racers));
		for (size_t i = 0; i < COUNT_OF(racers); i++) {
			racers[i] =
			    (struct racer){ t, same, &start, &won, &lost };
			assert_int_equal(
			    pthread_create(&threads[i], NULL, race, &racers[i]),
			    0);
		}
		for (size_t i = 0; i < COUNT_OF(racers); i++)
			pthread_join(threads[i], NULL);
		pthread_barrier_destroy(&start);
		assert_true(won >= 1);
		assert_int_equal(lost, 0);
		assert_left(t, m.token.id, 0);
	}
}

/* ---- what fails in between ---- */

/* The signer refused: the use is there again, and once. */
static void
void_gives_back(void **state)
{
	struct test_ca *t = *state;
	struct made m = make(t, one, 1, 1);
	struct cert_filter filter = {
		.status = CERT_VOIDED, .limit = 10, .now = t->now
	};
	struct cert_row *rows;
	size_t n;

	atomic_store(&t->signing, SIGNING_REFUSED);
	assert_fails(t, issue(t, m.token.id), ERR_SIGNER_REFUSED);
	assert_left(t, m.token.id, 1);
	assert_ok(
	    t, store_cert_list(t->store, &filter, t->a, &rows, &n, &t->err));
	assert_int_equal(n, 1);
	/* Voided again, as a second recovery would: nothing more comes back. */
	assert_ok(
	    t, store_cert_void(t->store, rows[0].id, "{}", t->now, &t->err));
	assert_left(t, m.token.id, 1);
	atomic_store(&t->signing, SIGNING_WORKS);
	assert_ok(t, issue(t, m.token.id));
	assert_ok(
	    t, store_cert_void(t->store, rows[0].id, "{}", t->now, &t->err));
	assert_left(t, m.token.id, 0);
}

static void
recover(struct test_ca *t, unsigned finished, unsigned voided)
{
	unsigned f, v;

	assert_ok(t, ca_recover(t->ca, &f, &v, &t->err));
	assert_int_equal(f, finished);
	assert_int_equal(v, voided);
}

/* The server died between intent and issued: the certificate is finished, and
 * its use stays taken. */
static void
restart_finishes(void **state)
{
	struct test_ca *t = *state;
	struct made m = make(t, one, 1, 1);
	struct ca_request req = request(t, one, 1, m.token.id);
	struct ca_issued out;

	atomic_store(&t->signing, SIGNING_UNREACHABLE);
	assert_fails(t, ca_issue(t->ca, &req, t->a, &out, &t->err), ERR_SIGNER);
	assert_left(t, m.token.id, 0);
	assert_fails(t, issue(t, m.token.id), ERR_UNAUTHORIZED);
	/* Who asked is told to come again, not that the secret is gone. */
	assert_fails(t, ca_issue(t->ca, &req, t->a, &out, &t->err), ERR_BUSY);
	assert_fails(t, ca_check_request(t->ca, &req, t->a, &t->err), ERR_BUSY);
	atomic_store(&t->signing, SIGNING_WORKS);
	test_ca_restart(t);
	recover(t, 1, 0);
	assert_left(t, m.token.id, 0);
	req.profile = ca_profile_find(t->ca, "default");
	assert_ok(t, ca_issue(t->ca, &req, t->a, &out, &t->err));
	assert_again(t, &req, &out);
	assert_left(t, m.token.id, 0);
	assert_fails(t, issue(t, m.token.id), ERR_UNAUTHORIZED);
}

/* Too late to sign: voided by the recovery, and the use is back. */
static void
restart_voids(void **state)
{
	struct test_ca *t = *state;
	struct token_spec spec = { .profile = "default",
		.uses = 1,
		.expires_at = t->now + 24 * HOUR,
		.by = "alice" };
	char secret[TOKEN_SECRET_LENGTH + 1];
	struct token token;

	assert_ok(
	    t, ca_token_create(t->ca, &spec, t->a, &token, secret, &t->err));
	atomic_store(&t->signing, SIGNING_UNREACHABLE);
	assert_fails(t, issue(t, token.id), ERR_SIGNER);
	atomic_store(&t->signing, SIGNING_WORKS);
	t->now += 2 * HOUR;
	test_ca_restart(t);
	recover(t, 0, 1);
	assert_left(t, token.id, 1);
	recover(t, 0, 0);
	assert_left(t, token.id, 1);
	assert_ok(t, issue(t, token.id));
	assert_left(t, token.id, 0);
}

/* ---- the record ---- */

static void
recorded(void **state)
{
	struct test_ca *t = *state;
	struct made m = make(t, one, 1, 1);
	struct log_row *rows;
	unsigned created = 0, revoked = 0, used = 0;
	const char *hash;
	uint8_t sum[32];
	size_t n;

	assert_ok(t, issue(t, m.token.id));
	assert_ok(t, ca_token_revoke(t->ca, m.token.id, "bob", &t->err));
	secret_text_hash(bytes_str(m.secret), sum);
	hash = hex_arena(t->a, bytes_of(sum, sizeof(sum)));
	assert_ok(
	    t, store_log_list(t->store, 1, 1000, t->a, &rows, &n, &t->err));
	for (size_t i = 0; i < n; i++) {
		const char *body = arena_str(t->a, rows[i].body);
		bool named = strstr(body, m.token.id) != NULL;

		assert_null(strstr(body, m.secret));
		assert_null(strstr(body, hash));
		created += named && strcmp(rows[i].kind, "token") == 0 &&
		    strstr(body, "\"by\":\"alice\"") != NULL;
		revoked += named &&
		    strcmp(rows[i].kind, "token-revoked") == 0 &&
		    strstr(body, "\"by\":\"bob\"") != NULL;
		used += named && strcmp(rows[i].kind, "cert-intent") == 0;
	}
	assert_int_equal(created, 1);
	assert_int_equal(revoked, 1);
	assert_int_equal(used, 1);
}

static void
listed(void **state)
{
	struct test_ca *t = *state;
	const char *ids[5];
	struct token *page;
	size_t n;

	for (size_t i = 0; i < COUNT_OF(ids); i++)
		ids[i] = make(t, one, 1, 1).token.id;
	assert_ok(t, ca_token_list(t->ca, NULL, 3, t->a, &page, &n, &t->err));
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(page[i].id, ids[4 - i]);
	assert_ok(t, ca_token_list(t->ca, ids[2], 3, t->a, &page, &n, &t->err));
	assert_int_equal(n, 2);
	assert_string_equal(page[1].id, ids[0]);
}

int
main(void)
{
#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, test_ca_setup, test_ca_teardown)
	const struct CMUnitTest tests[] = {
		TEST(checked),
		TEST(one_sentence),
		TEST(refused_specs),
		TEST(names),
		TEST(profile),
		TEST(burnt),
		TEST(comes_again),
		TEST(revoked_is_not_repeated),
		TEST(one_use_many_threads),
		TEST(one_request_many_threads),
		TEST(void_gives_back),
		TEST(restart_finishes),
		TEST(restart_voids),
		TEST(recorded),
		TEST(listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
