/* Against OpenSSL's CMS both ways: what it writes we read, what we write it
 * reads; and what must be refused. */
#include "support/unit.h"
#include "support/x509v3.h"

#include <openssl/cms.h>
#include <openssl/rsa.h>
#include "codec/ber.h"
#include "codec/cms.h"
#include "codec/oid.h"
#include "codec/scep.h"
#include "util/text.h"

OWN_DEFINE(CMS_ContentInfo, CMS_ContentInfo_free)

static void
assert_ok(bool ok, const struct err *err)
{
	if (!ok)
		fail_msg("%s %s", err->shown, err->detail);
}

struct world {
	struct arena *arena;
	struct lane *lane;
	struct privkey *key;
	EVP_PKEY *pkey;
	X509 *x509;
	struct cert cert;
};

static int
setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct err err = { 0 };
	X509_NAME *name;
	uint8_t *der = NULL;
	int n;

	w->arena = arena_new();
	w->lane = lane_new();
	assert_true(privkey_generate(KEY_RSA, 2048, &w->key, &err));
	w->pkey = privkey_evp_for(w->key, NULL, &err);
	assert_non_null(w->pkey);
	w->x509 = X509_new();
	X509_set_version(w->x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(w->x509), 4711);
	X509_gmtime_adj(X509_getm_notBefore(w->x509), 0);
	X509_gmtime_adj(X509_getm_notAfter(w->x509), 3600);
	name = X509_get_subject_name(w->x509);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const uint8_t *)"SCEP Protocol Certificate", -1, -1, 0);
	X509_set_issuer_name(w->x509, name);
	X509_set_pubkey(w->x509, w->pkey);
	assert_true(X509_sign(w->x509, w->pkey, EVP_sha256()) > 0);
	n = i2d_X509(w->x509, &der);
	assert_true(n > 0);
	struct bytes kept = arena_bytes(w->arena, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	assert_true(cert_parse(kept, w->arena, &w->cert, &err));
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	X509_free(w->x509);
	EVP_PKEY_free(w->pkey);
	privkey_free(w->key);
	lane_free(w->lane);
	arena_free(w->arena);
	free(w);
	return 0;
}

static struct bytes
encoded(struct world *w, CMS_ContentInfo *cms)
{
	uint8_t *der = NULL;
	int n = i2d_CMS_ContentInfo(cms, &der);

	assert_true(n > 0);
	struct bytes out = arena_bytes(w->arena, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	return out;
}

static struct bytes
sign_by_openssl(struct world *w, const EVP_MD *md, unsigned flags, bool pss)
{
	AUTO(BIO) *in = BIO_new_mem_buf("inner content", 13);
	AUTO(CMS_ContentInfo) *cms =
	    CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_BINARY);
	CMS_SignerInfo *si = CMS_add1_signer(cms, w->x509, w->pkey, md,
	    CMS_NOSMIMECAP | flags | (pss ? CMS_KEY_PARAM : 0));

	assert_non_null(si);
	if (pss)
		EVP_PKEY_CTX_set_rsa_padding(
		    CMS_SignerInfo_get0_pkey_ctx(si), RSA_PKCS1_PSS_PADDING);
	assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
	return encoded(w, cms);
}

static struct bytes
encrypt_by_openssl(
    struct world *w, const EVP_CIPHER *cipher, unsigned flags, const char *oaep)
{
	AUTO(BIO) *in = BIO_new_mem_buf("to the RA alone", 15);
	AUTO(CMS_ContentInfo) *cms =
	    CMS_encrypt(NULL, NULL, cipher, CMS_BINARY | CMS_PARTIAL | flags);
	CMS_RecipientInfo *ri = CMS_add1_recipient_cert(
	    cms, w->x509, oaep == NULL ? 0 : CMS_KEY_PARAM);

	assert_non_null(ri);
	if (oaep != NULL) {
		EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(ri);

		EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING);
		EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, oaep, NULL);
		EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, oaep, NULL);
	}
	assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY | flags), 1);
	return encoded(w, cms);
}

/* ---- what OpenSSL writes ---- */

