/* Keys that are made for clients: to whom they go, and that they go nowhere
 * else. */
#include "world.h"
#include "codec/oid.h"
#include "est/body.h"
#include "util/text.h"

#define EST "/.well-known/est"

static const struct world_call basic = { .authorization = WORLD_BASIC };

static int
ask(struct world *w, const char *label, struct privkey *key, struct bytes more)
{
	return world_post(w, arena_printf(w->a, EST "/%s/serverkeygen", label),
	    world_csr(w, key, WORLD_NAME, WORLD_NAME, more), &basic);
}

/* The n-th part's content, decoded, and its type. */
static struct bytes
part(struct world *w, int n, const char **type)
{
	char *text = arena_str(w->a, http_resp_body(&w->resp));
	const char *boundary =
	    strstr(http_resp_header_get(&w->resp, "Content-Type"), "boundary=");
	struct bytes der;
	bool wrapped;
	char *end;

	assert_non_null(boundary);
	boundary = arena_printf(w->a, "--%s", boundary + 9);
	for (; n >= 0; n--) {
		text = strstr(text, boundary);
		assert_non_null(text);
		text += strlen(boundary);
	}
	assert_memory_equal(text, "\r\nContent-Type: ", 16);
	text += 16;
	end = strstr(text, "\r\n");
	*type = arena_str(w->a, bytes_of(text, (size_t)(end - text)));
	text = strstr(end, "\r\n\r\n");
	assert_non_null(text);
	text += 4;
	end = strstr(text, "\r\n--");
	assert_non_null(end);
	assert_ok(w->t,
	    est_body_decode(bytes_of(text, (size_t)(end - text)), w->a, &der,
		&wrapped, &w->t->err));
	return der;
}

static struct cert
certificate_of_bag(struct world *w, struct bytes bag)
{
	struct cert c;
	const uint8_t *at = bag.p;
	struct der d;
	struct bytes one;

	/* The first SEQUENCE that parses as a certificate is the one. */
	for (; at < bag.p + bag.n; at++) {
		d = der_of(bytes_of(at, (size_t)(bag.p + bag.n - at)));
		if (der_read_whole(&d, DER_SEQUENCE, &one) &&
		    cert_parse(one, w->a, &c, &w->t->err))
			return c;
		err_clear(&w->t->err);
	}
	fail_msg("no certificate in the answer");
	return (struct cert){ 0 };
}

static void
a_clear_key_fits_its_certificate(void **state)
{
	static const char *const kinds[] = { "ec-p256", "rsa" };
	struct world *w = *state;
	struct privkey *sent[] = { w->key, test_ca_key(w->t, KEY_RSA, 2048) };

	for (size_t i = 0; i < COUNT_OF(sent); i++) {
		AUTO_PRIVKEY *made = NULL;
		AUTO_BUF pem = { 0 };
		const char *type;
		struct bytes pkcs8;
		struct cert c;

		assert_int_equal(ask(w, "clear", sent[i], BYTES_NONE), 200);
		assert_true(w->resp.secret);
		pkcs8 = part(w, 0, &type);
		assert_string_equal(type, "application/pkcs8");
		buf_add_str(&pem, "-----BEGIN PRIVATE KEY-----\n");
		base64_encode(pkcs8, 64, &pem);
		buf_add_str(&pem, "-----END PRIVATE KEY-----\n");
		assert_ok(w->t,
		    privkey_load(buf_bytes(&pem), NULL, &made, &w->t->err));
		assert_string_equal(key_alg_name(privkey_alg(made)), kinds[i]);
		c = certificate_of_bag(w, part(w, 1, &type));
		assert_string_equal(
		    type, "application/pkcs7-mime; smime-type=certs-only");
		/* RFC 7030 section 4.4.1: the key that came is ignored. */
		assert_true(bytes_equal(c.spki, privkey_spki(made)));
		assert_false(bytes_equal(c.spki, privkey_spki(sent[i])));
	}
	/* server_keys_per_hour is 2. */
	assert_int_equal(ask(w, "clear", w->key, BYTES_NONE), 429);
	assert_int_equal(world_issued(w), 2);
}

static void
the_signature_that_came_is_ignored(void **state)
{
	struct world *w = *state;
	struct bytes csr =
	    world_csr(w, w->key, WORLD_NAME, WORLD_NAME, BYTES_NONE);
	uint8_t *flipped = arena_dup(w->a, csr.p, csr.n);

	flipped[csr.n - 1] ^= 1;
	assert_int_equal(world_post(w, EST "/clear/serverkeygen",
			     bytes_of(flipped, csr.n), &basic),
	    200);
}

static struct bytes
named(struct world *w, struct bytes oid, const char *id)
{
	return world_attribute(w, oid, DER_OCTET_STRING, bytes_str(id));
}

