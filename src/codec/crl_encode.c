#include <stdlib.h>
#include "codec/crl.h"
#include "codec/extension.h"
#include "codec/oid.h"
#include "codec/signed.h"
#include "util/times.h"

/* What stands before the entries. */
static void
head_put(struct buf *b, const struct crl_spec *spec)
{
	der_put_small(b, 1);
	sig_alg_put(b, spec->sig_alg);
	der_put_raw(b, spec->issuer);
	der_put_time(b, spec->this_update);
	der_put_time(b, spec->next_update);
}

/* What the CRL is for, and where a fresher one is. */
static void
scope_put(struct buf *b, const struct crl_spec *spec)
{
	const struct crl_idp idp = { .uri = spec->idp_uri == NULL
		    ? BYTES_NONE
		    : bytes_str(spec->idp_uri),
		.only_ca_certs = spec->only_ca_certs };
	struct extension_marks marks;

	/* RFC 5280 sections 5.2.4 and 5.2.5: both critical. */
	if (spec->is_delta) {
		marks = extension_open(b, OID(DELTA_CRL), true);
		der_put_small(b, spec->base);
		extension_close(b, marks);
	}
	if (idp.uri.n != 0 || idp.only_ca_certs) {
		marks =
		    extension_open(b, OID(ISSUING_DISTRIBUTION_POINT), true);
		crl_idp_put(b, &idp);
		extension_close(b, marks);
	}
	/* Section 5.2.6: not critical. */
	if (spec->freshest_uri != NULL) {
		marks = extension_open(b, OID(FRESHEST_CRL), false);
		crl_points_put(b, spec->freshest_uri);
		extension_close(b, marks);
	}
	if (spec->next_publish != 0) {
		marks = extension_open(b, OID(MS_NEXT_PUBLISH), false);
		der_put_time(b, spec->next_publish);
		extension_close(b, marks);
	}
}

/* RFC 5280 section 5.2: key identifier and number in every CRL. */
static void
extensions_put(struct buf *b, const struct crl_spec *spec)
{
	size_t outer = der_open(b, DER_CONTEXT_CONSTRUCTED(0)), aki;
	size_t list = der_open(b, DER_SEQUENCE);
	struct extension_marks marks;

	if (spec->aki.n != 0) {
		marks = extension_open(b, OID(AKI), false);
		aki = der_open(b, DER_SEQUENCE);
		der_put(b, DER_CONTEXT(0), spec->aki);
		der_close(b, aki);
		extension_close(b, marks);
	}
	marks = extension_open(b, OID(CRL_NUMBER), false);
	der_put_small(b, spec->number);
	extension_close(b, marks);
	scope_put(b, spec);
	der_close(b, list);
	der_close(b, outer);
}

void
crl_tbs_put(struct buf *b, const struct crl_spec *spec)
{
	AUTO_BUF head = { 0 };
	AUTO_BUF tail = { 0 };
	size_t n;

	head_put(&head, spec);
	extensions_put(&tail, spec);
	n = head.n + tail.n;
	/* RFC 5280 section 5.1.2.6: without entries the list is absent. */
	if (spec->entries.n != 0)
		n += der_header_size(spec->entries.n) + spec->entries.n;
	/* Lengths first, so that the entries are copied once. */
	buf_reserve(b, der_header_size(n) + n);
	der_put_header(b, DER_SEQUENCE, n);
	der_put_raw(b, buf_bytes(&head));
	if (spec->entries.n != 0)
		der_put(b, DER_SEQUENCE, spec->entries);
	der_put_raw(b, buf_bytes(&tail));
}

void
crl_put(
    struct buf *b, struct bytes tbs, enum sig_alg alg, struct bytes signature)
{
	signed_put(b, tbs, alg, signature);
}

/* ---- around entries that stay where they are ---- */

/* What follows the TBS, for every key that signs here. */
#define TAIL_MAX 4096u

size_t
crl_headroom(const struct crl_spec *spec)
{
	AUTO_BUF head = { 0 };

	head_put(&head, spec);
	/* Three lengths: of the entries, the TBS and the whole. */
	return head.n + 3 * der_header_size(CRL_MAX);
}

/* Writes octets that end where `at` is; returns where they begin. */
static size_t
put_before(struct buf *b, size_t at, struct bytes octets)
{
	memcpy(b->p + at - octets.n, octets.p, octets.n);
	return at - octets.n;
}

static size_t
header_before(struct buf *b, size_t at, size_t n)
{
	AUTO_BUF header = { 0 };

	der_put_header(&header, DER_SEQUENCE, n);
	return put_before(b, at, buf_bytes(&header));
}

void
crl_wrap_tbs(struct buf *b, const struct crl_spec *spec, size_t *from)
{
	size_t at = crl_headroom(spec);
	AUTO_BUF head = { 0 };
	AUTO_BUF tail = { 0 };

	head_put(&head, spec);
	extensions_put(&tail, spec);
	/* RFC 5280 section 5.1.2.6: without entries the list is absent. */
	if (b->n > at)
		at = header_before(b, at, b->n - at);
	at = put_before(b, at, buf_bytes(&head));
	buf_reserve(b, tail.n + TAIL_MAX);
	buf_add_bytes(b, buf_bytes(&tail));
	*from = header_before(b, at, b->n - at);
}

void
crl_wrap(struct buf *b, size_t tbs_from, enum sig_alg alg,
    struct bytes signature, size_t *from)
{
	sig_alg_put(b, alg);
	der_put_bit_octets(b, signature);
	*from = header_before(b, tbs_from, b->n - tbs_from);
}
