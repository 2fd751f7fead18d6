#include <stdlib.h>
#include "codec/crl.h"
#include "codec/extension.h"
#include "codec/oid.h"
#include "codec/signed.h"
#include "util/times.h"

/* A reasonCode extension; the last octet is the reason. */
#define REASON_HEAD "\x30\x0c\x30\x0a\x06\x03" OID_CRL_REASON "\x04\x03\x0a\x01"
#define REASON_HEAD_SIZE (sizeof(REASON_HEAD) - 1)

/* The largest entry: serial and sign octet, GeneralizedTime, reason. */
#define ENTRY_MAX (2 + 2 + 1 + SERIAL_SIZE + 2 + 15 + REASON_HEAD_SIZE + 1)

/* 1950-01-01 and 2050-01-01, RFC 5280 section 5.1.2.6. */
#define UTC_FROM (-631152000)
#define UTC_UNTIL 2524608000

static uint8_t *
serial_write(uint8_t *o, struct bytes serial)
{
	bool pad;

	while (serial.n > 0 && serial.p[0] == 0) {
		serial.p++;
		serial.n--;
	}
	if (serial.n > SERIAL_SIZE)
		abort(); /* no certificate of ours has such a serial */
	pad = serial.n == 0 || serial.p[0] >= 0x80;
	*o++ = DER_INTEGER;
	*o++ = (uint8_t)(serial.n + pad);
	*o = 0;
	o += pad;
	if (serial.n != 0)
		memcpy(o, serial.p, serial.n);
	return o + serial.n;
}

static uint8_t *
time_write(uint8_t *o, int64_t t)
{
	bool utc = t >= UTC_FROM && t < UTC_UNTIL;
	char text[TIME_ASN1_SIZE];
	size_t n;

	if (utc)
		time_format_utctime(t, text);
	else
		time_format_generalized(t, text);
	n = strlen(text);
	*o++ = utc ? DER_UTCTIME : DER_GENERALIZED_TIME;
	*o++ = (uint8_t)n;
	memcpy(o, text, n);
	return o + n;
}

/* Straight into the buffer: a CRL has a million of these. */
void
crl_entry_put(struct buf *b, struct bytes serial, int64_t revoked_at,
    enum crl_reason reason)
{
	uint8_t *start, *o;

	_Static_assert(ENTRY_MAX - 2 < 0x80, "an entry has a short length");
	buf_reserve(b, ENTRY_MAX);
	start = b->p + b->n;
	o = serial_write(start + 2, serial);
	o = time_write(o, revoked_at);
	/* RFC 5280 section 5.3.1: unspecified is left out. */
	if (reason != REASON_UNSPECIFIED) {
		memcpy(o, REASON_HEAD, REASON_HEAD_SIZE);
		o += REASON_HEAD_SIZE;
		*o++ = (uint8_t)reason;
	}
	start[0] = DER_SEQUENCE;
	start[1] = (uint8_t)(o - start - 2);
	b->n += (size_t)(o - start);
}

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

/* RFC 5280 section 5.2: key identifier and number in every CRL. */
static void
extensions_put(struct buf *b, const struct crl_spec *spec)
{
	/* SEQUENCE { [2] TRUE }: onlyContainsCACerts. */
	static const uint8_t only_ca[] = { 0x30, 0x03, 0x82, 0x01, 0xff };
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
	/* RFC 5280 section 5.2.5: critical. */
	if (spec->only_ca_certs)
		extension_put(b, OID(ISSUING_DISTRIBUTION_POINT), true,
		    bytes_of(only_ca, sizeof(only_ca)));
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
