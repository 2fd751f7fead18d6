#include "store/canonical_read.h"
#include "util/text.h"

#define DEPTH_MAX 17u

struct reading {
	const uint8_t *p, *end;
};

static bool value_read(struct reading *r, unsigned depth,
    struct canonical_members *out, struct canonical_member *as);

static bool
take(struct reading *r, uint8_t c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* RFC 8785 section 3.2.2.2: the short escapes, else \u00xx in lower case. */
static bool
escape_read(struct reading *r)
{
	static const char hex[] = "0123456789abcdef";
	const char *digit;
	unsigned c;

	if (r->p == r->end)
		return false;
	if (*r->p != 'u')
		return *r->p != 0 && strchr("\"\\btnfr", *r->p++) != NULL;
	if (r->end - r->p < 5 || memcmp(r->p, "u00", 3) != 0 ||
	    (r->p[3] != '0' && r->p[3] != '1') || r->p[4] == 0)
		return false;
	digit = strchr(hex, r->p[4]);
	if (digit == NULL)
		return false;
	c = (unsigned)(r->p[3] - '0') << 4 | (unsigned)(digit - hex);
	r->p += 5;
	return c != '\b' && c != '\t' && c != '\n' && c != '\f' && c != '\r';
}

static bool
string_read(struct reading *r, struct bytes *out)
{
	const uint8_t *from;
	bool ascii = true;

	if (!take(r, '"'))
		return false;
	for (from = r->p; r->p < r->end && *r->p != '"';) {
		uint8_t c = *r->p++;

		ascii = ascii && c < 0x80;
		if (c < 0x20 || (c == '\\' && !escape_read(r)))
			return false;
	}
	*out = bytes_of(from, (size_t)(r->p - from));
	return take(r, '"') && (ascii || text_is_utf8(*out));
}

static bool
number_read(struct reading *r, struct bytes *out)
{
	const uint8_t *from = r->p, *digits;

	(void)!take(r, '-');
	digits = r->p;
	while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
		r->p++;
	*out = bytes_of(from, (size_t)(r->p - from));
	if (r->p == digits || r->p - digits > 19)
		return false;
	/* No leading zero, and no minus before a zero. */
	return *digits != '0' || out->n == 1;
}

static bool
word_read(struct reading *r, const char *word, struct bytes *out)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
		return false;
	*out = bytes_of(r->p, n);
	r->p += n;
	return true;
}

static bool
array_read(struct reading *r, unsigned depth)
{
	struct canonical_member ignored;

	if (take(r, ']'))
		return true;
	do {
		if (!value_read(r, depth, NULL, &ignored))
			return false;
	} while (take(r, ','));
	return take(r, ']');
}

/* Sorted by octets, so no member is there twice. */
static bool
object_read(struct reading *r, unsigned depth, struct canonical_members *out)
{
	struct canonical_member m = { 0 };
	struct bytes last = BYTES_NONE;
	bool first = true;

	if (take(r, '}'))
		return true;
	do {
		if (!string_read(r, &m.name) || !take(r, ':') ||
		    (!first && bytes_compare(last, m.name) >= 0) ||
		    !value_read(r, depth, NULL, &m))
			return false;
		if (out != NULL && out->n == CANONICAL_MEMBERS_MAX)
			return false;
		if (out != NULL)
			out->v[out->n++] = m;
		last = m.name;
		first = false;
	} while (take(r, ','));
	return take(r, '}');
}

static bool
value_read(struct reading *r, unsigned depth, struct canonical_members *out,
    struct canonical_member *as)
{
	const uint8_t *from = r->p;

	as->is_string = false;
	if (depth == 0 || r->p == r->end)
		return false;
	switch (*r->p) {
	case '{':
		r->p++;
		if (!object_read(r, depth - 1, out))
			return false;
		break;
	case '[':
		r->p++;
		if (!array_read(r, depth - 1))
			return false;
		break;
	case '"':
		as->is_string = true;
		return string_read(r, &as->value);
	case 't':
		return word_read(r, "true", &as->value);
	case 'f':
		return word_read(r, "false", &as->value);
	case 'n':
		return word_read(r, "null", &as->value);
	default:
		return number_read(r, &as->value);
	}
	as->value = bytes_of(from, (size_t)(r->p - from));
	return true;
}

bool
canonical_read(struct bytes text, struct canonical_members *out)
{
	struct reading r = { text.p, text.p + text.n };
	struct canonical_member whole;

	out->n = 0;
	return text.n > 0 && text.p[0] == '{' &&
	    value_read(&r, DEPTH_MAX, out, &whole) && r.p == r.end;
}

struct bytes
canonical_get(const struct canonical_members *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (bytes_is(m->v[i].name, name))
			return m->v[i].value;
	return BYTES_NONE;
}

bool
canonical_get_int(
    const struct canonical_members *m, const char *name, int64_t *out)
{
	struct bytes v = canonical_get(m, name);
	struct err ignored = { 0 };
	char text[24];

	if (v.p == NULL || v.n >= sizeof(text))
		return false;
	memcpy(text, v.p, v.n);
	text[v.n] = '\0';
	return text_parse_int(text, INT64_MIN, INT64_MAX, out, &ignored);
}

bool
canonical_get_hex(
    const struct canonical_members *m, const char *name, uint8_t *out, size_t n)
{
	struct bytes v = canonical_get(m, name);

	if (v.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(v.p[2 * i]);
		int low = hex_digit(v.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
