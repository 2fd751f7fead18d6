#include <limits.h>
#include <openssl/cms.h>
#include <openssl/rsa.h>

#include "codec/envelope.h"
#include "codec/pem.h"
#include "crypto/own.h"

OWN_DEFINE(CMS_ContentInfo, CMS_ContentInfo_free)
OWN_DEFINE(ASN1_OBJECT, ASN1_OBJECT_free)

static bool
put(CMS_ContentInfo *cms, struct buf *out, struct err *err)
{
	unsigned char *der = NULL;
	int n = i2d_CMS_ContentInfo(cms, &der);

	if (n <= 0)
		return fail_ossl(err, ERR_INTERNAL, "CMS not encoded");
	buf_add(out, der, (size_t)n);
	OPENSSL_clear_free(der, (size_t)n);
	return true;
}

static X509 *
read_certificate(struct lane *lane, struct bytes der)
{
	const unsigned char *p = der.p;
	X509 *c = X509_new_ex(lane_libctx(lane), NULL);

	if (c != NULL && d2i_X509(&c, &p, (long)der.n) != NULL)
		return c;
	X509_free(c);
	return NULL;
}

/* The certificates behind the first go along, so that it can be verified. */
static bool
add_chain(struct lane *lane, CMS_ContentInfo *cms, struct bytes pem,
    struct arena *a, struct err *err)
{
	for (;;) {
		AUTO(X509) *c = NULL;
		struct bytes der;
		bool found;

		if (!pem_next(&pem, "CERTIFICATE", a, &found, &der, err))
			return false;
		if (!found)
			return true;
		c = read_certificate(lane, der);
		if (c == NULL || CMS_add1_cert(cms, c) != 1)
			return fail_ossl(err, ERR_INTERNAL,
			    "the signer's chain was not added");
	}
}

/* What is signed may be a key; OpenSSL frees its copy as it is. */
static void
wipe_content(CMS_ContentInfo *cms)
{
	ASN1_OCTET_STRING **content = CMS_get0_content(cms);

	if (content != NULL && *content != NULL)
		OPENSSL_cleanse(
		    (void *)(uintptr_t)ASN1_STRING_get0_data(*content),
		    (size_t)ASN1_STRING_length(*content));
}

bool
envelope_signed_put(struct lane *lane, const struct privkey *key,
    struct bytes chain_pem, const char *type, struct bytes content,
    struct buf *out, struct err *err)
{
	const unsigned flags =
	    CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP | CMS_NOCERTS;
	AUTO_ARENA *a = arena_new();
	AUTO(EVP_PKEY) *pkey = NULL;
	AUTO(X509) *certificate = NULL;
	AUTO(BIO) *in = NULL;
	AUTO(ASN1_OBJECT) *object = OBJ_txt2obj(type, 1);
	AUTO(CMS_ContentInfo) *cms =
	    CMS_sign_ex(NULL, NULL, NULL, NULL, flags, lane_libctx(lane), NULL);
	AUTO(EVP_MD) *md = NULL;
	struct bytes rest = chain_pem, der;
	bool found, ok;

	if (content.n > INT_MAX ||
	    !pem_next(&rest, "CERTIFICATE", a, &found, &der, err) || !found)
		return fail(
		    err, ERR_INTERNAL, "the signer of CMS has no certificate");
	pkey = privkey_evp_for(key, lane_libctx(lane), err);
	if (pkey == NULL)
		return false;
	certificate = read_certificate(lane, der);
	in = BIO_new_mem_buf(content.p, (int)content.n);
	md = EVP_MD_fetch(lane_libctx(lane),
	    privkey_alg(key) == KEY_ED25519 ? "SHA2-512" : "SHA2-256", NULL);
	if (cms == NULL || object == NULL || certificate == NULL ||
	    in == NULL || md == NULL ||
	    CMS_set1_eContentType(cms, object) != 1 ||
	    CMS_add1_signer(cms, certificate, pkey, md, flags) == NULL)
		return fail_ossl(err, ERR_INTERNAL, "CMS was not signed");
	if (!add_chain(lane, cms, chain_pem, a, err))
		return false;
	if (CMS_final(cms, in, NULL, CMS_BINARY) != 1)
		return fail_ossl(err, ERR_INTERNAL, "CMS was not signed");
	ok = put(cms, out, err);
	wipe_content(cms);
	return ok;
}

/* ---- to a recipient ---- */

