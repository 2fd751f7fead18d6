#include "codec/crl_entry.h"
#include "codec/extension.h"
#include "codec/oid.h"
#include "codec/signed.h"
#include "codec/subject.h"

#define NUMBER_OCTETS_MAX 20u /* RFC 5280 section 5.2.3 */
#define CRL_EXTENSIONS_MAX 16u

/* Counts entries and checks each; tells whether all have the plain shape and
 * ascend, which is what makes comparing two CRLs cheap. */
static bool
entries_parse(struct crl *out, bool *removes, struct err *err)
{
	struct der d = der_of(out->entries);
	const uint8_t *before = NULL;
	struct crl_entry entry;

	/* RFC 5280 section 5.1.2.6: an empty list is absent. */
	if (der_at_end(&d))
		return fail(
		    err, ERR_MALFORMED, "CRL has an empty list of entries");
	while (!der_at_end(&d)) {
		size_t n = crl_entry_size(d.p, (size_t)(d.end - d.p));

		if (n != 0) {
			out->is_uniform = out->is_uniform &&
			    (before == NULL ||
				memcmp(before, d.p + CRL_SERIAL_AT,
				    SERIAL_SIZE) < 0);
			before = d.p + CRL_SERIAL_AT;
			d.p += n;
			out->entries_n++;
			continue;
		}
		if (!crl_entry_read(&d, &entry))
			return fail(err, ERR_MALFORMED,
			    "CRL has a malformed entry, number %zu",
			    out->entries_n);
		out->is_uniform = false;
		*removes = *removes || entry.reason == REASON_REMOVE;
		out->has_unknown = out->has_unknown || entry.has_unknown;
		out->entries_n++;
	}
	return true;
}

static bool
number_read(struct bytes value, uint64_t *out, struct err *err)
{
	struct der d = der_of(value);
	struct bytes m;

	if (!der_read_uint(&d, &m) || !der_at_end(&d) ||
	    m.n > NUMBER_OCTETS_MAX)
		return fail(err, ERR_MALFORMED,
		    "CRL has a number that is no INTEGER of at most 20 octets");
	if (m.n > sizeof(*out))
		return fail(err, ERR_UNSUPPORTED,
		    "CRL has a number of %zu octets, at most %zu can be "
		    "counted on from",
		    m.n, sizeof(*out));
	*out = bytes_get_be(m.p, m.n);
	return true;
}

static bool
idp_read(const struct cert_extension *x, struct crl *out, struct err *err)
{
	struct crl_idp idp;

	/* RFC 5280 section 5.2.5: a critical extension. */
	if (!x->critical)
		return fail(err, ERR_MALFORMED,
		    "CRL's issuing distribution point is not critical");
	if (!crl_idp_parse(x->value, &idp, err))
		return false;
	out->has_idp = true;
	out->only_ca_certs = idp.only_ca_certs;
	out->idp_uri =
	    idp.only_user_certs || idp.only_ca_certs ? BYTES_NONE : idp.uri;
	return true;
}

/* Microsoft's szOID_CRL_NEXT_PUBLISH: a Time. */
static bool
next_publish_read(struct bytes value, int64_t *out)
{
	struct der d = der_of(value);

	return der_read_time(&d, out) && der_at_end(&d);
}

static bool
extension_parse(const struct cert_extension *x, bool *has_number,
    struct crl *out, struct err *err)
{
	if (bytes_equal(x->oid, OID(CRL_NUMBER))) {
		*has_number = true;
		return number_read(x->value, &out->number, err);
	}
	if (bytes_equal(x->oid, OID(AKI))) {
		if (!aki_read(x->value, &out->aki))
			return fail(err, ERR_MALFORMED,
			    "CRL has a malformed authority key identifier");
		return true;
	}
	if (bytes_equal(x->oid, OID(ISSUING_DISTRIBUTION_POINT)))
		return idp_read(x, out, err);
	if (bytes_equal(x->oid, OID(DELTA_CRL))) {
		out->is_delta = true;
		/* RFC 5280 section 5.2.4: a critical extension.  Whoever does
		 * not know it must not take it for the whole. */
		if (!x->critical)
			return fail(err, ERR_MALFORMED,
			    "CRL's delta indicator is not critical");
		return number_read(x->value, &out->base, err);
	}
	if (bytes_equal(x->oid, OID(FRESHEST_CRL))) {
		out->has_freshest = true;
		return crl_points_parse(x->value, &out->freshest_uri) ||
		    fail(err, ERR_MALFORMED, "CRL's freshest CRL is malformed");
	}
	if (bytes_equal(x->oid, OID(MS_NEXT_PUBLISH)))
		return next_publish_read(x->value, &out->next_publish) ||
		    fail(err, ERR_MALFORMED,
			"CRL's next publication is no time");
	if (x->critical)
		return fail(err, ERR_UNSUPPORTED,
		    "CRL has a critical extension that is not understood");
	out->has_unknown = true;
	return true;
}

