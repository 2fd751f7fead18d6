#include "codec/oid.h"
#include "codec/spki.h"

#define ROW(alg, oid, null)                                                    \
	{                                                                      \
		alg, null,                                                     \
		{                                                              \
			(const uint8_t *)oid, sizeof(oid) - 1                  \
		}                                                              \
	}

static const struct row {
	enum sig_alg alg;
	bool null; /* parameters are NULL, else absent */
	struct bytes oid;
} rows[] = {
	ROW(SIG_ECDSA_SHA256, OID_ECDSA_SHA256, false),
	ROW(SIG_RSA_SHA256, OID_RSA_SHA256, true),
	ROW(SIG_ECDSA_SHA384, OID_ECDSA_SHA384, false),
	ROW(SIG_ECDSA_SHA512, OID_ECDSA_SHA512, false),
	ROW(SIG_RSA_SHA384, OID_RSA_SHA384, true),
	ROW(SIG_RSA_SHA512, OID_RSA_SHA512, true),
	ROW(SIG_ED25519, OID_ED25519, false),
	ROW(SIG_RSA_SHA1, OID_RSA_SHA1, true),
};

static bool
algorithm_read(struct bytes der, enum sig_alg_mode mode, enum sig_alg *out,
    struct err *err)
{
	struct der d = der_of(der), inner;
	bool has_null = false;
	struct bytes oid, null = BYTES_NONE;
	char text[128];

	if (!der_enter(&d, DER_SEQUENCE, &inner) || !der_at_end(&d) ||
	    !der_read(&inner, DER_OID, &oid) || !der_oid_is_valid(oid))
		return fail(err, ERR_MALFORMED,
		    "signature algorithm is not an AlgorithmIdentifier");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct row *r = &rows[i];

		if (!bytes_equal(oid, r->oid))
			continue;
		if (!der_read_optional(&inner, DER_NULL, &has_null, &null) ||
		    null.n != 0 || !der_at_end(&inner) ||
		    (r->null != has_null && mode == SIG_ALG_EXACT))
			return fail(err, ERR_MALFORMED,
			    "signature algorithm has wrong parameters, "
			    "expected %s",
			    r->null ? "NULL" : "none");
		*out = r->alg;
		return true;
	}
	if (!der_oid_text(oid, text))
		text[0] = '\0';
	return fail(err, ERR_UNSUPPORTED,
	    "signature algorithm %s is not supported", text);
}

bool
sig_alg_parse(struct bytes der, enum sig_alg *out, struct err *err)
{
	return algorithm_read(der, SIG_ALG_EXACT, out, err);
}

bool
sig_alg_parse_mode(struct bytes der, enum sig_alg_mode mode, enum sig_alg *out,
    struct err *err)
{
	return algorithm_read(der, mode, out, err);
}

void
sig_alg_put(struct buf *b, enum sig_alg alg)
{
	size_t mark = der_open(b, DER_SEQUENCE);

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].alg == alg) {
			oid_put(b, rows[i].oid);
			if (rows[i].null)
				der_put(b, DER_NULL, BYTES_NONE);
		}
	der_close(b, mark);
}

/* ---- RSASSA-PSS ---- */

static const struct {
	enum digest_alg alg;
	enum sig_alg pss; /* 0: not with this one */
	struct bytes oid;
} digests[] = {
	{ DIGEST_SHA256, SIG_PSS_SHA256,
	    { (const uint8_t *)OID_SHA256, sizeof(OID_SHA256) - 1 } },
	{ DIGEST_SHA384, SIG_PSS_SHA384,
	    { (const uint8_t *)OID_SHA384, sizeof(OID_SHA384) - 1 } },
	{ DIGEST_SHA512, SIG_PSS_SHA512,
	    { (const uint8_t *)OID_SHA512, sizeof(OID_SHA512) - 1 } },
	{ DIGEST_SHA1, 0, { (const uint8_t *)OID_SHA1, sizeof(OID_SHA1) - 1 } },
};

bool
digest_alg_read(struct der *d, enum digest_alg *out, struct err *err)
{
	struct bytes oid, null = BYTES_NONE;
	struct der inner;
	bool has_null;

	if (!der_enter(d, DER_SEQUENCE, &inner) ||
	    !der_read(&inner, DER_OID, &oid) ||
	    !der_read_optional(&inner, DER_NULL, &has_null, &null) ||
	    null.n != 0 || !der_at_end(&inner))
		return fail(
		    err, ERR_MALFORMED, "the digest algorithm is malformed");
	for (size_t i = 0; i < COUNT_OF(digests); i++)
		if (bytes_equal(oid, digests[i].oid)) {
			*out = digests[i].alg;
			return true;
		}
	return fail(err, ERR_UNSUPPORTED,
	    "the digest is none of SHA-1 and SHA-2 (MD5 is not accepted)");
}

