/* RSASSA-PSS, RFC 4055: what is signed by OpenSSL with parameters of every
 * form, and OpenSSL's own opinion of it. */
#include "support/unit.h"
#include "codec/csr.h"
#include "codec/oid.h"
#include "unit/codec/made.h"
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static struct arena *arena;
static struct lane *lane;

/* RSASSA-PSS-params as written, beside what was really done. */
struct form {
	const EVP_MD *md; /* that signed */
	int salt; /* of the signature */
	const char *hash, *mask; /* OIDs written; NULL: left out */
	bool null; /* as parameters of both */
	int written; /* saltLength; -1: left out */
	int trailer; /* -1: left out */
	enum err_kind kind; /* ERR_NONE: taken */
};

static void
put_digest(struct buf *b, int tag, const char *oid, bool mgf, bool null)
{
	size_t outer, mask = 0, alg;

	if (oid == NULL)
		return;
	outer = der_open(b, tag);
	if (mgf) {
		mask = der_open(b, DER_SEQUENCE);
		oid_put(b, OID(MGF1));
	}
	alg = der_open(b, DER_SEQUENCE);
	der_put_oid(b, oid);
	if (null)
		der_put(b, DER_NULL, BYTES_NONE);
	der_close(b, alg);
	if (mgf)
		der_close(b, mask);
	der_close(b, outer);
}

static void
put_number(struct buf *b, int tag, int n)
{
	size_t outer;

	if (n < 0)
		return;
	outer = der_open(b, tag);
	der_put_small(b, (uint64_t)n);
	der_close(b, outer);
}

static struct bytes
algorithm_of(const struct form *f)
{
	struct buf b = { 0 };
	size_t alg = der_open(&b, DER_SEQUENCE), params;

	oid_put(&b, OID(RSA_PSS));
	params = der_open(&b, DER_SEQUENCE);
	put_digest(&b, DER_CONTEXT_CONSTRUCTED(0), f->hash, false, f->null);
	put_digest(&b, DER_CONTEXT_CONSTRUCTED(1), f->mask, true, f->null);
	put_number(&b, DER_CONTEXT_CONSTRUCTED(2), f->written);
	put_number(&b, DER_CONTEXT_CONSTRUCTED(3), f->trailer);
	der_close(&b, params);
	der_close(&b, alg);
	return arena_take_buf(arena, &b);
}

static struct bytes
pss_sign(EVP_PKEY *key, const EVP_MD *md, int salt, struct bytes msg)
{
	AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
	uint8_t sig[1024];
	size_t n = sizeof(sig);
	EVP_PKEY_CTX *k;

	assert_int_equal(EVP_DigestSignInit(ctx, &k, md, NULL, key), 1);
	assert_int_equal(
	    EVP_PKEY_CTX_set_rsa_padding(k, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(k, salt), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &n, msg.p, msg.n), 1);
	return arena_bytes(arena, bytes_of(sig, n));
}

/* A body, which names its algorithm itself if it is a certificate's. */
static struct bytes
whole_of(struct bytes body, struct bytes algorithm, struct bytes signature)
{
	struct buf b = { 0 };
	size_t outer = der_open(&b, DER_SEQUENCE);

	der_put_raw(&b, body);
	der_put_raw(&b, algorithm);
	der_put_bit_octets(&b, signature);
	der_close(&b, outer);
	return arena_take_buf(arena, &b);
}

static struct bytes
info_of(EVP_PKEY *key)
{
	struct err err = { 0 };
	struct csr csr;

	assert_true(
	    csr_parse(made_csr(arena, key, EVP_sha256(), "a.example", NULL),
		arena, &csr, &err));
	return csr.info;
}

static bool
openssl_verifies(struct bytes der, EVP_PKEY *key)
{
	const uint8_t *p = der.p;
	AUTO(X509_REQ) *req = d2i_X509_REQ(NULL, &p, (long)der.n);
	bool ok = req != NULL && X509_REQ_verify(req, key) == 1;

	ERR_clear_error();
	return ok;
}

#define S256 "2.16.840.1.101.3.4.2.1"
#define S384 "2.16.840.1.101.3.4.2.2"
#define S512 "2.16.840.1.101.3.4.2.3"
#define S1 "1.3.14.3.2.26"
#define S224 "2.16.840.1.101.3.4.2.4"

