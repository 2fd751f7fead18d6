/* Finalize, RFC 8555 section 7.4. */
#include <openssl/rsa.h>
#include <stdlib.h>
#include "support/unit.h"
#include "support/acme_world.h"
#include "support/pss.h"
#include "util/text.h"

struct fixture {
	struct world *w;
	struct acme_client *c;
	EVP_PKEY *key;
};

static int
setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	f->w = world_new(NULL);
	f->c = world_client(f->w, "ES256");
	f->key = acme_key_new("ES256");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	EVP_PKEY_free(f->key);
	world_free(f->w);
	free(f);
	return 0;
}

static struct reply *
ready(struct fixture *f, const char *names)
{
	struct reply *order = world_order(f->w, f->c, names, NULL);

	world_authorize(f->w, f->c, order,
	    strstr(names, "*.") != NULL ? "dns-01" : "http-01");
	return order;
}

static struct reply *
finalize(struct fixture *f, const struct reply *order, EVP_PKEY *key,
    const char *cn, const char *names)
{
	return world_post(f->w, f->c, reply_text(order, "finalize"),
	    finalize_payload(f->w, key, cn, names));
}

static const char *
status_of(struct fixture *f, const struct reply *order)
{
	return reply_text(
	    world_post(f->w, f->c, reply_header(order, "Location", 0), NULL),
	    "status");
}

/* Rule 5: mod_md and x/crypto need it; acmez takes it for the order's URL. */
static void
test_mod_md_finds_location_on_finalize(void **state)
{
	struct fixture *f = *state;
	struct reply *order = ready(f, "dns:a.test");
	struct reply *r = finalize(f, order, f->key, NULL, "dns:a.test");

	assert_status(r, 200);
	assert_string_equal(
	    reply_header(r, "Location", 0), reply_header(order, "Location", 0));
}

static void
test_not_ready(void **state)
{
	struct fixture *f = *state;
	struct reply *order = world_order(f->w, f->c, "dns:a.test", NULL);
	struct reply *r = finalize(f, order, f->key, NULL, "dns:a.test");

	assert_problem(r, 403, "orderNotReady");
	assert_string_equal(status_of(f, order), "pending");
	/* Even with a payload that is none. */
	assert_problem(
	    world_post(f->w, f->c, reply_text(order, "finalize"), "{}"), 403,
	    "orderNotReady");
}

/* The CSR mismatch family: refused, and the order stays ready. */
static void
test_csr_does_not_match(void **state)
{
	static const struct {
		const char *cn, *names;
	} rows[] = {
		{ NULL, NULL },
		{ NULL, "dns:a.test" },
		{ NULL, "dns:a.test,dns:b.test,dns:c.test" },
		{ NULL, "dns:a.test,dns:*.b.test" },
		{ NULL, "dns:a.test,ip:192.0.2.1" },
		{ NULL, "dns:a.test,dns:b.test,email:x@a.test" },
		{ NULL, "dns:a.test,dns:b.test,URI:http://a.test/" },
		{ "c.test", "dns:a.test,dns:b.test" },
		{ "192.0.2.1", "dns:a.test,dns:b.test" },
		{ "Some Device", "dns:a.test,dns:b.test" },
		{ "*.a.test", "dns:a.test,dns:b.test" },
		{ "a.test", NULL },
	};
	struct fixture *f = *state;
	struct reply *order = ready(f, "dns:a.test,dns:b.test");

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct reply *r =
		    finalize(f, order, f->key, rows[i].cn, rows[i].names);

		if (r->status == 200)
			fail_msg("row %zu", i);
		assert_problem(r, 400, "badCSR");
		assert_string_equal(status_of(f, order), "ready");
	}
	assert_status(
	    finalize(f, order, f->key, NULL, "dns:b.test,dns:a.test"), 200);
}

