#include <stdlib.h>
#include "codec/der.h"
#include "util/times.h"

/* Octets that a length takes after the first one. */
static inline size_t
length_octets(size_t n)
{
	size_t octets = 0;

	if (n >= 0x80)
		for (size_t v = n; v != 0; v >>= 8)
			octets++;
	return octets;
}

static inline void
length_write(uint8_t *p, size_t n, size_t octets)
{
	if (octets == 0) {
		p[0] = (uint8_t)n;
		return;
	}
	p[0] = (uint8_t)(0x80 | octets);
	for (size_t i = 0; i < octets; i++)
		p[octets - i] = (uint8_t)(n >> 8 * i);
}

size_t
der_header_size(size_t n)
{
	return 2 + length_octets(n);
}

void
der_put_header(struct buf *b, int tag, size_t n)
{
	size_t octets = length_octets(n);

	buf_reserve(b, 2 + octets);
	b->p[b->n] = (uint8_t)tag;
	length_write(b->p + b->n + 1, n, octets);
	b->n += 2 + octets;
}

size_t
der_open(struct buf *b, int tag)
{
	buf_reserve(b, 2);
	b->p[b->n] = (uint8_t)tag;
	b->p[b->n + 1] = 0;
	b->n += 2;
	return b->n;
}

void
der_close(struct buf *b, size_t mark)
{
	size_t n = b->n - mark, octets = length_octets(n);

	if (octets != 0) {
		buf_reserve(b, octets);
		memmove(b->p + mark + octets, b->p + mark, n);
		b->n += octets;
	}
	length_write(b->p + mark - 1, n, octets);
}

void
der_put(struct buf *b, int tag, struct bytes content)
{
	der_put_header(b, tag, content.n);
	buf_add_bytes(b, content);
}

void
der_put_raw(struct buf *b, struct bytes whole)
{
	buf_add_bytes(b, whole);
}

void
der_put_uint(struct buf *b, struct bytes magnitude)
{
	bool pad;

	while (magnitude.n > 0 && magnitude.p[0] == 0) {
		magnitude.p++;
		magnitude.n--;
	}
	/* A zero is one zero octet; a set top bit would make it negative. */
	pad = magnitude.n == 0 || magnitude.p[0] >= 0x80;
	der_put_header(b, DER_INTEGER, magnitude.n + pad);
	if (pad)
		buf_add_byte(b, 0);
	buf_add_bytes(b, magnitude);
}

void
der_put_small(struct buf *b, uint64_t v)
{
	uint8_t octets[8];

	bytes_put_be(octets, sizeof(octets), v);
	der_put_uint(b, bytes_of(octets, sizeof(octets)));
}

void
der_put_bool(struct buf *b, bool v)
{
	uint8_t octet = v ? 0xff : 0;

	der_put(b, DER_BOOLEAN, bytes_of(&octet, 1));
}

void
der_put_oid(struct buf *b, const char *dotted)
{
	size_t mark = der_open(b, DER_OID);

	if (!der_oid_parse(dotted, b))
		abort();
	der_close(b, mark);
}

void
der_put_bit_octets(struct buf *b, struct bytes content)
{
	der_put_header(b, DER_BIT_STRING, content.n + 1);
	buf_add_byte(b, 0);
	buf_add_bytes(b, content);
}

void
der_put_named_bits(struct buf *b, unsigned bits)
{
	uint8_t octets[5] = { 0 };
	unsigned last = 0;

	/* X.690 11.2.2: without its trailing zero bits. */
	for (unsigned i = 0; i < 32; i++)
		if ((bits >> i & 1) != 0) {
			octets[1 + i / 8] |= (uint8_t)(0x80u >> i % 8);
			last = i + 1;
		}
	octets[0] = (uint8_t)((8 - last % 8) % 8);
	der_put(b, DER_BIT_STRING, bytes_of(octets, 1 + (last + 7) / 8));
}

void
der_put_generalized(struct buf *b, int64_t t)
{
	char text[TIME_ASN1_SIZE];

	time_format_generalized(t, text);
	der_put(b, DER_GENERALIZED_TIME, bytes_str(text));
}

void
der_put_time(struct buf *b, int64_t t)
{
	/* 1950-01-01 and 2050-01-01, RFC 5280 section 4.1.2.5. */
	static const int64_t from = -631152000, until = 2524608000;
	char text[TIME_ASN1_SIZE];

	if (t < from || t >= until) {
		der_put_generalized(b, t);
		return;
	}
	time_format_utctime(t, text);
	der_put(b, DER_UTCTIME, bytes_str(text));
}
