#include "codec/oid.h"
#include "codec/pem.h"

/* certificates are [0], crls are [1]. */
static void
bag_put(struct buf *b, unsigned what, const struct bytes *parts, size_t n)
{
	size_t outer, wrapper, data, content, list;

	/* RFC 5652 section 5.1: version 1, no digests, no content, no
	 * signers; RFC 8551 section 3.8. */
	outer = der_open(b, DER_SEQUENCE);
	oid_put(b, OID(SIGNED_DATA));
	wrapper = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
	data = der_open(b, DER_SEQUENCE);
	der_put_small(b, 1);
	der_put(b, DER_SET, BYTES_NONE);
	content = der_open(b, DER_SEQUENCE);
	oid_put(b, OID(DATA));
	der_close(b, content);
	/* A SET OF that DER would sort: readers want the leaf first, and every
	 * CA sends it so. */
	list = der_open(b, DER_CONTEXT_CONSTRUCTED((int)what));
	for (size_t i = 0; i < n; i++)
		der_put_raw(b, parts[i]);
	der_close(b, list);
	der_put(b, DER_SET, BYTES_NONE);
	der_close(b, data);
	der_close(b, wrapper);
	der_close(b, outer);
}

void
pkcs7_certs_put(struct buf *b, const struct bytes *certs, size_t n)
{
	bag_put(b, 0, certs, n);
}

void
pkcs7_crl_put(struct buf *b, struct bytes crl)
{
	bag_put(b, 1, &crl, 1);
}

bool
pkcs7_certs_read(struct bytes der, struct bytes *certs)
{
	struct der d = der_of(der), info, wrapper, data;
	struct bytes type, digests, content, list, signers;
	uint64_t version;
	bool found;

	if (!der_enter(&d, DER_SEQUENCE, &info) || !der_at_end(&d) ||
	    !der_read(&info, DER_OID, &type) ||
	    !bytes_equal(type, OID(SIGNED_DATA)) ||
	    !der_enter(&info, DER_CONTEXT_CONSTRUCTED(0), &wrapper) ||
	    !der_at_end(&info) || !der_enter(&wrapper, DER_SEQUENCE, &data) ||
	    !der_at_end(&wrapper))
		return false;
	if (!der_read_small(&data, 1, &version) || version != 1 ||
	    !der_read(&data, DER_SET, &digests) || digests.n != 0 ||
	    !der_read(&data, DER_SEQUENCE, &content) ||
	    !der_read_optional(
		&data, DER_CONTEXT_CONSTRUCTED(0), &found, &list) ||
	    !found || !der_read(&data, DER_SET, &signers) || signers.n != 0 ||
	    !der_at_end(&data))
		return false;
	*certs = list;
	return true;
}