static void
test_every_form(void **state)
{
	const EVP_MD *md = EVP_sha256();
	const struct form rows[] = {
		/* Salt as long as the digest: strongSwan 5.9.8, Windows. */
		{ md, 32, S256, S256, true, 32, -1, ERR_NONE },
		{ md, 32, S256, S256, false, 32, -1, ERR_NONE },
		{ EVP_sha384(), 48, S384, S384, true, 48, -1, ERR_NONE },
		{ EVP_sha512(), 64, S512, S512, true, 64, -1, ERR_NONE },
		/* All the room there is: OpenSSL 3.0's default. */
		{ md, 222, S256, S256, true, 222, -1, ERR_NONE },
		{ EVP_sha512(), 190, S512, S512, true, 190, -1, ERR_NONE },
		/* The default of the standard, and of Java. */
		{ md, 20, S256, S256, true, -1, -1, ERR_NONE },
		/* RFC 4055 section 3.1: a reader takes it written out. */
		{ md, 32, S256, S256, true, 32, 1, ERR_NONE },
		{ md, 32, S256, S256, true, 32, 2, ERR_MALFORMED },
		{ md, 32, S256, S256, true, 32, 0, ERR_MALFORMED },
		/* A default written out is not DER. */
		{ md, 20, S256, S256, true, 20, -1, ERR_MALFORMED },
		{ md, 19, S256, S256, true, 19, -1, ERR_UNSUPPORTED },
		{ md, 0, S256, S256, true, 0, -1, ERR_UNSUPPORTED },
		/* Not what was done; and what has no room. */
		{ md, 32, S256, S256, true, 33, -1, ERR_BAD_SIGNATURE },
		{ md, 32, S256, S256, true, -1, -1, ERR_BAD_SIGNATURE },
		{ md, 32, S384, S384, true, 32, -1, ERR_BAD_SIGNATURE },
		{ md, 222, S256, S256, true, 223, -1, ERR_BAD_SIGNATURE },
		{ md, 222, S256, S256, true, 1024, -1, ERR_BAD_SIGNATURE },
		{ md, 222, S256, S256, true, 1025, -1, ERR_MALFORMED },
		/* SHA-1, said or by default, and what is nobody's. */
		{ EVP_sha1(), 20, NULL, NULL, true, -1, -1, ERR_UNSUPPORTED },
		{ EVP_sha1(), 20, S1, S1, true, -1, -1, ERR_UNSUPPORTED },
		{ md, 32, S256, NULL, true, 32, -1, ERR_UNSUPPORTED },
		{ md, 32, NULL, S256, true, 32, -1, ERR_UNSUPPORTED },
		{ md, 32, S256, S1, true, 32, -1, ERR_UNSUPPORTED },
		{ md, 32, S256, S512, true, 32, -1, ERR_UNSUPPORTED },
		{ EVP_sha224(), 28, S224, S224, true, 28, -1, ERR_UNSUPPORTED },
	};
	EVP_PKEY *key = made_key(KEY_RSA);
	struct bytes info = info_of(key);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct form *f = &rows[i];
		struct bytes algorithm = algorithm_of(f);
		struct bytes der = whole_of(
		    info, algorithm, pss_sign(key, f->md, f->salt, info));
		struct err err = { 0 };
		enum sig_alg alg;
		struct csr csr;
		size_t salt;
		bool ok = sig_alg_parse_salted(
		    algorithm, SIG_ALG_EXACT, &alg, &salt, &err);

		if (ok) {
			assert_true(sig_alg_is_pss(alg));
			assert_true(csr_parse(der, arena, &csr, &err));
			assert_int_equal(csr.sig_alg, alg);
			ok = csr_verify(lane, &csr, &err);
		} else {
			assert_false(csr_parse(der, arena, &csr, NULL));
		}
		if (ok != (f->kind == ERR_NONE) || err.kind != f->kind)
			fail_msg("row %zu: %s", i, err.shown);
		/* Whatever we take, OpenSSL takes. */
		if (ok && !openssl_verifies(der, key))
			fail_msg("row %zu: OpenSSL refuses it", i);
		/* And nowhere do we sign so. */
		assert_false(sig_alg_parse(algorithm, &alg, NULL));
	}
}

/* Parameters are not absent, and not NULL. */
static void
test_no_parameters(void **state)
{
	static const char *const rows[] = {
		"30 0b 06 09 2a864886f70d01010a",
		"30 0d 06 09 2a864886f70d01010a 05 00",
		"30 0f 06 09 2a864886f70d01010a 30 00 05 00",
		"30 0d 06 09 2a864886f70d01010a 30 80",
		"30 0f 06 09 2a864886f70d01010a 30 02 a4 00",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err err = { 0 };
		enum sig_alg alg;
		size_t salt;

		assert_false(sig_alg_parse_salted(made_hex(arena, rows[i]),
		    SIG_ALG_TOLERANT, &alg, &salt, &err));
		assert_int_equal(
		    err.kind, i == 4 ? ERR_UNSUPPORTED : ERR_MALFORMED);
	}
}

/* Every octet of the parameters and some of the signature changed: what still
 * holds for us holds for OpenSSL. */
static void
test_changed_octets(void **state)
{
	static const uint8_t flips[] = { 0x01, 0x02, 0x20, 0x80, 0xff };
	const struct form f = { EVP_sha256(), 32, S256, S256, true, 32, -1,
		ERR_NONE };
	EVP_PKEY *key = made_key(KEY_RSA);
	struct bytes info = info_of(key), algorithm = algorithm_of(&f);
	struct bytes der =
	    whole_of(info, algorithm, pss_sign(key, f.md, f.salt, info));
	size_t from = made_find(der, algorithm.p, algorithm.n), taken = 0;

	(void)state;
	for (size_t i = from; i < from + algorithm.n + 10; i++)
		for (size_t k = 0; k < COUNT_OF(flips); k++) {
			struct bytes other = made_changed(
			    arena, der, i, (uint8_t)(der.p[i] ^ flips[k]));
			struct csr csr;

			if (!csr_parse(other, arena, &csr, NULL) ||
			    !csr_verify(lane, &csr, NULL))
				continue;
			taken++;
			assert_true(openssl_verifies(other, key));
		}
	/* There is one way to write it. */
	assert_int_equal(taken, 0);
}

