#include "codec/ocsp.h"
#include "ocsp/get.h"
#include "util/text.h"

/* Every character may come as three. */
#define RAW_MAX (OCSP_REQUEST_MAX / 3 * 4 * 3)

/* One character, unescaped; -1 for a bad escape. */
static int
unescape(const char **p)
{
	const char *s = *p;
	int hi, lo;

	*p = s + 1;
	if (*s != '%')
		return (uint8_t)*s;
	hi = hex_digit((uint8_t)s[1]);
	lo = hi < 0 ? -1 : hex_digit((uint8_t)s[2]);
	if (lo < 0)
		return -1;
	*p = s + 3;
	return hi * 16 + lo;
}

/* To the URL-safe alphabet; 0: to be left out. */
static uint8_t
even_out(int c)
{
	switch (c) {
	case '+':
	case ' ':
		return '-';
	case '/':
		return '_';
	case '\r':
	case '\n':
	case '\t':
		return 0;
	default:
		return (uint8_t)c;
	}
}

bool
ocsp_get_decode(
    const char *raw, struct arena *a, struct bytes *out, struct err *err)
{
	size_t max = strlen(raw), n = 0;
	uint8_t *text;

	if (max > RAW_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "the path has %zu characters, at most %u", max, RAW_MAX);
	text = arena_alloc(a, max);
	while (*raw != '\0') {
		int c = unescape(&raw);
		uint8_t even;

		if (c <= 0)
			return fail(err, ERR_MALFORMED,
			    "bad percent escape in the path, expected %%XX");
		/* An OCSPRequest is a SEQUENCE, so its base64 begins with M;
		 * slashes before it are of the URL. */
		if (n == 0 && c == '/')
			continue;
		even = even_out(c);
		if (even != 0)
			text[n++] = even;
	}
	if (n == 0)
		return fail(
		    err, ERR_MALFORMED, "no request in the path after /ocsp/");
	return base64url_decode_padded(bytes_of(text, n), a, out, err);
}
