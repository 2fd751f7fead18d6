#include "codec/cert_ext.h"
#include "codec/extension.h"
#include "codec/signed.h"
#include "codec/subject.h"
#include "util/times.h"

static bool
version_parse(struct der *d, struct cert *out, struct err *err)
{
	struct der inner;
	uint64_t version = 0;

	/* RFC 5280 section 4.1.2.1: version 1 is the default and stays out. */
	if (der_peek(d) == DER_CONTEXT_CONSTRUCTED(0) &&
	    (!der_enter(d, DER_CONTEXT_CONSTRUCTED(0), &inner) ||
		!der_read_small(&inner, 2, &version) || !der_at_end(&inner) ||
		version == 0))
		return fail(
		    err, ERR_MALFORMED, "certificate has an unknown version");
	out->version = (unsigned)version + 1;
	return true;
}

/* Of the certificates that clients make for themselves: certmonger 0.79.17
 * gives them serials of 33 octets (tests/interop/scep_certmonger.py). */
#define SERIAL_TOLERATED 64u

static bool
serial_parse(
    struct der *d, enum names_mode mode, struct cert *out, struct err *err)
{
	size_t most = mode == NAMES_TOLERANT ? SERIAL_TOLERATED : SERIAL_SIZE;
	const uint8_t *before = d->p;
	size_t octets;

	if (!der_read_uint(d, &out->serial))
		return fail(err, ERR_MALFORMED,
		    "certificate has a serial that is no positive INTEGER");
	octets = (size_t)(d->p - before) - 2;
	/* RFC 5280 section 4.1.2.2: not zero, and at most 20 octets of content;
	 * there are old roots with zero, and CAs that forgot the sign bit. */
	if (out->serial.n == 0) {
		if (mode != NAMES_TOLERANT)
			return fail(
			    err, ERR_MALFORMED, "certificate has the serial 0");
		out->serial = bytes_of(d->p - 1, 1);
	}
	if (octets > most)
		return fail(err, ERR_MALFORMED,
		    "certificate has a serial of %zu octets, at most %zu are "
		    "allowed",
		    octets, most);
	return true;
}

/* Some roots have GeneralizedTime before 2050. */
static bool
time_read(struct der *d, enum names_mode mode, int64_t *out)
{
	struct bytes text;

	if (der_read_time(d, out))
		return true;
	return mode == NAMES_TOLERANT &&
	    der_read(d, DER_GENERALIZED_TIME, &text) &&
	    time_parse_generalized(text, out);
}

static bool
validity_parse(
    struct der *d, enum names_mode mode, struct cert *out, struct err *err)
{
	struct der inner;

	if (!der_enter(d, DER_SEQUENCE, &inner) ||
	    !time_read(&inner, mode, &out->not_before) ||
	    !time_read(&inner, mode, &out->not_after) || !der_at_end(&inner))
		return fail(err, ERR_MALFORMED,
		    "certificate has a validity that is not two times of "
		    "RFC 5280");
	return true;
}

/* X.690 section 8.6.2: the first octet counts unused bits, of some octet. */
static bool
is_bit_string(struct bytes content)
{
	return content.n > 0 && content.p[0] <= (content.n == 1 ? 0 : 7);
}

/* RFC 5280 section 4.1.2.8: CAs MUST NOT make them, readers may meet them. */
static bool
unique_ids_skip(struct der *d, enum names_mode mode, const struct cert *out,
    struct err *err)
{
	struct bytes bits;
	bool found[2] = { false, false };

	for (int i = 0; i < 2; i++)
		if (!der_read_optional(
			d, DER_CONTEXT(1 + i), &found[i], &bits) ||
		    (found[i] && !is_bit_string(bits)))
			return fail(err, ERR_MALFORMED,
			    "certificate has a malformed unique identifier");
	if ((found[0] || found[1]) &&
	    (mode != NAMES_TOLERANT || out->version < 2))
		return fail(
		    err, ERR_MALFORMED, "certificate has a unique identifier");
	return true;
}

static bool
extensions_parse(struct der *d, enum names_mode mode, struct arena *a,
    struct cert *out, struct err *err)
{
	struct cert_extension *x;
	struct der outer, list;

	if (der_at_end(d))
		return true;
	if (!der_enter(d, DER_CONTEXT_CONSTRUCTED(3), &outer) ||
	    !der_at_end(d) || !der_enter(&outer, DER_SEQUENCE, &list) ||
	    !der_at_end(&outer) || der_at_end(&list))
		return fail(err, ERR_MALFORMED,
		    "certificate has something other than extensions at its "
		    "end");
	if (out->version != 3)
		return fail(err, ERR_MALFORMED,
		    "certificate of version %u has extensions", out->version);
	while (!der_at_end(&list)) {
		if (out->extensions_n == CERT_EXTENSIONS_MAX)
			return fail(err, ERR_TOO_LARGE,
			    "certificate has more than %u extensions",
			    CERT_EXTENSIONS_MAX);
		x = &out->extensions[out->extensions_n];
		if (!extension_read(&list, false, x))
			return fail(err, ERR_MALFORMED,
			    "certificate has an extension that is not DER");
		for (size_t i = 0; i < out->extensions_n; i++)
			if (bytes_equal(out->extensions[i].oid, x->oid))
				return fail(err, ERR_MALFORMED,
				    "certificate has the same extension "
				    "twice");
		out->extensions_n++;
		if (!cert_extension_decode(x, mode, a, out, err))
			return false;
	}
	return true;
}

