#include <stdio.h>
#include "codec/der.h"
#include "util/times.h"

#define TAG_NUMBER 0x1f
#define CONSTRUCTED 0x20
#define LENGTH_OCTETS_MAX 4u

/*
 * Reads a header at p.  Returns its length and sets *n to that of the content,
 * which lies inside the input; 0 if it is not DER.
 */
static inline size_t
header_read(const uint8_t *p, const uint8_t *end, size_t *n)
{
	size_t left = (size_t)(end - p), octets, length = 0;

	/* X.690 8.1.2.4: number 31 announces a tag of several octets; universal
	 * tag 0 would end an indefinite length. */
	if (left < 2 || (p[0] & TAG_NUMBER) == TAG_NUMBER ||
	    (p[0] & ~CONSTRUCTED) == 0)
		return 0;
	if (p[1] < 0x80) {
		*n = p[1];
		return p[1] <= left - 2 ? 2 : 0;
	}
	octets = p[1] & 0x7fu;
	/* 0x80 is the indefinite length. */
	if (octets == 0 || octets > LENGTH_OCTETS_MAX || octets > left - 2)
		return 0;
	for (size_t i = 0; i < octets; i++)
		length = length << 8 | p[2 + i];
	/* X.690 10.1: the least number of octets. */
	if (length < 0x80 || p[2] == 0 || length > left - 2 - octets)
		return 0;
	*n = length;
	return 2 + octets;
}

int
der_peek(const struct der *d)
{
	return der_at_end(d) ? -1 : d->p[0];
}

bool
der_read_any(
    struct der *d, int *tag, struct bytes *content, struct bytes *whole)
{
	size_t n, head = header_read(d->p, d->end, &n);

	if (head == 0)
		return false;
	if (tag != NULL)
		*tag = d->p[0];
	if (content != NULL)
		*content = bytes_of(d->p + head, n);
	if (whole != NULL)
		*whole = bytes_of(d->p, head + n);
	d->p += head + n;
	return true;
}

bool
der_read(struct der *d, int tag, struct bytes *out)
{
	if (der_at_end(d) || d->p[0] != tag)
		return false;
	return der_read_any(d, NULL, out, NULL);
}

bool
der_read_whole(struct der *d, int tag, struct bytes *out)
{
	if (der_at_end(d) || d->p[0] != tag)
		return false;
	return der_read_any(d, NULL, NULL, out);
}

bool
der_enter(struct der *d, int tag, struct der *inner)
{
	struct bytes content;

	if (!der_read(d, tag, &content))
		return false;
	*inner = der_of(content);
	return true;
}

bool
der_read_optional(struct der *d, int tag, bool *found, struct bytes *out)
{
	*found = der_peek(d) == tag;
	return !*found || der_read(d, tag, out);
}

bool
der_read_uint(struct der *d, struct bytes *magnitude)
{
	struct der at = *d;
	struct bytes c;

	if (!der_read(&at, DER_INTEGER, &c) || c.n == 0 || c.p[0] >= 0x80)
		return false;
	if (c.p[0] == 0) {
		/* X.690 8.3.2: the first nine bits are not all zero. */
		if (c.n > 1 && c.p[1] < 0x80)
			return false;
		c.p++;
		c.n--;
	}
	*magnitude = c;
	*d = at;
	return true;
}

bool
der_read_small(struct der *d, uint64_t max, uint64_t *out)
{
	struct der at = *d;
	struct bytes m;
	uint64_t v;

	if (!der_read_uint(&at, &m) || m.n > sizeof(v))
		return false;
	v = bytes_get_be(m.p, m.n);
	if (v > max)
		return false;
	*out = v;
	*d = at;
	return true;
}

bool
der_read_bool(struct der *d, bool *out)
{
	struct der at = *d;
	struct bytes c;

	/* X.690 11.1: TRUE is all ones. */
	if (!der_read(&at, DER_BOOLEAN, &c) || c.n != 1 ||
	    (c.p[0] != 0 && c.p[0] != 0xff))
		return false;
	*out = c.p[0] != 0;
	*d = at;
	return true;
}

bool
der_read_bit_octets(struct der *d, struct bytes *out)
{
	struct der at = *d;
	struct bytes c;

	if (!der_read(&at, DER_BIT_STRING, &c) || c.n == 0 || c.p[0] != 0)
		return false;
	*out = bytes_of(c.p + 1, c.n - 1);
	*d = at;
	return true;
}

