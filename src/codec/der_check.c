#include "codec/der.h"
#include "util/text.h"

#define CLASS 0xc0
#define CONSTRUCTED 0x20
#define TAG_NUMBER 0x1f

/* Of the universal class, only EXTERNAL, EMBEDDED PDV, SEQUENCE and SET are
 * constructed in DER (X.690 section 10.2 for strings). */
static bool
form_is_right(int tag)
{
	bool constructed = (tag & CONSTRUCTED) != 0;
	int number = tag & TAG_NUMBER;

	if ((tag & CLASS) != 0)
		return true;
	return constructed ==
	    (number == 8 || number == 11 || number == 16 || number == 17);
}

/* Code points of `width` octets each, big endian. */
static bool
wide_is_valid(struct bytes c, size_t width)
{
	if (c.n % width != 0)
		return false;
	for (size_t i = 0; i < c.n; i += width) {
		uint32_t v = 0;

		for (size_t j = 0; j < width; j++)
			v = v << 8 | c.p[i + j];
		if (v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
			return false;
	}
	return true;
}

static bool
integer_is_valid(struct bytes c)
{
	/* X.690 8.3.2: the first nine bits are neither all zero nor all one. */
	if (c.n > 1 &&
	    ((c.p[0] == 0 && c.p[1] < 0x80) ||
		(c.p[0] == 0xff && c.p[1] >= 0x80)))
		return false;
	return c.n > 0;
}

static bool
bit_string_is_valid(struct bytes c)
{
	if (c.n == 0 || c.p[0] > 7 || (c.n == 1 && c.p[0] != 0))
		return false;
	/* X.690 11.2.1: unused bits are zero. */
	return (c.p[c.n - 1] & ((1u << c.p[0]) - 1)) == 0 || c.n == 1;
}

static bool
primitive_is_valid(int tag, struct bytes c)
{
	switch (tag) {
	case DER_BOOLEAN:
		return c.n == 1 && (c.p[0] == 0 || c.p[0] == 0xff);
	case DER_INTEGER:
	case DER_ENUMERATED:
		return integer_is_valid(c);
	case DER_BIT_STRING:
		return bit_string_is_valid(c);
	case DER_NULL:
		return c.n == 0;
	case DER_OID:
		return der_oid_is_valid(c);
	case DER_UTF8_STRING:
		return text_is_utf8(c);
	case DER_BMP_STRING:
		return wide_is_valid(c, 2);
	case DER_UNIVERSAL_STRING:
		return wide_is_valid(c, 4);
	}
	return true;
}

bool
der_check(struct bytes whole)
{
	const uint8_t *ends[DER_DEPTH_MAX + 1];
	struct der d = der_of(whole);
	unsigned depth = 0;
	struct bytes content;
	int tag;

	if (!der_read_any(&d, NULL, NULL, NULL) || !der_at_end(&d))
		return false;
	ends[0] = d.end;
	d = der_of(whole);
	for (;;) {
		d.end = ends[depth];
		if (der_at_end(&d)) {
			if (depth-- == 0)
				return true;
			continue;
		}
		if (!der_read_any(&d, &tag, &content, NULL) ||
		    !form_is_right(tag) || !primitive_is_valid(tag, content))
			return false;
		if ((tag & CONSTRUCTED) == 0)
			continue;
		if (++depth > DER_DEPTH_MAX)
			return false;
		/* Down into it: its end is found on the way up. */
		ends[depth] = d.p;
		d.p = content.p;
	}
}
