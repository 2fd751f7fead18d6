/* Who gets in, and who does not: certificates, passwords, secrets. */
#include "world.h"
#include "est/server.h"
#include "util/turns.h"
#include "ca/token.h"
#include "codec/oid.h"
#include "util/text.h"

#define EST "/.well-known/est"
#define CMC_RA "1.3.6.1.5.5.7.3.28"

static int
enroll_with(
    struct world *w, const char *label, struct bytes client, const char *dns)
{
	const struct world_call call = { .client_cert = client };
	const char *path = arena_printf(w->a, EST "/%s/simpleenroll", label);

	return world_post(
	    w, path, world_csr(w, w->key, dns, dns, BYTES_NONE), &call);
}

static int
reenroll_with(
    struct world *w, const char *label, struct bytes client, struct bytes csr)
{
	const struct world_call call = { .client_cert = client };
	const char *path = arena_printf(w->a, EST "/%s/simplereenroll", label);

	return world_post(w, path, csr, &call);
}

static void
a_client_certificate_is_held_against_the_label(void **state)
{
	struct world *w = *state;
	struct privkey *key = test_ca_key(w->t, KEY_EC_P256, 0);
	struct bytes device = world_client(w, "device", key, WORLD_NAME);
	struct bytes other = world_client(w, "other", key, WORLD_NAME);
	struct bytes server = world_client(w, "default", key, WORLD_NAME);
	size_t before = world_issued(w);

	assert_int_equal(enroll_with(w, "mtls", BYTES_NONE, WORLD_NAME), 403);
	assert_int_equal(enroll_with(w, "mtls", other, WORLD_NAME), 403);
	assert_true(world_said(w, "profile other"));
	assert_int_equal(enroll_with(w, "mtls", server, WORLD_NAME), 403);
	assert_true(world_said(w, "clientAuth"));
	assert_int_equal(
	    enroll_with(w, "mtls", w->t->issuing_der, WORLD_NAME), 403);
	assert_true(world_said(w, "CA's"));
	assert_int_equal(
	    enroll_with(w, "mtls", bytes_str("no certificate"), WORLD_NAME),
	    403);
	assert_int_equal(
	    enroll_with(w, "mtls", device, "another.example.net"), 403);
	assert_true(world_said(w, "not among the names"));
	assert_int_equal(world_issued(w), before);
	assert_int_equal(enroll_with(w, "mtls", device, WORLD_NAME), 200);
	/* The makers' label takes neither ours of another profile … */
	assert_int_equal(enroll_with(w, "makers", other, WORLD_NAME), 403);
}

static void
a_forged_certificate_of_ours_is_refused(void **state)
{
	struct world *w = *state;
	struct privkey *key = test_ca_key(w->t, KEY_EC_P256, 0);
	struct bytes device = world_client(w, "device", key, WORLD_NAME);
	uint8_t *forged = arena_dup(w->a, device.p, device.n);

	forged[device.n - 1] ^= 1;
	assert_int_equal(
	    enroll_with(w, "mtls", bytes_of(forged, device.n), WORLD_NAME),
	    403);
	assert_true(world_said(w, "of no CA"));
	/* What was verified once says nothing of another. */
	assert_int_equal(enroll_with(w, "mtls", device, WORLD_NAME), 200);
	assert_int_equal(
	    enroll_with(w, "mtls", bytes_of(forged, device.n), WORLD_NAME),
	    403);
}

static void
a_revoked_certificate_is_refused_at_once(void **state)
{
	struct world *w = *state;
	struct privkey *key = test_ca_key(w->t, KEY_EC_P256, 0);
	struct bytes device = world_client(w, "device", key, WORLD_NAME);
	struct bytes csr =
	    world_csr(w, w->key, WORLD_NAME, WORLD_NAME, BYTES_NONE);
	struct cert_row row;
	struct cert cert;
	size_t before;

	assert_int_equal(enroll_with(w, "mtls", device, WORLD_NAME), 200);
	assert_ok(w->t,
	    ca_find_cert(w->t->ca, device, w->a, &row, &cert, &w->t->err));
	assert_ok(
	    w->t, ca_revoke(w->t->ca, &row, 4, "operator", false, &w->t->err));
	before = world_issued(w);
	assert_int_equal(enroll_with(w, "mtls", device, WORLD_NAME), 403);
	assert_true(world_said(w, "revoked"));
	assert_int_equal(reenroll_with(w, "mtls", device, csr), 403);
	assert_int_equal(world_issued(w), before);
}

