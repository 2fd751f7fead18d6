/* Challenges that an MDM has signed: each is a secret for one request. */
#include <stdatomic.h>

#include "ca/token.h"
#include "support/jws.h"
#include "world.h"

#define URL "https://ca.example.net:8443/scep/signed"
#define KEYED "{\"alg\":\"ES256\",\"kid\":\"mdm-1\"}"

/* The claims of a challenge; what is 0 or NULL is as it should be. */
struct vouch {
	const char *aud, *jti, *sub, *names, *more;
	int64_t exp; /* from now */
};

static const char *
claims_of(struct world *w, const struct vouch *v)
{
	return arena_printf(w->a,
	    "{\"aud\":\"%s\",\"exp\":%lld,\"jti\":\"%s\",\"sub\":\"%s\","
	    "\"names\":[%s]%s}",
	    v->aud == NULL ? URL : v->aud,
	    (long long)(w->t->now + (v->exp == 0 ? 600 : v->exp)),
	    v->jti == NULL ? "1" : v->jti, v->sub == NULL ? "device-1" : v->sub,
	    v->names == NULL ? "\"dns:a.example.net\"" : v->names,
	    v->more == NULL ? "" : v->more);
}

static const char *
challenge(struct world *w, const struct vouch *v)
{
	return jws_made(w->mdm, KEYED, bytes_str(claims_of(w, v)), w->a);
}

static struct answer
ask(struct world *w, const struct client *by, const char *transaction,
    const char *dns, const char *password)
{
	const struct letter l = { .path = "/scep/signed",
		.by = by,
		.transaction = transaction,
		.content = world_csr(w, by->key, dns, password) };

	return world_ask(w, &l);
}

static size_t
tokens(struct world *w, struct token **out)
{
	size_t n;

	assert_ok(w->t,
	    ca_token_list(w->t->ca, NULL, 1000, w->a, out, &n, &w->t->err));
	return n;
}

static void
a_signed_challenge_is_used_once(void **state)
{
	struct world *w = *state;
	const char *jws = challenge(w, &(struct vouch){ 0 });
	struct answer got = ask(w, &w->one, "1", "a.example.net", jws);
	struct token *t;

	assert_granted(got);
	assert_string_equal(got.first.names.v[0].text, "a.example.net");
	assert_int_equal(tokens(w, &t), 1);
	assert_int_equal(t[0].uses_left, 0);
	assert_string_equal(t[0].by, "signed challenge of mdm-1");
	assert_string_equal(t[0].device, "device-1");
	assert_string_equal(t[0].service, "scep/signed");
	assert_int_equal(t[0].names.n, 1);
	assert_int_equal(t[0].expires_at, w->t->now + 600);
	/* Another key, and another request of the same key. */
	assert_failed(
	    ask(w, &w->two, "2", "a.example.net", jws), SCEP_BAD_REQUEST);
	assert_failed(ask(w, &w->one, "3", "a.example.net a.example.net", jws),
	    SCEP_BAD_REQUEST);
	/* The same number, signed anew: with other claims, or the same. */
	assert_failed(ask(w, &w->two, "4", "a.example.net",
			  challenge(w, &(struct vouch){ .exp = 700 })),
	    SCEP_BAD_REQUEST);
	assert_failed(ask(w, &w->two, "5", "a.example.net",
			  challenge(w, &(struct vouch){ 0 })),
	    SCEP_BAD_REQUEST);
	assert_int_equal(world_issued(w), 1);
	assert_int_equal(tokens(w, &t), 1);
	/* Another number is another challenge. */
	assert_granted(ask(w, &w->two, "6", "a.example.net",
	    challenge(w, &(struct vouch){ .jti = "2" })));
	assert_int_equal(world_issued(w), 2);
}

