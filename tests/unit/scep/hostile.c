/* Messages that are made to hurt: each is refused, and those that touch the
 * private key are refused alike. */
#include "codec/oid.h"
#include "world.h"

static struct bytes
request(struct world *w)
{
	return world_csr(w, w->one.key, "a.example.net", WORLD_CHALLENGE);
}

static struct bytes
encoded(struct world *w, CMS_ContentInfo *cms)
{
	uint8_t *der = NULL;
	int n = i2d_CMS_ContentInfo(cms, &der);

	assert_true(n > 0);
	struct bytes out = arena_bytes(w->a, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	return out;
}

/* Envelopes to whoever is named. */
static struct bytes
enclose_to(struct world *w, X509 *first, X509 *second, const EVP_CIPHER *cipher)
{
	struct bytes content = request(w);
	AUTO(BIO) *in = BIO_new_mem_buf(content.p, (int)content.n);
	AUTO(CMS_ContentInfo) *cms =
	    CMS_encrypt(NULL, NULL, cipher, CMS_BINARY | CMS_PARTIAL);

	assert_non_null(CMS_add1_recipient_cert(cms, first, 0));
	if (second != NULL)
		assert_non_null(CMS_add1_recipient_cert(cms, second, 0));
	assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
	return encoded(w, cms);
}

static struct bytes
enclose_by_password(struct world *w)
{
	struct bytes content = request(w);
	AUTO(BIO) *in = BIO_new_mem_buf(content.p, (int)content.n);
	AUTO(CMS_ContentInfo) *cms = CMS_encrypt(
	    NULL, NULL, EVP_aes_128_cbc(), CMS_BINARY | CMS_PARTIAL);
	unsigned char *password = (unsigned char *)OPENSSL_strdup("secret");

	assert_non_null(CMS_add0_recipient_password(
	    cms, -1, NID_id_alg_PWRI_KEK, NID_undef, password, 6, NULL));
	assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
	return encoded(w, cms);
}

/* A key that both have already. */
static struct bytes
enclose_by_key(struct world *w)
{
	struct bytes content = request(w);
	AUTO(BIO) *in = BIO_new_mem_buf(content.p, (int)content.n);
	AUTO(CMS_ContentInfo) *cms = CMS_encrypt(
	    NULL, NULL, EVP_aes_128_cbc(), CMS_BINARY | CMS_PARTIAL);
	unsigned char *key = OPENSSL_zalloc(16), *id = OPENSSL_zalloc(4);

	assert_non_null(CMS_add0_recipient_key(
	    cms, NID_undef, key, 16, id, 4, NULL, NULL, NULL));
	assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
	return encoded(w, cms);
}

/* [4] OtherRecipientInfo: nobody has written one yet. */
static struct bytes
enclose_by_other(struct world *w)
{
	static const uint8_t head[] = { 0x02, 0x01, 0x00, 0x31, 0x82 };
	struct bytes out = enclose_to(w, w->to, NULL, EVP_aes_128_cbc());
	uint8_t *at = memmem(out.p, out.n, head, sizeof(head));

	assert_non_null(at);
	assert_int_equal(at[sizeof(head) + 2], DER_SEQUENCE);
	at[sizeof(head) + 2] = DER_CONTEXT_CONSTRUCTED(4);
	return out;
}

static void
recipients(void **state)
{
	struct world *w = *state;
	struct letter l = { 0 };

	/* More than one is usual, if one of them is we (scepclient). */
	l.envelope = enclose_to(w, w->two.x509, w->to, EVP_aes_128_cbc());
	assert_granted(world_ask(w, &l));
	l.transaction = "T2";
	l.envelope = enclose_to(w, w->two.x509, NULL, EVP_aes_128_cbc());
	assert_failed(world_ask(w, &l), SCEP_BAD_MESSAGE_CHECK);
	l.envelope = enclose_to(w, w->to, w->to, EVP_aes_128_cbc());
	assert_failed(world_ask(w, &l), SCEP_BAD_MESSAGE_CHECK);
	l.envelope = enclose_by_password(w);
	assert_failed(world_ask(w, &l), SCEP_BAD_ALG);
	l.envelope = enclose_by_key(w);
	assert_failed(world_ask(w, &l), SCEP_BAD_ALG);
	l.envelope = enclose_by_other(w);
	assert_failed(world_ask(w, &l), SCEP_BAD_ALG);
	/* By key agreement, alone and with one that would be ours. */
	l.envelope = enclose_to(w, w->ec.x509, NULL, EVP_aes_128_cbc());
	assert_failed(world_ask(w, &l), SCEP_BAD_ALG);
	l.envelope = enclose_to(w, w->ec.x509, w->to, EVP_aes_128_cbc());
	assert_failed(world_ask(w, &l), SCEP_BAD_ALG);
	/* A cipher that is none of ours. */
	l.envelope = enclose_to(w, w->to, NULL, EVP_camellia_128_cbc());
	assert_failed(world_ask(w, &l), SCEP_BAD_ALG);
	/* id-smime-ct-authEnvelopedData, which has no place here. */
	l.envelope = enclose_to(w, w->to, NULL, EVP_aes_128_gcm());
	assert_failed(world_ask(w, &l), SCEP_BAD_ALG);
	assert_int_equal(world_issued(w), 1);
}

static struct bytes
changed(struct world *w, struct bytes der, size_t from_end)
{
	struct bytes out = arena_bytes(w->a, der);

	((uint8_t *)(uintptr_t)out.p)[out.n - from_end] ^= 0x40;
	return out;
}

/* Where the wrapped key begins: the one OCTET STRING of its length. */
static size_t
wrapped_at(struct bytes der)
{
	static const uint8_t head[] = { 0x04, 0x82, 0x01, 0x00 };
	const uint8_t *p = memmem(der.p, der.n, head, sizeof(head));

	assert_non_null(p);
	return (size_t)(p - der.p) + sizeof(head);
}

/* CVE-2026-42768: whoever can tell a padding from another reads messages, and
 * signs with this key. */
static void
one_answer_for_all_that_cannot_be_read(void **state)
{
	struct world *w = *state;
	struct letter good = { .content = request(w) };
	struct bytes whole = world_enclose(w, &good), text;
	struct letter bad[5] = { { 0 } };
	struct answer first = { 0 };

	/* The wrapped key, the last block (its padding), an IV, then things
	 * that decrypt and are no request. */
	bad[0].envelope = changed(w, whole, whole.n - wrapped_at(whole) - 20);
	bad[1].envelope = changed(w, whole, 17);
	bad[2].envelope = changed(w, whole, 1);
	bad[3].content = bytes_str("no request");
	text = arena_bytes(w->a, good.content);
	((uint8_t *)(uintptr_t)text.p)[1] ^= 1;
	bad[4].content = text;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct answer got = world_ask(w, &bad[i]);

		assert_failed(got, SCEP_BAD_MESSAGE_CHECK);
		if (i == 0)
			first = got;
		assert_int_equal(got.size, first.size);
		assert_string_equal(got.text, first.text);
	}
	/* And they are counted: nobody asks a million times. */
	assert_int_equal(world_ask(w, &good).http, 429);
	assert_int_equal(world_issued(w), 0);
}