/* Self-signed, as strongSwan's pki makes it for --rsa-padding pss, and by an
 * issuer; and a to-be-signed certificate of ours has never PSS. */
static void
test_certificates(void **state)
{
	EVP_PKEY *key = made_key(KEY_RSA);
	static const int salts[] = { 20, 32, 222 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(salts); i++) {
		struct bytes made =
		    made_cert(arena, key, key, EVP_sha256(), "Made CA", NULL);
		const uint8_t *p = made.p;
		AUTO(X509) *x = d2i_X509(NULL, &p, (long)made.n);
		AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
		struct err err = { 0 };
		struct cert c, bare;
		EVP_PKEY_CTX *k;

		assert_int_equal(
		    EVP_DigestSignInit(ctx, &k, EVP_sha256(), NULL, key), 1);
		EVP_PKEY_CTX_set_rsa_padding(k, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(k, salts[i]);
		assert_true(X509_sign_ctx(x, ctx) > 0);
		made = MADE_I2D(arena, i2d_X509, x);
		if (!cert_parse(made, arena, &c, &err) ||
		    !cert_verify(lane, &c, &c, &err))
			fail_msg("%s %s", err.shown, err.detail);
		assert_int_equal(c.sig_alg, SIG_PSS_SHA256);
		assert_int_equal(c.pss_salt, salts[i]);
		c.pss_salt++;
		assert_false(cert_verify(lane, &c, &c, &err));
		assert_int_equal(err.kind, ERR_BAD_SIGNATURE);
		err_clear(&err);
		assert_false(cert_parse_tbs(c.tbs, arena, &bare, &err));
		assert_int_equal(err.kind, ERR_UNSUPPORTED);
	}
}

/* A key that may do PSS alone cannot be encrypted to. */
static void
test_keys_of_pss_alone(void **state)
{
	AUTO(EVP_PKEY_CTX) *ctx =
	    EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	AUTO(EVP_PKEY) *key = NULL;
	struct err err = { 0 };
	struct pubkey parsed;
	struct csr csr;

	(void)state;
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
	assert_int_equal(EVP_PKEY_keygen(ctx, &key), 1);
	assert_false(spki_parse(made_spki(arena, key), &parsed, &err));
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	assert_non_null(strstr(err.shown, "RSASSA-PSS alone"));
	err_clear(&err);
	assert_false(
	    csr_parse(made_csr(arena, key, EVP_sha256(), "a.example", NULL),
		arena, &csr, &err));
	assert_int_equal(err.kind, ERR_BAD_PUBLIC_KEY);
}

/* PSS where nobody gave a salt holds for nothing, whatever the signature. */
static void
test_a_salt_must_be_given(void **state)
{
	EVP_PKEY *key = made_key(KEY_RSA);
	struct bytes info = info_of(key);
	struct bytes sig = pss_sign(key, EVP_sha256(), 32, info);
	struct err err = { 0 };
	struct pubkey pub, ec;

	(void)state;
	assert_true(spki_parse(made_spki(arena, key), &pub, &err));
	assert_true(pubkey_verify_salted(
	    lane, &pub, SIG_PSS_SHA256, 32, info, sig, &err));
	assert_false(
	    pubkey_verify(lane, &pub, SIG_PSS_SHA256, info, sig, &err));
	assert_int_equal(err.kind, ERR_BAD_SIGNATURE_ALG);
	err_clear(&err);
	assert_true(
	    spki_parse(made_spki(arena, made_key(KEY_EC_P256)), &ec, &err));
	assert_false(pubkey_verify_salted(
	    lane, &ec, SIG_PSS_SHA256, 32, info, sig, &err));
	assert_int_equal(err.kind, ERR_BAD_SIGNATURE_ALG);
	/* PKCS#1 v1.5 is none of PSS, and the other way round. */
	err_clear(&err);
	assert_false(
	    pubkey_verify(lane, &pub, SIG_RSA_SHA256, info, sig, &err));
	assert_false(pubkey_verify_salted(lane, &pub, SIG_PSS_SHA256, 32, info,
	    made_signature(arena, key, EVP_sha256(), info), &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form),
		cmocka_unit_test(test_no_parameters),
		cmocka_unit_test(test_changed_octets),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_keys_of_pss_alone),
		cmocka_unit_test(test_a_salt_must_be_given),
	};
	int failed;

	arena = arena_new();
	lane = lane_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	lane_free(lane);
	arena_free(arena);
	return failed;
}