/* crlExtensions: the rest of TBSCertList. */
static bool
extensions_parse(struct der *d, struct crl *out, struct err *err)
{
	struct cert_extension seen[CRL_EXTENSIONS_MAX];
	struct der outer, list;
	bool has_number = false;
	size_t n = 0;

	/* RFC 5280 section 5.2: conforming CAs always have some. */
	if (!der_enter(d, DER_CONTEXT_CONSTRUCTED(0), &outer) ||
	    !der_at_end(d) || !der_enter(&outer, DER_SEQUENCE, &list) ||
	    !der_at_end(&outer))
		return fail(
		    err, ERR_MALFORMED, "CRL does not end with its extensions");
	while (!der_at_end(&list)) {
		if (n == COUNT_OF(seen))
			return fail(err, ERR_TOO_LARGE,
			    "CRL has more than %u extensions",
			    CRL_EXTENSIONS_MAX);
		if (!extension_read(&list, false, &seen[n]))
			return fail(err, ERR_MALFORMED,
			    "CRL has an extension that is not DER");
		for (size_t i = 0; i < n; i++)
			if (bytes_equal(seen[i].oid, seen[n].oid))
				return fail(err, ERR_MALFORMED,
				    "CRL has the same extension twice");
		if (!extension_parse(&seen[n], &has_number, out, err))
			return false;
		n++;
	}
	if (!has_number)
		return fail(err, ERR_MALFORMED, "CRL has no number");
	return true;
}

/* out->tbs is the whole SEQUENCE; *algorithm becomes its AlgorithmIdentifier.
 */
static bool
tbs_parse(struct crl *out, struct bytes *algorithm, struct err *err)
{
	struct der whole = der_of(out->tbs), d;
	bool removes = false;
	uint64_t version;

	if (!der_enter(&whole, DER_SEQUENCE, &d) || !der_at_end(&whole))
		return fail(err, ERR_MALFORMED,
		    "TBSCertList is not one SEQUENCE in DER");
	/* RFC 5280 section 5.1.2.1: version 2. */
	if (!der_read_small(&d, 1, &version) || version != 1)
		return fail(err, ERR_MALFORMED, "CRL is not of version 2");
	if (!der_read_whole(&d, DER_SEQUENCE, algorithm))
		return fail(
		    err, ERR_MALFORMED, "CRL has no signature algorithm");
	if (!sig_alg_parse(*algorithm, &out->sig_alg, err))
		return false;
	if (!der_read_whole(&d, DER_SEQUENCE, &out->issuer))
		return fail(err, ERR_MALFORMED, "CRL has no issuer");
	if (!subject_check(out->issuer, err))
		return false;
	/* RFC 5280 section 5.1.2.5: nextUpdate MUST be there. */
	if (!der_read_time(&d, &out->this_update) ||
	    !der_read_time(&d, &out->next_update))
		return fail(err, ERR_MALFORMED,
		    "CRL has no thisUpdate and nextUpdate as in RFC 5280");
	if (der_peek(&d) == DER_SEQUENCE) {
		if (!der_read(&d, DER_SEQUENCE, &out->entries))
			return fail(err, ERR_MALFORMED,
			    "CRL has a list of entries that is not DER");
		if (!entries_parse(out, &removes, err))
			return false;
	}
	if (!extensions_parse(&d, out, err))
		return false;
	/* RFC 5280 section 5.2.6: MUST NOT appear in delta CRLs. */
	if (out->is_delta && out->has_freshest)
		return fail(
		    err, ERR_MALFORMED, "CRL is a delta CRL and points to one");
	if (removes && !out->is_delta)
		return fail(err, ERR_MALFORMED,
		    "CRL has removeFromCRL, but is not a delta CRL");
	return true;
}

bool
crl_parse(struct bytes der, struct crl *out, struct err *err)
{
	struct crl c = { .der = der, .is_uniform = true };
	struct signed_parts parts;
	struct bytes algorithm;

	if (der.n > CRL_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "CRL has %zu octets, at most %u are read", der.n, CRL_MAX);
	if (!signed_read("CRL", der, &parts, err))
		return false;
	c.tbs = parts.tbs;
	c.signature = parts.signature;
	if (!tbs_parse(&c, &algorithm, err))
		return false;
	/* RFC 5280 section 5.1.1.2: the same inside and outside. */
	if (!bytes_equal(algorithm, parts.algorithm))
		return fail(
		    err, ERR_MALFORMED, "CRL names two signature algorithms");
	*out = c;
	return true;
}

bool
crl_parse_tbs(struct bytes tbs, struct crl *out, struct err *err)
{
	struct crl c = { .tbs = tbs, .is_uniform = true };
	struct bytes algorithm;

	if (tbs.n > CRL_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "TBSCertList has %zu octets, at most %u are read", tbs.n,
		    CRL_MAX);
	if (!tbs_parse(&c, &algorithm, err))
		return false;
	*out = c;
	return true;
}

bool
crl_verify_hashed(struct lane *lane, const struct crl *crl,
    const uint8_t tbs_sha256[32], const struct pubkey *issuer, struct err *err)
{
	if (!sig_alg_fits(crl->sig_alg, issuer->alg))
		return fail(err, ERR_BAD_SIGNATURE,
		    "CRL's signature algorithm does not fit the issuer's key");
	return pubkey_verify_hashed(lane, issuer, crl->sig_alg, crl->tbs,
	    tbs_sha256, crl->signature, err);
}

bool
crl_verify(struct lane *lane, const struct crl *crl,
    const struct pubkey *issuer, struct err *err)
{
	return crl_verify_hashed(lane, crl, NULL, issuer, err);
}
