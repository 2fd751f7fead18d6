#include <stdlib.h>
#include "codec/extension.h"
#include "codec/ocsp.h"
#include "codec/oid.h"
#include "util/times.h"

#define MALFORMED(...) fail(err, ERR_MALFORMED, __VA_ARGS__)
#define KEY_HASH_SIZE 20u

/* ---- putting ---- */

/* RFC 9919 section 3.2.4: GeneralizedTime with seconds, no fractions. */
static void
explicit_time_put(struct buf *b, int tag, int64_t t)
{
	size_t mark = der_open(b, tag);

	der_put_generalized(b, t);
	der_close(b, mark);
}

static void
revoked_put(struct buf *b, const struct ocsp_single *s)
{
	size_t mark = der_open(b, DER_CONTEXT_CONSTRUCTED(1)), reason;
	const uint8_t octet = (uint8_t)s->reason;

	der_put_generalized(b, s->revoked_at);
	/* As in CRLs (RFC 5280 section 5.3.1, Baseline Requirements 7.3):
	 * unspecified is left out. */
	if (s->reason > REASON_UNSPECIFIED) {
		reason = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
		der_put(b, DER_ENUMERATED, bytes_of(&octet, 1));
		der_close(b, reason);
	}
	der_close(b, mark);
}

static void
single_put(struct buf *b, const struct ocsp_single *s)
{
	size_t mark = der_open(b, DER_SEQUENCE);

	der_put_raw(b, s->cert_id);
	switch (s->status) {
	case OCSP_GOOD:
		der_put(b, DER_CONTEXT(0), BYTES_NONE);
		break;
	case OCSP_REVOKED:
		revoked_put(b, s);
		break;
	case OCSP_UNKNOWN:
		der_put(b, DER_CONTEXT(2), BYTES_NONE);
		break;
	}
	der_put_generalized(b, s->this_update);
	/* RFC 9919 section 3.2.4: MUST be there. */
	explicit_time_put(b, DER_CONTEXT_CONSTRUCTED(0), s->next_update);
	der_close(b, mark);
}

static void
extensions_put(struct buf *b, const struct ocsp_data *data)
{
	static const uint8_t null[] = { DER_NULL, 0 };
	size_t outer = der_open(b, DER_CONTEXT_CONSTRUCTED(1));
	size_t list = der_open(b, DER_SEQUENCE);
	struct extension_marks marks;

	if (data->nonce.n != 0) {
		marks = extension_open(b, OID(OCSP_NONCE), false);
		der_put(b, DER_OCTET_STRING, data->nonce);
		extension_close(b, marks);
	}
	/* RFC 6960 section 4.4.8: MUST be NULL, and SHOULD NOT be critical. */
	if (data->extended_revoke)
		extension_put(b, OID(OCSP_EXTENDED_REVOKE), false,
		    bytes_of(null, sizeof(null)));
	der_close(b, list);
	der_close(b, outer);
}

void
ocsp_data_put(struct buf *b, const struct ocsp_data *data)
{
	size_t outer = der_open(b, DER_SEQUENCE), mark;

	if (data->n == 0 || data->n > OCSP_SINGLES_MAX ||
	    data->key_hash.n != KEY_HASH_SIZE)
		abort(); /* nothing that could be parsed again */
	mark = der_open(b, DER_CONTEXT_CONSTRUCTED(2));
	der_put(b, DER_OCTET_STRING, data->key_hash);
	der_close(b, mark);
	der_put_generalized(b, data->produced_at);
	mark = der_open(b, DER_SEQUENCE);
	for (size_t i = 0; i < data->n; i++)
		single_put(b, &data->singles[i]);
	der_close(b, mark);
	if (data->nonce.n != 0 || data->extended_revoke)
		extensions_put(b, data);
	der_close(b, outer);
}

/* ---- parsing what was put ---- */

static bool
time_read(struct der *d, int64_t *out)
{
	struct bytes c;

	return der_read(d, DER_GENERALIZED_TIME, &c) &&
	    time_parse_generalized(c, out);
}

static bool
explicit_time_read(struct der *d, int tag, int64_t *out)
{
	struct der inner;

	return der_enter(d, tag, &inner) && time_read(&inner, out) &&
	    der_at_end(&inner);
}

/* Any reason but the two that RFC 5280 section 5.3.1 does not have or has for
 * delta CRLs; whether a hold may be said is not a matter of form. */
static bool
reason_is_possible(uint8_t reason)
{
	return reason >= REASON_KEY_COMPROMISE &&
	    reason <= REASON_AA_COMPROMISE && reason != 7 &&
	    reason != REASON_REMOVE;
}

static bool
revoked_read(struct der *d, struct ocsp_single *out)
{
	struct der inner, reason;
	struct bytes c;

	out->status = OCSP_REVOKED;
	if (!der_enter(d, DER_CONTEXT_CONSTRUCTED(1), &inner) ||
	    !time_read(&inner, &out->revoked_at))
		return false;
	if (der_at_end(&inner))
		return true;
	if (!der_enter(&inner, DER_CONTEXT_CONSTRUCTED(0), &reason) ||
	    !der_at_end(&inner) || !der_read(&reason, DER_ENUMERATED, &c) ||
	    !der_at_end(&reason) || c.n != 1 || !reason_is_possible(c.p[0]))
		return false;
	out->reason = c.p[0];
	return true;
}

