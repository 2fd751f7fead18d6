#include "codec/dirstring.h"
#include "util/secret.h"
#include "util/text.h"

static void
utf8_put(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_add_byte(b, (uint8_t)c);
		return;
	}
	if (c < 0x800)
		buf_add_byte(b, (uint8_t)(0xc0 | c >> 6));
	else if (c < 0x10000) {
		buf_add_byte(b, (uint8_t)(0xe0 | c >> 12));
		buf_add_byte(b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_add_byte(b, (uint8_t)(0xf0 | c >> 18));
		buf_add_byte(b, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		buf_add_byte(b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_add_byte(b, (uint8_t)(0x80 | (c & 0x3f)));
}

/* Code points of `width` octets each, big endian. */
static const char *
wide_text(struct bytes value, size_t width, struct arena *a)
{
	AUTO_BUF b = { 0 };

	const char *text;

	if (value.n % width != 0)
		return NULL;
	/* It may be a password: never moved, and wiped. */
	buf_reserve(&b, value.n * 2 + 1);
	for (size_t i = 0; i < value.n; i += width) {
		uint32_t c = 0;

		for (size_t j = 0; j < width; j++)
			c = c << 8 | value.p[i + j];
		/* BMPString is UCS-2: it has no surrogates. */
		if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
			return NULL;
		utf8_put(&b, c);
	}
	text = arena_str(a, buf_bytes(&b));
	secret_wipe(b.p, b.n);
	return text;
}

static const char *
ascii_text(struct bytes value, struct arena *a)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == 0 || value.p[i] >= 0x80)
			return NULL;
	return arena_str(a, value);
}

const char *
dirstring_text(int tag, struct bytes value, struct arena *a)
{
	switch (tag) {
	case DER_UTF8_STRING:
		if (!text_is_utf8(value) ||
		    (value.n != 0 && memchr(value.p, 0, value.n) != NULL))
			return NULL;
		return arena_str(a, value);
	case DER_PRINTABLE_STRING:
	case DER_IA5_STRING:
	case DER_NUMERIC_STRING:
	case DER_VISIBLE_STRING:
		/* Not held against its own alphabet: '@' and '*' in a
		 * PrintableString are everyday. */
		return ascii_text(value, a);
	case DER_T61_STRING:
		return wide_text(value, 1, a);
	case DER_BMP_STRING:
		return wide_text(value, 2, a);
	case DER_UNIVERSAL_STRING:
		return wide_text(value, 4, a);
	}
	return NULL;
}

bool
dirstring_is_printable(struct bytes s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') &&
		    (c == 0 || strchr(" '()+,-./:=?", c) == NULL))
			return false;
	}
	return true;
}
