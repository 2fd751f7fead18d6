#include "util/text.h"

static const char hex_digits[16] = "0123456789abcdef";

void
hex_encode(struct bytes in, char *out)
{
	for (size_t i = 0; i < in.n; i++) {
		*out++ = hex_digits[in.p[i] >> 4];
		*out++ = hex_digits[in.p[i] & 15];
	}
	*out = '\0';
}

char *
hex_arena(struct arena *a, struct bytes in)
{
	char *s = arena_array(a, in.n + 1, 2);

	hex_encode(in, s);
	return s;
}

int
hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hex_decode(const char *s, struct arena *a, struct bytes *out, struct err *err)
{
	uint8_t *p = arena_alloc(a, strlen(s) / 2 + 1);
	size_t n = 0, i = 0;

	while (s[i] != '\0') {
		int hi = hex_digit(s[i]);
		int lo = hi < 0 ? -1 : hex_digit(s[i + 1]);

		if (lo < 0)
			return fail(err, ERR_MALFORMED,
			    "hex has no pair of hex digits at offset %zu", i);
		p[n++] = (uint8_t)(hi << 4 | lo);
		i += 2;
		if (s[i] != ':')
			continue;
		if (s[++i] == '\0')
			return fail(err, ERR_MALFORMED, "hex ends in a colon");
	}
	*out = bytes_of(p, n);
	return true;
}
