#include "codec/extension.h"
#include "codec/ocsp.h"
#include "codec/oid.h"

#define MALFORMED(...) fail(err, ERR_MALFORMED, __VA_ARGS__)

/* What one pass over the request finds beside the CertIDs. */
struct request_extensions {
	bool has_nonce, has_accepted;
	struct bytes nonce;
};

/* RFC 9654 section 2.1: Nonce ::= OCTET STRING(SIZE(1..128)); an empty or a
 * longer one MUST get malformedRequest. */
static bool
nonce_read(struct bytes value, struct request_extensions *out, struct err *err)
{
	struct der d = der_of(value);
	struct bytes nonce;

	if (out->has_nonce)
		return MALFORMED("OCSP request has two nonces");
	if (!der_read(&d, DER_OCTET_STRING, &nonce) || !der_at_end(&d))
		return MALFORMED("nonce of an OCSP request is no OCTET STRING");
	if (nonce.n < OCSP_NONCE_MIN || nonce.n > OCSP_NONCE_MAX)
		return MALFORMED(
		    "nonce of an OCSP request has %zu octets, expected %u to "
		    "%u",
		    nonce.n, OCSP_NONCE_MIN, OCSP_NONCE_MAX);
	out->has_nonce = true;
	out->nonce = nonce;
	return true;
}

/* RFC 6960 section 4.4.3: the types that the client takes.  Ours is the one
 * that everybody has to take, so a list without it is the client's mistake. */
static bool
accepted_read(
    struct bytes value, struct request_extensions *out, struct err *err)
{
	struct der d = der_of(value), list;
	bool basic = false;
	struct bytes oid;

	if (out->has_accepted)
		return MALFORMED("OCSP request has two lists of types");
	out->has_accepted = true;
	if (!der_enter(&d, DER_SEQUENCE, &list) || !der_at_end(&d))
		return MALFORMED("list of types of an OCSP request is none");
	while (!der_at_end(&list)) {
		if (!der_read(&list, DER_OID, &oid))
			return MALFORMED(
			    "list of types of an OCSP request is none");
		basic = basic || bytes_equal(oid, OID(OCSP_BASIC));
	}
	if (!basic)
		return fail(err, ERR_UNSUPPORTED,
		    "OCSP request takes no basic response");
	return true;
}

/* RFC 6960 section 4.1.2: unknown ones MUST be ignored unless critical.  Two
 * breaches of DER that change nothing are let through: an encoded FALSE and an
 * empty list. */
static bool
extensions_read(
    struct der *d, int tag, struct request_extensions *out, struct err *err)
{
	struct der outer, list;
	struct cert_extension x;

	if (!der_enter(d, tag, &outer) ||
	    !der_enter(&outer, DER_SEQUENCE, &list) || !der_at_end(&outer))
		return MALFORMED("extensions of an OCSP request are no list");
	while (!der_at_end(&list)) {
		if (!extension_read(&list, true, &x))
			return MALFORMED(
			    "an extension of an OCSP request is malformed");
		if (out != NULL && bytes_equal(x.oid, OID(OCSP_NONCE))) {
			if (!nonce_read(x.value, out, err))
				return false;
		} else if (out != NULL &&
		    bytes_equal(x.oid, OID(OCSP_RESPONSE_TYPES))) {
			if (!accepted_read(x.value, out, err))
				return false;
		} else if (x.critical)
			return fail(err, ERR_UNSUPPORTED,
			    "OCSP request has an unknown critical extension");
	}
	return true;
}

static bool
request_read(struct der *d, struct ocsp_cert_id *out, struct err *err)
{
	struct der inner;

	if (!der_enter(d, DER_SEQUENCE, &inner) ||
	    !ocsp_cert_id_read(&inner, out))
		return MALFORMED("CertID of an OCSP request is malformed");
	/* singleRequestExtensions: none that we know. */
	if (der_at_end(&inner))
		return true;
	if (!extensions_read(&inner, DER_CONTEXT_CONSTRUCTED(0), NULL, err))
		return false;
	return der_at_end(&inner) ||
	    MALFORMED("OCSP request has more than a CertID and extensions");
}