static bool
status_read(struct der *d, struct ocsp_single *out)
{
	struct bytes c;

	switch (der_peek(d)) {
	case DER_CONTEXT(0):
		out->status = OCSP_GOOD;
		return der_read(d, DER_CONTEXT(0), &c) && c.n == 0;
	case DER_CONTEXT_CONSTRUCTED(1):
		return revoked_read(d, out);
	case DER_CONTEXT(2):
		out->status = OCSP_UNKNOWN;
		return der_read(d, DER_CONTEXT(2), &c) && c.n == 0;
	}
	return false;
}

static bool
single_read(struct der *d, struct ocsp_single *out)
{
	struct ocsp_single s = { .reason = -1 };
	struct ocsp_cert_id id;
	struct der inner;

	if (!der_enter(d, DER_SEQUENCE, &inner) ||
	    !ocsp_cert_id_read(&inner, &id) || id.hash == OCSP_HASH_OTHER ||
	    !status_read(&inner, &s) || !time_read(&inner, &s.this_update) ||
	    !explicit_time_read(
		&inner, DER_CONTEXT_CONSTRUCTED(0), &s.next_update) ||
	    !der_at_end(&inner))
		return false;
	s.cert_id = id.whole;
	*out = s;
	return true;
}

static bool
singles_read(struct der *d, struct ocsp_data *out, struct err *err)
{
	struct der list;

	if (!der_enter(d, DER_SEQUENCE, &list) || der_at_end(&list))
		return MALFORMED("OCSP answer has no list of statuses");
	while (!der_at_end(&list)) {
		if (out->n == OCSP_SINGLES_MAX)
			return MALFORMED("OCSP answer has more than %u "
					 "statuses",
			    OCSP_SINGLES_MAX);
		if (!single_read(&list, &out->singles[out->n]))
			return MALFORMED(
			    "status %zu of an OCSP answer is malformed",
			    out->n);
		out->n++;
	}
	return true;
}

static bool
nonce_read(struct bytes value, struct bytes *out)
{
	struct der d = der_of(value);

	return der_read(&d, DER_OCTET_STRING, out) && der_at_end(&d) &&
	    out->n >= OCSP_NONCE_MIN && out->n <= OCSP_NONCE_MAX;
}

/* A nonce, then extended-revoke; at least one of them. */
static bool
extensions_read(struct der *d, struct ocsp_data *out)
{
	struct cert_extension x;
	struct der outer, list;

	if (!der_enter(d, DER_CONTEXT_CONSTRUCTED(1), &outer) ||
	    !der_enter(&outer, DER_SEQUENCE, &list) || !der_at_end(&outer) ||
	    !extension_read(&list, false, &x) || x.critical)
		return false;
	if (bytes_equal(x.oid, OID(OCSP_NONCE))) {
		if (!nonce_read(x.value, &out->nonce))
			return false;
		if (der_at_end(&list))
			return true;
		if (!extension_read(&list, false, &x) || x.critical)
			return false;
	}
	out->extended_revoke = true;
	return bytes_equal(x.oid, OID(OCSP_EXTENDED_REVOKE)) &&
	    x.value.n == 2 && x.value.p[0] == DER_NULL && x.value.p[1] == 0 &&
	    der_at_end(&list);
}

static bool
responder_read(struct der *d, struct ocsp_data *out)
{
	struct der inner;

	/* RFC 9919 section 3.2.2: new responders MUST use byKey. */
	return der_enter(d, DER_CONTEXT_CONSTRUCTED(2), &inner) &&
	    der_read(&inner, DER_OCTET_STRING, &out->key_hash) &&
	    der_at_end(&inner) && out->key_hash.n == KEY_HASH_SIZE;
}

bool
ocsp_data_parse(struct bytes tbs, struct ocsp_data *out, struct err *err)
{
	struct der d = der_of(tbs), inner;
	struct ocsp_data data = { .n = 0 };

	if (!der_enter(&d, DER_SEQUENCE, &inner))
		return MALFORMED("OCSP answer is not DER");
	if (!der_at_end(&d))
		return MALFORMED(
		    "OCSP answer has %td octets behind its end", d.end - d.p);
	if (!responder_read(&inner, &data))
		return MALFORMED("OCSP answer does not name its key by hash");
	if (!time_read(&inner, &data.produced_at))
		return MALFORMED("OCSP answer has no time of production");
	if (!singles_read(&inner, &data, err))
		return false;
	if (!der_at_end(&inner) &&
	    (!extensions_read(&inner, &data) || !der_at_end(&inner)))
		return MALFORMED(
		    "OCSP answer has other extensions than a nonce and "
		    "extended revoke");
	*out = data;
	return true;
}
