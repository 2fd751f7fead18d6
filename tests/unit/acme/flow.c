/* The whole way of a well-behaved client, for each kind of key and name. */
#include <openssl/x509.h>
#include <stdlib.h>
#include "support/unit.h"
#include "support/acme_world.h"
#include "codec/cert.h"
#include "util/text.h"

static int
setup(void **state)
{
	*state = world_new(NULL);
	return 0;
}

static int
teardown(void **state)
{
	world_free(*state);
	return 0;
}

static struct cert
leaf_of(struct world *w, const struct reply *chain)
{
	struct arena *a = world_arena(w);
	struct err err = { 0 };
	struct cert cert;
	struct bytes der;

	assert_true(
	    base64url_decode(bytes_str(world_leaf(w, chain)), a, &der, &err));
	assert_true(cert_parse(der, a, &cert, &err));
	return cert;
}

static void
flow(struct world *w, const char *account_alg, const char *key_alg,
    const char *names, const char *challenge)
{
	struct acme_client *c = world_client(w, account_alg);
	EVP_PKEY *key = acme_key_new(key_alg);
	struct reply *order = world_order(w, c, names, NULL), *r;
	struct cert cert;
	const char *url = reply_header(order, "Location", 0);

	assert_string_equal(reply_text(order, "status"), "pending");
	world_authorize(w, c, order, challenge);
	r = world_post(w, c, url, NULL);
	assert_status(r, 200);
	assert_string_equal(reply_text(r, "status"), "ready");
	r = world_finalize(w, c, order, key, names);
	assert_status(r, 200);
	assert_string_equal(reply_text(r, "status"), "valid");
	r = world_post(w, c, reply_text(r, "certificate"), NULL);
	assert_status(r, 200);
	cert = leaf_of(w, r);
	assert_true(cert.not_before <= world_now(w));
	assert_true(cert.not_after > world_now(w) + 89 * 86400);
	assert_int_equal(
	    cert.names.n, json_array_size(reply_member(order, "identifiers")));
	EVP_PKEY_free(key);
}

static void
test_es256_http(void **state)
{
	flow(*state, "ES256", "ES256", "dns:a.test", "http-01");
}

static void
test_rs256_dns(void **state)
{
	flow(*state, "RS256", "RS256", "dns:a.test,dns:b.test", "dns-01");
}

static void
test_es384_tls_alpn(void **state)
{
	flow(*state, "ES384", "ES384", "dns:a.test", "tls-alpn-01");
}

static void
test_es512_wildcard(void **state)
{
	flow(*state, "ES512", "ES256", "dns:*.a.test,dns:a.test", "dns-01");
}

static void
test_eddsa_account(void **state)
{
	flow(*state, "EdDSA", "EdDSA", "dns:a.test", "http-01");
}

/* RFC 8738. */
static void
test_ip_addresses(void **state)
{
	flow(
	    *state, "ES256", "ES256", "ip:192.0.2.1,ip:2001:db8::1", "http-01");
	flow(
	    *state, "ES256", "ES256", "ip:192.0.2.1,dns:a.test", "tls-alpn-01");
}

static void
test_lego_traefik_finalize_answers_valid_at_once(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	EVP_PKEY *key = acme_key_new("ES256");

	/* Rule 26: within the request, so no poll is needed. */
	assert_non_null(world_issue(w, c, key, "dns:a.test"));
	EVP_PKEY_free(key);
}

/* What proved control goes into the record of the certificate. */
static void
test_record(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	EVP_PKEY *key = acme_key_new("ES256");
	const char *url = world_issue(w, c, key, "dns:a.test");
	static const uint8_t zero[32];
	struct err err = { 0 };
	struct cert_row row;

	assert_true(store_cert_get(
	    world_store(w), strrchr(url, '/') + 1, world_arena(w), &row, &err));
	assert_int_equal(row.status, CERT_ISSUED);
	assert_string_equal(row.requester, "acme");
	assert_string_equal(row.names, "dns:a.test");
	assert_string_equal(row.account_id, strrchr(c->kid, '/') + 1);
	assert_memory_not_equal(row.evidence_sha256, zero, 32);
	EVP_PKEY_free(key);
}

