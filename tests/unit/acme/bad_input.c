/*
 * The authenticated request and what can be wrong with it: the cases of the
 * reference's section 4 that every POST shares.  Each is refused with the right
 * type, a fresh nonce (the driver looks), and nothing changed.
 */
#include <openssl/rsa.h>
#include <stdlib.h>
#include "support/unit.h"
#include "support/acme_world.h"

#define ORDER "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.test\"}]}"

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

static size_t
orders(struct world *w)
{
	struct order_row *rows;
	struct err err = { 0 };
	size_t n;

	assert_true(store_order_list(world_store(w), NULL, NULL, 1000,
	    world_now(w), world_arena(w), &rows, &n, &err));
	return n;
}

static struct reply *
new_order(struct world *w, struct acme_client *c, struct acme_jws j)
{
	if (j.payload == NULL)
		j.payload = ORDER;
	return world_post_jws(w, c, "/acme/new-order", &j);
}

static void
test_jws_forms(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	const struct {
		struct acme_jws jws;
		const char *type;
	} rows[] = {
		{ { .alg = "none" }, "badSignatureAlgorithm" },
		{ { .alg = "HS256" }, "badSignatureAlgorithm" },
		{ { .alg = "PS256" }, "badSignatureAlgorithm" },
		{ { .alg = "RS256" }, "badSignatureAlgorithm" },
		{ { .alg = "ES384" }, "badSignatureAlgorithm" },
		{ { .alg = "" }, "badSignatureAlgorithm" },
		{ { .more = ",\"crit\":[\"exp\"],\"exp\":1" }, "malformed" },
		{ { .more = ",\"crit\":[]" }, "malformed" },
		{ { .more = ",\"b64\":false" }, "malformed" },
		{ { .more = ",\"b64\":false,\"crit\":[\"b64\"]" },
		    "malformed" },
		{ { .more = ",\"alg\":\"ES256\"" }, "malformed" },
		{ { .more = ",\"x\":\"\xff\"" }, "malformed" },
		{ { .more = ",\"x\":[[[[[[[[[[]]]]]]]]]]" }, "malformed" },
		{ { .around = ",\"header\":{}" }, "malformed" },
		{ { .around = ",\"header\":{\"alg\":\"ES256\"}" },
		    "malformed" },
		{ { .around = ",\"signatures\":[]" }, "malformed" },
		{ { .around = ",\"payload\":\"\"" }, "malformed" },
		{ { .around = "} {" }, "malformed" },
		/* RFC 8555 section 6.5.2. */
		{ { .nonce = "AAA=" }, "malformed" },
		{ { .nonce = "A A" }, "malformed" },
		{ { .nonce = "+/" }, "malformed" },
		{ { .nonce = "\xc3\xa4" }, "malformed" },
		{ { .padded = true, .payload = ORDER " " }, "malformed" },
		{ { .broken = true }, "malformed" },
		{ { .der_signature = true }, "malformed" },
		{ { .protected = "{}" }, "malformed" },
		{ { .protected = "[]" }, "malformed" },
		{ { .protected = "" }, "malformed" },
		{ { .protected = "{\"alg\":\"ES256\"}" }, "malformed" },
		{ { .protected = "{\"alg\":7,\"kid\":\"x\"}" }, "malformed" },
		{ { .payload = "{\"identifiers\":[],\"identifiers\":[]}" },
		    "malformed" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct reply *r = new_order(w, c, rows[i].jws);

		if (r->status == 201 ||
		    strcmp(reply_problem(r), rows[i].type) != 0)
			fail_msg("row %zu: %d %.*s", i, r->status,
			    (int)r->body.n, (const char *)r->body.p);
		assert_status(r, 400);
	}
	assert_int_equal(orders(w), 0);
	/* None of them spoilt the account. */
	assert_status(new_order(w, c, (struct acme_jws){ 0 }), 201);
}

static void
test_bodies_that_are_no_jws(void **state)
{
	static const char *const bodies[] = {
		"", "{}", "[]", "null", "x",
		"{\"protected\":\"\",\"payload\":\"\"}",
		"{\"protected\":1,\"payload\":\"\",\"signature\":\"\"}",
		"{\"protected\":\"!\",\"payload\":\"\",\"signature\":\"\"}",
		"{\"protected\":\"e30\",\"payload\":null,\"signature\":\"\"}",
		"{\"protected\":\"e30\",\"payload\":\"\",\"signature\":\"\"} {"
	};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(bodies); i++)
		assert_problem(world_post_raw(w, "/acme/new-order", bodies[i]),
		    400, "malformed");
}

/* RFC 8555 section 6.2: the supported ones are listed. */
static void
test_algorithms_are_listed(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *r = new_order(w, c, (struct acme_jws){ .alg = "ES256K" });

	assert_problem(r, 400, "badSignatureAlgorithm");
	assert_int_equal(json_array_size(reply_member(r, "algorithms")), 5);
	assert_string_equal(reply_text(r, "algorithms.0"), "RS256");
	assert_string_equal(reply_text(r, "algorithms.4"), "EdDSA");
}

