#include "codec/csr.h"
#include "codec/dirstring.h"
#include "codec/extension.h"
#include "codec/oid.h"
#include "codec/subject.h"

#define ATTRIBUTES_MAX 32u
/* RFC 2985 section 5.4.1 has 255 characters; but what Microsoft Intune gives
 * its devices as challengePassword is a signed and encrypted message of several
 * kilobytes. */
#define CHALLENGE_MAX 16384u

/* The value of SubjectAltName. */
static bool
names_parse(
    struct bytes value, struct arena *a, struct csr *out, struct err *err)
{
	struct bytes content;

	if (!general_names_open(value, &content))
		return fail(err, ERR_BAD_CSR,
		    "CSR has a subjectAltName that is not GeneralNames");
	return names_read_general(content, a, &out->names, err);
}

static bool
extension_parse(const struct cert_extension *x, struct arena *a,
    struct csr *out, struct err *err)
{
	if (bytes_equal(x->oid, OID(SUBJECT_ALT_NAME)))
		return names_parse(x->value, a, out, err);
	if (bytes_equal(x->oid, OID(TLS_FEATURE)) &&
	    !tls_feature_read(x->value, &out->must_staple))
		return fail(err, ERR_BAD_CSR,
		    "CSR has a TLS feature extension that is not a list of "
		    "numbers");
	return true;
}

/* ExtensionReq ::= Extensions, RFC 2985 section 5.4.2. */
static bool
extensions_parse(
    struct bytes content, struct arena *a, struct csr *out, struct err *err)
{
	struct cert_extension list[CERT_EXTENSIONS_MAX];
	struct der d = der_of(content);
	size_t n = 0;

	while (!der_at_end(&d)) {
		if (n == COUNT_OF(list))
			return fail(err, ERR_BAD_CSR,
			    "CSR has more than %u extensions",
			    CERT_EXTENSIONS_MAX);
		if (!extension_read(&d, true, &list[n]))
			return fail(err, ERR_BAD_CSR,
			    "CSR has an extension that is not DER");
		for (size_t i = 0; i < n; i++)
			if (bytes_equal(list[i].oid, list[n].oid))
				return fail(err, ERR_BAD_CSR,
				    "CSR has the same extension twice");
		if (!extension_parse(&list[n], a, out, err))
			return false;
		n++;
	}
	out->extensions = content;
	return true;
}

static bool
challenge_parse(int tag, struct bytes value, struct arena *a, struct csr *out,
    struct err *err)
{
	const char *text = NULL;

	if (value.n <= CHALLENGE_MAX * 4)
		text = dirstring_text(tag, value, a);
	if (text == NULL || strlen(text) > CHALLENGE_MAX)
		return fail(err, ERR_BAD_CSR,
		    "CSR has a challengePassword that is not a text of at most "
		    "%u octets",
		    CHALLENGE_MAX);
	out->challenge_password = text;
	return true;
}

/* The values of one attribute, a SET. */
static bool
attribute_parse(struct bytes oid, struct der values, struct arena *a,
    struct csr *out, struct err *err)
{
	bool extensions = bytes_equal(oid, OID(EXTENSION_REQUEST)) ||
	    bytes_equal(oid, OID(MS_CERT_EXTENSIONS));
	bool challenge = bytes_equal(oid, OID(CHALLENGE_PASSWORD));
	struct bytes content, whole;
	unsigned n = 0;
	int tag = 0;

	while (!der_at_end(&values)) {
		if (!der_read_any(&values, &tag, &content, &whole) ||
		    !der_check(whole))
			return fail(err, ERR_BAD_CSR,
			    "CSR has an attribute whose value is not DER");
		n++;
	}
	if (n == 0 || (n > 1 && (extensions || challenge)))
		return fail(err, ERR_BAD_CSR,
		    "CSR has an attribute with %u values, expected one", n);
	if (challenge)
		return challenge_parse(tag, content, a, out, err);
	if (!extensions)
		return true;
	if (tag != DER_SEQUENCE)
		return fail(err, ERR_BAD_CSR,
		    "CSR has an extension request that is not a SEQUENCE");
	return extensions_parse(content, a, out, err);
}

