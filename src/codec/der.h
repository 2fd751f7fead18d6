/*
 * DER: a strict reader and a writer.  Definite lengths only, minimal, no
 * trailing bytes; tag numbers up to 30; X.690 sections 10 and 11.  The reader
 * borrows its input and never recurses; callers cap what they hand in.
 *
 * A DEFAULT value that is encoded is no DER (X.690 section 11.5): callers
 * refuse it.  The one exception is `critical FALSE` in a CSR, see csr.h.
 *
 * Any thread; no state.
 */
#ifndef CODEC_DER_H
#define CODEC_DER_H

#include "util/arena.h"

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_UTF8_STRING = 0x0c,
	DER_NUMERIC_STRING = 0x12,
	DER_PRINTABLE_STRING = 0x13,
	DER_T61_STRING = 0x14,
	DER_IA5_STRING = 0x16,
	DER_UTCTIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_VISIBLE_STRING = 0x1a,
	DER_UNIVERSAL_STRING = 0x1c,
	DER_BMP_STRING = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31
};
#define DER_CONTEXT(n) (0x80 | (n)) /* primitive [n] */
#define DER_CONTEXT_CONSTRUCTED(n) (0xa0 | (n)) /* constructed [n] */

struct der {
	const uint8_t *p, *end;
};

static inline struct der
der_of(struct bytes b)
{
	/* C has no NULL + 0. */
	return (struct der){ b.p, b.n == 0 ? b.p : b.p + b.n };
}
static inline bool
der_at_end(const struct der *d)
{
	return d->p == d->end;
}
/* The next tag, or -1 at the end. */
int der_peek(const struct der *d);
/* Reads one element of the tag; *out is its content.  False: not there or not
 * DER; the reader has not moved. */
bool der_read(struct der *d, int tag, struct bytes *out) MUST_CHECK;
/* The same with the element's header included in *out. */
bool der_read_whole(struct der *d, int tag, struct bytes *out) MUST_CHECK;
/* Any element: tag, content and the whole of it (each may be NULL). */
bool der_read_any(struct der *d, int *tag, struct bytes *content,
    struct bytes *whole) MUST_CHECK;
/* Enters a constructed element. */
bool der_enter(struct der *d, int tag, struct der *inner) MUST_CHECK;
/* An OPTIONAL element: true with *found set; false only on bad DER. */
bool der_read_optional(
    struct der *d, int tag, bool *found, struct bytes *out) MUST_CHECK;
/* INTEGER: minimal; not negative; content without a leading zero octet, so a
 * zero is empty. */
bool der_read_uint(struct der *d, struct bytes *magnitude) MUST_CHECK;
bool der_read_small(struct der *d, uint64_t max, uint64_t *out) MUST_CHECK;
bool der_read_bool(struct der *d, bool *out) MUST_CHECK;
/* BIT STRING with unused == 0 demanded (octets), or a named-bit list. */
bool der_read_bit_octets(struct der *d, struct bytes *out) MUST_CHECK;
bool der_read_named_bits(struct der *d, unsigned *bits) MUST_CHECK;
/* UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 wants them. */
bool der_read_time(struct der *d, int64_t *out) MUST_CHECK;
/* Content octets of an OID: arcs minimal, none cut off. */
bool der_oid_is_valid(struct bytes oid);
/* "1.2.840.113549" ↔ content octets; arcs below 2^128 (UUIDs under 2.25). */
bool der_oid_text(struct bytes oid, char out[128]) MUST_CHECK;
bool der_oid_parse(const char *text, struct buf *out) MUST_CHECK;
/*
 * One whole element of a type that nobody here knows, with nothing behind it:
 * is it DER all the way down, at most DER_DEPTH_MAX constructed levels deep?
 * Universal types must hold what they say: numbers minimal, UTF-8 valid.
 */
#define DER_DEPTH_MAX 16u
bool der_check(struct bytes whole) MUST_CHECK;

/* Writer: append to a buf.  Constructed elements are opened and closed; the
 * length is filled in on close (moves the content when it needs more octets).
 */
size_t der_open(struct buf *b, int tag);
void der_close(struct buf *b, size_t mark);
/* Tag and length alone, for content whose length is known beforehand. */
void der_put_header(struct buf *b, int tag, size_t n);
/* How many octets der_put_header appends. */
size_t der_header_size(size_t n);
void der_put(struct buf *b, int tag, struct bytes content);
void der_put_raw(struct buf *b, struct bytes whole);
/* Non-negative INTEGER from a big-endian magnitude. */
void der_put_uint(struct buf *b, struct bytes magnitude);
void der_put_small(struct buf *b, uint64_t v);
void der_put_bool(struct buf *b, bool v);
/* A text that is no OID ends the process: it comes from a table or was checked
 * with der_oid_parse when it was read. */
void der_put_oid(struct buf *b, const char *dotted);
void der_put_bit_octets(struct buf *b, struct bytes content);
/* A named-bit list; bit 0 is the first; trailing zero bits dropped. */
void der_put_named_bits(struct buf *b, unsigned bits);
/* RFC 5280: UTCTime through 2049, GeneralizedTime after. */
void der_put_time(struct buf *b, int64_t t);
void der_put_generalized(struct buf *b, int64_t t);

#endif