/* Rule 8.  RFC 8555 section 6.4: unauthorized, not malformed as Pebble has it.
 */
static void
test_url_is_the_configured_one(void **state)
{
	static const char *const urls[] = { "https://ca.test/acme/new-order",
		"http://ca.test:8443/acme/new-order",
		WORLD_BASE "/acme/new-order/", WORLD_BASE "/acme/new-account",
		WORLD_BASE "/acme/new-order?x", WORLD_BASE "//acme/new-order",
		"https://CA.test:8443/acme/new-order", "/acme/new-order", "x" };
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	AUTO_STR *protected = NULL;

	for (size_t i = 0; i < COUNT_OF(urls); i++)
		assert_problem(
		    new_order(w, c, (struct acme_jws){ .url = urls[i] }), 403,
		    "unauthorized");
	protected =
	    mem_printf("{\"alg\":\"ES256\",\"kid\":\"%s\",\"nonce\":\"%s\"}",
		c->kid, world_nonce(w));
	assert_problem(
	    new_order(w, c, (struct acme_jws){ .protected = protected }), 400,
	    "malformed");
	assert_int_equal(orders(w), 0);
}

static void
test_nonces(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256"),
			   *other = world_client(w, "ES256");
	const char *nonce = world_nonce(w);
	AUTO_STR *protected =
	    mem_printf("{\"alg\":\"ES256\",\"kid\":\"%s\","
		       "\"url\":\"" WORLD_BASE "/acme/new-order\"}",
		c->kid);
	struct reply *r;

	/* None, an empty one, one that is none. */
	assert_problem(
	    new_order(w, c, (struct acme_jws){ .protected = protected }), 400,
	    "badNonce");
	assert_problem(new_order(w, c, (struct acme_jws){ .nonce = "" }), 400,
	    "malformed");
	r = new_order(w, c, (struct acme_jws){ .nonce = "bogus" });
	assert_problem(r, 400, "badNonce");
	assert_non_null(strstr(
	    reply_text(r, "detail"), "JWS has an invalid anti-replay nonce"));
	/* The nonce of the refusal is good (RFC 8555 section 6.5). */
	assert_status(new_order(w, c,
			  (struct acme_jws){
			      .nonce = reply_header(r, "Replay-Nonce", 0) }),
	    201);
	/* One is anybody's, and used once. */
	assert_status(
	    new_order(w, other, (struct acme_jws){ .nonce = nonce }), 201);
	assert_problem(new_order(w, c, (struct acme_jws){ .nonce = nonce }),
	    400, "badNonce");
	assert_int_equal(orders(w), 2);
}

/* Junk consumes no nonce: it is burnt behind the signature. */
static void
test_broken_signature_burns_no_nonce(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	const char *nonce = world_nonce(w);

	assert_problem(new_order(w, c,
			   (struct acme_jws){ .nonce = nonce, .broken = true }),
	    400, "malformed");
	assert_status(
	    new_order(w, c, (struct acme_jws){ .nonce = nonce }), 201);
}

/* The very same request twice. */
static void
test_replay(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "RS256");
	const struct acme_jws j = { .url = WORLD_BASE "/acme/new-order",
		.nonce = world_nonce(w),
		.payload = ORDER };
	AUTO_STR *body = acme_jws(c, &j);

	assert_status(world_post_raw(w, "/acme/new-order", body), 201);
	assert_problem(
	    world_post_raw(w, "/acme/new-order", body), 400, "badNonce");
	assert_int_equal(orders(w), 1);
}

static void
test_kid_and_jwk(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256"),
			   *other = world_client(w, "ES256");
	AUTO_STR *unknown =
	    mem_printf("%s/acme/acct/AAAAAAAAAAAAAAAAAAAAAA", WORLD_BASE);
	AUTO_STR *both = mem_printf(",\"kid\":\"%s\"", c->kid);
	AUTO_STR *jwk = acme_jwk(c->key);
	AUTO_STR *inside = mem_printf(",\"jwk\":%s", jwk);

	/* newOrder with jwk, newAccount with kid. */
	assert_problem(new_order(w, c, (struct acme_jws){ .jwk = true }), 400,
	    "malformed");
	assert_problem(
	    world_post(w, c, "/acme/new-account", "{}"), 400, "malformed");
	assert_problem(new_order(w, c, (struct acme_jws){ .more = inside }),
	    400, "malformed");
	assert_problem(world_post_jws(w, c, "/acme/new-account",
			   &(struct acme_jws){
			       .jwk = true, .payload = "{}", .more = both }),
	    400, "malformed");
	/* Unknown accounts, and what is no account's URL. */
	assert_problem(
	    new_order(w, c, (struct acme_jws){ .kid_text = unknown }), 400,
	    "accountDoesNotExist");
	assert_problem(new_order(w, c, (struct acme_jws){ .kid_text = "1" }),
	    400, "accountDoesNotExist");
	assert_problem(
	    new_order(w, c,
		(struct acme_jws){ .kid_text = WORLD_BASE "/acme/acct/" }),
	    400, "accountDoesNotExist");
	/* Another account's. */
	assert_problem(
	    new_order(w, c, (struct acme_jws){ .kid_text = other->kid }), 400,
	    "malformed");
	assert_int_equal(orders(w), 0);
}

