/* Messages as some clients write them and none should: what is tolerated, by
 * the client's name, and what is not. */
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include "codec/oid.h"
#include "forge.h"
#include "support/x509v3.h"

static struct bytes
enclosed(struct world *w)
{
	const struct letter l = { .content = world_csr(w, w->one.key,
				      "a.example.net", WORLD_CHALLENGE) };

	return world_enclose(w, &l);
}

/* ---- signed attributes ---- */

static void
swap(struct forge *f, size_t i, size_t k)
{
	struct forge_attribute at = f->at[i];

	f->at[i] = f->at[k];
	f->at[k] = at;
}

/* smallstep/certificates#2776: firmware signs its attributes in the order in
 * which it sends them, which is not DER's of a SET. */
static void
smallstep_2776_attributes_in_sent_order(void **state)
{
	struct world *w = *state;
	struct bytes content = enclosed(w);

	for (size_t i = 0; i < FORGE_USUAL; i++) {
		struct forge f = forge_usual(w, content);

		for (size_t k = 0; k < i; k++)
			swap(&f, k, FORGE_USUAL - 1 - k % 2);
		assert_granted(forge_send(w, &f));
	}
	assert_int_equal(world_issued(w), FORGE_USUAL);
}

static void
attributes_that_are_not_there_or_twice(void **state)
{
	struct world *w = *state;
	struct bytes content = enclosed(w);

	for (size_t i = 0; i < FORGE_USUAL; i++) {
		/* Without these two there is a transaction to answer. */
		bool answer = i == FORGE_CONTENT_TYPE || i == FORGE_DIGEST;
		struct forge f = forge_usual(w, content);

		f.at[i] = f.at[--f.n];
		if (answer)
			assert_failed(
			    forge_send(w, &f), SCEP_BAD_MESSAGE_CHECK);
		else
			assert_int_equal(forge_send(w, &f).http, 400);
		f = forge_usual(w, content);
		f.at[f.n++] = f.at[i];
		assert_int_equal(forge_send(w, &f).http, 400);
		/* Of two values, which are the same; of none. */
		f = forge_usual(w, content);
		f.at[i].values = forge_join(w, f.at[i].values, f.at[i].values);
		assert_int_equal(forge_send(w, &f).http, 400);
		f.at[i].values = BYTES_NONE;
		assert_int_equal(forge_send(w, &f).http, 400);
	}
	assert_int_equal(world_issued(w), 0);
}

static void
attributes_of_other_types(void **state)
{
	struct world *w = *state;
	static const struct {
		enum forge_place place;
		int tag;
		const char *value;
		enum { GRANTED, FAILED, REFUSED } then;
	} rows[] = {
		{ FORGE_TYPE, DER_PRINTABLE_STRING, "19", GRANTED },
		{ FORGE_TYPE, DER_UTF8_STRING, "19", GRANTED },
		{ FORGE_TYPE, DER_IA5_STRING, "19", GRANTED },
		{ FORGE_TYPE, DER_INTEGER, "\x13", REFUSED },
		{ FORGE_TYPE, DER_OCTET_STRING, "19", REFUSED },
		{ FORGE_TYPE, DER_T61_STRING, "19", REFUSED },
		{ FORGE_TYPE, DER_PRINTABLE_STRING, "", REFUSED },
		{ FORGE_TYPE, DER_PRINTABLE_STRING, " 19", REFUSED },
		{ FORGE_TYPE, DER_PRINTABLE_STRING, "19 ", REFUSED },
		{ FORGE_TYPE, DER_PRINTABLE_STRING, "+19", REFUSED },
		{ FORGE_TYPE, DER_PRINTABLE_STRING, "-19", REFUSED },
		{ FORGE_TYPE, DER_PRINTABLE_STRING, "0x13", REFUSED },
		{ FORGE_TYPE, DER_PRINTABLE_STRING, "1a", REFUSED },
		{ FORGE_TYPE, DER_PRINTABLE_STRING, "00019", REFUSED },
		{ FORGE_TYPE, DER_PRINTABLE_STRING, "65555", REFUSED },
		{ FORGE_TYPE, DER_PRINTABLE_STRING, "18", FAILED },
		{ FORGE_TYPE, DER_PRINTABLE_STRING, "0", FAILED },
		{ FORGE_TYPE, DER_PRINTABLE_STRING, "3", FAILED },
		{ FORGE_TRANSACTION, DER_UTF8_STRING, "utf8", GRANTED },
		{ FORGE_TRANSACTION, DER_IA5_STRING, "ia5", GRANTED },
		{ FORGE_TRANSACTION, DER_OCTET_STRING, "octets", REFUSED },
		{ FORGE_TRANSACTION, DER_BMP_STRING, "bm", REFUSED },
		{ FORGE_TRANSACTION, DER_PRINTABLE_STRING, "", REFUSED },
		{ FORGE_TRANSACTION, DER_UTF8_STRING, "a\nb", REFUSED },
		{ FORGE_TRANSACTION, DER_UTF8_STRING, "a\x7f", REFUSED },
		{ FORGE_TRANSACTION, DER_UTF8_STRING, "\xc3\xa4", REFUSED },
		{ FORGE_NONCE, DER_OCTET_STRING, "8 octets", GRANTED },
		{ FORGE_NONCE, DER_OCTET_STRING, "", REFUSED },
		{ FORGE_NONCE, DER_PRINTABLE_STRING, "8 octets", REFUSED },
		{ FORGE_NONCE, DER_INTEGER, "8 octets", REFUSED },
		{ FORGE_CONTENT_TYPE, DER_OID, OID_ENVELOPED_DATA, FAILED },
		{ FORGE_CONTENT_TYPE, DER_OCTET_STRING, OID_DATA, FAILED },
		{ FORGE_DIGEST, DER_OCTET_STRING, "too short", FAILED },
		{ FORGE_DIGEST, DER_PRINTABLE_STRING, "no octets", FAILED },
	};
	struct bytes content = enclosed(w);
	size_t granted = 0;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct forge f = forge_usual(w, content);
		struct answer got;

		f.at[rows[i].place].values =
		    forge_value(w, rows[i].tag, bytes_str(rows[i].value));
		got = forge_send(w, &f);
		granted += rows[i].then == GRANTED;
		if (got.http != (rows[i].then == REFUSED ? 400 : 200) ||
		    (got.status == SCEP_SUCCESS) != (rows[i].then == GRANTED))
			fail_msg("row %zu: HTTP %d, %d %s", i, got.http,
			    got.status, got.text);
	}
	assert_int_equal(world_issued(w), granted);
}

