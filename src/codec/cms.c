#include "codec/cms.h"
#include "codec/oid.h"

bool
cms_content_enter(struct bytes der, struct bytes type, const char *what,
    struct der *out, struct err *err)
{
	struct der d = der_of(der), info, wrapper;
	struct bytes oid;

	if (!der_enter(&d, DER_SEQUENCE, &info) || !der_at_end(&d) ||
	    !der_read(&info, DER_OID, &oid))
		return fail(err, ERR_MALFORMED, "not a ContentInfo of CMS");
	/* The type is looked at before anything in it: authenticated
	 * envelopes have parsers with a history of their own. */
	if (!bytes_equal(oid, type))
		return fail(
		    err, ERR_UNSUPPORTED, "the CMS content is not %s", what);
	if (!der_enter(&info, DER_CONTEXT_CONSTRUCTED(0), &wrapper) ||
	    !der_at_end(&info) || !der_enter(&wrapper, DER_SEQUENCE, out) ||
	    !der_at_end(&wrapper))
		return fail(err, ERR_MALFORMED, "%s is malformed", what);
	return true;
}

bool
cms_id_read(struct der *d, struct cms_id *out)
{
	struct der inner;

	memset(out, 0, sizeof(*out));
	if (der_peek(d) == DER_CONTEXT(0))
		return der_read(d, DER_CONTEXT(0), &out->key_id) &&
		    out->key_id.n > 0;
	return der_enter(d, DER_SEQUENCE, &inner) &&
	    der_read_whole(&inner, DER_SEQUENCE, &out->issuer) &&
	    der_read_uint(&inner, &out->serial) && der_at_end(&inner);
}

bool
cms_id_is_of(const struct cms_id *id, const struct cert *cert)
{
	if (id->key_id.n > 0)
		return bytes_equal(id->key_id, cert->ski);
	return bytes_equal(id->issuer, cert->issuer) &&
	    bytes_equal(id->serial, cert->serial);
}

void
cms_id_put(struct buf *b, const struct cert *cert)
{
	size_t mark = der_open(b, DER_SEQUENCE);

	der_put_raw(b, cert->issuer);
	der_put_uint(b, cert->serial);
	der_close(b, mark);
}