static void
the_same_request_gets_the_same(void **state)
{
	struct world *w = *state;
	struct letter l = { .path = "/scep/signed", .transaction = "1" };
	struct answer got, again;

	l.content = world_csr(
	    w, w->one.key, "a.example.net", challenge(w, &(struct vouch){ 0 }));
	got = world_ask(w, &l);
	assert_granted(got);
	again = world_ask(w, &l);
	assert_granted(again);
	assert_true(bytes_equal(again.first.der, got.first.der));
	l.transaction = "2";
	again = world_ask(w, &l);
	assert_granted(again);
	assert_true(bytes_equal(again.first.der, got.first.der));
	assert_int_equal(world_issued(w), 1);
}

static void
what_does_not_hold_is_told_alike_and_not_stored(void **state)
{
	struct world *w = *state;
	struct privkey *other = test_ca_key(w->t, KEY_EC_P256, 0);
	struct privkey *rsa = test_ca_key(w->t, KEY_RSA, 2048);
	struct bytes good =
	    bytes_str(claims_of(w, &(struct vouch){ .jti = "good" }));
	const char *jws = jws_made(w->mdm, KEYED, good, w->a);
	char *cut = arena_strdup(w->a, jws), *long_one;
	struct token *t;

	long_one = arena_alloc(w->a, 15001);
	memset(long_one, 'A', 15000);
	long_one[5000] = long_one[10000] = '.';
	cut[strlen(cut) - 3] = cut[strlen(cut) - 3] == 'A' ? 'B' : 'A';
	const struct {
		const char *password, *dns;
	} rows[] = {
		{ cut, NULL },
		{ "a.b.c", NULL },
		{ long_one, NULL },
		{ arena_printf(w->a, "%s.", jws), NULL },
		{ arena_printf(w->a, "%s.%s.AA",
		      base64url_arena(w->a, bytes_str("{\"alg\":\"none\"}")),
		      base64url_arena(w->a, good)),
		    NULL },
		{ jws_made(other, KEYED, good, w->a), NULL },
		{ jws_made(other, "{\"alg\":\"ES256\"}", good, w->a), NULL },
		{ jws_made(rsa, "{\"alg\":\"RS256\"}", good, w->a), NULL },
		{ jws_made(w->mdm, "{\"alg\":\"HS256\"}", good, w->a), NULL },
		{ jws_made(w->mdm, "{\"alg\":\"ES256\",\"kid\":\"mdm-2\"}",
		      good, w->a),
		    NULL },
		{ jws_made(w->mdm,
		      "{\"alg\":\"ES256\",\"jku\":\"https://x.example\"}", good,
		      w->a),
		    NULL },
		{ challenge(w, &(struct vouch){ .aud = "https://x.example" }),
		    NULL },
		/* That of another profile. */
		{ challenge(w,
		      &(struct vouch){ .aud =
					   "https://ca.example.net:8443/scep/"
					   "elsewhere" }),
		    NULL },
		{ challenge(w, &(struct vouch){ .exp = -1 }), NULL },
		{ challenge(w, &(struct vouch){ .exp = 86400 + 61 }), NULL },
		{ challenge(w, &(struct vouch){ .more = ",\"nbf\":1e11" }),
		    NULL },
		{ challenge(w, &(struct vouch){ .more = ",\"sub\":\"x\"" }),
		    NULL },
		{ challenge(w, &(struct vouch){ .sub = "" }), NULL },
		{ challenge(w, &(struct vouch){ .jti = "" }), NULL },
		{ challenge(w, &(struct vouch){ .names = "" }), NULL },
		{ challenge(
		      w, &(struct vouch){ .names = "\"dns:b.example.net\"" }),
		    NULL },
		/* A name too many, or one too few, in the request. */
		{ jws, "a.example.net b.example.net" },
		{ challenge(w,
		      &(struct vouch){ .names = "\"dns:a.example.net\","
						"\"dns:b.example.net\"" }),
		    NULL },
		{ challenge(w,
		      &(struct vouch){
			  .more = ",\"subject\":\"b.example.net\"" }),
		    NULL },
		/* A secret that is none. */
		{ "0123456789abcdefghijklmnopqrstuv", NULL },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct answer got = ask(w, &w->one, "1",
		    rows[i].dns == NULL ? "a.example.net" : rows[i].dns,
		    rows[i].password);

		if (got.status != SCEP_FAILURE ||
		    got.fail_info != SCEP_BAD_REQUEST ||
		    strcmp(got.text,
			"the challengePassword is not one that can be used") !=
			0)
			fail_msg("row %zu: %d %d %s", i, got.http, got.status,
			    got.text);
	}
	assert_int_equal(world_issued(w), 0);
	assert_int_equal(tokens(w, &t), 0);
	/* Names in another order, the first as common name. */
	assert_granted(ask(w, &w->one, "2", "b.example.net a.example.net",
	    challenge(w,
		&(struct vouch){ .jti = "good",
		    .names = "\"dns:a.example.net\",\"dns:b.example.net\"",
		    .more = ",\"subject\":\"b.example.net\"" })));
}