/* micromdm's scepclient sends base64, sscep a space; they are never a path. */
static void
transactions_of_any_text(void **state)
{
	struct world *w = *state;
	struct bytes content = enclosed(w);
	static const char *const texts[] = { "SSCEP transactionId",
		"a+b/c==", "../../../etc/passwd", "' OR 1=1 --", "%00%2e",
		"{\"a\":\"b\"}", "a;b,c\\d\"e", "0" };
	char text[301];

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct forge f = forge_usual(w, content);
		struct answer got;

		f.at[FORGE_TRANSACTION].values =
		    forge_value(w, DER_PRINTABLE_STRING, bytes_str(texts[i]));
		got = forge_send(w, &f);
		assert_granted(got);
		assert_string_equal(got.whole.transaction, texts[i]);
	}
	memset(text, 'x', sizeof(text));
	for (size_t n = 254; n <= 300; n += n < 256 ? 1 : 44) {
		struct forge f = forge_usual(w, content);

		f.at[FORGE_TRANSACTION].values =
		    forge_value(w, DER_PRINTABLE_STRING, bytes_of(text, n));
		assert_int_equal(forge_send(w, &f).http,
		    n <= SCEP_TRANSACTION_MAX ? 200 : 400);
	}
}

/* ---- BER ---- */

static void
end_of_contents(struct buf *b)
{
	buf_add(b, "\0", 2);
}

static void
in_pieces(struct buf *b, int tag, struct bytes content)
{
	buf_add_byte(b, (uint8_t)tag);
	buf_add_byte(b, 0x80);
	for (size_t i = 0; i < content.n; i += 100)
		der_put(b, DER_OCTET_STRING,
		    bytes_of(content.p + i, MIN_OF(content.n - i, 100u)));
	end_of_contents(b);
}

/* Every constructed element of indefinite length, every string in pieces. */
static void
put_ber(struct buf *b, struct bytes der)
{
	struct der d = der_of(der);
	struct bytes content, whole;
	int tag;

	while (!der_at_end(&d)) {
		assert_true(der_read_any(&d, &tag, &content, &whole));
		if ((tag & 0x20) != 0) {
			buf_add_byte(b, (uint8_t)tag);
			buf_add_byte(b, 0x80);
			put_ber(b, content);
			end_of_contents(b);
		} else if (tag == DER_OCTET_STRING) {
			in_pieces(b, 0x24, content);
		} else if (tag == DER_CONTEXT(0) && content.n > 100) {
			in_pieces(b, 0xa0, content);
		} else {
			buf_add_bytes(b, whole);
		}
	}
}

static struct bytes
ber_of(struct world *w, struct bytes der)
{
	struct buf b = { 0 };

	put_ber(&b, der);
	return arena_take_buf(w->a, &b);
}

