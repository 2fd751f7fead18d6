#include "codec/cms.h"
#include "codec/oid.h"
#include "crypto/random.h"

#define MALFORMED(what) fail(err, ERR_MALFORMED, "EnvelopedData: " what)

static const struct {
	enum cipher_alg alg;
	struct bytes oid;
} ciphers[] = {
	{ CIPHER_AES_128_CBC,
	    { (const uint8_t *)OID_AES_128_CBC, sizeof(OID_AES_128_CBC) - 1 } },
	{ CIPHER_AES_256_CBC,
	    { (const uint8_t *)OID_AES_256_CBC, sizeof(OID_AES_256_CBC) - 1 } },
	{ CIPHER_DES3_CBC,
	    { (const uint8_t *)OID_DES3_CBC, sizeof(OID_DES3_CBC) - 1 } },
	{ CIPHER_AES_192_CBC,
	    { (const uint8_t *)OID_AES_192_CBC, sizeof(OID_AES_192_CBC) - 1 } },
	{ CIPHER_DES_CBC,
	    { (const uint8_t *)OID_DES_CBC, sizeof(OID_DES_CBC) - 1 } },
};

/* ---- key transport algorithms ---- */

static bool
oaep_hash_read(struct der *d, enum transport_alg *out)
{
	struct der inner;
	struct bytes oid, null = BYTES_NONE;
	bool has_null;

	if (!der_enter(d, DER_SEQUENCE, &inner) ||
	    !der_read(&inner, DER_OID, &oid) ||
	    !der_read_optional(&inner, DER_NULL, &has_null, &null) ||
	    null.n != 0 || !der_at_end(&inner))
		return false;
	if (bytes_equal(oid, OID(SHA1)))
		*out = TRANSPORT_OAEP_SHA1;
	else if (bytes_equal(oid, OID(SHA256)))
		*out = TRANSPORT_OAEP_SHA256;
	else
		return false;
	return true;
}

/*
 * RSAES-OAEP-params, RFC 4055 section 4.1.  What is not exactly understood is
 * refused: libcrypto falls back to PKCS#1 v1.5 then (openssl#32567).
 */
static bool
oaep_read(struct der *d, enum transport_alg *out, struct err *err)
{
	enum transport_alg hash = TRANSPORT_OAEP_SHA1,
			   mgf = TRANSPORT_OAEP_SHA1;
	struct der params, inner, seq;
	struct bytes oid, label;
	bool ok = true;

	if (der_at_end(d)) {
		*out = hash;
		return true;
	}
	ok = der_enter(d, DER_SEQUENCE, &params) && der_at_end(d);
	if (ok && der_peek(&params) == DER_CONTEXT_CONSTRUCTED(0))
		ok = der_enter(&params, DER_CONTEXT_CONSTRUCTED(0), &inner) &&
		    oaep_hash_read(&inner, &hash) && der_at_end(&inner);
	if (ok && der_peek(&params) == DER_CONTEXT_CONSTRUCTED(1))
		ok = der_enter(&params, DER_CONTEXT_CONSTRUCTED(1), &inner) &&
		    der_enter(&inner, DER_SEQUENCE, &seq) &&
		    der_at_end(&inner) && der_read(&seq, DER_OID, &oid) &&
		    bytes_equal(oid, OID(MGF1)) && oaep_hash_read(&seq, &mgf) &&
		    der_at_end(&seq);
	if (ok && der_peek(&params) == DER_CONTEXT_CONSTRUCTED(2))
		/* pSpecified with the empty label, written out. */
		ok = der_enter(&params, DER_CONTEXT_CONSTRUCTED(2), &inner) &&
		    der_enter(&inner, DER_SEQUENCE, &seq) &&
		    der_at_end(&inner) && der_read(&seq, DER_OID, &oid) &&
		    bytes_equal(oid, OID(P_SPECIFIED)) &&
		    der_read(&seq, DER_OCTET_STRING, &label) && label.n == 0 &&
		    der_at_end(&seq);
	if (!ok || !der_at_end(&params) || hash != mgf)
		return fail(err, ERR_UNSUPPORTED,
		    "OAEP parameters are none of SHA-1 and SHA-256");
	*out = hash;
	return true;
}

static bool
transport_read(struct der *d, enum transport_alg *out, struct err *err)
{
	struct bytes oid, null = BYTES_NONE;
	struct der inner;
	bool has_null;

	if (!der_enter(d, DER_SEQUENCE, &inner) ||
	    !der_read(&inner, DER_OID, &oid))
		return MALFORMED("the key transport is malformed");
	if (bytes_equal(oid, OID(RSA_OAEP)))
		return oaep_read(&inner, out, err);
	if (!bytes_equal(oid, OID(RSA)))
		return fail(err, ERR_UNSUPPORTED,
		    "key transport is neither RSA nor RSA-OAEP");
	if (!der_read_optional(&inner, DER_NULL, &has_null, &null) ||
	    null.n != 0 || !der_at_end(&inner))
		return MALFORMED("the key transport is malformed");
	*out = TRANSPORT_PKCS1;
	return true;
}