static void
an_expired_certificate_is_refused(void **state)
{
	struct world *w = *state;
	struct privkey *key = test_ca_key(w->t, KEY_EC_P256, 0);
	struct bytes device = world_client(w, "device", key, WORLD_NAME);

	w->t->now += 31 * 24 * 3600;
	assert_int_equal(enroll_with(w, "mtls", device, WORLD_NAME), 403);
	assert_true(world_said(w, "expired"));
}

static void
a_renewal_keeps_subject_and_names(void **state)
{
	struct world *w = *state;
	struct privkey *key = test_ca_key(w->t, KEY_EC_P256, 0);
	struct bytes device = world_client(w, "device", key, WORLD_NAME);
	struct bytes other = world_client(w, "other", key, WORLD_NAME);
	struct cert_row row, old;
	struct cert cert, first;

	assert_int_equal(
	    reenroll_with(w, "mtls", device,
		world_csr(w, w->key, NULL, "b.example.net", BYTES_NONE)),
	    403);
	assert_int_equal(
	    reenroll_with(w, "mtls", device,
		world_csr(w, w->key, "somebody else", WORLD_NAME, BYTES_NONE)),
	    403);
	assert_true(world_said(w, "subject"));
	assert_int_equal(
	    reenroll_with(w, "mtls", other,
		world_csr(w, w->key, NULL, WORLD_NAME, BYTES_NONE)),
	    403);
	assert_int_equal(
	    reenroll_with(w, "mtls", device,
		world_csr(w, w->key, WORLD_NAME, WORLD_NAME, BYTES_NONE)),
	    200);
	cert = world_certificate(w);
	assert_ok(w->t,
	    ca_find_cert(w->t->ca, cert.der, w->a, &row, &cert, &w->t->err));
	assert_ok(w->t,
	    ca_find_cert(w->t->ca, device, w->a, &old, &first, &w->t->err));
	assert_string_equal(row.replaces, old.id);
}

static void
names_change_only_where_they_may(void **state)
{
	struct world *w = *state;
	struct privkey *key = test_ca_key(w->t, KEY_EC_P256, 0);
	struct bytes other = world_client(w, "other", key, WORLD_NAME);
	struct bytes device = world_client(w, "device", key, WORLD_NAME);
	AUTO_BUF names = { 0 };
	struct bytes change;
	size_t alt = der_open(&names, DER_CONTEXT_CONSTRUCTED(1));

	der_put(&names, DER_CONTEXT(2), bytes_str("new.example.net"));
	der_close(&names, alt);
	change = world_attribute(
	    w, OID(CHANGE_SUBJECT_NAME), DER_SEQUENCE, buf_bytes(&names));
	assert_int_equal(reenroll_with(w, "mtls", device,
			     world_csr(w, w->key, NULL, WORLD_NAME, change)),
	    403);
	assert_int_equal(reenroll_with(w, "other", other,
			     world_csr(w, w->key, NULL, WORLD_NAME, change)),
	    200);
	assert_string_equal(
	    world_certificate(w).names.v[0].text, "new.example.net");
	change = world_attribute(
	    w, OID(CHANGE_SUBJECT_NAME), DER_SEQUENCE, bytes_str("x"));
	assert_int_equal(reenroll_with(w, "other", other,
			     world_csr(w, w->key, NULL, WORLD_NAME, change)),
	    400);
}

/* What changes are the names of a certificate, not those that a user may have.
 */
