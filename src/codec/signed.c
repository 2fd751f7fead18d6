#include "codec/signed.h"

bool
signed_read(const char *what, struct bytes der, struct signed_parts *out,
    struct err *err)
{
	struct der d = der_of(der), inner;
	struct signed_parts parts;

	if (!der_enter(&d, DER_SEQUENCE, &inner))
		return fail(err, ERR_MALFORMED, "%s is not DER", what);
	if (!der_at_end(&d))
		return fail(err, ERR_MALFORMED,
		    "%s has %td octets behind its end", what, d.end - d.p);
	if (!der_read_whole(&inner, DER_SEQUENCE, &parts.tbs) ||
	    !der_read_whole(&inner, DER_SEQUENCE, &parts.algorithm) ||
	    !der_read_bit_octets(&inner, &parts.signature) ||
	    !der_at_end(&inner))
		return fail(err, ERR_MALFORMED,
		    "%s is not a body, an algorithm and a signature", what);
	*out = parts;
	return true;
}

void
signed_put(
    struct buf *b, struct bytes tbs, enum sig_alg alg, struct bytes signature)
{
	AUTO_BUF algorithm = { 0 };
	size_t n;

	sig_alg_put(&algorithm, alg);
	n = tbs.n + algorithm.n + der_header_size(1 + signature.n) + 1 +
	    signature.n;
	buf_reserve(b, der_header_size(n) + n);
	der_put_header(b, DER_SEQUENCE, n);
	der_put_raw(b, tbs);
	der_put_raw(b, buf_bytes(&algorithm));
	der_put_bit_octets(b, signature);
}
