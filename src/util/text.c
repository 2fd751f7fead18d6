#include "util/text.h"

bool
text_is_ascii_printable(struct bytes s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

/* Length of the well-formed sequence at p (RFC 3629 section 4), or 0. */
static size_t
utf8_sequence(const uint8_t *p, size_t left)
{
	uint8_t lo = 0x80, hi = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	/* Overlong forms, surrogates and what is above U+10FFFF. */
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (left < n || p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool
text_is_utf8(struct bytes s)
{
	size_t i = 0;

	while (i < s.n) {
		size_t n = utf8_sequence(s.p + i, s.n - i);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

void
text_make_printable(char *s)
{
	size_t left = strlen(s);

	while (left > 0) {
		size_t n = utf8_sequence((const uint8_t *)s, left);

		if (n == 0 || (unsigned char)*s < 0x20 || *s == 0x7f) {
			*s = '?';
			n = 1;
		}
		s += n;
		left -= n;
	}
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

void
text_lower(char *s)
{
	for (; *s != '\0'; s++)
		*s = lower(*s);
}

bool
text_equal_nocase(const char *a, const char *b)
{
	for (; *a != '\0' && lower(*a) == lower(*b); a++)
		b++;
	return lower(*a) == lower(*b);
}

bool
text_has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

#define DISTANCE_MAX 64

unsigned
text_distance(const char *a, const char *b)
{
	unsigned rows[3][DISTANCE_MAX + 1];
	unsigned *two = rows[0], *one = rows[1], *cur = rows[2];
	size_t n = strlen(a), m = strlen(b);

	/* Nobody means a key of that length. */
	if (n > DISTANCE_MAX || m > DISTANCE_MAX)
		return (unsigned)MIN_OF(MAX_OF(n, m), 1000u);
	for (size_t j = 0; j <= m; j++)
		one[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *old = two;

		cur[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned d = one[j - 1] + (a[i - 1] != b[j - 1]);

			d = MIN_OF(d, one[j] + 1);
			d = MIN_OF(d, cur[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d = MIN_OF(d, two[j - 2] + 1);
			cur[j] = d;
		}
		two = one;
		one = cur;
		cur = old;
	}
	return one[m];
}

bool
text_match(const char *pattern, const char *s)
{
	const char *star = NULL, *retry = NULL;

	while (*s != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			retry = s;
		} else if (*pattern == '?' ||
		    (*pattern != '\0' && lower(*pattern) == lower(*s))) {
			pattern++;
			s++;
		} else if (star != NULL) {
			/* The last star takes one character more. */
			pattern = star;
			s = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool
text_parse_int(
    const char *s, int64_t min, int64_t max, int64_t *out, struct err *err)
{
	bool negative = s[0] == '-';
	const char *p = s + negative;
	int64_t v = 0;

	if (*p == '\0')
		return fail(err, ERR_MALFORMED, "\"%.40s\" is not a number", s);
	for (; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return fail(
			    err, ERR_MALFORMED, "\"%.40s\" is not a number", s);
		/* Downwards, because INT64_MIN has no positive. */
		if (__builtin_mul_overflow(v, (int64_t)10, &v) ||
		    __builtin_sub_overflow(v, (int64_t)(*p - '0'), &v))
			return fail(err, ERR_MALFORMED,
			    "\"%.40s\" is too large a number", s);
	}
	if (!negative && __builtin_sub_overflow((int64_t)0, v, &v))
		return fail(
		    err, ERR_MALFORMED, "\"%.40s\" is too large a number", s);
	if (v < min || v > max)
		return fail(err, ERR_MALFORMED,
		    "%.40s is out of range, expected %lld to %lld", s,
		    (long long)min, (long long)max);
	*out = v;
	return true;
}
