#include "util/text.h"

/* The two alphabets of RFC 4648 sections 4 and 5. */
static const char alphabet_std[64] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[64] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#define XX 0xff
/* What both alphabets share; '+' '/' or '-' '_' is the rest. */
#define DECODE_TABLE(plus, dash, slash, under)                                 \
	{                                                                      \
		[0 ... 255] = XX, ['A'] = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,    \
		       11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, \
		       25, ['a'] = 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, \
		       37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, \
		       51, ['0'] = 52, 53, 54, 55, 56, 57, 58, 59, 60,         \
		       61, ['+'] = plus, ['-'] = dash, ['/'] = slash,          \
		       ['_'] = under,                                          \
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const uint8_t decode_std[256] = DECODE_TABLE(62, XX, 63, XX);
static const uint8_t decode_url[256] = DECODE_TABLE(XX, 62, XX, 63);
#pragma GCC diagnostic pop

/* Writes (n * 4 + 2) / 3 characters without padding. */
static char *
encode_into(struct bytes in, const char *alphabet, char *o)
{
	size_t i = 0;
	uint32_t v;

	for (; in.n - i >= 3; i += 3) {
		v = (uint32_t)in.p[i] << 16 | (uint32_t)in.p[i + 1] << 8 |
		    in.p[i + 2];
		*o++ = alphabet[v >> 18];
		*o++ = alphabet[v >> 12 & 63];
		*o++ = alphabet[v >> 6 & 63];
		*o++ = alphabet[v & 63];
	}
	if (in.n - i == 1) {
		*o++ = alphabet[in.p[i] >> 2];
		*o++ = alphabet[(in.p[i] & 3) << 4];
	} else if (in.n - i == 2) {
		v = (uint32_t)in.p[i] << 8 | in.p[i + 1];
		*o++ = alphabet[v >> 10];
		*o++ = alphabet[v >> 4 & 63];
		*o++ = alphabet[(v & 15) << 2];
	}
	return o;
}

/*
 * Decodes n characters of an alphabet without padding.  Returns the number of
 * octets, or -1 with *bad at the culprit (n itself: wrong length or bits).
 */
static ptrdiff_t
decode_into(
    const uint8_t *s, size_t n, const uint8_t *table, uint8_t *o, size_t *bad)
{
	uint8_t *start = o;
	uint8_t a, b, c, d;
	size_t i = 0;

	for (; n - i >= 4; i += 4) {
		a = table[s[i]];
		b = table[s[i + 1]];
		c = table[s[i + 2]];
		d = table[s[i + 3]];
		/* Only XX has a bit above the sixth. */
		if (((a | b | c | d) & 0xc0) != 0)
			break;
		*o++ = (uint8_t)(a << 2 | b >> 4);
		*o++ = (uint8_t)(b << 4 | c >> 2);
		*o++ = (uint8_t)(c << 6 | d);
	}
	*bad = n;
	for (size_t j = i; j < n; j++)
		if (table[s[j]] == XX) {
			*bad = j;
			return -1;
		}
	if (n - i == 0)
		return o - start;
	if (n - i == 1)
		return -1;
	a = table[s[i]];
	b = table[s[i + 1]];
	*o++ = (uint8_t)(a << 2 | b >> 4);
	if (n - i == 2)
		return (b & 15) == 0 ? o - start : -1;
	c = table[s[i + 2]];
	*o++ = (uint8_t)(b << 4 | c >> 2);
	return (c & 3) == 0 ? o - start : -1;
}

void
base64url_encode(struct bytes in, struct buf *out)
{
	char *end;

	buf_reserve(out, in.n / 3 * 4 + 4);
	end = encode_into(in, alphabet_url, (char *)out->p + out->n);
	out->n = (size_t)((uint8_t *)end - out->p);
}

char *
base64url_arena(struct arena *a, struct bytes in)
{
	char *s = arena_alloc(a, in.n / 3 * 4 + 5);

	*encode_into(in, alphabet_url, s) = '\0';
	return s;
}

static bool
decode_or_fail(struct bytes in, const uint8_t *table, const char *what,
    struct arena *a, struct bytes *out, struct err *err)
{
	uint8_t *p = arena_alloc(a, in.n / 4 * 3 + 3);
	size_t bad;
	ptrdiff_t n = decode_into(in.p, in.n, table, p, &bad);

	if (n < 0 && bad < in.n)
		return fail(err, ERR_MALFORMED,
		    "%s has octet 0x%02x at offset %zu, which is not of its "
		    "alphabet",
		    what, in.p[bad], bad);
	if (n < 0)
		return fail(err, ERR_MALFORMED,
		    "%s is cut off, or its unused bits are not zero", what);
	*out = bytes_of(p, (size_t)n);
	return true;
}

bool
base64url_decode(
    struct bytes in, struct arena *a, struct bytes *out, struct err *err)
{
	return decode_or_fail(in, decode_url, "base64url", a, out, err);
}

bool
base64url_decode_padded(
    struct bytes in, struct arena *a, struct bytes *out, struct err *err)
{
	for (int i = 0; i < 2 && in.n > 0 && in.p[in.n - 1] == '='; i++)
		in.n--;
	return base64url_decode(in, a, out, err);
}

void
base64_encode(struct bytes in, unsigned wrap, struct buf *out)
{
	size_t step = wrap < 4 ? in.n : wrap / 4 * 3;
	size_t at = 0;

	while (at < in.n) {
		struct bytes line =
		    bytes_of(in.p + at, MIN_OF(step, in.n - at));
		char *end;

		buf_reserve(out, line.n / 3 * 4 + 5);
		end = encode_into(line, alphabet_std, (char *)out->p + out->n);
		for (size_t pad = (3 - line.n % 3) % 3; pad > 0; pad--)
			*end++ = '=';
		if (wrap != 0)
			*end++ = '\n';
		out->n = (size_t)((uint8_t *)end - out->p);
		at += line.n;
	}
}

bool
base64_decode(
    struct bytes in, struct arena *a, struct bytes *out, struct err *err)
{
	uint8_t *s = arena_alloc(a, in.n);
	size_t n = 0, pad = 0;

	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] != ' ' && in.p[i] != '\n' && in.p[i] != '\r' &&
		    in.p[i] != '\t')
			s[n++] = in.p[i];
	if (n % 4 != 0)
		return fail(err, ERR_MALFORMED,
		    "base64 has %zu characters, expected a multiple of 4 with "
		    "its padding",
		    n);
	while (pad < 2 && pad < n && s[n - 1 - pad] == '=')
		pad++;
	return decode_or_fail(
	    bytes_of(s, n - pad), decode_std, "base64", a, out, err);
}
