/* Revocation, RFC 8555 section 7.6. */
#include <stdlib.h>
#include "support/unit.h"
#include "support/acme_world.h"

struct fixture {
	struct world *w;
	struct acme_client *c, *holder; /* holder has the certificate's key */
	const char *leaf, *id;
};

static int
setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	const char *url;

	f->w = world_new(NULL);
	f->c = world_client(f->w, "ES256");
	f->holder = acme_client_new("ES256");
	url = world_issue(f->w, f->c, f->holder->key, "dns:a.test");
	f->leaf = world_leaf(f->w, world_post(f->w, f->c, url, NULL));
	f->id = strrchr(url, '/') + 1;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	acme_client_free(f->holder);
	world_free(f->w);
	free(f);
	return 0;
}

static const char *
payload(struct fixture *f, const char *more)
{
	return arena_printf(
	    world_arena(f->w), "{\"certificate\":\"%s\"%s}", f->leaf, more);
}

static struct reply *
revoke(struct fixture *f, struct acme_client *c, const char *more)
{
	return world_post(f->w, c, "/acme/revoke-cert", payload(f, more));
}

static struct reply *
revoke_by_key(struct fixture *f, struct acme_client *c, const char *more)
{
	return world_post_jws(f->w, c, "/acme/revoke-cert",
	    &(struct acme_jws){ .jwk = true, .payload = payload(f, more) });
}

static struct cert_row
row_of(struct fixture *f)
{
	struct err err = { 0 };
	struct cert_row row;

	assert_true(store_cert_get(
	    world_store(f->w), f->id, world_arena(f->w), &row, &err));
	return row;
}

/* Rule 33: exactly 200; and the record says who and why. */
static void
test_certbot_revokes_with_its_account(void **state)
{
	struct fixture *f = *state;
	struct reply *r = revoke(f, f->c, ",\"reason\":4");

	assert_status(r, 200);
	assert_int_equal(r->body.n, 0);
	assert_int_equal(row_of(f).status, CERT_REVOKED);
	assert_int_equal(row_of(f).reason, 4);
}

/* Rule 15: the RFC's status and type, and Boulder's words. */
static void
test_dehydrated_finds_already_revoked_words(void **state)
{
	struct fixture *f = *state;
	struct reply *r;

	assert_status(revoke(f, f->c, ""), 200);
	r = revoke(f, f->c, "");
	assert_problem(r, 400, "alreadyRevoked");
	assert_non_null(
	    strstr(reply_text(r, "detail"), "Certificate already revoked"));
	assert_problem(revoke_by_key(f, f->holder, ",\"reason\":4"), 400,
	    "alreadyRevoked");
}

static void
test_by_the_certificate_s_key(void **state)
{
	struct fixture *f = *state;
	struct reply *order;

	assert_status(revoke_by_key(f, f->holder, ",\"reason\":1"), 200);
	assert_int_equal(row_of(f).reason, 1);
	/* Proved to be compromised: never certified again. */
	order = world_order(f->w, f->c, "dns:a.test", NULL);
	assert_problem(
	    world_finalize(f->w, f->c, order, f->holder->key, "dns:a.test"),
	    400, "badCSR");
}

/* RFC 8555 section 7.6 lets it stand at alreadyRevoked; BR 4.9.1.1 lets the
 * reason be put right when the key itself says that it is compromised. */
static void
test_compromise_after_another_reason(void **state)
{
	struct fixture *f = *state;

	assert_status(revoke(f, f->c, ",\"reason\":4"), 200);
	/* An account may say so, and proves nothing. */
	assert_problem(revoke(f, f->c, ",\"reason\":1"), 400, "alreadyRevoked");
	assert_int_equal(row_of(f).reason, 4);
	assert_status(revoke_by_key(f, f->holder, ",\"reason\":1"), 200);
	assert_int_equal(row_of(f).reason, 1);
	assert_problem(revoke_by_key(f, f->holder, ",\"reason\":1"), 400,
	    "alreadyRevoked");
	/* The key opens no account either (RFC 8555 section 6.2). */
	assert_problem(world_post_jws(f->w, f->holder, "/acme/new-account",
			   &(struct acme_jws){ .jwk = true,
			       .payload = "{\"termsOfServiceAgreed\":true}" }),
	    400, "badPublicKey");
}

