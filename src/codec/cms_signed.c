#include "codec/cms.h"
#include "codec/oid.h"

#define MALFORMED(what) fail(err, ERR_MALFORMED, "SignedData: " what)

/* ---- algorithms ---- */

/* What may have signed a message with this digest. */
static const struct {
	enum digest_alg digest;
	enum sig_alg rsa, pss, ecdsa; /* 0: none */
} digests[] = {
	{ DIGEST_SHA256, SIG_RSA_SHA256, SIG_PSS_SHA256, SIG_ECDSA_SHA256 },
	{ DIGEST_SHA384, SIG_RSA_SHA384, SIG_PSS_SHA384, SIG_ECDSA_SHA384 },
	{ DIGEST_SHA512, SIG_RSA_SHA512, SIG_PSS_SHA512, SIG_ECDSA_SHA512 },
	{ DIGEST_SHA1, SIG_RSA_SHA1, 0, 0 },
};

/* rsaEncryption stands for RSA with the digest named before; a combined
 * algorithm, and PSS (RFC 4056 section 3), must name the same. */
static bool
signature_alg_read(struct der *d, struct cms_signed *s, struct err *err)
{
	struct bytes whole, oid, null = BYTES_NONE;
	struct der at = *d, inner;
	bool has_null;
	size_t i = 0;

	if (!der_read_whole(d, DER_SEQUENCE, &whole) ||
	    !der_enter(&at, DER_SEQUENCE, &inner) ||
	    !der_read(&inner, DER_OID, &oid))
		return MALFORMED("the signature algorithm is malformed");
	while (digests[i].digest != s->digest)
		i++;
	if (bytes_equal(oid, OID(RSA))) {
		if (!der_read_optional(&inner, DER_NULL, &has_null, &null) ||
		    null.n != 0 || !der_at_end(&inner))
			return MALFORMED("rsaEncryption has parameters");
		s->sig_alg = digests[i].rsa;
		return true;
	}
	if (!sig_alg_parse_salted(
		whole, SIG_ALG_TOLERANT, &s->sig_alg, &s->pss_salt, err))
		return false;
	if (s->sig_alg != digests[i].rsa && s->sig_alg != digests[i].pss &&
	    s->sig_alg != digests[i].ecdsa)
		return fail(err, ERR_UNSUPPORTED,
		    "signature and digest algorithm do not belong together");
	return true;
}

/* ---- reading ---- */

static bool
attributes_read(struct cms_signed *s, struct err *err)
{
	struct der d = der_of(s->signed_attributes), one, values;

	while (!der_at_end(&d)) {
		struct cms_attribute *at = &s->attributes[s->attributes_n];

		if (s->attributes_n == CMS_ATTRIBUTES_MAX)
			return fail(err, ERR_TOO_LARGE,
			    "more than %u signed attributes",
			    CMS_ATTRIBUTES_MAX);
		if (!der_enter(&d, DER_SEQUENCE, &one) ||
		    !der_read(&one, DER_OID, &at->oid) ||
		    !der_enter(&one, DER_SET, &values) || !der_at_end(&one) ||
		    !der_read_any(&values, NULL, NULL, &at->value) ||
		    !der_at_end(&values))
			return MALFORMED(
			    "a signed attribute has not one value");
		if (cms_attribute_find(s, at->oid) != NULL)
			return MALFORMED("a signed attribute stands twice");
		s->attributes_n++;
	}
	return true;
}

static bool
certs_read(struct bytes set, struct cms_signed *s, struct err *err)
{
	struct der d = der_of(set);

	while (!der_at_end(&d)) {
		if (s->certs_n == CMS_CERTS_MAX)
			return fail(err, ERR_TOO_LARGE,
			    "more than %u certificates", CMS_CERTS_MAX);
		if (!der_read_whole(&d, DER_SEQUENCE, &s->certs[s->certs_n++]))
			return MALFORMED("a certificate is none");
	}
	return true;
}

static bool
signer_read(struct der *d, struct cms_signed *s, struct err *err)
{
	enum digest_alg digest;
	struct bytes unsigned_attributes;
	uint64_t version;
	struct der info;
	bool found;

	if (!der_enter(d, DER_SEQUENCE, &info) || !der_at_end(d))
		return MALFORMED("expected exactly one signer");
	if (!der_read_small(&info, 3, &version) ||
	    !cms_id_read(&info, &s->signer))
		return MALFORMED("the signer is not named");
	if (!digest_alg_read(&info, &digest, err))
		return false;
	s->digest = digest;
	/* Without signed attributes the content itself would be signed, and
	 * the message type and transaction were anybody's. */
	if (!der_read(&info, DER_CONTEXT_CONSTRUCTED(0), &s->signed_attributes))
		return MALFORMED("there are no signed attributes");
	if (!attributes_read(s, err) || !signature_alg_read(&info, s, err))
		return false;
	if (!der_read(&info, DER_OCTET_STRING, &s->signature) ||
	    !der_read_optional(&info, DER_CONTEXT_CONSTRUCTED(1), &found,
		&unsigned_attributes) ||
	    !der_at_end(&info))
		return MALFORMED("the signature is malformed");
	return true;
}

