#include "codec/label.h"

/* RFC 3492 section 5. */
enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700 };
#define INITIAL_N 128u
#define INITIAL_BIAS 72u

static unsigned
bias_adapt(unsigned delta, unsigned points, bool first)
{
	unsigned k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	while (delta > ((BASE - TMIN) * TMAX) / 2) {
		delta /= BASE - TMIN;
		k += BASE;
	}
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static int
digit_value(uint8_t c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= '0' && c <= '9')
		return c - '0' + 26;
	return -1;
}

/*
 * One generalized variable-length integer (RFC 3492 section 6.2), added to *i.
 * The label is at most 63 characters, so the sums need overflow checks only.
 */
static bool
delta_read(struct bytes in, size_t *at, unsigned bias, unsigned *i)
{
	unsigned weight = 1, step;

	for (unsigned k = BASE;; k += BASE) {
		unsigned t = k <= bias ? TMIN
		    : k >= bias + TMAX ? TMAX
				       : k - bias;
		int digit = *at < in.n ? digit_value(in.p[(*at)++]) : -1;

		if (digit < 0 ||
		    __builtin_mul_overflow((unsigned)digit, weight, &step) ||
		    __builtin_add_overflow(*i, step, i))
			return false;
		if ((unsigned)digit < t)
			return true;
		if (__builtin_mul_overflow(weight, BASE - t, &weight))
			return false;
	}
}

/* Does what follows "xn--" decode to Unicode that is not plain ASCII? */
static bool
punycode_is_valid(struct bytes in)
{
	unsigned n = INITIAL_N, bias = INITIAL_BIAS, i = 0, points = 0;
	size_t at = 0;

	/* The basic code points come first, up to the last hyphen. */
	for (size_t j = 0; j < in.n; j++)
		if (in.p[j] == '-')
			points = (unsigned)j;
	if (points > 0)
		at = points + 1;
	/* Nothing behind them: the label would not have needed an encoding. */
	if (at >= in.n)
		return false;
	while (at < in.n) {
		unsigned before = i;

		if (!delta_read(in, &at, bias, &i))
			return false;
		points++;
		bias = bias_adapt(i - before, points, before == 0);
		if (__builtin_add_overflow(n, i / points, &n))
			return false;
		i %= points;
		/* Controls and surrogates are in no name (RFC 5892). */
		if (n < 0xa0 || n > 0x10ffff || (n >= 0xd800 && n <= 0xdfff))
			return false;
		i++;
	}
	return true;
}

const char *
label_check(struct bytes label)
{
	if (label.n == 0)
		return "has an empty label";
	if (label.n > LABEL_MAX)
		return "has a label of more than 63 characters";
	for (size_t i = 0; i < label.n; i++) {
		uint8_t c = label.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    c == '-')
			continue;
		if (c == '_')
			return "has an underscore, which no host name has";
		if (c >= 0x80)
			return "is not ASCII; send A-labels (xn--…)";
		return "has a character other than a-z, 0-9 and '-'";
	}
	if (label.p[0] == '-' || label.p[label.n - 1] == '-')
		return "has a label that begins or ends with '-'";
	if (label.n >= 4 && memcmp(label.p, "xn--", 4) == 0 &&
	    !punycode_is_valid(bytes_of(label.p + 4, label.n - 4)))
		return "has an xn-- label that is not Punycode";
	return NULL;
}