static void
a_device_has_a_rate(void **state)
{
	struct world *w = *state;
	struct token *t;

	for (int i = 0; i < 5; i++) {
		const char *jti = arena_printf(w->a, "r%d", i);
		struct answer got = ask(w, &w->one, jti, "a.example.net",
		    challenge(w, &(struct vouch){ .jti = jti }));

		if (i < 3)
			assert_granted(got);
		else
			assert_failed(got, SCEP_BAD_REQUEST);
	}
	assert_int_equal(tokens(w, &t), 3);
	/* Another device, and the first an hour later. */
	assert_granted(ask(w, &w->one, "x", "a.example.net",
	    challenge(w, &(struct vouch){ .jti = "x", .sub = "device-2" })));
	w->t->now += 3601;
	assert_granted(ask(w, &w->one, "y", "a.example.net",
	    challenge(w, &(struct vouch){ .jti = "y" })));
	assert_int_equal(world_issued(w), 5);
}

static void
what_was_voided_is_given_back_and_what_is_revoked_is_no_use(void **state)
{
	struct world *w = *state;
	const char *jws = challenge(w, &(struct vouch){ 0 });
	struct token *t;

	atomic_store(&w->t->signing, SIGNING_REFUSED);
	assert_int_not_equal(
	    ask(w, &w->one, "1", "a.example.net", jws).status, SCEP_SUCCESS);
	atomic_store(&w->t->signing, SIGNING_WORKS);
	assert_int_equal(tokens(w, &t), 1);
	assert_int_equal(t[0].uses_left, 1);
	assert_granted(ask(w, &w->one, "2", "a.example.net", jws));
	jws = challenge(w, &(struct vouch){ .jti = "2" });
	atomic_store(&w->t->signing, SIGNING_REFUSED);
	assert_int_not_equal(
	    ask(w, &w->one, "3", "a.example.net", jws).status, SCEP_SUCCESS);
	atomic_store(&w->t->signing, SIGNING_WORKS);
	assert_int_equal(tokens(w, &t), 2);
	assert_ok(
	    w->t, ca_token_revoke(w->t->ca, t[0].id, "alice", &w->t->err));
	assert_failed(
	    ask(w, &w->one, "4", "a.example.net", jws), SCEP_BAD_REQUEST);
}

/* Wrong ones are counted like wrong passwords. */
static void
failures_are_counted(void **state)
{
	struct world *w = *state;
	struct letter l = { .path = "/scep/signed",
		.content = world_csr(w, w->one.key, "a.example.net", "a.b.c") };

	for (int i = 0; i < 30; i++)
		assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
	assert_int_equal(world_ask(w, &l).http, 429);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_signed_challenge_is_used_once),
		TEST(the_same_request_gets_the_same),
		TEST(what_does_not_hold_is_told_alike_and_not_stored),
		TEST(a_device_has_a_rate),
		TEST(
		    what_was_voided_is_given_back_and_what_is_revoked_is_no_use),
		TEST(failures_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