/* Others sign with PSS; we do not. */
static bool
algorithm_parse(
    struct bytes der, enum names_mode mode, struct cert *out, struct err *err)
{
	if (mode == NAMES_TOLERANT)
		return sig_alg_parse_salted(
		    der, SIG_ALG_EXACT, &out->tbs_sig_alg, &out->pss_salt, err);
	return sig_alg_parse(der, &out->tbs_sig_alg, err);
}

/* out->tbs is the whole SEQUENCE; *algorithm becomes its AlgorithmIdentifier.
 */
static bool
tbs_parse(enum names_mode mode, struct arena *a, struct cert *out,
    struct bytes *algorithm, struct err *err)
{
	struct der whole = der_of(out->tbs), d;

	if (!der_enter(&whole, DER_SEQUENCE, &d) || !der_at_end(&whole))
		return fail(err, ERR_MALFORMED,
		    "TBSCertificate is not one SEQUENCE in DER");
	if (!version_parse(&d, out, err) || !serial_parse(&d, mode, out, err))
		return false;
	if (!der_read_whole(&d, DER_SEQUENCE, algorithm))
		return fail(err, ERR_MALFORMED,
		    "certificate has no signature algorithm");
	if (!algorithm_parse(*algorithm, mode, out, err))
		return false;
	if (!der_read_whole(&d, DER_SEQUENCE, &out->issuer))
		return fail(err, ERR_MALFORMED, "certificate has no issuer");
	if (!subject_check(out->issuer, err) ||
	    !validity_parse(&d, mode, out, err))
		return false;
	if (!der_read_whole(&d, DER_SEQUENCE, &out->subject))
		return fail(err, ERR_MALFORMED, "certificate has no subject");
	if (!subject_check(out->subject, err))
		return false;
	if (!der_read_whole(&d, DER_SEQUENCE, &out->spki))
		return fail(
		    err, ERR_MALFORMED, "certificate has no public key");
	return spki_parse(out->spki, &out->key, err) &&
	    unique_ids_skip(&d, mode, out, err) &&
	    extensions_parse(&d, mode, a, out, err);
}

bool
cert_parse(struct bytes der, struct arena *a, struct cert *out, struct err *err)
{
	struct cert c = { .der = der };
	struct signed_parts parts;
	struct bytes algorithm;

	if (der.n > CERT_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "certificate has %zu octets, at most %u are read", der.n,
		    CERT_MAX);
	if (!signed_read("certificate", der, &parts, err))
		return false;
	c.tbs = parts.tbs;
	c.signature = parts.signature;
	if (!tbs_parse(NAMES_TOLERANT, a, &c, &algorithm, err))
		return false;
	/* RFC 5280 section 4.1.1.2: the same inside and outside. */
	if (!bytes_equal(algorithm, parts.algorithm))
		return fail(err, ERR_MALFORMED,
		    "certificate names two signature algorithms");
	c.sig_alg = c.tbs_sig_alg;
	*out = c;
	return true;
}

bool
cert_parse_tbs(
    struct bytes tbs, struct arena *a, struct cert *out, struct err *err)
{
	struct cert c = { .tbs = tbs };
	struct bytes algorithm;

	if (tbs.n > CERT_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "TBSCertificate has %zu octets, at most %u are read", tbs.n,
		    CERT_MAX);
	if (!tbs_parse(NAMES_NORMAL, a, &c, &algorithm, err))
		return false;
	if (c.version != 3)
		return fail(err, ERR_MALFORMED,
		    "TBSCertificate is of version %u, expected 3", c.version);
	*out = c;
	return true;
}

bool
cert_verify(struct lane *lane, const struct cert *cert,
    const struct cert *issuer, struct err *err)
{
	if (!bytes_equal(cert->issuer, issuer->subject))
		return fail(err, ERR_REJECTED,
		    "certificate names another issuer than the one given");
	/* RFC 5280 section 4.2.1.1: where both are there, they agree. */
	if (cert->aki.n != 0 && issuer->ski.n != 0 &&
	    !bytes_equal(cert->aki, issuer->ski))
		return fail(err, ERR_REJECTED,
		    "certificate names another issuer key than the one given");
	if (!sig_alg_fits(cert->sig_alg, issuer->key.alg))
		return fail(err, ERR_BAD_SIGNATURE,
		    "certificate's signature algorithm does not fit the "
		    "issuer's key");
	return pubkey_verify_salted(lane, &issuer->key, cert->sig_alg,
	    cert->pss_salt, cert->tbs, cert->signature, err);
}

const struct cert_extension *
cert_extension_find(const struct cert *c, const char *oid)
{
	AUTO_BUF octets = { 0 };

	if (!der_oid_parse(oid, &octets))
		return NULL;
	for (size_t i = 0; i < c->extensions_n; i++)
		if (bytes_equal(c->extensions[i].oid, buf_bytes(&octets)))
			return &c->extensions[i];
	return NULL;
}