static void
test_reads_signed(void **state)
{
	static const struct {
		const char *md;
		unsigned flags;
		bool pss;
		enum digest_alg digest;
	} rows[] = {
		{ "SHA256", 0, false, DIGEST_SHA256 },
		{ "SHA1", 0, false, DIGEST_SHA1 },
		{ "SHA384", CMS_USE_KEYID, false, DIGEST_SHA384 },
		{ "SHA512", 0, false, DIGEST_SHA512 },
		{ "SHA256", 0, true, DIGEST_SHA256 },
		{ "SHA512", 0, true, DIGEST_SHA512 },
	};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err err = { 0 };
		struct cms_signed s;
		struct cert signer;

		/* Without a subjectKeyIdentifier there is none to name. */
		if (rows[i].flags == CMS_USE_KEYID)
			continue;
		struct bytes der =
		    sign_by_openssl(w, EVP_get_digestbyname(rows[i].md),
			rows[i].flags, rows[i].pss);
		assert_ok(cms_signed_parse(der, &s, &err), &err);
		assert_int_equal(s.digest, rows[i].digest);
		assert_int_equal(sig_alg_is_pss(s.sig_alg), rows[i].pss);
		assert_true(bytes_is(s.content, "inner content"));
		assert_ok(cms_signer_find(&s, w->arena, &signer, &err), &err);
		assert_true(bytes_equal(signer.der, w->cert.der));
		assert_ok(
		    cms_signed_verify(w->lane, &s, &signer.key, &err), &err);
		/* Any octet of it changed, and it does not hold. */
		uint8_t *copy = arena_dup(w->arena, s.content.p, s.content.n);
		copy[3] ^= 1;
		s.content = bytes_of(copy, s.content.n);
		assert_false(cms_signed_verify(w->lane, &s, &signer.key, &err));
		assert_int_equal(err.kind, ERR_BAD_SIGNATURE);
	}
}

static void
test_refuses_signed(void **state)
{
	struct world *w = *state;
	struct err err = { 0 };
	struct cms_signed s;

	/* MD5, and the content signed itself, without attributes. */
	assert_false(cms_signed_parse(
	    sign_by_openssl(w, EVP_md5(), 0, false), &s, &err));
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	err_clear(&err);
	assert_false(cms_signed_parse(
	    sign_by_openssl(w, EVP_sha256(), CMS_NOATTR, false), &s, &err));
	assert_int_equal(err.kind, ERR_MALFORMED);
	err_clear(&err);
	assert_false(cms_signed_parse(
	    encrypt_by_openssl(w, EVP_aes_128_cbc(), 0, NULL), &s, &err));
	assert_int_equal(err.kind, ERR_UNSUPPORTED);

	/* Two signers. */
	AUTO(BIO) *in = BIO_new_mem_buf("x", 1);
	AUTO(CMS_ContentInfo) *cms =
	    CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_BINARY);
	CMS_add1_signer(cms, w->x509, w->pkey, EVP_sha256(), 0);
	assert_non_null(
	    CMS_add1_signer(cms, w->x509, w->pkey, EVP_sha512(), CMS_NOCERTS));
	assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
	err_clear(&err);
	assert_false(cms_signed_parse(encoded(w, cms), &s, &err));
	assert_int_equal(err.kind, ERR_MALFORMED);
}

