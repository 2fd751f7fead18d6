/* Who gets a certificate by SCEP, and what the answer looks like. */
#include "ca/approval.h"
#include "ca/token.h"
#include "codec/oid.h"
#include "world.h"

#include <openssl/rsa.h>
#include "support/pss.h"

static void
a_challenge_and_its_answer(void **state)
{
	struct world *w = *state;
	struct letter l = { .content = world_csr(w, w->one.key, "a.example.net",
				WORLD_CHALLENGE) };
	struct bytes message = world_write(w, &l);
	struct answer got = world_send(w, &l, message), again;
	struct der d;
	struct bytes one;

	assert_granted(got);
	assert_string_equal(got.first.names.v[0].text, "a.example.net");
	assert_true(bytes_equal(got.first.spki, privkey_spki(w->one.key)));
	/* Alone, unless the profile says otherwise. */
	d = der_of(got.certs);
	assert_true(der_read_whole(&d, DER_SEQUENCE, &one));
	assert_true(der_at_end(&d));
	/* The answer was lost: the same again, with a nonce of its own. */
	again = world_send(w, &l, message);
	assert_granted(again);
	assert_true(bytes_equal(again.first.der, got.first.der));
	assert_false(
	    bytes_equal(again.whole.sender_nonce, got.whole.sender_nonce));
	assert_int_equal(world_issued(w), 1);
	/* A transaction is one key's. */
	l.by = &w->two;
	l.content = world_csr(w, w->two.key, "a.example.net", WORLD_CHALLENGE);
	assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
	assert_int_equal(world_issued(w), 1);
	/* Another request of the same key under it is another one (sscep). */
	l.by = &w->one;
	l.content = world_csr(w, w->one.key, "b.example.net", WORLD_CHALLENGE);
	got = world_ask(w, &l);
	assert_granted(got);
	assert_string_equal(got.first.names.v[0].text, "b.example.net");
}

