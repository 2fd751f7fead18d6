#include "codec/extension.h"
#include "codec/oid.h"

/* RFC 7633: status_request of TLS, and its plural. */
#define FEATURE_STATUS_REQUEST 5

bool
extension_read(struct der *list, bool allow_false, struct cert_extension *out)
{
	struct cert_extension x = { .critical = false };
	struct der d;

	if (!der_enter(list, DER_SEQUENCE, &d) ||
	    !der_read(&d, DER_OID, &x.oid) || !der_oid_is_valid(x.oid))
		return false;
	if (der_peek(&d) == DER_BOOLEAN &&
	    (!der_read_bool(&d, &x.critical) || (!x.critical && !allow_false)))
		return false;
	if (!der_read(&d, DER_OCTET_STRING, &x.value) || !der_at_end(&d))
		return false;
	*out = x;
	return true;
}

struct extension_marks
extension_open(struct buf *b, struct bytes oid, bool critical)
{
	struct extension_marks marks;

	marks.outer = der_open(b, DER_SEQUENCE);
	oid_put(b, oid);
	/* FALSE is the default and stays out. */
	if (critical)
		der_put_bool(b, true);
	marks.value = der_open(b, DER_OCTET_STRING);
	return marks;
}

void
extension_close(struct buf *b, struct extension_marks marks)
{
	der_close(b, marks.value);
	der_close(b, marks.outer);
}

void
extension_put(
    struct buf *b, struct bytes oid, bool critical, struct bytes value)
{
	struct extension_marks marks = extension_open(b, oid, critical);

	buf_add_bytes(b, value);
	extension_close(b, marks);
}

bool
tls_feature_read(struct bytes value, bool *must_staple)
{
	struct der d = der_of(value), list;
	bool found = false;
	uint64_t feature;

	if (!der_enter(&d, DER_SEQUENCE, &list) || !der_at_end(&d))
		return false;
	while (!der_at_end(&list)) {
		if (!der_read_small(&list, UINT16_MAX, &feature))
			return false;
		found = found || feature == FEATURE_STATUS_REQUEST;
	}
	*must_staple = found;
	return true;
}

bool
aki_read(struct bytes value, struct bytes *key_id)
{
	struct bytes id = BYTES_NONE, issuer, serial;
	bool has_id, has_issuer, has_serial;
	struct der d = der_of(value), inner;

	if (!der_enter(&d, DER_SEQUENCE, &inner) || !der_at_end(&d) ||
	    !der_read_optional(&inner, DER_CONTEXT(0), &has_id, &id) ||
	    !der_read_optional(
		&inner, DER_CONTEXT_CONSTRUCTED(1), &has_issuer, &issuer) ||
	    !der_read_optional(&inner, DER_CONTEXT(2), &has_serial, &serial) ||
	    !der_at_end(&inner))
		return false;
	/* RFC 5280 section 4.2.1.1: issuer and serial go together. */
	if (has_issuer != has_serial || (has_id && id.n == 0))
		return false;
	*key_id = id;
	return true;
}

bool
general_names_open(struct bytes value, struct bytes *content)
{
	struct der d = der_of(value);

	return der_read(&d, DER_SEQUENCE, content) && der_at_end(&d);
}
