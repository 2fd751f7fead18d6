#include "codec/crl.h"
#include "codec/extension.h"
#include "codec/oid.h"
#include "codec/signed.h"
#include "codec/subject.h"

#define NUMBER_OCTETS_MAX 20u /* RFC 5280 section 5.2.3 */
#define CRL_EXTENSIONS_MAX 16u

static const struct {
	enum crl_reason reason;
	const char *name;
} reasons[] = {
	/* RFC 5280 section 5.3.1. */
	{ REASON_UNSPECIFIED, "unspecified" },
	{ REASON_KEY_COMPROMISE, "keyCompromise" },
	{ REASON_CA_COMPROMISE, "cACompromise" },
	{ REASON_AFFILIATION_CHANGED, "affiliationChanged" },
	{ REASON_SUPERSEDED, "superseded" },
	{ REASON_CESSATION, "cessationOfOperation" },
	{ REASON_HOLD, "certificateHold" },
	{ REASON_REMOVE, "removeFromCRL" },
	{ REASON_PRIVILEGE_WITHDRAWN, "privilegeWithdrawn" },
	{ REASON_AA_COMPROMISE, "aACompromise" },
};

const char *
crl_reason_name(enum crl_reason r)
{
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (reasons[i].reason == r)
			return reasons[i].name;
	return "unknown";
}

bool
crl_reason_parse(const char *s, enum crl_reason *out)
{
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (strcmp(reasons[i].name, s) == 0) {
			*out = reasons[i].reason;
			return true;
		}
	return false;
}

struct entry {
	struct bytes serial;
	int64_t revoked_at;
	enum crl_reason reason;
	bool has_unknown; /* an extension that is not critical */
};

/* ENUMERATED, and a reason that a CRL of ours may give: not unspecified, which
 * is left out, nor a hold. */
static bool
reason_read(struct bytes value, enum crl_reason *out)
{
	struct der d = der_of(value);
	struct bytes c;

	if (!der_read(&d, DER_ENUMERATED, &c) || !der_at_end(&d) || c.n != 1)
		return false;
	switch (c.p[0]) {
	case REASON_KEY_COMPROMISE:
	case REASON_CA_COMPROMISE:
	case REASON_AFFILIATION_CHANGED:
	case REASON_SUPERSEDED:
	case REASON_CESSATION:
	case REASON_REMOVE:
	case REASON_PRIVILEGE_WITHDRAWN:
	case REASON_AA_COMPROMISE:
		*out = (enum crl_reason)c.p[0];
		return true;
	}
	return false;
}

/* RFC 5280 section 5.3.2: GeneralizedTime whatever the year. */
static bool
invalidity_date_is_valid(struct bytes value)
{
	struct der d = der_of(value);
	struct bytes c;

	return der_read(&d, DER_GENERALIZED_TIME, &c) && der_at_end(&d) &&
	    c.n == 15 && c.p[14] == 'Z';
}

static bool
entry_extensions_read(struct der *list, struct entry *out)
{
	bool has_reason = false, has_date = false;
	struct cert_extension x;

	if (der_at_end(list))
		return false;
	while (!der_at_end(list)) {
		if (!extension_read(list, false, &x))
			return false;
		if (bytes_equal(x.oid, OID(CRL_REASON))) {
			if (has_reason || !reason_read(x.value, &out->reason))
				return false;
			has_reason = true;
		} else if (bytes_equal(x.oid, OID(INVALIDITY_DATE))) {
			if (has_date || !invalidity_date_is_valid(x.value))
				return false;
			has_date = true;
		} else if (x.critical)
			return false; /* certificateIssuer: an indirect CRL */
		else
			out->has_unknown = true;
	}
	return true;
}

static bool
entry_read(struct der *d, struct entry *out)
{
	struct der inner, list;

	out->reason = REASON_UNSPECIFIED;
	out->has_unknown = false;
	if (!der_enter(d, DER_SEQUENCE, &inner) ||
	    !der_read_uint(&inner, &out->serial) || out->serial.n == 0 ||
	    out->serial.n > SERIAL_SIZE ||
	    !der_read_time(&inner, &out->revoked_at))
		return false;
	if (der_at_end(&inner))
		return true;
	return der_enter(&inner, DER_SEQUENCE, &list) && der_at_end(&inner) &&
	    entry_extensions_read(&list, out);
}