static void
a_user_changes_names_within_his_own(void **state)
{
	static const struct {
		const char *to;
		int status;
	} rows[] = {
		{ "b.example.net", 200 },
		{ "c.example.net", 403 },
	};
	const struct world_call few = { .authorization = WORLD_BASIC_FEW };
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF names = { 0 };
		size_t alt = der_open(&names, DER_CONTEXT_CONSTRUCTED(1));
		struct bytes change;

		der_put(&names, DER_CONTEXT(2), bytes_str(rows[i].to));
		der_close(&names, alt);
		change = world_attribute(w, OID(CHANGE_SUBJECT_NAME),
		    DER_SEQUENCE, buf_bytes(&names));
		assert_int_equal(
		    world_post(w, EST "/change/simpleenroll",
			world_csr(w, w->key, NULL, "a.example.net", BYTES_NONE),
			&few),
		    200);
		assert_int_equal(
		    world_post(w, EST "/change/simplereenroll",
			world_csr(w, w->key, NULL, "a.example.net", change),
			&few),
		    rows[i].status);
	}
	assert_true(world_said(w, "not among the names of user few"));
}

/* Under a profile that takes the request's subject. */
static void
a_subject_of_the_request(void **state)
{
	const struct world_call dev = { .authorization = WORLD_BASIC },
				few = { .authorization = WORLD_BASIC_FEW };
	struct world *w = *state;
	struct bytes jane =
	    world_csr(w, w->key, "Jane Doe", "a.example.net", BYTES_NONE);
	struct bytes john =
	    world_csr(w, w->key, "John Doe", "a.example.net", BYTES_NONE);
	struct bytes same =
	    world_csr(w, w->key, "a.example.net", "a.example.net", BYTES_NONE);
	struct bytes none =
	    world_csr(w, w->key, NULL, "a.example.net", BYTES_NONE);
	struct cert cert;

	/* Who is limited in names is limited in the subject. */
	assert_int_equal(
	    world_post(w, EST "/people/simpleenroll", jane, &few), 403);
	assert_true(world_said(w, "not among the certificate's names"));
	assert_int_equal(
	    world_post(w, EST "/people/simpleenroll", same, &few), 200);
	assert_int_equal(
	    world_post(w, EST "/people/simpleenroll", jane, &dev), 200);
	cert = world_certificate(w);
	assert_string_equal(subject_text(w->a, cert.subject), "CN=Jane Doe");
	/* A certificate is good for the names that it has, and its subject. */
	assert_int_equal(
	    enroll_with(w, "people", cert.der, "a.example.net"), 200);
	assert_int_equal(world_post(w, EST "/people/simpleenroll", john,
			     &(struct world_call){ .client_cert = cert.der }),
	    403);
	assert_int_equal(reenroll_with(w, "people", cert.der, john), 403);
	assert_int_equal(reenroll_with(w, "people", cert.der, none), 403);
	assert_int_equal(reenroll_with(w, "people", cert.der, jane), 200);
	cert = world_certificate(w);
	assert_string_equal(subject_text(w->a, cert.subject), "CN=Jane Doe");
}

static void
a_registrar_enrols_and_renews_for_others(void **state)
{
	struct world *w = *state;
	struct privkey *key = test_ca_key(w->t, KEY_EC_P256, 0);
	struct bytes ra = world_client(w, "ra", key, "ra.example.net");
	struct bytes device = world_client(w, "device", key, "x.example.net");

	assert_int_equal(enroll_with(w, "ra", ra, WORLD_NAME), 200);
	assert_int_equal(
	    reenroll_with(w, "ra", ra,
		world_csr(w, w->key, NULL, WORLD_NAME, BYTES_NONE)),
	    200);
	assert_int_equal(
	    reenroll_with(w, "ra", ra,
		world_csr(w, w->key, NULL, "none.example.net", BYTES_NONE)),
	    403);
	assert_int_equal(enroll_with(w, "ra", device, WORLD_NAME), 403);
}