static bool
set_oaep(CMS_RecipientInfo *ri, const EVP_MD *md, struct err *err)
{
	EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(ri);

	if (ctx == NULL ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) <= 0)
		return fail_ossl(err, ERR_INTERNAL, "OAEP was not set");
	return true;
}

/* RFC 5753 section 7.1.4: dhSinglePass-stdDH-sha256kdf; OpenSSL would take
 * SHA-1.  The kind of KDF it sets itself, and refuses one that is set. */
static bool
set_kdf(CMS_RecipientInfo *ri, const EVP_MD *md, struct err *err)
{
	EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(ri);

	if (ctx == NULL || EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, md) <= 0)
		return fail_ossl(err, ERR_INTERNAL, "ECDH's KDF was not set");
	return true;
}

static bool
add_certificate(struct lane *lane, CMS_ContentInfo *cms,
    const struct envelope_recipient *to, struct err *err)
{
	AUTO(X509) *c = read_certificate(lane, to->certificate);
	AUTO(EVP_MD) *md = EVP_MD_fetch(lane_libctx(lane), "SHA2-256", NULL);
	const EVP_PKEY *key = c == NULL ? NULL : X509_get0_pubkey(c);
	CMS_RecipientInfo *ri;

	if (key == NULL || md == NULL)
		return fail_ossl(err, ERR_UNSUPPORTED,
		    "the recipient's certificate cannot be read");
	if (!EVP_PKEY_is_a(key, "RSA") && !EVP_PKEY_is_a(key, "EC"))
		return fail(err, ERR_UNSUPPORTED,
		    "nothing can be encrypted to the recipient's key, "
		    "expected RSA or EC");
	ri = CMS_add1_recipient_cert(cms, c, CMS_KEY_PARAM);
	if (ri == NULL)
		return fail_ossl(err, ERR_UNSUPPORTED,
		    "nothing can be encrypted to the recipient's key");
	if (EVP_PKEY_is_a(key, "EC"))
		return set_kdf(ri, md, err);
	return !to->oaep || set_oaep(ri, md, err);
}

static bool
add_key(
    CMS_ContentInfo *cms, const struct envelope_recipient *to, struct err *err)
{
	unsigned char *key = OPENSSL_memdup(to->key.p, to->key.n);
	unsigned char *id = OPENSSL_memdup(to->key_id.p, to->key_id.n);

	/* It takes both, but only when it succeeds. */
	if (key != NULL && id != NULL &&
	    CMS_add0_recipient_key(cms, NID_undef, key, to->key.n, id,
		to->key_id.n, NULL, NULL, NULL) != NULL)
		return true;
	OPENSSL_clear_free(key, to->key.n);
	OPENSSL_free(id);
	return fail_ossl(err, ERR_UNSUPPORTED,
	    "nothing can be encrypted to a key of %zu octets, expected 16, "
	    "24 or 32",
	    to->key.n);
}

static const char *
cipher_name(enum envelope_cipher cipher)
{
	switch (cipher) {
	case ENVELOPE_AES128_CBC:
		return "AES-128-CBC";
	case ENVELOPE_AES192_CBC:
		return "AES-192-CBC";
	case ENVELOPE_AES256_CBC:
		break;
	}
	return "AES-256-CBC";
}

bool
envelope_put(struct lane *lane, const struct envelope_recipient *to,
    enum envelope_cipher cipher, struct bytes content, struct buf *out,
    struct err *err)
{
	AUTO(EVP_CIPHER) *c =
	    EVP_CIPHER_fetch(lane_libctx(lane), cipher_name(cipher), NULL);
	AUTO(CMS_ContentInfo) *cms = NULL;
	AUTO(BIO) *in = NULL;

	if (content.n > INT_MAX)
		return fail(err, ERR_TOO_LARGE, "CMS of %zu octets", content.n);
	if (c != NULL)
		cms = CMS_encrypt_ex(NULL, NULL, c, CMS_BINARY | CMS_PARTIAL,
		    lane_libctx(lane), NULL);
	in = BIO_new_mem_buf(content.p, (int)content.n);
	if (cms == NULL || in == NULL)
		return fail_ossl(err, ERR_INTERNAL, "CMS was not encrypted");
	if (to->certificate.n > 0 ? !add_certificate(lane, cms, to, err)
				  : !add_key(cms, to, err))
		return false;
	if (CMS_final(cms, in, NULL, CMS_BINARY) != 1)
		return fail_ossl(err, ERR_UNSUPPORTED,
		    "nothing can be encrypted to the recipient's key");
	return put(cms, out, err);
}