struct attribute {
	struct bytes oid, values;
};

/* PKCS#9's OID and Microsoft's are two names for one thing. */
static struct bytes
meaning(struct bytes oid)
{
	return bytes_equal(oid, OID(MS_CERT_EXTENSIONS))
	    ? OID(EXTENSION_REQUEST)
	    : oid;
}

static bool
may_stand_beside(const struct attribute *x, const struct attribute *y)
{
	if (!bytes_equal(meaning(x->oid), meaning(y->oid)))
		return true;
	/* Windows repeats the attribute for each pair. */
	if (bytes_equal(x->oid, OID(MS_NAME_VALUE_PAIR)))
		return true;
	/* For readers of either name, with the same extensions. */
	return !bytes_equal(x->oid, y->oid) &&
	    bytes_equal(x->values, y->values);
}

static bool
attributes_parse(
    struct bytes content, struct arena *a, struct csr *out, struct err *err)
{
	struct attribute seen[ATTRIBUTES_MAX];
	struct der d = der_of(content), attribute;
	size_t n = 0;

	while (!der_at_end(&d)) {
		if (n == ATTRIBUTES_MAX)
			return fail(err, ERR_BAD_CSR,
			    "CSR has more than %u attributes", ATTRIBUTES_MAX);
		if (!der_enter(&d, DER_SEQUENCE, &attribute) ||
		    !der_read(&attribute, DER_OID, &seen[n].oid) ||
		    !der_oid_is_valid(seen[n].oid) ||
		    !der_read(&attribute, DER_SET, &seen[n].values) ||
		    !der_at_end(&attribute))
			return fail(err, ERR_BAD_CSR,
			    "CSR has an attribute that is not DER");
		for (size_t i = 0; i < n; i++)
			if (!may_stand_beside(&seen[i], &seen[n]))
				return fail(err, ERR_BAD_CSR,
				    "CSR has the same attribute twice");
		if (!attribute_parse(
			seen[n].oid, der_of(seen[n].values), a, out, err))
			return false;
		n++;
	}
	return true;
}

static bool
subject_parse(struct arena *a, struct csr *out, struct err *err)
{
	struct bytes value;
	int tag;

	if (!subject_check(out->subject, err))
		return false;
	if (!subject_find(out->subject, OID(COMMON_NAME), &tag, &value))
		return true;
	out->common_name = dirstring_text(tag, value, a);
	if (out->common_name == NULL)
		return fail(err, ERR_BAD_CSR,
		    "CSR has a common name that is not a text");
	return true;
}

/* CertificationRequestInfo; everything but the key's own form. */
static bool
info_parse(struct der d, struct arena *a, struct csr *out, struct err *err)
{
	struct bytes attributes;
	bool found;
	uint64_t version;

	if (!der_read_small(&d, 0, &version))
		return fail(err, ERR_BAD_CSR, "CSR is not of version 1");
	if (!der_read_whole(&d, DER_SEQUENCE, &out->subject))
		return fail(err, ERR_BAD_CSR, "CSR has no subject");
	if (!der_read_whole(&d, DER_SEQUENCE, &out->spki))
		return fail(err, ERR_BAD_CSR, "CSR has no public key");
	if (!der_read_optional(
		&d, DER_CONTEXT_CONSTRUCTED(0), &found, &attributes) ||
	    !der_at_end(&d))
		return fail(err, ERR_BAD_CSR,
		    "CSR has something other than attributes behind its key");
	if (!subject_parse(a, out, err))
		return false;
	out->attributes = found ? attributes : BYTES_NONE;
	return !found || attributes_parse(attributes, a, out, err);
}

static bool
request_parse(
    struct arena *a, struct csr *out, struct bytes *algorithm, struct err *err)
{
	struct der d = der_of(out->der), request, info, at;