static bool
entries_parse(struct crl *out, bool *removes, struct err *err)
{
	struct der d = der_of(out->entries);
	struct entry entry;

	/* RFC 5280 section 5.1.2.6: an empty list is absent. */
	if (der_at_end(&d))
		return fail(
		    err, ERR_MALFORMED, "CRL has an empty list of entries");
	while (!der_at_end(&d)) {
		if (!entry_read(&d, &entry))
			return fail(err, ERR_MALFORMED,
			    "CRL has a malformed entry, number %zu",
			    out->entries_n);
		*removes = *removes || entry.reason == REASON_REMOVE;
		out->has_unknown = out->has_unknown || entry.has_unknown;
		out->entries_n++;
	}
	return true;
}

bool
crl_entry_next(const struct crl *c, size_t *pos, struct bytes *serial,
    int64_t *revoked_at, enum crl_reason *reason)
{
	struct entry entry;
	struct der d;

	if (*pos >= c->entries.n)
		return false;
	d = der_of(bytes_of(c->entries.p + *pos, c->entries.n - *pos));
	if (!entry_read(&d, &entry))
		return false;
	*pos = (size_t)(d.p - c->entries.p);
	*serial = entry.serial;
	*revoked_at = entry.revoked_at;
	*reason = entry.reason;
	return true;
}

/* IssuingDistributionPoint, RFC 5280 section 5.2.5. */
static bool
idp_parse(struct bytes value, struct crl *out, struct err *err)
{
	struct der d = der_of(value), inner;
	bool found[6] = { false };
	struct bytes c;

	if (!der_enter(&d, DER_SEQUENCE, &inner) || !der_at_end(&d) ||
	    !der_read_optional(
		&inner, DER_CONTEXT_CONSTRUCTED(0), &found[0], &c) ||
	    (found[0] && c.n == 0))
		return fail(err, ERR_MALFORMED,
		    "CRL has a malformed issuing distribution point");
	for (int i = 1; i < 6; i++) {
		if (!der_read_optional(&inner, DER_CONTEXT(i), &found[i], &c) ||
		    (found[i] && i != 3 && (c.n != 1 || c.p[0] != 0xff)))
			return fail(err, ERR_MALFORMED,
			    "CRL has a malformed issuing distribution point");
	}
	/* The same section: an empty one MUST NOT be issued, and the scopes
	 * exclude each other. */
	if (!der_at_end(&inner) || (found[1] && found[2]) ||
	    !(found[0] || found[1] || found[2] || found[3] || found[4] ||
		found[5]))
		return fail(err, ERR_MALFORMED,
		    "CRL has a malformed issuing distribution point");
	if (found[3] || found[4] || found[5])
		return fail(err, ERR_UNSUPPORTED,
		    "CRL is indirect, for some reasons only, or for attribute "
		    "certificates");
	out->has_idp = true;
	out->only_ca_certs = found[2];
	return true;
}

static bool
number_read(struct bytes value, uint64_t *out, struct err *err)
{
	struct der d = der_of(value);
	struct bytes m;
	uint64_t v = 0;

	if (!der_read_uint(&d, &m) || !der_at_end(&d) ||
	    m.n > NUMBER_OCTETS_MAX)
		return fail(err, ERR_MALFORMED,
		    "CRL has a number that is no INTEGER of at most 20 octets");
	if (m.n > sizeof(v))
		return fail(err, ERR_UNSUPPORTED,
		    "CRL has a number of %zu octets, at most %zu can be "
		    "counted on from",
		    m.n, sizeof(v));
	for (size_t i = 0; i < m.n; i++)
		v = v << 8 | m.p[i];
	*out = v;
	return true;
}

static bool
extension_parse(const struct cert_extension *x, bool *has_number,
    struct crl *out, struct err *err)
{
	uint64_t base;

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
		return idp_parse(x->value, out, err);
	if (bytes_equal(x->oid, OID(DELTA_CRL))) {
		out->is_delta = true;
		return number_read(x->value, &base, err);
	}
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
	if (removes && !out->is_delta)
		return fail(err, ERR_MALFORMED,
		    "CRL has removeFromCRL, but is not a delta CRL");
	return true;
}

bool
crl_parse(struct bytes der, struct crl *out, struct err *err)
{
	struct crl c = { .der = der };
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
	struct crl c = { .tbs = tbs };
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
crl_verify(struct lane *lane, const struct crl *crl,
    const struct pubkey *issuer, struct err *err)
{
	if (!sig_alg_fits(crl->sig_alg, issuer->alg))
		return fail(err, ERR_BAD_SIGNATURE,
		    "CRL's signature algorithm does not fit the issuer's key");
	return pubkey_verify(
	    lane, issuer, crl->sig_alg, crl->tbs, crl->signature, err);
}