/* Two signers, none, and one whose signature is another's. */
static void
signers(void **state)
{
	struct world *w = *state;
	struct letter l = { .content = request(w) };
	struct bytes whole = world_write(w, &l), inner = world_enclose(w, &l);
	AUTO(BIO) *in = BIO_new_mem_buf(inner.p, (int)inner.n);
	AUTO(CMS_ContentInfo) *two =
	    CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_BINARY);

	assert_non_null(CMS_add1_signer(
	    two, w->one.x509, w->one.pkey, EVP_sha256(), CMS_NOSMIMECAP));
	assert_non_null(CMS_add1_signer(
	    two, w->two.x509, w->two.pkey, EVP_sha256(), CMS_NOSMIMECAP));
	assert_int_equal(CMS_final(two, in, NULL, CMS_BINARY), 1);
	assert_int_equal(world_send(w, &l, encoded(w, two)).http, 400);
	assert_int_equal(world_send(w, &l, inner).http, 400);
	assert_int_equal(world_send(w, &l, request(w)).http, 400);
	assert_int_equal(world_send(w, &l, BYTES_NONE).http, 400);
	assert_int_equal(
	    world_send(w, &l, bytes_of(whole.p, whole.n - 1)).http, 400);
	/* The signature is the last thing of a message. */
	assert_failed(
	    world_send(w, &l, changed(w, whole, 5)), SCEP_BAD_MESSAGE_CHECK);
	assert_int_equal(world_issued(w), 0);
	assert_granted(world_send(w, &l, whole));
}

/* Apple and Bouncy Castle send BER, OpenXPKI's clients short nonces. */
static void
what_is_tolerated(void **state)
{
	struct world *w = *state;
	struct letter l = { .nonce_n = 8, .content = request(w) };
	struct bytes inner, whole;
	AUTO_BUF ber = { 0 };
	struct der d;

	assert_granted(world_ask(w, &l));
	/* Of indefinite length. */
	l.transaction = "T2";
	whole = world_write(w, &l);
	d = der_of(whole);
	assert_true(der_read(&d, DER_SEQUENCE, &inner));
	buf_add_byte(&ber, DER_SEQUENCE);
	buf_add_byte(&ber, 0x80);
	buf_add_bytes(&ber, inner);
	buf_add(&ber, "\0", 2);
	assert_granted(world_send(w, &l, buf_bytes(&ber)));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(recipients),
		TEST(one_answer_for_all_that_cannot_be_read),
		TEST(signers),
		TEST(what_is_tolerated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