	if (!der_enter(&d, DER_SEQUENCE, &request))
		return fail(err, ERR_BAD_CSR, "CSR is not PKCS#10 in DER");
	if (!der_at_end(&d))
		return fail(err, ERR_BAD_CSR, "CSR has octets behind its end");
	at = request;
	if (!der_read_whole(&request, DER_SEQUENCE, &out->info) ||
	    !der_enter(&at, DER_SEQUENCE, &info) ||
	    !der_read_whole(&request, DER_SEQUENCE, algorithm) ||
	    !der_read_bit_octets(&request, &out->signature) ||
	    !der_at_end(&request))
		return fail(err, ERR_BAD_CSR, "CSR is not PKCS#10 in DER");
	return info_parse(info, a, out, err);
}

/* Names, subjects and algorithms fail with kinds of their own; here they are
 * all one: the CSR is bad, or its key is. */
static bool
form_parse(struct bytes der, struct arena *a, struct csr *out,
    struct bytes *algorithm, struct err *err)
{
	struct csr csr = { .der = der };
	struct err why = { 0 };

	if (der.n > CSR_MAX)
		return fail(err, ERR_BAD_CSR,
		    "CSR has %zu octets, at most %u are read", der.n, CSR_MAX);
	if (!request_parse(a, &csr, algorithm, &why))
		return fail(err, ERR_BAD_CSR, "%s", why.shown);
	*out = csr;
	return true;
}

bool
csr_parse_unsigned(
    struct bytes der, struct arena *a, struct csr *out, struct err *err)
{
	struct bytes algorithm;

	return form_parse(der, a, out, &algorithm, err);
}

bool
csr_parse(struct bytes der, struct arena *a, struct csr *out, struct err *err)
{
	struct err why = { 0 };
	struct bytes algorithm;
	struct csr csr;

	if (!form_parse(der, a, &csr, &algorithm, err))
		return false;
	if (!sig_alg_parse_salted(
		algorithm, SIG_ALG_TOLERANT, &csr.sig_alg, &csr.pss_salt, &why))
		return fail(err, ERR_BAD_CSR, "%s", why.shown);
	if (!spki_parse(csr.spki, &csr.key, &why))
		return fail(err, ERR_BAD_PUBLIC_KEY, "%s", why.shown);
	if (!sig_alg_fits(csr.sig_alg, csr.key.alg))
		return fail(err, ERR_BAD_CSR,
		    "CSR has a signature algorithm that does not fit its key");
	*out = csr;
	return true;
}

bool
csr_names(
    const struct csr *csr, struct arena *a, struct names *out, struct err *err)
{
	struct name *one = arena_alloc(a, sizeof(*one));
	struct err ignored = { 0 };
	uint8_t ip[16];

	if (csr->names.n > 0) {
		*out = csr->names;
		return true;
	}
	if (csr->common_name == NULL ||
	    !name_parse(
		name_ip_octets(csr->common_name, ip) > 0 ? NAME_IP : NAME_DNS,
		bytes_str(csr->common_name), a, one, &ignored))
		return fail(err, ERR_BAD_CSR,
		    "the CSR has no subjectAltName, expected one, or a common "
		    "name that is a DNS name or an IP address");
	*out = (struct names){ one, 1 };
	return true;
}

bool
csr_attribute(const struct csr *csr, struct bytes oid, struct bytes *value)
{
	struct der d = der_of(csr->attributes), attribute, values;
	struct bytes type, whole;

	/* They were parsed once: none of this can fail but by absence. */
	while (der_enter(&d, DER_SEQUENCE, &attribute)) {
		if (!der_read(&attribute, DER_OID, &type) ||
		    !bytes_equal(type, oid))
			continue;
		if (!der_enter(&attribute, DER_SET, &values) ||
		    !der_read_any(&values, NULL, NULL, &whole) ||
		    !der_at_end(&values))
			return false;
		*value = whole;
		return true;
	}
	return false;
}

bool
csr_verify(struct lane *lane, const struct csr *csr, struct err *err)
{
	return pubkey_verify_salted(lane, &csr->key, csr->sig_alg,
	    csr->pss_salt, csr->info, csr->signature, err);
}