static void
the_answer_is_like_the_request(void **state)
{
	struct world *w = *state;
	const struct {
		const EVP_CIPHER *cipher;
		const EVP_MD *digest;
		bool oaep;
		enum cipher_alg sent;
		enum digest_alg hashed;
	} rows[] = {
		{ EVP_aes_128_cbc(), EVP_sha256(), false, CIPHER_AES_128_CBC,
		    DIGEST_SHA256 },
		{ EVP_aes_192_cbc(), EVP_sha384(), true, CIPHER_AES_192_CBC,
		    DIGEST_SHA384 },
		{ EVP_aes_256_cbc(), EVP_sha512(), true, CIPHER_AES_256_CBC,
		    DIGEST_SHA512 },
		{ EVP_des_ede3_cbc(), EVP_sha1(), false, CIPHER_DES3_CBC,
		    DIGEST_SHA1 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct letter l = { .path = "/scep/legacy",
			.cipher = rows[i].cipher,
			.digest = rows[i].digest,
			.oaep = rows[i].oaep,
			.get = i % 2 == 1,
			.content = world_csr(
			    w, w->one.key, "a.example.net", WORLD_CHALLENGE) };
		struct answer got = world_ask(w, &l);
		struct bytes one;
		struct der d;

		assert_granted(got);
		assert_int_equal(got.cipher, rows[i].sent);
		assert_int_equal(got.whole.cms.digest, rows[i].hashed);
		assert_int_equal(
		    got.transport != TRANSPORT_PKCS1, rows[i].oaep);
		/* ca_in_reply: the CA's is the second. */
		d = der_of(got.certs);
		assert_true(der_read_whole(&d, DER_SEQUENCE, &one) &&
		    der_read_whole(&d, DER_SEQUENCE, &one));
		assert_true(bytes_equal(one, w->t->issuing_der));
	}
}

/* strongSwan 5.9.8, `pki --scep --rsa-padding pss`: the request, the message
 * and the client's own certificate (tests/interop/scep_strongswan.py). */
static void
all_signed_with_pss(void **state)
{
	struct world *w = *state;
	struct letter l = { .digest = EVP_sha512(), .pss = true };
	AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
	struct answer got;
	EVP_PKEY_CTX *k;

	assert_int_equal(
	    EVP_DigestSignInit(ctx, &k, EVP_sha256(), NULL, w->one.pkey), 1);
	EVP_PKEY_CTX_set_rsa_padding(k, RSA_PKCS1_PSS_PADDING);
	EVP_PKEY_CTX_set_rsa_pss_saltlen(k, RSA_PSS_SALTLEN_DIGEST);
	assert_true(X509_sign_ctx(w->one.x509, ctx) > 0);
	l.content = pss_signed(w->a,
	    world_csr(w, w->one.key, "a.example.net", WORLD_CHALLENGE),
	    w->one.pkey, EVP_sha256(), false);
	got = world_ask(w, &l);
	assert_granted(got);
	assert_int_equal(got.whole.cms.digest, DIGEST_SHA512);
	assert_int_equal(got.whole.cms.sig_alg, SIG_RSA_SHA512);
	/* With SHA-1 there is no PSS, on no profile. */
	l.digest = EVP_sha1();
	l.path = "/scep/legacy";
	l.transaction = "T2";
	assert_int_equal(world_ask(w, &l).http, 400);
	assert_int_equal(world_issued(w), 1);
}

static void
what_the_floor_refuses(void **state)
{
	struct world *w = *state;
	struct letter l = { .digest = EVP_sha1(),
		.content = world_csr(
		    w, w->one.key, "a.example.net", WORLD_CHALLENGE) };
	struct answer got = world_ask(w, &l);

	assert_failed(got, SCEP_BAD_ALG);
	assert_int_equal(got.whole.cms.digest, DIGEST_SHA256);
	l.digest = NULL;
	l.cipher = EVP_des_ede3_cbc();
	assert_failed(world_ask(w, &l), SCEP_BAD_ALG);
	/* To an EC key nothing can be enveloped: said before it is issued. */
	l.cipher = NULL;
	l.by = &w->ec;
	l.content = world_csr(w, w->ec.key, "a.example.net", WORLD_CHALLENGE);
	assert_failed(world_ask(w, &l), SCEP_BAD_ALG);
	assert_int_equal(world_issued(w), 0);
}

static void
who_shows_nothing_or_the_wrong_thing(void **state)
{
	struct world *w = *state;
	struct letter l = { .content = world_csr(
				w, w->one.key, "a.example.net", NULL) };

	assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
	/* A name that the challenge does not give. */
	l.content = world_csr(w, w->one.key, "a.example.org", WORLD_CHALLENGE);
	assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
	/* Someone else's request. */
	l.content = world_csr(w, w->two.key, "a.example.net", WORLD_CHALLENGE);
	assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
	/* Five wrong ones, and the address waits; others do not. */
	l.content = world_csr(w, w->one.key, "a.example.net", "wrong");
	for (int i = 0; i < 5; i++)
		assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
	l.content = world_csr(w, w->one.key, "a.example.net", WORLD_CHALLENGE);
	assert_int_equal(world_ask(w, &l).http, 429);
	assert_int_equal(world_issued(w), 0);
	l.peer = "192.0.2.2";
	assert_granted(world_ask(w, &l));
}

/* CVE-2026-30836: a type that the parser knew and the check did not. */
static void
types_are_an_allow_list(void **state)
{
	struct world *w = *state;
	static const unsigned types[] = { 1, 3, 16, 18, 23, 9999 };

	for (size_t i = 0; i < COUNT_OF(types); i++) {
		const struct letter l = { .type = types[i],
			.content = world_csr(
			    w, w->one.key, "a.example.net", WORLD_CHALLENGE) };

		assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
	}
	assert_int_equal(world_issued(w), 0);
}

/* RFC 8894 section 4.3: POST can only mean one; GET has to say which. */
static void
an_operation_may_be_left_out_of_post(void **state)
{
	struct world *w = *state;
	struct letter l = { .unsaid = true,
		.content = world_csr(
		    w, w->one.key, "a.example.net", WORLD_CHALLENGE) };

	assert_granted(world_ask(w, &l));
	l.get = true;
	assert_int_equal(world_ask(w, &l).http, 400);
	assert_int_equal(world_issued(w), 1);
}

static void
a_secret_is_used_once(void **state)
{
	struct world *w = *state;
	const char *names[] = { "dns:a.example.net" };
	const struct token_spec spec = { .profile = "device",
		.names = test_ca_names(w->t, names, 1),
		.uses = 1,
		.expires_at = w->t->now + 3600,
		.by = "test" };
	char secret[TOKEN_SECRET_LENGTH + 1];
	struct token token;
	struct letter l = { .transaction = "1" };

	assert_ok(w->t,
	    ca_token_create(w->t->ca, &spec, w->a, &token, secret, &w->t->err));
	/* Of another name, and of another profile (CVE-2025-44005). */
	l.content = world_csr(w, w->one.key, "b.example.net", secret);
	assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
	l.path = "/scep/other";
	l.content = world_csr(w, w->one.key, "a.example.net", secret);
	assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
	l.path = NULL;
	assert_granted(world_ask(w, &l));
	assert_granted(world_ask(w, &l));
	assert_int_equal(world_issued(w), 1);
	l.by = &w->two;
	l.transaction = "2";
	l.content = world_csr(w, w->two.key, "a.example.net", secret);
	assert_failed(world_ask(w, &l), SCEP_BAD_REQUEST);
	assert_int_equal(world_issued(w), 1);
}

static struct bytes
poll_of(struct world *w)
{
	const struct ca_view *ca = ca_view_find(w->t->ca, "issuing");
	struct buf b = { 0 };
	size_t outer = der_open(&b, DER_SEQUENCE);

	der_put_raw(&b, ca->cert.subject);
	der_put(&b, DER_SEQUENCE, BYTES_NONE);
	der_close(&b, outer);
	return arena_take_buf(w->a, &b);
}

static void
nobody_is_asked_for_means_an_operator(void **state)
{
	struct world *w = *state;
	struct letter l = { .path = "/scep/queue",
		.content = world_csr(w, w->one.key, "a.example.net", NULL) };
	struct letter poll = { .path = "/scep/queue",
		.type = SCEP_CERT_POLL,
		.content = poll_of(w) };
	struct approval *rows;
	size_t n;

	assert_int_equal(world_ask(w, &l).status, SCEP_PENDING);
	assert_int_equal(world_ask(w, &poll).status, SCEP_PENDING);
	/* Only the key that asked is told anything. */
	poll.by = &w->two;
	assert_failed(world_ask(w, &poll), SCEP_BAD_CERT_ID);
	poll.by = NULL;
	assert_ok(w->t,
	    ca_approval_list(w->t->ca, APPROVAL_PENDING, NULL, 10, w->a, &rows,
		&n, &w->t->err));
	assert_int_equal(n, 1);
	assert_int_equal(world_issued(w), 0);
	assert_ok(w->t,
	    ca_operator_add(
		w->t->ca, "alice", OPERATOR_UID_NONE, "root", &w->t->err));
	assert_ok(w->t,
	    ca_approval_decide(w->t->ca, rows[0].id, rows[0].request_sha256,
		true, "alice", NULL, &w->t->err));
	poll.by = &w->two;
	assert_failed(world_ask(w, &poll), SCEP_BAD_CERT_ID);
	poll.by = NULL;
	assert_granted(world_ask(w, &poll));
	assert_granted(world_ask(w, &poll));
	assert_granted(world_ask(w, &l));
	assert_int_equal(world_issued(w), 1);
}

static struct bytes
id_of(struct world *w, struct bytes issuer, struct bytes serial)
{
	struct buf b = { 0 };
	size_t outer = der_open(&b, DER_SEQUENCE);

	der_put_raw(&b, issuer);
	der_put_uint(&b, serial);
	der_close(&b, outer);
	return arena_take_buf(w->a, &b);
}

static void
certificates_and_crls_are_given(void **state)
{
	struct world *w = *state;
	struct answer made = world_enrol(w, NULL, "a.example.net"), got;
	struct letter l = { .type = SCEP_GET_CERT,
		.transaction = "SSCEP transactionId",
		.by = &w->two,
		.content = id_of(w, made.first.issuer, made.first.serial) };

	got = world_ask(w, &l);
	assert_granted(got);
	assert_true(bytes_equal(got.first.der, made.first.der));
	l.type = SCEP_GET_CRL;
	assert_ok(w->t, ca_crl_run(w->t->ca, &w->t->err));
	got = world_ask(w, &l);
	assert_granted(got);
	assert_true(got.crls.n > 100);
	l.content = id_of(w, made.first.subject, made.first.serial);
	assert_failed(world_ask(w, &l), SCEP_BAD_CERT_ID);
	l.type = SCEP_GET_CERT;
	l.content = id_of(w, made.first.issuer, bytes_str("another"));
	assert_failed(world_ask(w, &l), SCEP_BAD_CERT_ID);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_challenge_and_its_answer),
		TEST(the_answer_is_like_the_request),
		TEST(all_signed_with_pss),
		TEST(what_the_floor_refuses),
		TEST(who_shows_nothing_or_the_wrong_thing),
		TEST(types_are_an_allow_list),
		TEST(an_operation_may_be_left_out_of_post),
		TEST(a_secret_is_used_once),
		TEST(nobody_is_asked_for_means_an_operator),
		TEST(certificates_and_crls_are_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