/* Apple and old Bouncy Castle (micromdm/scep#79): the envelope, and what is
 * around it, of indefinite length with strings in pieces. */
static void
apple_sends_ber(void **state)
{
	struct world *w = *state;
	struct bytes der = enclosed(w);

	for (unsigned i = 0; i < 4; i++) {
		struct forge f =
		    forge_usual(w, (i & 1) != 0 ? ber_of(w, der) : der);
		struct bytes message = forge_write(w, &f);

		if ((i & 2) != 0)
			message = ber_of(w, message);
		assert_granted(forge_ask(w, message));
	}
	assert_int_equal(world_issued(w), 4);
}

/* ---- signers ---- */

/* A client's certificate that somebody else wrote. */
static struct client
written(struct world *w, const struct client *c, X509 *x)
{
	struct client out = *c;
	uint8_t *der = NULL;
	int n = i2d_X509(x, &der);

	assert_true(n > 0);
	out.x509 = x;
	out.der = arena_bytes(w->a, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	return out;
}

/* smallstep/certificates f088f92a: SHA-1, signed by itself, and a critical AKI,
 * which RFC 5280 forbids. */
static void
intune_signs_with_a_critical_aki(void **state)
{
	struct world *w = *state;
	AUTO(X509) *x = X509_dup(w->one.x509);
	static const uint8_t aki[] = { 0x30, 0x06, 0x80, 0x04, 1, 2, 3, 4 };
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;
	struct letter l = { .path = "/scep/legacy", .digest = EVP_sha1() };
	struct client c;

	assert_int_equal(ASN1_OCTET_STRING_set(value, aki, sizeof(aki)), 1);
	extension = X509_EXTENSION_create_by_NID(
	    NULL, NID_authority_key_identifier, 1, value);
	assert_int_equal(X509_add_ext(x, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
	assert_true(X509_sign(x, w->one.pkey, EVP_sha1()) > 0);
	c = written(w, &w->one, x);
	l.by = &c;
	l.content = world_csr(w, w->one.key, "a.example.net", WORLD_CHALLENGE);
	assert_granted(world_ask(w, &l));
	/* What matters is how the message is signed. */
	l.path = NULL;
	assert_failed(world_ask(w, &l), SCEP_BAD_ALG);
	l.digest = NULL;
	assert_granted(world_ask(w, &l));
}

static EVP_PKEY *
rsa_of(struct world *w, size_t octets, const char *exponent)
{
	uint8_t *n = arena_alloc(w->a, octets);
	BIGNUM *modulus, *e = NULL;
	struct random random = random_system();
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	AUTO(EVP_PKEY_CTX) *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params;
	EVP_PKEY *pkey = NULL;

	random_fill(&random, n, octets);
	n[0] |= 0x80;
	n[octets - 1] |= 1;
	modulus = BN_bin2bn(n, (int)octets, NULL);
	assert_true(BN_hex2bn(&e, exponent) > 0);
	OSSL_PARAM_BLD_push_BN(bld, "n", modulus);
	OSSL_PARAM_BLD_push_BN(bld, "e", e);
	params = OSSL_PARAM_BLD_to_param(bld);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_free(modulus);
	BN_free(e);
	return pkey;
}

static EVP_PKEY *
pss_only(void)
{
	AUTO(EVP_PKEY_CTX) *ctx =
	    EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *pkey = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
	assert_int_equal(EVP_PKEY_keygen(ctx, &pkey), 1);
	return pkey;
}

/* Looked at before anything is computed with them. */
static void
keys_that_are_not_computed_with(void **state)
{
	struct world *w = *state;
	static const char huge[] =
	    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
	    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";
	EVP_PKEY *keys[] = { rsa_of(w, 128, "010001"), rsa_of(w, 256, "03"),
		rsa_of(w, 256, "010000"), rsa_of(w, 256, huge),
		rsa_of(w, 1032, "010001"), rsa_of(w, 2048, "010001"),
		rsa_of(w, 2049, "010001"), pss_only() };
	struct bytes content = enclosed(w);

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		AUTO(X509) *x = X509_dup(w->one.x509);
		struct forge f = forge_usual(w, content);
		struct client c;
		clock_t before;

		assert_int_equal(X509_set_pubkey(x, keys[i]), 1);
		/* Signed by another, which nobody asks. */
		assert_true(X509_sign(x, w->one.pkey, EVP_sha256()) > 0);
		c = written(w, &w->one, x);
		f.by = &c;
		before = clock();
		assert_failed(forge_send(w, &f), SCEP_BAD_ALG);
		assert_true(clock() - before < CLOCKS_PER_SEC);
		EVP_PKEY_free(keys[i]);
	}
	assert_int_equal(world_issued(w), 0);
}

static void
one_signer_named_twice(void **state)
{
	struct world *w = *state;
	struct forge f = forge_usual(w, enclosed(w));

	f.signers = 2;
	assert_int_equal(forge_send(w, &f).http, 400);
	/* Nor the same certificate: it is the first that is it. */
	f.signers = 1;
	f.certs = forge_join(w, w->two.der, w->one.der);
	assert_granted(forge_send(w, &f));
	/* Another's with the same issuer and serial in front of it. */
	f = forge_usual(w, f.content);
	AUTO(X509) *x = X509_dup(w->two.x509);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	assert_true(X509_sign(x, w->two.pkey, EVP_sha256()) > 0);
	f.certs = forge_join(w, written(w, &w->two, x).der, w->one.der);
	assert_failed(forge_send(w, &f), SCEP_BAD_MESSAGE_CHECK);
	/* No certificate of it, and far too many. */
	f.certs = w->two.der;
	assert_failed(forge_send(w, &f), SCEP_BAD_MESSAGE_CHECK);
	for (size_t i = 0; i < 5; i++)
		f.certs = forge_join(w, f.certs, f.certs);
	assert_int_equal(forge_send(w, &f).http, 413);
	assert_int_equal(world_issued(w), 1);
}

/* ---- more than there should be ---- */

/* Something behind the content, at each level of each of the three things. */
static void
something_behind_at_every_level(void **state)
{
	struct world *w = *state;
	struct bytes content = enclosed(w), longer;
	struct bytes csr =
	    world_csr(w, w->one.key, "a.example.net", WORLD_CHALLENGE);
	struct forge f = forge_usual(w, content);
	struct bytes message = forge_write(w, &f);
	size_t n = 0;

	for (size_t i = 0; (longer = forge_longer(w, message, i)).n > 0;
	     i++, n++)
		if (forge_ask(w, longer).status == SCEP_SUCCESS)
			fail_msg("level %zu of the message", i);
	for (size_t i = 0; (longer = forge_longer(w, content, i)).n > 0;
	     i++, n++) {
		f = forge_usual(w, longer);
		if (forge_send(w, &f).status == SCEP_SUCCESS)
			fail_msg("level %zu of the envelope", i);
	}
	for (size_t i = 0; (longer = forge_longer(w, csr, i)).n > 0; i++, n++) {
		const struct letter l = { .content = longer };

		f = forge_usual(w, world_enclose(w, &l));
		if (forge_send(w, &f).status == SCEP_SUCCESS)
			fail_msg("level %zu of the request", i);
	}
	assert_true(n > 60);
	/* Behind the end of all: octets, and another message. */
	assert_int_equal(
	    forge_ask(w, forge_join(w, message, bytes_of("\0", 1))).http, 400);
	assert_int_equal(
	    forge_ask(w, forge_join(w, message, message)).http, 400);
	assert_int_equal(world_issued(w), 0);
	assert_granted(forge_ask(w, message));
}

/* ---- challenges ---- */

static struct answer
with_challenge(struct world *w, const char *path, const char *challenge)
{
	static unsigned asked;
	unsigned n = ++asked;
	const struct letter l = { .path = path,
		.transaction = arena_printf(w->a, "C%u", n),
		.peer = arena_printf(w->a, "198.51.100.%u", n),
		.content =
		    world_csr(w, w->one.key, "a.example.net", challenge) };

	return world_ask(w, &l);
}

/* An empty one is wrong, an absent one is none. */
static void
an_empty_challenge_is_not_none(void **state)
{
	struct world *w = *state;

	assert_failed(with_challenge(w, "/scep", ""), SCEP_BAD_REQUEST);
	assert_failed(with_challenge(w, "/scep", NULL), SCEP_BAD_REQUEST);
	assert_failed(with_challenge(w, "/scep/both", ""), SCEP_BAD_REQUEST);
	assert_int_equal(
	    with_challenge(w, "/scep/both", NULL).status, SCEP_PENDING);
	/* Where no password could be right, none is looked at. */
	assert_int_equal(
	    with_challenge(w, "/scep/queue", "").status, SCEP_PENDING);
	assert_int_equal(world_issued(w), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(smallstep_2776_attributes_in_sent_order),
		TEST(attributes_that_are_not_there_or_twice),
		TEST(attributes_of_other_types),
		TEST(transactions_of_any_text),
		TEST(apple_sends_ber),
		TEST(intune_signs_with_a_critical_aki),
		TEST(keys_that_are_not_computed_with),
		TEST(one_signer_named_twice),
		TEST(something_behind_at_every_level),
		TEST(an_empty_challenge_is_not_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
