#include <stdio.h>
#include "codec/dirstring.h"
#include "codec/oid.h"
#include "codec/scep.h"
#include "util/text.h"

#define OID_SCEP "\x60\x86\x48\x01\x86\xf8\x45\x01\x09"
#define OID_MESSAGE_TYPE OID_SCEP "\x02"
#define OID_PKI_STATUS OID_SCEP "\x03"
#define OID_FAIL_INFO OID_SCEP "\x04"
#define OID_SENDER_NONCE OID_SCEP "\x05"
#define OID_RECIPIENT_NONCE OID_SCEP "\x06"
#define OID_TRANSACTION_ID OID_SCEP "\x07"
/* id-scep-failInfoText, RFC 8894 section 3.2.1.4: 1.3.6.1.5.5.7.24.1 */
#define OID_FAIL_INFO_TEXT "\x2b\x06\x01\x05\x05\x07\x18\x01"

/* ---- requests ---- */

/* A PrintableString by the RFC; clients write UTF8String and IA5String too. */
static bool
text_read(const struct cms_signed *cms, struct bytes oid, size_t max,
    struct bytes *out)
{
	const struct cms_attribute *at = cms_attribute_find(cms, oid);
	struct der d;
	int tag;

	if (at == NULL)
		return false;
	d = der_of(at->value);
	if (!der_read_any(&d, &tag, out, NULL) || !der_at_end(&d) ||
	    (tag != DER_PRINTABLE_STRING && tag != DER_UTF8_STRING &&
		tag != DER_IA5_STRING) ||
	    out->n == 0 || out->n > max)
		return false;
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i] < 0x20 || out->p[i] > 0x7e)
			return false;
	return true;
}

bool
scep_request_parse(struct bytes der, struct arena *a, struct scep_request *out,
    struct err *err)
{
	const struct cms_attribute *nonce;
	struct scep_request r = { 0 };
	struct bytes text;
	struct der d;
	int64_t type;

	if (!cms_signed_parse(der, &r.cms, err))
		return false;
	if (!text_read(
		&r.cms, OID(TRANSACTION_ID), SCEP_TRANSACTION_MAX, &text))
		return fail(err, ERR_MALFORMED,
		    "the message has no transactionID of 1 to %u printable "
		    "characters",
		    SCEP_TRANSACTION_MAX);
	r.transaction = arena_str(a, text);
	if (!text_read(&r.cms, OID(MESSAGE_TYPE), 4, &text) ||
	    !text_parse_int(arena_str(a, text), 0, 9999, &type, err))
		return fail(err, ERR_MALFORMED,
		    "the message has no messageType in decimal digits");
	r.type = (unsigned)type;
	nonce = cms_attribute_find(&r.cms, OID(SENDER_NONCE));
	d = der_of(nonce == NULL ? BYTES_NONE : nonce->value);
	if (!der_read(&d, DER_OCTET_STRING, &r.sender_nonce) ||
	    r.sender_nonce.n == 0 || r.sender_nonce.n > SCEP_NONCE_MAX)
		return fail(err, ERR_MALFORMED,
		    "the message has no senderNonce of 1 to %u octets",
		    SCEP_NONCE_MAX);
	*out = r;
	return true;
}

bool
scep_poll_parse(struct bytes der, struct bytes *issuer, struct bytes *subject,
    struct err *err)
{
	struct der d = der_of(der), inner;

	if (der_enter(&d, DER_SEQUENCE, &inner) && der_at_end(&d) &&
	    der_read_whole(&inner, DER_SEQUENCE, issuer) &&
	    der_read_whole(&inner, DER_SEQUENCE, subject) && der_at_end(&inner))
		return true;
	return fail(err, ERR_MALFORMED, "a CertPoll holds no IssuerAndSubject");
}

bool
scep_serial_parse(struct bytes der, struct bytes *issuer, struct bytes *serial,
    struct err *err)
{
	struct der d = der_of(der), inner;

	if (der_enter(&d, DER_SEQUENCE, &inner) && der_at_end(&d) &&
	    der_read_whole(&inner, DER_SEQUENCE, issuer) &&
	    der_read_uint(&inner, serial) && der_at_end(&inner))
		return true;
	return fail(
	    err, ERR_MALFORMED, "the message holds no IssuerAndSerialNumber");
}

/* ---- replies ---- */

#define REPLY_ATTRIBUTES 7u

/* The values one behind the other; attributes point at them at the end. */
struct reply_attributes {
	struct buf values;
	size_t ends[REPLY_ATTRIBUTES], n;
	struct cms_attribute v[REPLY_ATTRIBUTES];
};

static void
add(struct reply_attributes *at, struct bytes oid, int tag, struct bytes value)
{
	der_put(&at->values, tag, value);
	at->v[at->n].oid = oid;
	at->ends[at->n++] = at->values.n;
}

static void
add_number(struct reply_attributes *at, struct bytes oid, unsigned n)
{
	char text[12];

	snprintf(text, sizeof(text), "%u", n);
	add(at, oid, DER_PRINTABLE_STRING, bytes_str(text));
}

static void
attributes_make(struct reply_attributes *at, const struct scep_reply *r)
{
	add_number(at, OID(MESSAGE_TYPE), SCEP_CERT_REP);
	add_number(at, OID(PKI_STATUS), r->status);
	if (r->status == SCEP_FAILURE)
		add_number(at, OID(FAIL_INFO), r->fail_info);
	if (r->status == SCEP_FAILURE && r->fail_text != NULL)
		add(at, OID(FAIL_INFO_TEXT), DER_UTF8_STRING,
		    bytes_str(r->fail_text));
	add(at, OID(SENDER_NONCE), DER_OCTET_STRING,
	    bytes_of(r->sender_nonce, sizeof(r->sender_nonce)));
	/* RFC 8894 section 3.2.1.5: the request's, so that a reply to another
	 * request is told. */
	add(at, OID(RECIPIENT_NONCE), DER_OCTET_STRING, r->recipient_nonce);
	/* RFC 8894 section 3.2.1.1: a PrintableString.  Of a client that put
	 * something else into it, it cannot be one: Go refuses to read it. */
	add(at, OID(TRANSACTION_ID),
	    dirstring_is_printable(bytes_str(r->transaction))
		? DER_PRINTABLE_STRING
		: DER_UTF8_STRING,
	    bytes_str(r->transaction));
	for (size_t i = 0, from = 0; i < at->n; i++) {
		at->v[i].value =
		    bytes_of(at->values.p + from, at->ends[i] - from);
		from = at->ends[i];
	}
}

bool
scep_reply_put(struct buf *b, struct lane *lane, const struct scep_reply *reply,
    const struct cert *signer, const struct privkey *key, bool with_certificate,
    struct err *err)
{
	struct reply_attributes at = { 0 };
	bool ok;

	attributes_make(&at, reply);
	const struct cms_signed_spec spec = {
		/* RFC 8894 section 3.3.2: none in FAILURE and PENDING. */
		.has_content = reply->status == SCEP_SUCCESS,
		.content = reply->status == SCEP_SUCCESS ? reply->envelope
							 : BYTES_NONE,
		.attributes = at.v,
		.attributes_n = at.n,
		.certs = &signer->der,
		.certs_n = with_certificate ? 1 : 0,
		.signer = signer,
		.key = key,
		.digest = reply->digest
	};
	ok = cms_signed_put(b, lane, &spec, err);
	buf_free(&at.values);
	return ok;
}