/* certificate_names of the label is any; so reenrolling for others tells. */
static void
a_maker_of_devices_makes_no_registrar(void **state)
{
	static const char *const eku[] = { "1.3.6.1.5.5.7.3.2", CMC_RA };
	struct world *w = *state;
	struct privkey *key = test_ca_key(w->t, KEY_EC_P256, 0);
	struct bytes ra = world_made(
	    w, privkey_spki(key), eku, COUNT_OF(eku), "serial1.example.net");

	assert_int_equal(enroll_with(w, "makers", ra, WORLD_NAME), 200);
	assert_int_equal(
	    reenroll_with(w, "makers", ra,
		world_csr(w, w->key, NULL, WORLD_NAME, BYTES_NONE)),
	    403);
	assert_true(world_said(w, "not of this CA"));
}

static void
a_short_rsa_key_shows_nothing(void **state)
{
	static const char *const eku[] = { "1.3.6.1.5.5.7.3.2" };
	static const unsigned sizes[] = { 1024, 2048 };
	static const uint8_t exponent[] = { 1, 0, 1 };
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		uint8_t modulus[256];
		const struct pubkey key = { .alg = KEY_RSA,
			.bits = sizes[i],
			.n = bytes_of(modulus, sizes[i] / 8),
			.e = bytes_of(exponent, sizeof(exponent)) };
		AUTO_BUF spki = { 0 };

		memset(modulus, 0xd5, sizeof(modulus));
		spki_put(&spki, &key);
		assert_int_equal(enroll_with(w, "makers",
				     world_made(w, buf_bytes(&spki), eku,
					 COUNT_OF(eku), "serial1.example.net"),
				     WORLD_NAME),
		    sizes[i] < 2048 ? 403 : 200);
	}
}

static int
enroll_as(struct world *w, const char *authorization, const char *peer,
    const char *dns)
{
	const struct world_call call = { .authorization = authorization,
		.peer = peer };

	return world_post(w, EST "/simpleenroll",
	    world_csr(w, w->key, dns, dns, BYTES_NONE), &call);
}

static const char *
basic_of(struct world *w, const char *text)
{
	struct buf b = { 0 };

	buf_add_str(&b, "Basic ");
	base64_encode(bytes_str(text), 0, &b);
	return arena_str(w->a, arena_take_buf(w->a, &b));
}

static void
passwords(void **state)
{
	struct world *w = *state;

	assert_int_equal(enroll_as(w, NULL, NULL, WORLD_NAME), 401);
	assert_string_equal(http_resp_header_get(&w->resp, "WWW-Authenticate"),
	    "Basic realm=\"default\", charset=\"UTF-8\"");
	/* Bouncy Castle 1.72 gives up on a challenge with a body. */
	assert_int_equal(http_resp_body(&w->resp).n, 0);
	assert_int_equal(
	    enroll_as(w, basic_of(w, "dev:secret"), NULL, WORLD_NAME), 200);
	/* Again: this time from what was verified a moment ago. */
	assert_int_equal(
	    enroll_as(w, basic_of(w, "dev:secret"), NULL, WORLD_NAME), 200);
	assert_int_equal(
	    enroll_as(w, basic_of(w, "few:secret"), NULL, "a.example.net"),
	    200);
	assert_int_equal(
	    enroll_as(w, basic_of(w, "few:secret"), NULL, "c.example.net"),
	    403);
	assert_int_equal(enroll_as(w, "Basic !!", NULL, WORLD_NAME), 400);
	assert_int_equal(
	    enroll_as(w, basic_of(w, "no colon"), NULL, WORLD_NAME), 400);
	assert_int_equal(enroll_as(w, "Digest x", NULL, WORLD_NAME), 401);
	/* "dev", a NUL, "x:secret": no other way to write dev. */
	assert_int_equal(
	    enroll_as(w, "Basic ZGV2AHg6c2VjcmV0", NULL, WORLD_NAME), 400);
	assert_int_equal(world_issued(w), 3);
}

/* The label takes users and secrets: a wrong pair does not tell which names are
 * users'. */
static void
nobody_learns_who_is_a_user(void **state)
{
	struct world *w = *state;
	const char *said;

	assert_int_equal(
	    enroll_as(w, basic_of(w, "dev:wrong"), NULL, WORLD_NAME), 401);
	said = arena_str(w->a, http_resp_body(&w->resp));
	assert_int_equal(
	    enroll_as(w, basic_of(w, "nobody:wrong"), NULL, WORLD_NAME), 401);
	assert_string_equal(arena_str(w->a, http_resp_body(&w->resp)), said);
}

