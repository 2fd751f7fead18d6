#include "signer/check.h"
#include "util/text.h"

#define REFUSE(...) fail(err, ERR_SIGNER_REFUSED, __VA_ARGS__)

#define EKU_OCSP_SIGNING "1.3.6.1.5.5.7.3.9"
#define EKU_ANY "2.5.29.37.0"

/* Everything that a certificate of ours may carry; dotted, for the log. */
enum { FOR_LEAF = 1, FOR_RESPONDER = 2, FOR_BOTH = 3 };
static const struct {
	const char *oid;
	unsigned kinds;
} extensions_known[] = {
	{ "2.5.29.14", FOR_BOTH }, /* subjectKeyIdentifier */
	{ "2.5.29.15", FOR_BOTH }, /* keyUsage */
	{ "2.5.29.17", FOR_LEAF }, /* subjectAltName */
	{ "2.5.29.19", FOR_BOTH }, /* basicConstraints */
	{ "2.5.29.31", FOR_BOTH }, /* cRLDistributionPoints */
	{ "2.5.29.32", FOR_BOTH }, /* certificatePolicies */
	{ "2.5.29.35", FOR_BOTH }, /* authorityKeyIdentifier */
	{ "2.5.29.37", FOR_BOTH }, /* extKeyUsage */
	{ "1.3.6.1.5.5.7.1.1", FOR_BOTH }, /* authorityInfoAccess */
	{ "1.3.6.1.5.5.7.1.24", FOR_LEAF }, /* TLS feature */
	{ "1.3.6.1.5.5.7.48.1.5", FOR_RESPONDER }, /* OCSP nocheck */
};

static bool
extension_is_known(const char *oid, unsigned kind)
{
	for (size_t i = 0; i < COUNT_OF(extensions_known); i++)
		if (strcmp(extensions_known[i].oid, oid) == 0)
			return (extensions_known[i].kinds & kind) != 0;
	return false;
}

/* An extension that nobody here understands could mean anything. */
static bool
check_extensions(const struct cert *cert, unsigned kind, struct err *err)
{
	for (size_t i = 0; i < cert->extensions_n; i++) {
		char oid[128];

		if (!der_oid_text(cert->extensions[i].oid, oid))
			return REFUSE("an extension's OID is malformed");
		if (!extension_is_known(oid, kind))
			return REFUSE(
			    "extension %s is none of those that we sign", oid);
	}
	return true;
}

bool
check_issuer(const struct check *c, struct bytes issuer, struct bytes aki,
    enum sig_alg alg, struct err *err)
{
	if (!bytes_equal(issuer, c->limits->issuer_name))
		return REFUSE("issuer is %s, expected the name of CA %s",
		    subject_text(c->arena, issuer), c->limits->ca);
	if (!bytes_equal(aki, c->limits->key_id))
		return REFUSE("authority key identifier is %s, expected %s",
		    aki.n == 0 ? "missing" : hex_arena(c->arena, aki),
		    hex_arena(c->arena, c->limits->key_id));
	if (alg != c->sig_alg)
		return REFUSE("signature algorithm is %d, expected %d of the "
			      "key of CA %s",
		    (int)alg, (int)c->sig_alg, c->limits->ca);
	return true;
}

int64_t
check_serial_time(const uint8_t serial[SERIAL_SIZE])
{
	return (int64_t)bytes_get_be(serial + 1, 5);
}

/* Design section 5: node (01-7f), 40 bits of seconds, 112 random bits. */
static bool
check_serial(const struct check *c, const struct cert *cert, struct err *err)
{
	int64_t at;

	if (cert->serial.n != SERIAL_SIZE)
		return REFUSE("serial has %zu octets, expected %u",
		    cert->serial.n, SERIAL_SIZE);
	if (cert->serial.p[0] != c->limits->node)
		return REFUSE("serial begins with node %02x, expected %02x",
		    cert->serial.p[0], c->limits->node);
	at = check_serial_time(cert->serial.p);
	if (at < c->now - CHECK_SKEW || at > c->now + CHECK_SKEW)
		return REFUSE("serial carries a time %lld s from now, expected "
			      "at most %d",
		    (long long)(at - c->now), CHECK_SKEW);
	return true;
}