/* Keys that no account gets. */
static void
test_weak_and_bad_keys(void **state)
{
	static const char *const keys[] = {
		"{}",
		"\"x\"",
		"{\"kty\":\"EC\",\"crv\":\"P-256\"}",
		"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\",\"y\":"
		"\"AA\"}",
		/* Not on its curve. */
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
		"\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\",\"y\":"
		"\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}",
		/* Of the wrong length. */
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"AQ\"}",
		/* Good ones of another algorithm (RFC 8555 section 6.2). */
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"
		"7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
		"{\"kty\":\"oct\",\"k\":\"AAAA\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"AA\"}",
	};
	struct world *w = *state;
	struct acme_client *c = acme_client_new("ES256");
	AUTO_STR *jwk = acme_jwk(c->key);
	AUTO_STR *private =
	    mem_printf("%.*s,\"d\":\"AAAA\"}", (int)strlen(jwk) - 1, jwk);
	struct account_row *rows;
	struct err err = { 0 };
	size_t n;

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		assert_problem(world_post_jws(w, c, "/acme/new-account",
				   &(struct acme_jws){ .jwk = true,
				       .payload = "{}",
				       .jwk_text = keys[i] }),
		    400, "badPublicKey");
	assert_problem(
	    world_post_jws(w, c, "/acme/new-account",
		&(struct acme_jws){
		    .jwk = true, .payload = "{}", .jwk_text = private }),
	    400, "badPublicKey");
	assert_true(store_account_list(
	    world_store(w), NULL, 10, world_arena(w), &rows, &n, &err));
	assert_int_equal(n, 0);
	acme_client_free(c);
}

static void
test_short_rsa_and_small_exponent(void **state)
{
	struct world *w = *state;
	struct acme_client *c = acme_client_new("RS256");
	EVP_PKEY *shorter = EVP_RSA_gen(1024);
	AUTO_STR *good = acme_jwk(c->key);
	AUTO_STR *small = mem_printf("{\"e\":\"Aw%s", strchr(good, ',') - 1);
	struct reply *r = world_post_jws(w, c, "/acme/new-account",
	    &(struct acme_jws){
		.jwk = true, .payload = "{}", .jwk_text = small });

	assert_problem(r, 400, "badPublicKey");
	EVP_PKEY_free(c->key);
	c->key = shorter;
	r = world_post_jws(w, c, "/acme/new-account",
	    &(struct acme_jws){ .jwk = true, .payload = "{}" });
	assert_problem(r, 400, "badPublicKey");
	acme_client_free(c);
}

/* A key that was proved to be compromised opens no account. */
static void
test_blocked_key(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256"), *holder;
	struct acme_client *next = acme_client_new("ES256");
	const char *url = world_issue(w, c, next->key, "dns:a.test");
	AUTO_STR *payload = mem_printf("{\"certificate\":\"%s\",\"reason\":1}",
	    world_leaf(w, world_post(w, c, url, NULL)));

	holder = next;
	assert_status(
	    world_post_jws(w, holder, "/acme/revoke-cert",
		&(struct acme_jws){ .jwk = true, .payload = payload }),
	    200);
	assert_problem(world_post_jws(w, holder, "/acme/new-account",
			   &(struct acme_jws){ .jwk = true, .payload = "{}" }),
	    400, "badPublicKey");
	acme_client_free(next);
}

/* Rule 25: an empty payload is POST-as-GET and nothing else. */
static void
test_payload_where_none_belongs(void **state)
{
	struct world *w = *state;
	struct acme_client *c = world_client(w, "ES256");
	struct reply *order = world_order(w, c, "dns:a.test", NULL);

	assert_problem(
	    world_post(w, c, reply_header(order, "Location", 0), "{}"), 400,
	    "malformed");
	assert_problem(
	    world_post(w, c, reply_text(order, "authorizations.0"), "{}"), 400,
	    "malformed");
	assert_problem(
	    world_post(w, c, "/acme/new-order", NULL), 400, "malformed");
	assert_problem(
	    world_post(w, c, "/acme/revoke-cert", NULL), 400, "malformed");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_jws_forms, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_bodies_that_are_no_jws, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_algorithms_are_listed, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_url_is_the_configured_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nonces, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_broken_signature_burns_no_nonce, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replay, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_kid_and_jwk, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_weak_and_bad_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_short_rsa_and_small_exponent, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_blocked_key, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_payload_where_none_belongs, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