static bool
content_read(struct der *d, struct cms_signed *s, struct err *err)
{
	struct der info, wrapper;
	struct bytes type;

	if (!der_enter(d, DER_SEQUENCE, &info) ||
	    !der_read(&info, DER_OID, &type))
		return MALFORMED("the content is malformed");
	if (!bytes_equal(type, OID(DATA)))
		return fail(err, ERR_UNSUPPORTED,
		    "the signed content's type is not data");
	if (der_at_end(&info))
		return true;
	if (!der_enter(&info, DER_CONTEXT_CONSTRUCTED(0), &wrapper) ||
	    !der_at_end(&info) ||
	    !der_read(&wrapper, DER_OCTET_STRING, &s->content) ||
	    !der_at_end(&wrapper))
		return MALFORMED("the content is malformed");
	s->has_content = true;
	return true;
}

/* A hint for who reads while it comes in; each is an AlgorithmIdentifier. */
static bool
digests_skip(struct der *d)
{
	struct der set, one;
	struct bytes oid;

	if (!der_enter(d, DER_SET, &set))
		return false;
	while (!der_at_end(&set))
		if (!der_enter(&set, DER_SEQUENCE, &one) ||
		    !der_read(&one, DER_OID, &oid) ||
		    (!der_at_end(&one) &&
			!der_read_any(&one, NULL, NULL, NULL)) ||
		    !der_at_end(&one))
			return false;
	return true;
}

bool
cms_signed_parse(struct bytes der, struct cms_signed *out, struct err *err)
{
	struct bytes certs = BYTES_NONE, ignored;
	struct cms_signed s = { 0 };
	struct der data, infos;
	uint64_t version;
	bool found;

	if (!cms_content_enter(der, OID(SIGNED_DATA), "SignedData", &data, err))
		return false;
	if (!der_read_small(&data, 5, &version) || !digests_skip(&data))
		return MALFORMED("version or digests are malformed");
	if (!content_read(&data, &s, err))
		return false;
	if (!der_read_optional(
		&data, DER_CONTEXT_CONSTRUCTED(0), &found, &certs) ||
	    !der_read_optional(
		&data, DER_CONTEXT_CONSTRUCTED(1), &found, &ignored) ||
	    !der_enter(&data, DER_SET, &infos) || !der_at_end(&data))
		return MALFORMED("certificates or signers are malformed");
	if (!certs_read(certs, &s, err) || !signer_read(&infos, &s, err))
		return false;
	*out = s;
	return true;
}

const struct cms_attribute *
cms_attribute_find(const struct cms_signed *s, struct bytes oid)
{
	for (size_t i = 0; i < s->attributes_n; i++)
		if (bytes_equal(s->attributes[i].oid, oid))
			return &s->attributes[i];
	return NULL;
}

bool
cms_signer_find(const struct cms_signed *s, struct arena *a, struct cert *out,
    struct err *err)
{
	struct err why = { 0 };
	struct cert cert;

	for (size_t i = 0; i < s->certs_n; i++) {
		struct err one = { 0 };

		if (!cert_parse(s->certs[i], a, &cert, &one)) {
			if (why.kind == ERR_NONE)
				why = one;
			continue;
		}
		if (!cms_id_is_of(&s->signer, &cert))
			continue;
		*out = cert;
		return true;
	}
	/* One that could not be read may have been it. */
	if (why.kind != ERR_NONE) {
		*err = why;
		return false;
	}
	return MALFORMED("the signer's certificate is not in it");
}

/* ---- verifying ---- */

static bool
digest_holds(struct lane *lane, const struct cms_signed *s)
{
	const struct cms_attribute *at =
	    cms_attribute_find(s, OID(MESSAGE_DIGEST));
	uint8_t digest[DIGEST_MAX];
	struct bytes value;
	struct der d;

	if (at == NULL)
		return false;
	d = der_of(at->value);
	if (!der_read(&d, DER_OCTET_STRING, &value))
		return false;
	digest_compute(lane, s->digest, s->content, digest);
	return bytes_equal(value, bytes_of(digest, digest_size(s->digest)));
}

bool
cms_signed_verify(struct lane *lane, const struct cms_signed *s,
    const struct pubkey *key, struct err *err)
{
	const struct cms_attribute *type =
	    cms_attribute_find(s, OID(CONTENT_TYPE));
	AUTO_BUF set = { 0 };
	struct bytes value;
	struct der d;

	if (type == NULL)
		return fail(err, ERR_BAD_SIGNATURE,
		    "the signed attributes have no contentType");
	d = der_of(type->value);
	if (!der_read(&d, DER_OID, &value) || !bytes_equal(value, OID(DATA)))
		return fail(err, ERR_BAD_SIGNATURE,
		    "the signed contentType is not data");
	if (!digest_holds(lane, s))
		return fail(err, ERR_BAD_SIGNATURE,
		    "the signed messageDigest is not the content's");
	/* RFC 5652 section 5.4: signed is the SET, not the [0]. */
	der_put(&set, DER_SET, s->signed_attributes);
	return pubkey_verify_salted(lane, key, s->sig_alg, s->pss_salt,
	    buf_bytes(&set), s->signature, err);
}