/* [0] hashAlgorithm and [1] maskGenAlgorithm; left out they are SHA-1's. */
static bool
pss_digest_read(struct der *params, enum sig_alg *out, struct err *err)
{
	enum digest_alg hash = DIGEST_SHA1, mask = DIGEST_SHA1;
	struct der inner, mgf;
	struct bytes oid;

	if (der_peek(params) == DER_CONTEXT_CONSTRUCTED(0) &&
	    (!der_enter(params, DER_CONTEXT_CONSTRUCTED(0), &inner) ||
		!digest_alg_read(&inner, &hash, err) || !der_at_end(&inner)))
		return fail(err, ERR_MALFORMED, "the PSS digest is malformed");
	if (der_peek(params) == DER_CONTEXT_CONSTRUCTED(1) &&
	    (!der_enter(params, DER_CONTEXT_CONSTRUCTED(1), &inner) ||
		!der_enter(&inner, DER_SEQUENCE, &mgf) || !der_at_end(&inner) ||
		!der_read(&mgf, DER_OID, &oid) ||
		!bytes_equal(oid, OID(MGF1)) ||
		!digest_alg_read(&mgf, &mask, err) || !der_at_end(&mgf)))
		return fail(err, ERR_MALFORMED, "the PSS mask is malformed");
	for (size_t i = 0; i < COUNT_OF(digests); i++)
		if (digests[i].alg == hash && hash == mask &&
		    digests[i].pss != 0) {
			*out = digests[i].pss;
			return true;
		}
	return fail(err, ERR_UNSUPPORTED,
	    "RSASSA-PSS has another digest than SHA-2, or two of them");
}

static bool
pss_salt_read(struct der *params, size_t *out, struct err *err)
{
	uint64_t salt = PSS_SALT_MIN, trailer = 1;
	struct der inner;

	if (der_peek(params) == DER_CONTEXT_CONSTRUCTED(2) &&
	    (!der_enter(params, DER_CONTEXT_CONSTRUCTED(2), &inner) ||
		!der_read_small(&inner, PSS_SALT_MAX, &salt) ||
		!der_at_end(&inner) || salt == PSS_SALT_MIN))
		return fail(err, ERR_MALFORMED,
		    "the PSS salt length is not in DER, or more than %u",
		    PSS_SALT_MAX);
	/* RFC 4055 section 3.1: it is left out, and a reader MUST take it with
	 * its value of 1, too. */
	if (der_peek(params) == DER_CONTEXT_CONSTRUCTED(3) &&
	    (!der_enter(params, DER_CONTEXT_CONSTRUCTED(3), &inner) ||
		!der_read_small(&inner, 1, &trailer) || trailer != 1 ||
		!der_at_end(&inner)))
		return fail(err, ERR_MALFORMED, "the PSS trailer is not 1");
	if (!der_at_end(params))
		return fail(err, ERR_MALFORMED,
		    "RSASSA-PSS has more parameters than four");
	if (salt < PSS_SALT_MIN)
		return fail(err, ERR_UNSUPPORTED,
		    "RSASSA-PSS has a salt of less than %u octets",
		    PSS_SALT_MIN);
	*out = (size_t)salt;
	return true;
}

bool
sig_alg_parse_salted(struct bytes der, enum sig_alg_mode mode,
    enum sig_alg *out, size_t *salt, struct err *err)
{
	struct der d = der_of(der), inner, params;
	struct bytes oid;
	enum sig_alg alg;
	size_t n = 0;

	if (!der_enter(&d, DER_SEQUENCE, &inner) ||
	    !der_read(&inner, DER_OID, &oid) ||
	    !bytes_equal(oid, OID(RSA_PSS))) {
		if (!algorithm_read(der, mode, &alg, err))
			return false;
	} else if (!der_at_end(&d) ||
	    !der_enter(&inner, DER_SEQUENCE, &params) || !der_at_end(&inner))
		return fail(err, ERR_MALFORMED,
		    "RSASSA-PSS has no parameters of RFC 4055");
	else if (!pss_digest_read(&params, &alg, err) ||
	    !pss_salt_read(&params, &n, err))
		return false;
	*out = alg;
	*salt = n;
	return true;
}

bool
sig_alg_fits(enum sig_alg alg, enum key_alg key)
{
	switch (alg) {
	case SIG_RSA_SHA1:
	case SIG_RSA_SHA256:
	case SIG_RSA_SHA384:
	case SIG_RSA_SHA512:
	case SIG_PSS_SHA256:
	case SIG_PSS_SHA384:
	case SIG_PSS_SHA512:
		return key == KEY_RSA;
	case SIG_ECDSA_SHA256:
	case SIG_ECDSA_SHA384:
	case SIG_ECDSA_SHA512:
		return key == KEY_EC_P256 || key == KEY_EC_P384 ||
		    key == KEY_EC_P521;
	case SIG_ED25519:
		return key == KEY_ED25519;
	}
	return false;
}