/* A second certificate for the same names needs no second validation. */
static void
test_reuse(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256"),
			   *other = world_client(w, "ES256");
	EVP_PKEY *key = acme_key_new("ES256");
	struct reply *order, *r;
	const char *first, *second;
	size_t probes;

	first = world_issue(w, c, key, "dns:a.test");
	probes = world_probes(w);
	order = world_order(w, c, "dns:a.test", NULL);
	/* Rule 22: pending or ready. */
	assert_string_equal(reply_text(order, "status"), "ready");
	r = world_finalize(w, c, order, key, "dns:a.test");
	assert_status(r, 200);
	second = reply_text(r, "certificate");
	assert_string_not_equal(first, second);
	assert_int_equal(world_probes(w), probes);
	/* Another account's proof is nobody else's. */
	order = world_order(w, other, "dns:a.test", NULL);
	assert_string_equal(reply_text(order, "status"), "pending");
	/* A name's is no wildcard's. */
	order = world_order(w, c, "dns:*.a.test", NULL);
	assert_string_equal(reply_text(order, "status"), "pending");
	/* And it ends. */
	world_advance(w, 366 * 86400);
	order = world_order(w, c, "dns:a.test", NULL);
	assert_string_equal(reply_text(order, "status"), "pending");
	EVP_PKEY_free(key);
}

static void
test_profile_and_times(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	EVP_PKEY *key = acme_key_new("ES256");
	struct reply *order, *r;
	struct cert cert;

	order = world_order(w, c, "dns:a.test",
	    ",\"profile\":\"short\",\"notAfter\":"
	    "\"2026-09-25T00:00:00+02:00\"");
	assert_string_equal(reply_text(order, "profile"), "short");
	assert_string_equal(
	    reply_text(order, "notAfter"), "2026-09-24T22:00:00Z");
	assert_null(reply_member(order, "notBefore"));
	world_authorize(w, c, order, "http-01");
	r = world_finalize(w, c, order, key, "dns:a.test");
	assert_status(r, 200);
	r = world_post(w, c, reply_text(r, "certificate"), NULL);
	cert = leaf_of(w, r);
	assert_int_equal(cert.not_after, 1790287200);
	EVP_PKEY_free(key);
}

/* Half of all nonces refused: whoever tries again gets there, and what was
 * refused did nothing. */
static void
test_refused_nonces(void **state)
{
	struct world *w = *state;
	struct acme_client *c = acme_client_new("ES256");
	struct acme_counters counters;
	unsigned refused = 0;
	struct reply *r;

	world_restart(w, 50);
	do {
		r = world_post_jws(w, c, "/acme/new-account",
		    &(struct acme_jws){ .jwk = true, .payload = "{}" });
		if (r->status == 400) {
			assert_problem(r, 400, "badNonce");
			refused++;
		}
	} while (r->status == 400);
	/* Made by the request that passed, by no other. */
	assert_status(r, 201);
	c->kid = mem_strdup(reply_header(r, "Location", 0));
	for (unsigned i = 0; i < 200; i++) {
		r = world_post(w, c, c->kid, NULL);
		if (r->status != 400)
			continue;
		assert_problem(r, 400, "badNonce");
		refused++;
		/* certbot 2.1 and uacme 1.7.4 try again once. */
		assert_status(world_post(w, c, c->kid, NULL), 200);
	}
	assert_true(refused > 50 && refused < 150);
	acme_counters_get(world_acme(w), &counters);
	assert_int_equal(counters.nonces_refused, refused);
	acme_client_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_es256_http, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_rs256_dns, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_es384_tls_alpn, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_es512_wildcard, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_eddsa_account, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_ip_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_lego_traefik_finalize_answers_valid_at_once, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_record, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reuse, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_profile_and_times, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_refused_nonces, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