static bool
request_list_read(struct der *d, struct ocsp_request *out, struct err *err)
{
	struct der list;

	if (!der_enter(d, DER_SEQUENCE, &list) || der_at_end(&list))
		return MALFORMED("OCSP request asks for nothing");
	while (!der_at_end(&list)) {
		if (out->n == OCSP_SINGLES_MAX)
			return fail(err, ERR_TOO_LARGE,
			    "OCSP request asks for more than %u certificates",
			    OCSP_SINGLES_MAX);
		if (!request_read(&list, &out->ids[out->n], err))
			return false;
		out->n++;
	}
	return true;
}

/* Who asks is nothing to us: RFC 9919 section 3.1.2 has the name of an unsigned
 * request treated as if it were absent. */
static bool
requestor_name_skip(struct der *d)
{
	struct bytes name;

	if (der_peek(d) != DER_CONTEXT_CONSTRUCTED(1))
		return true;
	return der_read(d, DER_CONTEXT_CONSTRUCTED(1), &name) &&
	    der_check(name);
}

/* v1 is the default, so in DER it is absent (X.690 section 11.5); said all the
 * same it does no harm.  There is no other version. */
static bool
version_skip(struct der *d)
{
	struct der inner;
	uint64_t version;

	if (der_peek(d) != DER_CONTEXT_CONSTRUCTED(0))
		return true;
	return der_enter(d, DER_CONTEXT_CONSTRUCTED(0), &inner) &&
	    der_read_small(&inner, 0, &version) && der_at_end(&inner);
}

static bool
tbs_read(struct der *d, struct ocsp_request *out, struct err *err)
{
	struct request_extensions extensions = { 0 };
	struct der tbs;

	if (!der_enter(d, DER_SEQUENCE, &tbs))
		return MALFORMED("OCSP request has no tbsRequest");
	if (!version_skip(&tbs))
		return MALFORMED("OCSP request is of another version than v1");
	if (!requestor_name_skip(&tbs))
		return MALFORMED("requestorName is malformed");
	if (!request_list_read(&tbs, out, err))
		return false;
	if (!der_at_end(&tbs) &&
	    !extensions_read(
		&tbs, DER_CONTEXT_CONSTRUCTED(2), &extensions, err))
		return false;
	if (!der_at_end(&tbs))
		return MALFORMED("tbsRequest has more than it may");
	out->nonce = extensions.nonce;
	return true;
}

/* Signature, in its form alone: RFC 9919 section 3.1.2 lets a responder ignore
 * it. */
static bool
signature_skip(struct der *d)
{
	struct der outer, signature, certs, list;
	struct bytes bits;

	if (!der_enter(d, DER_CONTEXT_CONSTRUCTED(0), &outer) ||
	    !der_enter(&outer, DER_SEQUENCE, &signature) ||
	    !der_at_end(&outer) ||
	    !der_read_whole(&signature, DER_SEQUENCE, &bits) ||
	    !der_read_bit_octets(&signature, &bits))
		return false;
	if (der_at_end(&signature))
		return true;
	if (!der_enter(&signature, DER_CONTEXT_CONSTRUCTED(0), &certs) ||
	    !der_at_end(&signature) ||
	    !der_enter(&certs, DER_SEQUENCE, &list) || !der_at_end(&certs))
		return false;
	while (!der_at_end(&list))
		if (!der_read_whole(&list, DER_SEQUENCE, &bits))
			return false;
	return true;
}

bool
ocsp_request_parse(struct bytes der, struct ocsp_request *out, struct err *err)
{
	struct der d = der_of(der), inner;
	struct ocsp_request r = { .n = 0 };

	if (der.n > OCSP_REQUEST_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "OCSP request has %zu octets, at most %u", der.n,
		    OCSP_REQUEST_MAX);
	if (!der_enter(&d, DER_SEQUENCE, &inner))
		return MALFORMED("OCSP request is not DER");
	if (!der_at_end(&d))
		return MALFORMED(
		    "OCSP request has %td octets behind its end", d.end - d.p);
	if (!tbs_read(&inner, &r, err))
		return false;
	if (!der_at_end(&inner)) {
		if (!signature_skip(&inner) || !der_at_end(&inner))
			return MALFORMED(
			    "signature of an OCSP request is malformed");
		r.is_signed = true;
	}
	*out = r;
	return true;
}