static void
test_opens_envelopes(void **state)
{
	struct world *w = *state;
	const struct {
		const EVP_CIPHER *cipher;
		const char *oaep;
		enum cipher_alg alg;
		enum transport_alg transport;
	} rows[] = {
		{ EVP_aes_128_cbc(), NULL, CIPHER_AES_128_CBC,
		    TRANSPORT_PKCS1 },
		{ EVP_aes_192_cbc(), NULL, CIPHER_AES_192_CBC,
		    TRANSPORT_PKCS1 },
		{ EVP_aes_256_cbc(), "SHA2-256", CIPHER_AES_256_CBC,
		    TRANSPORT_OAEP_SHA256 },
		{ EVP_des_ede3_cbc(), "SHA1", CIPHER_DES3_CBC,
		    TRANSPORT_OAEP_SHA1 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_SECRET *plain = NULL;
		const struct cms_recipient *r;
		struct err err = { 0 };
		struct cms_enveloped e;

		assert_ok(
		    cms_enveloped_parse(
			encrypt_by_openssl(w, rows[i].cipher, 0, rows[i].oaep),
			w->arena, &e, &err),
		    &err);
		assert_int_equal(e.cipher, rows[i].alg);
		r = &e.recipients[0];
		assert_true(cms_id_is_of(&r->id, &w->cert));
		assert_int_equal(r->transport, rows[i].transport);
		assert_ok(
		    cms_enveloped_open(w->lane, &e, r, w->key, &plain, &err),
		    &err);
		assert_true(bytes_is(secret_reveal(plain), "to the RA alone"));
	}
}

/* Whatever is wrong with the wrapped key: it opens, and there is nothing. */
static void
test_nobody_is_told(void **state)
{
	struct world *w = *state;
	struct cms_enveloped e;
	struct err err = { 0 };
	static const uint8_t zero[64];
	AUTO_SECRET *half = NULL;
	struct cms_recipient r;
	unsigned zeros = 0;

	assert_ok(cms_enveloped_parse(
		      encrypt_by_openssl(w, EVP_aes_128_cbc(), 0, NULL),
		      w->arena, &e, &err),
	    &err);
	r = e.recipients[0];
	uint8_t *wrapped = arena_dup(w->arena, r.wrapped.p, r.wrapped.n);
	for (unsigned i = 0; i < 40; i++) {
		AUTO_SECRET *plain = NULL;
		struct err why = { 0 };

		wrapped[i * 6] ^= 0x55;
		r.wrapped = bytes_of(wrapped, r.wrapped.n);
		assert_ok(
		    cms_enveloped_open(w->lane, &e, &r, w->key, &plain, &why),
		    &why);
		assert_false(bytes_is(secret_reveal(plain), "to the RA alone"));
		/* A random key may, 1 in 256 times, leave good padding. */
		zeros += bytes_equal(
		    secret_reveal(plain), bytes_of(zero, e.ciphertext.n));
	}
	assert_true(zeros > 30);
	/* Half a block is seen by everybody. */
	e.ciphertext.n--;
	assert_false(cms_enveloped_open(
	    w->lane, &e, &e.recipients[0], w->key, &half, &err));
	assert_int_equal(err.kind, ERR_REJECTED);
	err_clear(&err);
	e.ciphertext.n++;
	/* Single DES only in a lane that was made for it. */
	AUTO_SECRET *plain = NULL;
	e.cipher = CIPHER_DES_CBC;
	e.iv.n = 8;
	assert_false(cms_enveloped_open(
	    w->lane, &e, &e.recipients[0], w->key, &plain, &err));
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
}

static void
test_recipients(void **state)
{
	struct world *w = *state;
	struct cms_enveloped e;
	struct err err = { 0 };

	/* A password recipient, and an authenticated envelope. */
	AUTO(BIO) *in = BIO_new_mem_buf("x", 1);
	AUTO(CMS_ContentInfo) *cms =
	    CMS_encrypt(NULL, NULL, EVP_aes_128_cbc(), CMS_PARTIAL);
	uint8_t *password = (uint8_t *)OPENSSL_strdup("password");
	assert_non_null(CMS_add0_recipient_password(
	    cms, -1, NID_undef, NID_undef, password, 8, EVP_aes_128_cbc()));
	assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
	assert_false(cms_enveloped_parse(encoded(w, cms), w->arena, &e, &err));
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	err_clear(&err);
	assert_false(cms_enveloped_parse(
	    encrypt_by_openssl(w, EVP_aes_128_gcm(), 0, NULL), w->arena, &e,
	    &err));
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
}

/* ---- what OpenSSL reads ---- */

static void
test_writes_signed(void **state)
{
	struct world *w = *state;

	for (int content = 0; content < 2; content++) {
		AUTO_BUF der = { 0 };
		AUTO_BUF value = { 0 };
		struct err err = { 0 };
		struct cms_attribute extra = { 0 };
		struct cms_signed s;

		der_put(&value, DER_PRINTABLE_STRING, bytes_str("3"));
		extra.oid =
		    bytes_of("\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x02", 10);
		extra.value = buf_bytes(&value);
		const struct cms_signed_spec spec = { .has_content =
							  content == 1,
			.content =
			    content == 1 ? bytes_str("reply") : BYTES_NONE,
			.attributes = &extra,
			.attributes_n = 1,
			.certs = &w->cert.der,
			.certs_n = 1,
			.signer = &w->cert,
			.key = w->key,
			.digest = content == 1 ? DIGEST_SHA512 : DIGEST_SHA1 };
		assert_ok(cms_signed_put(&der, w->lane, &spec, &err), &err);
		assert_true(der_check(buf_bytes(&der)));
		/* Ours, and OpenSSL's reading of it. */
		assert_ok(cms_signed_parse(buf_bytes(&der), &s, &err), &err);
		assert_ok(
		    cms_signed_verify(w->lane, &s, &w->cert.key, &err), &err);
		assert_non_null(cms_attribute_find(&s, extra.oid));
		const uint8_t *p = der.p;
		AUTO(CMS_ContentInfo) *cms =
		    d2i_CMS_ContentInfo(NULL, &p, (long)der.n);
		assert_non_null(cms);
		AUTO(BIO) *empty = BIO_new_mem_buf("", 0);
		AUTO(BIO) *out = BIO_new(BIO_s_mem());
		assert_int_equal(
		    CMS_verify(cms, NULL, NULL, content == 1 ? NULL : empty,
			out, CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY),
		    1);
	}
}

static void
test_writes_envelopes(void **state)
{
	struct world *w = *state;
	static const enum transport_alg transports[] = { TRANSPORT_PKCS1,
		TRANSPORT_OAEP_SHA1, TRANSPORT_OAEP_SHA256 };
	static const enum cipher_alg algs[] = { CIPHER_AES_128_CBC,
		CIPHER_AES_192_CBC, CIPHER_AES_256_CBC, CIPHER_DES3_CBC };

	for (size_t i = 0; i < COUNT_OF(transports); i++)
		for (size_t k = 0; k < COUNT_OF(algs); k++) {
			AUTO_BUF der = { 0 };
			struct err err = { 0 };
			char *text;

			assert_ok(cms_enveloped_put(&der, w->lane, &w->cert,
				      transports[i], algs[k],
				      bytes_str("your certificate"), &err),
			    &err);
			const uint8_t *p = der.p;
			AUTO(CMS_ContentInfo) *cms =
			    d2i_CMS_ContentInfo(NULL, &p, (long)der.n);
			AUTO(BIO) *out = BIO_new(BIO_s_mem());
			assert_non_null(cms);
			assert_int_equal(
			    CMS_decrypt(cms, w->pkey, w->x509, NULL, out, 0),
			    1);
			assert_int_equal(BIO_get_mem_data(out, &text), 16);
			assert_memory_equal(text, "your certificate", 16);
		}
}

/* ---- SCEP's attributes ---- */

static void
test_scep(void **state)
{
	struct world *w = *state;
	struct scep_reply reply = { .status = SCEP_FAILURE,
		.fail_info = SCEP_BAD_MESSAGE_CHECK,
		.fail_text = "no",
		.transaction = "SSCEP transactionId",
		.recipient_nonce = bytes_str("12345678"),
		.sender_nonce = { 1, 2, 3 },
		.digest = DIGEST_SHA256 };
	struct bytes info =
	    bytes_of("\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x04", 10);

	for (int i = 0; i < 3; i++) {
		AUTO_BUF der = { 0 };
		struct err err = { 0 };
		struct scep_request r;

		reply.status = i == 0 ? SCEP_FAILURE
		    : i == 1	      ? SCEP_PENDING
				      : SCEP_SUCCESS;
		reply.envelope = bytes_str("an envelope");
		assert_ok(scep_reply_put(&der, w->lane, &reply, &w->cert,
			      w->key, i == 2, &err),
		    &err);
		assert_ok(
		    scep_request_parse(buf_bytes(&der), w->arena, &r, &err),
		    &err);
		assert_int_equal(r.type, SCEP_CERT_REP);
		assert_string_equal(r.transaction, "SSCEP transactionId");
		assert_true(bytes_equal(
		    r.sender_nonce, bytes_of(reply.sender_nonce, 16)));
		assert_int_equal(r.cms.has_content, i == 2);
		assert_int_equal(r.cms.certs_n, i == 2);
		assert_int_equal(
		    cms_attribute_find(&r.cms, info) != NULL, i == 0);
		assert_ok(
		    cms_signed_verify(w->lane, &r.cms, &w->cert.key, &err),
		    &err);
	}
}

/* ---- BER ---- */

static void
test_ber(void **state)
{
	static const struct {
		const char *in, *out; /* hex; NULL: refused */
	} rows[] = {
		{ "0500", "0500" },
		{ "3080020101"
		  "0000",
		    "3003020101" },
		{ "308200030201ff", "30030201ff" },
		/* A string in pieces, nested and of both lengths. */
		{ "2480040141"
		  "2404"
		  "04020142"
		  "0000",
		    "0403"
		    "410142" },
		{ "a080"
		  "2480"
		  "0401aa"
		  "0401bb"
		  "0000"
		  "0000",
		    "a004"
		    "0402"
		    "aabb" },
		{ "0401aa00", NULL }, /* something behind */
		{ "3080020101", NULL }, /* no end */
		{ "30030201ff0000", NULL },
		{ "0000", NULL },
		{ "0480aa0000", NULL }, /* indefinite and primitive */
		{ "24800201010000", NULL }, /* a number in a string */
		{ "2380030200010000", NULL }, /* a bit string in pieces */
		{ "1f8101", NULL }, /* a long tag */
		{ "30850000000001", NULL },
		{ "3003020105ff", NULL },
		{ "", NULL },
	};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct bytes in, want = BYTES_NONE;
		struct err err = { 0 };
		AUTO_BUF out = { 0 };

		assert_true(hex_decode(rows[i].in, w->arena, &in, &err));
		bool ok = ber_to_der(in, &out, &err);
		if (ok != (rows[i].out != NULL))
			fail_msg("row %zu", i);
		if (!ok) {
			assert_int_equal(out.n, 0);
			continue;
		}
		assert_true(hex_decode(rows[i].out, w->arena, &want, &err));
		assert_true(bytes_equal(buf_bytes(&out), want));
	}
}