static void
a_wrapped_key_needs_a_recipient(void **state)
{
	struct world *w = *state;
	struct privkey *tls = test_ca_key(w->t, KEY_EC_P256, 0);
	AUTO_BUF pem = { 0 };
	const char *type;
	struct bytes der;

	assert_int_equal(ask(w, "keys", w->key, BYTES_NONE), 403);
	assert_true(world_said(w, "DecryptKeyIdentifier"));
	assert_int_equal(
	    ask(w, "keys", w->key, named(w, OID(DECRYPT_KEY_ID), "nobody")),
	    403);
	assert_int_equal(ask(w, "keys", w->key,
			     named(w, OID(ASYMM_DECRYPT_KEY_ID), "nobody")),
	    403);
	assert_int_equal(ask(w, "keys", w->key,
			     world_attribute(w, OID(DECRYPT_KEY_ID),
				 DER_UTF8_STRING, bytes_str("plant"))),
	    400);
	assert_int_equal(world_issued(w), 0);
	base64_encode(
	    world_client(w, "default", tls, "ca.example.net"), 64, &pem);
	est_set_signer(w->est, tls,
	    bytes_str(arena_printf(w->a,
		"-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n",
		buf_cstr(&pem))));
	assert_int_equal(
	    ask(w, "keys", w->key, named(w, OID(DECRYPT_KEY_ID), "plant")),
	    200);
	der = part(w, 0, &type);
	assert_string_equal(
	    type, "application/pkcs7-mime; smime-type=server-generated-key");
	/* The recipient's name is there, what is inside is not. */
	assert_non_null(memmem(der.p, der.n, "plant", 5));
	assert_null(memmem(der.p, der.n, "ca.example.net", 14));
}

/* Nobody signs in this world yet, so nothing can be handed out: it is not
 * certified either, and the key counts by what it cost. */
static void
a_key_that_cannot_be_sent_is_not_certified(void **state)
{
	struct world *w = *state;
	struct bytes to = named(w, OID(DECRYPT_KEY_ID), "plant");

	assert_int_equal(ask(w, "one", w->key, to), 500);
	assert_int_equal(world_issued(w), 0);
	assert_int_equal(ask(w, "one", w->key, to), 429);
}

/* A CSR whose key and signature are of kinds that nobody knows here. */
static struct bytes
csr_of_unknown_key(struct world *w)
{
	static const uint8_t algorithm[] = { 0x30, 0x05, 0x06, 0x03, 0x2a, 0x03,
		0x04 };
	static const uint8_t nothing[] = { 0x03, 0x01, 0x00 };
	struct bytes sent = world_csr(w, w->key, NULL, WORLD_NAME, BYTES_NONE);
	struct csr csr;
	struct buf b = { 0 };
	size_t whole, info, spki, attributes;

	assert_ok(w->t, csr_parse(sent, w->a, &csr, &w->t->err));
	whole = der_open(&b, DER_SEQUENCE);
	info = der_open(&b, DER_SEQUENCE);
	der_put_small(&b, 0);
	der_put_raw(&b, csr.subject);
	spki = der_open(&b, DER_SEQUENCE);
	der_put_raw(&b, bytes_of(algorithm, sizeof(algorithm)));
	der_put_raw(&b, bytes_of(nothing, sizeof(nothing)));
	der_close(&b, spki);
	attributes = der_open(&b, DER_CONTEXT_CONSTRUCTED(0));
	der_put_raw(&b, csr.attributes);
	der_close(&b, attributes);
	der_close(&b, info);
	der_put_raw(&b, bytes_of(algorithm, sizeof(algorithm)));
	der_put_raw(&b, bytes_of(nothing, sizeof(nothing)));
	der_close(&b, whole);
	return arena_take_buf(w->a, &b);
}

/* RFC 7030 section 4.4.1: "MUST ignore the public key values and signature". */
static void
any_key_may_come(void **state)
{
	struct world *w = *state;
	struct bytes csr = csr_of_unknown_key(w);

	assert_int_equal(
	    world_post(w, EST "/curve/serverkeygen", csr, &basic), 200);
	/* Where the new key is to be of the same kind there is none to make. */
	assert_int_equal(
	    world_post(w, EST "/clear/serverkeygen", csr, &basic), 400);
	/* It counts everywhere else. */
	assert_int_equal(world_post(w, EST "/simpleenroll", csr, &basic), 400);
	assert_int_equal(world_issued(w), 1);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clear_key_fits_its_certificate),
		TEST(the_signature_that_came_is_ignored),
		TEST(a_wrapped_key_needs_a_recipient),
		TEST(a_key_that_cannot_be_sent_is_not_certified),
		TEST(any_key_may_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