bool
der_read_named_bits(struct der *d, unsigned *bits)
{
	struct der at = *d;
	struct bytes c;
	unsigned unused, v = 0;

	if (!der_read(&at, DER_BIT_STRING, &c) || c.n == 0 || c.n > 5)
		return false;
	unused = c.p[0];
	/* X.690 11.2.2: trailing zero bits are removed, so the last bit that
	 * counts is one, and those after it are zero. */
	if (c.n == 1
		? unused != 0
		: unused > 7 || (c.p[c.n - 1] & ((1u << unused) - 1)) != 0 ||
		    (c.p[c.n - 1] >> unused & 1) == 0)
		return false;
	for (size_t i = 0; i < (c.n - 1) * 8; i++)
		if ((c.p[1 + i / 8] & 0x80u >> i % 8) != 0)
			v |= 1u << i;
	*bits = v;
	*d = at;
	return true;
}

bool
der_read_time(struct der *d, int64_t *out)
{
	/* 1950-01-01 and 2050-01-01, what UTCTime can say. */
	static const int64_t utc_from = -631152000, utc_until = 2524608000;
	struct der at = *d;
	struct bytes c;
	int64_t t;
	int tag;

	if (!der_read_any(&at, &tag, &c, NULL))
		return false;
	if (tag == DER_UTCTIME) {
		if (!time_parse_utctime(c, &t))
			return false;
	} else if (tag == DER_GENERALIZED_TIME) {
		/* RFC 5280 section 4.1.2.5: what UTCTime can say, it MUST. */
		if (!time_parse_generalized(c, &t) ||
		    (t >= utc_from && t < utc_until))
			return false;
	} else
		return false;
	*out = t;
	*d = at;
	return true;
}

bool
der_oid_is_valid(struct bytes oid)
{
	bool first = true;

	if (oid.n == 0 || oid.p[oid.n - 1] >= 0x80)
		return false;
	for (size_t i = 0; i < oid.n; i++) {
		/* X.690 8.19.2: the least number of octets. */
		if (first && oid.p[i] == 0x80)
			return false;
		first = oid.p[i] < 0x80;
	}
	return true;
}

/* Decimal digits at the end of a field; returns where they begin. */
static char *
arc_text(unsigned __int128 v, char *end)
{
	do {
		*--end = (char)('0' + (unsigned)(v % 10));
		v /= 10;
	} while (v != 0);
	return end;
}

bool
der_oid_text(struct bytes oid, char out[128])
{
	char text[128], digits[40];
	unsigned __int128 arc = 0;
	size_t n = 0, len;
	bool first = true;
	char *s;

	if (!der_oid_is_valid(oid))
		return false;
	for (size_t i = 0; i < oid.n; i++) {
		if (arc >> (128 - 7) != 0)
			return false;
		arc = arc << 7 | (oid.p[i] & 0x7fu);
		if (oid.p[i] >= 0x80)
			continue;
		if (first) {
			/* X.690 8.19.4: the first two arcs are one number. */
			text[n++] = arc < 40 ? '0' : arc < 80 ? '1' : '2';
			arc -= arc < 40 ? 0 : arc < 80 ? 40 : 80;
			first = false;
		}
		s = arc_text(arc, digits + sizeof(digits));
		len = (size_t)(digits + sizeof(digits) - s);
		if (n + 1 + len >= sizeof(text))
			return false;
		text[n++] = '.';
		memcpy(text + n, s, len);
		n += len;
		arc = 0;
	}
	memcpy(out, text, n);
	out[n] = '\0';
	return true;
}

/* One decimal arc without leading zeros; *s ends behind it. */
static bool
arc_parse(const char **s, unsigned __int128 *out)
{
	const unsigned __int128 max = ~(unsigned __int128)0;
	unsigned __int128 v = 0;
	const char *p = *s;

	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*s = p;
	*out = v;
	return true;
}

static size_t
arc_put(uint8_t *o, unsigned __int128 v)
{
	size_t n = 1;

	while (n < 19 && v >> (7 * n) != 0)
		n++;
	for (size_t i = 0; i < n; i++)
		o[i] = (uint8_t)((unsigned)(v >> (7 * (n - 1 - i))) & 0x7fu) |
		    (i + 1 < n ? 0x80 : 0);
	return n;
}

bool
der_oid_parse(const char *text, struct buf *out)
{
	const unsigned __int128 max = ~(unsigned __int128)0;
	unsigned __int128 top, arc;
	uint8_t o[192];
	size_t n;

	/* So that der_oid_text can give it back. */
	if (strlen(text) > 127)
		return false;
	if (!arc_parse(&text, &top) || top > 2 || *text++ != '.' ||
	    !arc_parse(&text, &arc) || (top < 2 && arc > 39) || arc > max - 80)
		return false;
	n = arc_put(o, top * 40 + arc);
	while (*text == '.') {
		text++;
		if (!arc_parse(&text, &arc))
			return false;
		n += arc_put(o + n, arc);
	}
	if (*text != '\0')
		return false;
	buf_add(out, o, n);
	return true;
}