/* Indefinite lengths as streaming writers send them. */
static void
test_ber_from_openssl(void **state)
{
	struct world *w = *state;
	AUTO(BIO) *in = BIO_new_mem_buf("streamed", 8);
	AUTO(BIO) *out = BIO_new(BIO_s_mem());
	AUTO(CMS_ContentInfo) *cms = CMS_encrypt(
	    NULL, NULL, EVP_aes_128_cbc(), CMS_PARTIAL | CMS_STREAM);
	AUTO_SECRET *plain = NULL;
	AUTO_BUF der = { 0 };
	struct cms_enveloped e;
	struct err err = { 0 };
	char *text;
	long n;

	CMS_add1_recipient_cert(cms, w->x509, 0);
	assert_int_equal(
	    i2d_CMS_bio_stream(out, cms, in, CMS_STREAM | CMS_BINARY), 1);
	n = BIO_get_mem_data(out, &text);
	assert_int_equal((uint8_t)text[1], 0x80);
	assert_ok(ber_to_der(bytes_of(text, (size_t)n), &der, &err), &err);
	assert_ok(
	    cms_enveloped_parse(buf_bytes(&der), w->arena, &e, &err), &err);
	assert_ok(cms_enveloped_open(
		      w->lane, &e, &e.recipients[0], w->key, &plain, &err),
	    &err);
	assert_true(bytes_is(secret_reveal(plain), "streamed"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_signed),
		cmocka_unit_test(test_refuses_signed),
		cmocka_unit_test(test_opens_envelopes),
		cmocka_unit_test(test_nobody_is_told),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_writes_signed),
		cmocka_unit_test(test_writes_envelopes),
		cmocka_unit_test(test_scep),
		cmocka_unit_test(test_ber),
		cmocka_unit_test(test_ber_from_openssl),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
