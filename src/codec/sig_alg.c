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

bool
sig_alg_fits(enum sig_alg alg, enum key_alg key)
{
	switch (alg) {
	case SIG_RSA_SHA1:
	case SIG_RSA_SHA256:
	case SIG_RSA_SHA384:
	case SIG_RSA_SHA512:
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