static void
failures_are_limited_by_address(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 3; i++)
		assert_int_equal(enroll_as(w, basic_of(w, "dev:wrong"),
				     "198.51.100.7", WORLD_NAME),
		    401);
	assert_int_equal(
	    enroll_as(w, basic_of(w, "dev:secret"), "198.51.100.7", WORLD_NAME),
	    429);
	assert_string_equal(
	    http_resp_header_get(&w->resp, "Retry-After"), "300");
	assert_int_equal(
	    enroll_as(w, basic_of(w, "dev:secret"), "198.51.100.8", WORLD_NAME),
	    200);
	w->t->now += 301;
	assert_int_equal(
	    enroll_as(w, basic_of(w, "dev:secret"), "198.51.100.7", WORLD_NAME),
	    200);
}

static void
a_one_time_secret_is_used_once(void **state)
{
	static const char *const one[] = { "dns:once.example.net" };
	struct world *w = *state;
	const struct token_spec spec = { .profile = "device",
		.names = test_ca_names(w->t, one, 1),
		.uses = 1,
		.expires_at = w->t->now + 3600,
		.by = "operator" };
	char secret[TOKEN_SECRET_LENGTH + 1];
	struct token token;
	const char *basic, *bearer;

	assert_ok(w->t,
	    ca_token_create(w->t->ca, &spec, w->a, &token, secret, &w->t->err));
	basic = basic_of(w, arena_printf(w->a, "any:%s", secret));
	bearer = arena_printf(w->a, "Bearer %s", secret);
	/* Refused for its name: it is not burnt. */
	assert_int_equal(enroll_as(w, basic, NULL, WORLD_NAME), 403);
	assert_int_equal(enroll_as(w, bearer, NULL, "once.example.net"), 200);
	assert_int_equal(enroll_as(w, basic, NULL, "once.example.net"), 401);
	assert_int_equal(world_issued(w), 1);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

/* Passwords are hashed in turns: a flood of guesses gets 503, and neither who
 * has a secret nor who was right a moment ago waits behind it. */
static void
hashes_take_turns(void **state)
{
	struct world *w = *state;
	struct turns *own = w->est->hashing, *none = turns_new(1, 0);

	assert_int_equal(enroll_as(w, WORLD_BASIC, NULL, WORLD_NAME), 200);
	assert_true(turns_enter(none));
	w->est->hashing = none;
	for (int i = 0; i < 20; i++)
		assert_int_equal(
		    enroll_as(w, basic_of(w, "dev:wrong"), NULL, WORLD_NAME),
		    503);
	assert_int_equal(
	    enroll_as(w, basic_of(w, "nobody:wrong"), NULL, WORLD_NAME), 503);
	assert_int_equal(enroll_as(w, WORLD_BASIC, NULL, WORLD_NAME), 200);
	/* None of them was a failure. */
	turns_leave(none);
	assert_int_equal(
	    enroll_as(w, basic_of(w, "dev:wrong"), NULL, WORLD_NAME), 401);
	w->est->hashing = own;
	turns_free(none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_client_certificate_is_held_against_the_label),
		TEST(a_forged_certificate_of_ours_is_refused),
		TEST(a_revoked_certificate_is_refused_at_once),
		TEST(an_expired_certificate_is_refused),
		TEST(a_renewal_keeps_subject_and_names),
		TEST(names_change_only_where_they_may),
		TEST(a_user_changes_names_within_his_own),
		TEST(a_subject_of_the_request),
		TEST(a_registrar_enrols_and_renews_for_others),
		TEST(a_maker_of_devices_makes_no_registrar),
		TEST(a_short_rsa_key_shows_nothing),
		TEST(passwords),
		TEST(nobody_learns_who_is_a_user),
		TEST(failures_are_limited_by_address),
		TEST(hashes_take_turns),
		TEST(a_one_time_secret_is_used_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
