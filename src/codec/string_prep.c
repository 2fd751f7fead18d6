#include "codec/string_prep.h"

struct range {
	uint32_t first, last;
};

/* RFC 4518 section 2.2: mapped to nothing. */
static const struct range ignored[] = { { 0x1, 0x8 }, { 0xe, 0x1f },
	{ 0x7f, 0x84 }, { 0x86, 0x9f }, { 0xad, 0xad }, { 0x34f, 0x34f },
	{ 0x6dd, 0x6dd }, { 0x70f, 0x70f }, { 0x1806, 0x1806 },
	{ 0x180b, 0x180e }, { 0x200b, 0x200f }, { 0x202a, 0x202e },
	{ 0x2060, 0x2063 }, { 0x206a, 0x206f }, { 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffc }, { 0x1d173, 0x1d17a },
	{ 0xe0001, 0xe0001 }, { 0xe0020, 0xe007f } };
/* And to a space. */
static const struct range blanks[] = { { 0x9, 0xd }, { 0x20, 0x20 },
	{ 0x85, 0x85 }, { 0xa0, 0xa0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200a },
	{ 0x2028, 0x2029 }, { 0x202f, 0x202f }, { 0x205f, 0x205f },
	{ 0x3000, 0x3000 } };

static bool
is_in(const struct range *v, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= v[i].first && c <= v[i].last)
			return true;
	return false;
}

/* One character off the front of well-formed UTF-8. */
static uint32_t
next(struct bytes *s)
{
	uint32_t c = *s->p;
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (n > 1)
		c &= 0xffu >> (n + 1);
	for (size_t i = 1; i < n && i < s->n; i++)
		c = c << 6 | (s->p[i] & 0x3f);
	n = MIN_OF(n, s->n);
	*s = bytes_of(s->p + n, s->n - n);
	return c;
}

const char *
string_prepare(struct arena *a, const char *s)
{
	struct bytes rest = bytes_str(s);
	AUTO_BUF out = { 0 };
	bool blank = false;

	while (rest.n > 0) {
		const uint8_t *from = rest.p;
		uint32_t c = next(&rest);

		if (is_in(ignored, COUNT_OF(ignored), c))
			continue;
		if (is_in(blanks, COUNT_OF(blanks), c)) {
			blank = out.n > 0;
			continue;
		}
		if (blank)
			buf_add_byte(&out, ' ');
		blank = false;
		if (c >= 'A' && c <= 'Z')
			buf_add_byte(&out, (uint8_t)(c + ('a' - 'A')));
		else
			buf_add(&out, from, (size_t)(rest.p - from));
	}
	return arena_str(a, buf_bytes(&out));
}

bool
string_has_ignored(struct bytes utf8)
{
	while (utf8.n > 0)
		if (is_in(ignored, COUNT_OF(ignored), next(&utf8)))
			return true;
	return false;
}