/* An account that got hold of the key of somebody's certificate. */
static void
test_compromise_closes_the_account_of_the_key(void **state)
{
	struct fixture *f = *state;

	assert_status(world_post_jws(f->w, f->holder, "/acme/new-account",
			  &(struct acme_jws){ .jwk = true,
			      .payload = "{\"termsOfServiceAgreed\":true}" }),
	    201);
	assert_status(revoke_by_key(f, f->holder, ",\"reason\":1"), 200);
	assert_problem(world_post_jws(f->w, f->holder, "/acme/new-account",
			   &(struct acme_jws){ .jwk = true,
			       .payload = "{\"termsOfServiceAgreed\":true}" }),
	    401, "unauthorized");
}

/* By an account that holds authorizations for every name. */
static void
test_by_an_account_that_holds_the_names(void **state)
{
	struct fixture *f = *state;
	struct acme_client *heir = world_client(f->w, "ES256");

	assert_problem(revoke(f, heir, ""), 403, "unauthorized");
	world_authorize(
	    f->w, heir, world_order(f->w, heir, "dns:b.test", NULL), "http-01");
	assert_problem(revoke(f, heir, ""), 403, "unauthorized");
	/* One of two names would not do; this one has one. */
	world_authorize(
	    f->w, heir, world_order(f->w, heir, "dns:a.test", NULL), "dns-01");
	assert_status(revoke(f, heir, ",\"reason\":3"), 200);
	assert_int_equal(row_of(f).reason, 3);
}

static void
test_by_whom_it_is_refused(void **state)
{
	struct fixture *f = *state;
	struct acme_client *other = world_client(f->w, "ES256"),
			   *stranger = acme_client_new("ES256");

	assert_problem(revoke(f, other, ""), 403, "unauthorized");
	assert_problem(revoke_by_key(f, stranger, ""), 403, "unauthorized");
	/* The account's key by jwk is no certificate's key. */
	assert_problem(revoke_by_key(f, f->c, ""), 403, "unauthorized");
	/* Who has no right is not told that the reason is bad. */
	assert_problem(revoke(f, other, ",\"reason\":7"), 403, "unauthorized");
	assert_int_equal(row_of(f).status, CERT_ISSUED);
	acme_client_free(stranger);
}

static void
test_reasons(void **state)
{
	static const char *const bad[] = { "2", "6", "7", "8", "9", "10", "11",
		"-1", "255", "4294967296" };
	static const char *const malformed[] = { "\"1\"", "1.5", "true", "[]" };
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct reply *r = revoke(f, f->c,
		    arena_printf(world_arena(f->w), ",\"reason\":%s", bad[i]));

		assert_problem(r, 400, "badRevocationReason");
		/* RFC 8555 section 7.6: the detail tells what is allowed. */
		assert_non_null(
		    strstr(reply_text(r, "detail"), "0, 1, 3, 4 or 5"));
	}
	for (size_t i = 0; i < COUNT_OF(malformed); i++)
		assert_problem(revoke(f, f->c,
				   arena_printf(world_arena(f->w),
				       ",\"reason\":%s", malformed[i])),
		    400, "malformed");
	assert_int_equal(row_of(f).status, CERT_ISSUED);
	assert_status(revoke(f, f->c, ",\"reason\":0"), 200);
}

static void
test_bad_certificates(void **state)
{
	static const char *const payloads[] = { "{}", "{\"certificate\":1}",
		"{\"certificate\":\"\"}", "{\"certificate\":\"!!\"}",
		"{\"certificate\":\"AAAA\"}", "{\"certificate\":null}" };
	struct fixture *f = *state;
	struct acme_tls_certificate t = { .names = "DNS:a.test",
		.key_authorization = "x" };
	AUTO_STR *foreign = NULL;
	AUTO_STR *payload_text = NULL;
	uint8_t *der;
	size_t n;
	struct reply *r;

	for (size_t i = 0; i < COUNT_OF(payloads); i++) {
		r = world_post(f->w, f->c, "/acme/revoke-cert", payloads[i]);
		assert_true(r->status == 400 || r->status == 404);
		assert_string_equal(reply_problem(r), "malformed");
	}
	/* One that is not ours. */
	der = acme_tls_certificate(&t, &n);
	foreign = acme_base64url(der, n, false);
	payload_text = mem_printf("{\"certificate\":\"%s\"}", foreign);
	r = world_post(f->w, f->c, "/acme/revoke-cert", payload_text);
	assert_problem(r, 404, "malformed");
	free(der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_certbot_revokes_with_its_account, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_dehydrated_finds_already_revoked_words, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_by_the_certificate_s_key, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_compromise_after_another_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_compromise_closes_the_account_of_the_key, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_by_an_account_that_holds_the_names, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_by_whom_it_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reasons, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_bad_certificates, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