static bool
check_validity(const struct check *c, const struct cert *cert,
    int64_t max_lifetime, struct err *err)
{
	/* Both ends belong to the lifetime, RFC 5280 section 4.1.2.5. */
	int64_t lifetime = cert->not_after - cert->not_before + 1;
	int64_t earliest = c->now - c->limits->max_backdate;

	if (cert->not_before < earliest)
		return REFUSE(
		    "notBefore lies %lld s back, expected at most %lld",
		    (long long)(c->now - cert->not_before),
		    (long long)c->limits->max_backdate);
	if (cert->not_before > c->now + CHECK_SKEW)
		return REFUSE("notBefore lies %lld s ahead, expected at most "
			      "%d",
		    (long long)(cert->not_before - c->now), CHECK_SKEW);
	if (lifetime < 1)
		return REFUSE("notAfter lies before notBefore");
	if (lifetime > max_lifetime)
		return REFUSE("lifetime is %lld s, expected at most %lld",
		    (long long)lifetime, (long long)max_lifetime);
	if (cert->not_after > c->limits->ca_not_after)
		return REFUSE("notAfter lies %lld s behind that of CA %s",
		    (long long)(cert->not_after - c->limits->ca_not_after),
		    c->limits->ca);
	return true;
}

/* No path to a certificate that could sign others (design section 4). */
static bool
check_no_ca(const struct cert *cert, struct err *err)
{
	if (cert->version != 3)
		return REFUSE(
		    "certificate is of version %u, expected 3", cert->version);
	if (cert->is_ca || cert->has_path_length)
		return REFUSE("basic constraints say CA, expected a leaf");
	if ((cert->key_usage & KU_KEY_CERT_SIGN) != 0)
		return REFUSE("key usage has keyCertSign");
	if ((cert->key_usage & KU_CRL_SIGN) != 0)
		return REFUSE("key usage has cRLSign");
	return true;
}

static bool
eku_is_allowed(const struct signer_limits *l, const char *oid)
{
	for (size_t i = 0; i < l->eku_allowed.n; i++)
		if (strcmp(l->eku_allowed.v[i], oid) == 0)
			return true;
	return false;
}

static bool
check_eku(const struct check *c, const struct cert *cert, struct err *err)
{
	/* None means any (RFC 5280 section 4.2.1.12). */
	if (cert->eku_n == 0 && !eku_is_allowed(c->limits, EKU_ANY))
		return REFUSE("extended key usage is missing, which means any");
	for (size_t i = 0; i < cert->eku_n; i++) {
		if (strcmp(cert->eku[i], EKU_OCSP_SIGNING) == 0)
			return REFUSE("extended key usage OCSPSigning in a "
				      "leaf");
		if (!eku_is_allowed(c->limits, cert->eku[i]))
			return REFUSE("extended key usage %s is not among "
				      "those of CA %s",
			    cert->eku[i], c->limits->ca);
	}
	return true;
}

static bool
bytes_among(struct bytes b, const struct bytes *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_equal(b, v[i]))
			return true;
	return false;
}

static bool
check_leaf(const struct check *c, const struct cert *cert, struct err *err)
{
	/* A leaf for a CA's own key would be a second, lesser life of it. */
	if (bytes_among(cert->spki, c->own_spkis, c->own_spkis_n))
		return REFUSE("the key of the certificate is one of ours");
	if (cert->ocsp_nocheck)
		return REFUSE("OCSP nocheck in a leaf");
	return check_extensions(cert, FOR_LEAF, err) &&
	    check_eku(c, cert, err) &&
	    check_validity(c, cert, c->limits->max_lifetime, err) &&
	    check_names(c, cert, err) && check_subject(c, cert, err) &&
	    check_constraints(c, cert, err);
}

/* RFC 6960 section 4.2.2.2: a delegated responder, and nothing else. */
static bool
check_responder(const struct check *c, const struct cert *cert, struct err *err)
{
	if (!bytes_among(cert->spki, c->responders, c->responders_n))
		return REFUSE(
		    "the key of the certificate is no responder key of ours");
	if (cert->eku_n != 1 || strcmp(cert->eku[0], EKU_OCSP_SIGNING) != 0)
		return REFUSE("extended key usage is not OCSPSigning alone");
	if (cert->key_usage != KU_DIGITAL_SIGNATURE)
		return REFUSE("key usage is not digitalSignature alone");
	if (!cert->ocsp_nocheck)
		return REFUSE("OCSP nocheck is missing");
	if (cert->has_names)
		return REFUSE("subjectAltName in a responder's certificate");
	return check_extensions(cert, FOR_RESPONDER, err) &&
	    check_validity(c, cert, c->limits->responder_lifetime, err);
}

bool
check_cert(const struct check *c, enum signer_kind kind,
    const struct cert *cert, struct err *err)
{
	if (!check_no_ca(cert, err) ||
	    !check_issuer(c, cert->issuer, cert->aki, cert->tbs_sig_alg, err) ||
	    !check_serial(c, cert, err))
		return false;
	if (cert->unknown_critical)
		return REFUSE("an unknown extension is critical");
	if (kind == SIGN_LEAF)
		return check_leaf(c, cert, err);
	if (kind == SIGN_RESPONDER)
		return check_responder(c, cert, err);
	return REFUSE("kind %d is no certificate", (int)kind);
}