static void
transport_put(struct buf *b, enum transport_alg alg)
{
	size_t mark = der_open(b, DER_SEQUENCE), params, part, seq, hash;

	if (alg == TRANSPORT_PKCS1) {
		oid_put(b, OID(RSA));
		der_put(b, DER_NULL, BYTES_NONE);
		der_close(b, mark);
		return;
	}
	oid_put(b, OID(RSA_OAEP));
	params = der_open(b, DER_SEQUENCE);
	if (alg == TRANSPORT_OAEP_SHA256) {
		part = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
		hash = der_open(b, DER_SEQUENCE);
		oid_put(b, OID(SHA256));
		der_put(b, DER_NULL, BYTES_NONE);
		der_close(b, hash);
		der_close(b, part);
		part = der_open(b, DER_CONTEXT_CONSTRUCTED(1));
		seq = der_open(b, DER_SEQUENCE);
		oid_put(b, OID(MGF1));
		hash = der_open(b, DER_SEQUENCE);
		oid_put(b, OID(SHA256));
		der_put(b, DER_NULL, BYTES_NONE);
		der_close(b, hash);
		der_close(b, seq);
		der_close(b, part);
	}
	der_close(b, params);
	der_close(b, mark);
}

/* ---- reading ---- */

static bool
recipients_read(struct der *d, struct cms_enveloped *e, struct err *err)
{
	while (!der_at_end(d)) {
		struct cms_recipient *r = &e->recipients[e->recipients_n];
		uint64_t version;
		struct der info;

		if (e->recipients_n == CMS_RECIPIENTS_MAX)
			return fail(err, ERR_TOO_LARGE,
			    "more than %u recipients", CMS_RECIPIENTS_MAX);
		/* Passwords, key encryption keys and others come with tags. */
		if (der_peek(d) != DER_SEQUENCE)
			return fail(err, ERR_UNSUPPORTED,
			    "a recipient is not by key transport");
		if (!der_enter(d, DER_SEQUENCE, &info) ||
		    !der_read_small(&info, 2, &version) ||
		    !cms_id_read(&info, &r->id))
			return MALFORMED("a recipient is malformed");
		if (!transport_read(&info, &r->transport, err))
			return false;
		if (!der_read(&info, DER_OCTET_STRING, &r->wrapped) ||
		    !der_at_end(&info))
			return MALFORMED("a recipient's key is malformed");
		e->recipients_n++;
	}
	if (e->recipients_n == 0)
		return MALFORMED("there is no recipient");
	return true;
}

static bool
cipher_read(struct der *d, struct cms_enveloped *e, struct err *err)
{
	struct der inner;
	struct bytes oid;
	size_t i = 0;

	if (!der_enter(d, DER_SEQUENCE, &inner) ||
	    !der_read(&inner, DER_OID, &oid))
		return MALFORMED("the cipher is malformed");
	while (i < COUNT_OF(ciphers) && !bytes_equal(oid, ciphers[i].oid))
		i++;
	if (i == COUNT_OF(ciphers))
		return fail(err, ERR_UNSUPPORTED,
		    "the cipher is none of AES-CBC, 3DES-CBC and DES-CBC");
	e->cipher = ciphers[i].alg;
	if (!der_read(&inner, DER_OCTET_STRING, &e->iv) ||
	    e->iv.n != cipher_iv_size(e->cipher) || !der_at_end(&inner))
		return MALFORMED("the cipher's start value is malformed");
	return true;
}

/* [0] IMPLICIT: whole, or in the pieces that ber_to_der cannot know to be of
 * a string. */
static bool
ciphertext_read(
    struct der *d, struct arena *a, struct cms_enveloped *e, struct err *err)
{
	AUTO_BUF whole = { 0 };
	struct bytes piece;
	struct der pieces;

	if (der_peek(d) == DER_CONTEXT(0) &&
	    der_read(d, DER_CONTEXT(0), &e->ciphertext) && der_at_end(d))
		return true;
	if (!der_enter(d, DER_CONTEXT_CONSTRUCTED(0), &pieces) ||
	    !der_at_end(d))
		return MALFORMED("there is no encrypted content");
	while (!der_at_end(&pieces)) {
		if (!der_read(&pieces, DER_OCTET_STRING, &piece))
			return MALFORMED("the encrypted content is malformed");
		buf_add_bytes(&whole, piece);
	}
	e->ciphertext = arena_bytes(a, buf_bytes(&whole));
	return true;
}

