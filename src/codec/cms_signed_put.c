#include <stdlib.h>
#include "codec/cms.h"
#include "codec/oid.h"

static const struct bytes digest_oids[] = {
	[DIGEST_SHA1] = { (const uint8_t *)OID_SHA1, sizeof(OID_SHA1) - 1 },
	[DIGEST_SHA256] = { (const uint8_t *)OID_SHA256,
	    sizeof(OID_SHA256) - 1 },
	[DIGEST_SHA384] = { (const uint8_t *)OID_SHA384,
	    sizeof(OID_SHA384) - 1 },
	[DIGEST_SHA512] = { (const uint8_t *)OID_SHA512,
	    sizeof(OID_SHA512) - 1 },
};

static void
digest_put(struct buf *b, enum digest_alg alg)
{
	size_t mark = der_open(b, DER_SEQUENCE);

	oid_put(b, digest_oids[alg]);
	/* RFC 5754 section 2: parameters SHOULD be left out, but Cisco IOS
	 * and old iOS look for the NULL that PKCS#7 always had. */
	der_put(b, DER_NULL, BYTES_NONE);
	der_close(b, mark);
}

static void
attribute_put(struct buf *b, struct bytes oid, struct bytes value)
{
	size_t mark = der_open(b, DER_SEQUENCE);

	oid_put(b, oid);
	der_put(b, DER_SET, value);
	der_close(b, mark);
}

static int
compare_encoded(const void *a, const void *b)
{
	return bytes_compare(
	    *(const struct bytes *)a, *(const struct bytes *)b);
}

/* The content of the SET, sorted as DER wants a SET OF. */
static void
attributes_put(
    struct buf *b, struct lane *lane, const struct cms_signed_spec *spec)
{
	struct bytes sorted[CMS_ATTRIBUTES_MAX];
	uint8_t digest[DIGEST_MAX];
	AUTO_BUF all = { 0 }, value = { 0 };
	size_t ends[CMS_ATTRIBUTES_MAX], n = 0, at = 0;

	oid_put(&value, OID(DATA));
	attribute_put(&all, OID(CONTENT_TYPE), buf_bytes(&value));
	ends[n++] = all.n;
	digest_compute(lane, spec->digest, spec->content, digest);
	value.n = 0;
	der_put(&value, DER_OCTET_STRING,
	    bytes_of(digest, digest_size(spec->digest)));
	attribute_put(&all, OID(MESSAGE_DIGEST), buf_bytes(&value));
	ends[n++] = all.n;
	for (size_t i = 0; i < spec->attributes_n && n < CMS_ATTRIBUTES_MAX;
	     i++) {
		attribute_put(
		    &all, spec->attributes[i].oid, spec->attributes[i].value);
		ends[n++] = all.n;
	}
	for (size_t i = 0; i < n; i++) {
		sorted[i] = bytes_of(all.p + at, ends[i] - at);
		at = ends[i];
	}
	qsort(sorted, n, sizeof(*sorted), compare_encoded);
	for (size_t i = 0; i < n; i++)
		buf_add_bytes(b, sorted[i]);
}

static bool
signer_put(struct buf *b, struct lane *lane, const struct cms_signed_spec *spec,
    struct err *err)
{
	AUTO_BUF attributes = { 0 }, set = { 0 }, signature = { 0 };
	size_t mark, alg;

	attributes_put(&attributes, lane, spec);
	der_put(&set, DER_SET, buf_bytes(&attributes));
	if (!rsa_sign(lane, spec->key, spec->digest, buf_bytes(&set),
		&signature, err))
		return false;
	mark = der_open(b, DER_SEQUENCE);
	der_put_small(b, 1);
	cms_id_put(b, spec->signer);
	digest_put(b, spec->digest);
	der_put(b, DER_CONTEXT_CONSTRUCTED(0), buf_bytes(&attributes));
	alg = der_open(b, DER_SEQUENCE);
	oid_put(b, OID(RSA));
	der_put(b, DER_NULL, BYTES_NONE);
	der_close(b, alg);
	der_put(b, DER_OCTET_STRING, buf_bytes(&signature));
	der_close(b, mark);
	return true;
}

bool
cms_signed_put(struct buf *b, struct lane *lane,
    const struct cms_signed_spec *spec, struct err *err)
{
	size_t outer, wrapper, data, part, inner;
	AUTO_BUF signer = { 0 };

	if (!signer_put(&signer, lane, spec, err))
		return false;
	outer = der_open(b, DER_SEQUENCE);
	oid_put(b, OID(SIGNED_DATA));
	wrapper = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
	data = der_open(b, DER_SEQUENCE);
	der_put_small(b, 1);
	part = der_open(b, DER_SET);
	digest_put(b, spec->digest);
	der_close(b, part);
	part = der_open(b, DER_SEQUENCE);
	oid_put(b, OID(DATA));
	if (spec->has_content) {
		inner = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
		der_put(b, DER_OCTET_STRING, spec->content);
		der_close(b, inner);
	}
	der_close(b, part);
	if (spec->certs_n > 0) {
		part = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
		for (size_t i = 0; i < spec->certs_n; i++)
			der_put_raw(b, spec->certs[i]);
		der_close(b, part);
	}
	der_put(b, DER_SET, buf_bytes(&signer));
	der_close(b, data);
	der_close(b, wrapper);
	der_close(b, outer);
	return true;
}
