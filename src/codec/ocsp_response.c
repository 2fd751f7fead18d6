#include "codec/ocsp.h"
#include "codec/oid.h"
#include "codec/signed.h"

#define MALFORMED(...) fail(err, ERR_MALFORMED, __VA_ARGS__)

static const uint8_t ok[] = { DER_ENUMERATED, 1, OCSP_SUCCESSFUL };

struct bytes
ocsp_error(enum ocsp_response_status status)
{
#define ANSWER(s)                                                              \
	{                                                                      \
		DER_SEQUENCE, 3, DER_ENUMERATED, 1, s                          \
	}
	static const uint8_t answers[][5] = {
		ANSWER(OCSP_SUCCESSFUL),
		ANSWER(OCSP_MALFORMED_REQUEST),
		ANSWER(OCSP_INTERNAL_ERROR),
		ANSWER(OCSP_TRY_LATER),
		ANSWER(OCSP_INTERNAL_ERROR), /* 4 is none */
		ANSWER(OCSP_SIG_REQUIRED),
		ANSWER(OCSP_UNAUTHORIZED),
	};
#undef ANSWER

	return bytes_of(answers[status], sizeof(answers[status]));
}

static void
certs_put(struct buf *b, struct bytes certificate)
{
	size_t outer = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
	size_t list = der_open(b, DER_SEQUENCE);

	der_put_raw(b, certificate);
	der_close(b, list);
	der_close(b, outer);
}

void
ocsp_response_put(struct buf *b, struct bytes tbs, enum sig_alg alg,
    struct bytes signature, struct bytes certificate)
{
	size_t outer = der_open(b, DER_SEQUENCE), explicit, bytes, octets,
	       basic;

	buf_add(b, ok, sizeof(ok));
	explicit = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
	bytes = der_open(b, DER_SEQUENCE);
	oid_put(b, OID(OCSP_BASIC));
	octets = der_open(b, DER_OCTET_STRING);
	basic = der_open(b, DER_SEQUENCE);
	der_put_raw(b, tbs);
	sig_alg_put(b, alg);
	der_put_bit_octets(b, signature);
	if (certificate.n != 0)
		certs_put(b, certificate);
	der_close(b, basic);
	der_close(b, octets);
	der_close(b, bytes);
	der_close(b, explicit);
	der_close(b, outer);
}

/* OCSPResponse, down to the BasicOCSPResponse in it. */
static bool
basic_find(struct bytes der, struct bytes *out, struct err *err)
{
	struct der d = der_of(der), inner, explicit, bytes;
	struct bytes status, oid;

	if (!der_enter(&d, DER_SEQUENCE, &inner) || !der_at_end(&d))
		return MALFORMED("OCSP response is not DER");
	if (!der_read_whole(&inner, DER_ENUMERATED, &status) ||
	    !bytes_equal(status, bytes_of(ok, sizeof(ok))))
		return MALFORMED("OCSP response is not a successful one");
	if (!der_enter(&inner, DER_CONTEXT_CONSTRUCTED(0), &explicit) ||
	    !der_at_end(&inner) ||
	    !der_enter(&explicit, DER_SEQUENCE, &bytes) ||
	    !der_at_end(&explicit) || !der_read(&bytes, DER_OID, &oid) ||
	    !bytes_equal(oid, OID(OCSP_BASIC)) ||
	    !der_read(&bytes, DER_OCTET_STRING, out) || !der_at_end(&bytes))
		return MALFORMED("OCSP response has no basic response");
	return true;
}

static bool
certs_read(struct der *d, struct bytes *out)
{
	struct der outer, list;

	return der_enter(d, DER_CONTEXT_CONSTRUCTED(0), &outer) &&
	    der_enter(&outer, DER_SEQUENCE, &list) && der_at_end(&outer) &&
	    der_read_whole(&list, DER_SEQUENCE, out) && der_at_end(&list);
}

bool
ocsp_response_parse(
    struct bytes der, struct ocsp_response *out, struct err *err)
{
	struct bytes content, algorithm;
	struct ocsp_response r = { .certificate = BYTES_NONE };
	struct der d, basic;

	if (!basic_find(der, &content, err))
		return false;
	d = der_of(content);
	if (!der_enter(&d, DER_SEQUENCE, &basic) || !der_at_end(&d) ||
	    !der_read_whole(&basic, DER_SEQUENCE, &r.tbs) ||
	    !der_read_whole(&basic, DER_SEQUENCE, &algorithm) ||
	    !der_read_bit_octets(&basic, &r.signature))
		return MALFORMED("basic OCSP response is malformed");
	if (!der_at_end(&basic) &&
	    (!certs_read(&basic, &r.certificate) || !der_at_end(&basic)))
		return MALFORMED(
		    "basic OCSP response has more than one certificate");
	if (!sig_alg_parse(algorithm, &r.sig_alg, err) ||
	    !ocsp_data_parse(r.tbs, &r.data, err))
		return false;
	*out = r;
	return true;
}