bool
cms_enveloped_parse(struct bytes der, struct arena *a,
    struct cms_enveloped *out, struct err *err)
{
	struct der data, infos, content;
	struct cms_enveloped e = { 0 };
	struct bytes ignored, type;
	uint64_t version;
	bool found;

	if (!cms_content_enter(
		der, OID(ENVELOPED_DATA), "EnvelopedData", &data, err))
		return false;
	if (!der_read_small(&data, 4, &version) ||
	    !der_read_optional(
		&data, DER_CONTEXT_CONSTRUCTED(0), &found, &ignored) ||
	    !der_enter(&data, DER_SET, &infos))
		return MALFORMED("the recipients are malformed");
	if (!recipients_read(&infos, &e, err))
		return false;
	if (!der_enter(&data, DER_SEQUENCE, &content) ||
	    !der_read_optional(
		&data, DER_CONTEXT_CONSTRUCTED(1), &found, &ignored) ||
	    !der_at_end(&data) || !der_read(&content, DER_OID, &type))
		return MALFORMED("the encrypted content is malformed");
	if (!bytes_equal(type, OID(DATA)))
		return fail(err, ERR_UNSUPPORTED,
		    "the encrypted content's type is not data");
	if (!cipher_read(&content, &e, err) ||
	    !ciphertext_read(&content, a, &e, err))
		return false;
	*out = e;
	return true;
}

bool
cms_enveloped_open(struct lane *lane, const struct cms_enveloped *e,
    const struct cms_recipient *r, const struct privkey *key,
    struct secret **out, struct err *err)
{
	uint8_t content_key[CIPHER_KEY_MAX];
	size_t n = cipher_key_size(e->cipher);
	bool ok;

	if (!rsa_unwrap(key, r->transport, r->wrapped, content_key, n, err))
		return false;
	ok = cipher_decrypt(
	    lane, e->cipher, content_key, e->iv.p, e->ciphertext, out, err);
	secret_wipe(content_key, sizeof(content_key));
	return ok;
}

/* ---- writing ---- */

static void
cipher_put(struct buf *b, enum cipher_alg alg, const uint8_t *iv)
{
	size_t mark = der_open(b, DER_SEQUENCE);

	for (size_t i = 0; i < COUNT_OF(ciphers); i++)
		if (ciphers[i].alg == alg)
			oid_put(b, ciphers[i].oid);
	der_put(b, DER_OCTET_STRING, bytes_of(iv, cipher_iv_size(alg)));
	der_close(b, mark);
}

static bool
encrypt(struct lane *lane, const struct cert *to, enum transport_alg transport,
    enum cipher_alg cipher, struct bytes content, uint8_t *iv,
    struct buf *wrapped, struct buf *text, struct err *err)
{
	const struct random random = random_system();
	uint8_t key[CIPHER_KEY_MAX];
	bool ok;

	random_fill(&random, key, sizeof(key));
	random_fill(&random, iv, CIPHER_IV_MAX);
	ok = rsa_wrap(lane, &to->key, transport,
		 bytes_of(key, cipher_key_size(cipher)), wrapped, err) &&
	    cipher_encrypt(lane, cipher, key, iv, content, text, err);
	secret_wipe(key, sizeof(key));
	return ok;
}

bool
cms_enveloped_put(struct buf *b, struct lane *lane, const struct cert *to,
    enum transport_alg transport, enum cipher_alg cipher, struct bytes content,
    struct err *err)
{
	size_t outer, wrapper, data, infos, info, part;
	AUTO_BUF wrapped = { 0 }, text = { 0 };
	uint8_t iv[CIPHER_IV_MAX];

	if (!encrypt(
		lane, to, transport, cipher, content, iv, &wrapped, &text, err))
		return false;
	outer = der_open(b, DER_SEQUENCE);
	oid_put(b, OID(ENVELOPED_DATA));
	wrapper = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
	data = der_open(b, DER_SEQUENCE);
	der_put_small(b, 0);
	infos = der_open(b, DER_SET);
	info = der_open(b, DER_SEQUENCE);
	der_put_small(b, 0);
	cms_id_put(b, to);
	transport_put(b, transport);
	der_put(b, DER_OCTET_STRING, buf_bytes(&wrapped));
	der_close(b, info);
	der_close(b, infos);
	part = der_open(b, DER_SEQUENCE);
	oid_put(b, OID(DATA));
	cipher_put(b, cipher, iv);
	der_put(b, DER_CONTEXT(0), buf_bytes(&text));
	der_close(b, part);
	der_close(b, data);
	der_close(b, wrapper);
	der_close(b, outer);
	return true;
}