static void
test_csr_forms_that_clients_send(void **state)
{
	static const struct {
		const char *order, *cn, *names;
	} rows[] = {
		/* Rule 29: an empty subject, a CN with and without SAN. */
		{ "dns:a.test", NULL, "dns:a.test" },
		{ "dns:a.test", "a.test", NULL },
		{ "dns:a.test,dns:b.test", "b.test", "dns:a.test" },
		{ "dns:a.test,dns:b.test", "A.Test",
		    "dns:B.test,dns:a.test,dns:b.test" },
		{ "dns:*.a.test", "*.a.test", "dns:*.a.test" },
		/* An address may be repeated in the CN. */
		{ "ip:192.0.2.1", "192.0.2.1", "ip:192.0.2.1" },
		{ "ip:2001:db8::1", NULL, "ip:2001:db8:0:0:0:0:0:1" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct reply *r = finalize(f, ready(f, rows[i].order), f->key,
		    rows[i].cn, rows[i].names);

		if (r->status != 200)
			fail_msg("row %zu: %.*s", i, (int)r->body.n,
			    (const char *)r->body.p);
		assert_string_equal(reply_text(r, "status"), "valid");
	}
}

/* RFC 8738: an address counts in the SAN only. */
static void
test_nginx_acme_address_in_cn_alone(void **state)
{
	struct fixture *f = *state;
	struct reply *order = ready(f, "ip:192.0.2.1");

	assert_problem(
	    finalize(f, order, f->key, "192.0.2.1", NULL), 400, "badCSR");
	assert_string_equal(status_of(f, order), "ready");
}

/* Rule 29. */
static void
test_synology_pads_its_csr(void **state)
{
	struct fixture *f = *state;
	struct reply *order, *r;
	bool padded = false;

	/* The length decides whether there is anything to pad. */
	for (unsigned i = 0; i < 8 && !padded; i++) {
		AUTO_STR *names =
		    mem_printf("dns:%.*s.test", (int)i + 1, "aaaaaaaaaa");
		char *payload = finalize_payload(f->w, f->key, NULL, names),
		     *end;
		size_t n;

		end = strrchr(payload, '"');
		n = (size_t)(end - payload) - strlen("{\"csr\":\"");
		if (n % 4 < 2)
			continue;
		padded = true;
		order = ready(f, names);
		r = world_post(f->w, f->c, reply_text(order, "finalize"),
		    arena_printf(world_arena(f->w), "%.*s%s\"}",
			(int)(end - payload), payload,
			n % 4 == 2 ? "==" : "="));
		assert_status(r, 200);
	}
	assert_true(padded);
}

static void
test_bad_csr_encodings(void **state)
{
	static const char *const payloads[] = { "{\"csr\":\"\"}",
		"{\"csr\":\"!!!!\"}", "{\"csr\":\"MIIB\"}",
		"{\"csr\":\"-----BEGIN CERTIFICATE REQUEST-----\"}",
		"{\"csr\":\"MAA\"}" };
	static const char *const malformed[] = { NULL, "{}", "{\"csr\":1}",
		"{\"csr\":null}", "[]", "{\"csr\":\"a\",\"csr\":\"b\"}" };
	struct fixture *f = *state;
	struct reply *order = ready(f, "dns:a.test");
	const char *url = reply_text(order, "finalize");
	AUTO_STR *large = mem_alloc(40000);
	AUTO_STR *huge = NULL;

	memset(large, 'A', 39999);
	huge = mem_printf("{\"csr\":\"%s\"}", large);
	for (size_t i = 0; i < COUNT_OF(payloads); i++)
		assert_problem(
		    world_post(f->w, f->c, url, payloads[i]), 400, "badCSR");
	for (size_t i = 0; i < COUNT_OF(malformed); i++)
		assert_problem(world_post(f->w, f->c, url, malformed[i]), 400,
		    "malformed");
	assert_problem(world_post(f->w, f->c, url, huge), 400, "badCSR");
	assert_string_equal(status_of(f, order), "ready");
}

static void
test_csr_signature_and_keys(void **state)
{
	struct fixture *f = *state;
	struct acme_client *other = world_client(f->w, "ES256");
	struct reply *order = ready(f, "dns:a.test");
	AUTO_STR *broken = acme_csr_broken(f->key, NULL, "DNS:a.test");
	AUTO_STR *payload = mem_printf("{\"csr\":\"%s\"}", broken);
	EVP_PKEY *weak = EVP_RSA_gen(1024);

	assert_problem(
	    world_post(f->w, f->c, reply_text(order, "finalize"), payload), 400,
	    "badCSR");
	/* RFC 8555 section 11.1: nobody's account key. */
	assert_problem(
	    finalize(f, order, f->c->key, NULL, "dns:a.test"), 400, "badCSR");
	assert_problem(
	    finalize(f, order, other->key, NULL, "dns:a.test"), 400, "badCSR");
	assert_problem(
	    finalize(f, order, weak, NULL, "dns:a.test"), 400, "badCSR");
	assert_string_equal(status_of(f, order), "ready");
	assert_status(finalize(f, order, f->key, NULL, "dns:a.test"), 200);
	EVP_PKEY_free(weak);
}

/* The client that lost the answer sends the same again. */
static void
test_same_csr_again(void **state)
{
	struct fixture *f = *state;
	struct reply *order = ready(f, "dns:a.test");
	const char *url = reply_text(order, "finalize");
	char *payload = finalize_payload(f->w, f->key, NULL, "dns:a.test");
	struct reply *first = world_post(f->w, f->c, url, payload),
		     *second = world_post(f->w, f->c, url, payload);

	assert_status(first, 200);
	assert_status(second, 200);
	assert_string_equal(reply_text(first, "certificate"),
	    reply_text(second, "certificate"));
	assert_string_equal(reply_header(second, "Location", 0),
	    reply_header(order, "Location", 0));
	/* Another CSR is another matter. */
	assert_problem(finalize(f, order, f->key, NULL, "dns:a.test"), 403,
	    "orderNotReady");
}

/* The signer is gone: the order is processing (rule 26), and is finished when
 * the signer is back; there is one certificate. */
static void
test_signer_gone(void **state)
{
	struct fixture *f = *state;
	struct reply *order = ready(f, "dns:a.test"), *r;
	const char *url = reply_text(order, "finalize");
	char *payload = finalize_payload(f->w, f->key, NULL, "dns:a.test");
	unsigned finished, voided;
	struct err err = { 0 };

	world_signer_gone(f->w, true);
	r = world_post(f->w, f->c, url, payload);
	assert_status(r, 200);
	assert_string_equal(reply_text(r, "status"), "processing");
	assert_non_null(reply_header(r, "Retry-After", 0));
	assert_null(reply_member(r, "certificate"));
	/* The same again waits for it; the time is over. */
	r = world_post(f->w, f->c, url, payload);
	assert_status(r, 200);
	assert_true(r->held);
	assert_string_equal(reply_text(r, "status"), "processing");
	world_signer_gone(f->w, false);
	assert_true(ca_recover(world_ca(f->w), &finished, &voided, &err));
	assert_int_equal(finished, 1);
	r = world_post(f->w, f->c, url, payload);
	assert_string_equal(reply_text(r, "status"), "valid");
	assert_status(
	    world_post(f->w, f->c, reply_text(r, "certificate"), NULL), 200);
}

/* The proof ends before the order is finalized. */
static void
test_expired_authorization(void **state)
{
	struct fixture *f = *state;
	struct reply *order = ready(f, "dns:a.test"), *r;

	r = world_post(f->w, f->c, reply_text(order, "authorizations.0"),
	    "{\"status\":\"deactivated\"}");
	assert_status(r, 200);
	assert_problem(finalize(f, order, f->key, NULL, "dns:a.test"), 403,
	    "orderNotReady");
	assert_string_equal(status_of(f, order), "invalid");
}

/* openssl req -sigopt rsa_padding_mode:pss */
static void
test_csr_signed_with_pss(void **state)
{
	struct fixture *f = *state;
	struct arena *a = world_arena(f->w);
	EVP_PKEY *key = acme_key_new("RS256");
	AUTO_STR *text = acme_csr(key, NULL, "DNS:a.test");
	struct reply *order, *r;
	struct err err = { 0 };
	struct bytes der;

	assert_true(base64url_decode(bytes_str(text), a, &der, &err));
	for (int longest = 0; longest < 2; longest++) {
		struct bytes pss = pss_signed(a, der, key,
		    longest == 0 ? EVP_sha512() : EVP_sha256(), longest == 1);

		order = ready(f, "dns:a.test");
		r = world_post(f->w, f->c, reply_text(order, "finalize"),
		    arena_printf(
			a, "{\"csr\":\"%s\"}", base64url_arena(a, pss)));
		assert_status(r, 200);
		assert_string_equal(reply_text(r, "status"), "valid");
		((uint8_t *)(uintptr_t)pss.p)[pss.n - 9] ^= 1;
		order = ready(f, "dns:a.test");
		r = world_post(f->w, f->c, reply_text(order, "finalize"),
		    arena_printf(
			a, "{\"csr\":\"%s\"}", base64url_arena(a, pss)));
		assert_problem(r, 400, "badCSR");
	}
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_mod_md_finds_location_on_finalize, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_not_ready, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_csr_does_not_match, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_csr_forms_that_clients_send, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_nginx_acme_address_in_cn_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_synology_pads_its_csr, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_bad_csr_encodings, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_csr_signature_and_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_csr_signed_with_pss, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_same_csr_again, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_signer_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_expired_authorization, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
