#include <stdlib.h>
#include "codec/label.h"
#include "codec/name.h"
#include "util/text.h"

#define DNS_MAX 253u
#define EMAIL_LOCAL_MAX 64u
#define EMAIL_MAX 254u
#define URI_MAX 2048u
/* Active Directory's own bound of userPrincipalName. */
#define UPN_MAX 1024u

static const struct {
	enum name_type type;
	const char *tag;
} type_tags[] = {
	{ NAME_DNS, "dns" },
	{ NAME_IP, "ip" },
	{ NAME_EMAIL, "email" },
	{ NAME_URI, "uri" },
	{ NAME_UPN, "upn" },
};

const char *
name_type_tag(enum name_type type)
{
	for (size_t i = 0; i < COUNT_OF(type_tags); i++)
		if (type_tags[i].type == type)
			return type_tags[i].tag;
	return "unknown";
}

static bool
fail_name(struct err *err, const char *kind, struct bytes text, const char *why)
{
	int shown = (int)MIN_OF(text.n, (size_t)100);

	return fail(err, ERR_MALFORMED, "%s \"%.*s\" %s", kind, shown,
	    (const char *)text.p, why);
}

static bool
is_digits(struct bytes s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* Of a host name in lower case, without a wildcard; NULL if it is good. */
static const char *
host_check(struct bytes name, unsigned *labels)
{
	const uint8_t *p = name.p, *end = name.p + name.n;
	const char *why;
	struct bytes label;

	*labels = 0;
	if (name.n == 0)
		return "is empty";
	if (name.n > DNS_MAX)
		return "has more than 253 characters";
	if (end[-1] == '.')
		return "ends with a dot";
	for (;;) {
		const uint8_t *dot = memchr(p, '.', (size_t)(end - p));

		label = bytes_of(p, (size_t)((dot != NULL ? dot : end) - p));
		if ((why = label_check(label)) != NULL)
			return why;
		(*labels)++;
		if (dot == NULL)
			break;
		p = dot + 1;
	}
	/* No top level is a number, and an IPv4 address has a type of its own.
	 */
	if (is_digits(label))
		return "ends with a number like an IP address";
	return NULL;
}

static const char *
dns_check(struct bytes name)
{
	unsigned labels;
	const char *why;

	if (name.n < 2 || memcmp(name.p, "*.", 2) != 0)
		return host_check(name, &labels);
	if (name.n > DNS_MAX)
		return "has more than 253 characters";
	if (memchr(name.p + 2, '*', name.n - 2) != NULL)
		return "has more than one wildcard";
	why = host_check(bytes_of(name.p + 2, name.n - 2), &labels);
	if (why == NULL && labels < 2)
		return "is a wildcard above fewer than two labels";
	return why;
}

static bool
dns_parse(struct bytes text, struct arena *a, struct name *out, struct err *err)
{
	const char *why;
	char *s;

	if (text.n > DNS_MAX)
		return fail_name(
		    err, "DNS name", text, "has more than 253 characters");
	s = arena_str(a, text);
	text_lower(s);
	if ((why = dns_check(bytes_of(s, text.n))) != NULL)
		return fail_name(err, "DNS name", text, why);
	*out = (struct name){ NAME_DNS, s };
	return true;
}

static bool
ip_parse(struct bytes text, struct arena *a, struct name *out, struct err *err)
{
	char copy[NAME_IP_SIZE], canonical[NAME_IP_SIZE];
	uint8_t octets[16];
	size_t n = 0;

	if (text.n < sizeof(copy) &&
	    (text.n == 0 || memchr(text.p, '\0', text.n) == NULL)) {
		if (text.n != 0)
			memcpy(copy, text.p, text.n);
		copy[text.n] = '\0';
		n = name_ip_octets(copy, octets);
	}
	if (!name_ip_text(bytes_of(octets, n), canonical))
		return fail_name(err, "IP address", text,
		    "is neither of version 4 nor of version 6");
	*out = (struct name){ NAME_IP, arena_strdup(a, canonical) };
	return true;
}

/* RFC 5322 section 3.2.3, dot-atom. */
static bool
is_dot_atom(struct bytes s)
{
	bool dot = true;

	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c == '.' && dot)
			return false;
		dot = c == '.';
		if (!dot && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    (c == 0 || strchr("!#$%&'*+-/=?^_`{|}~", c) == NULL))
			return false;
	}
	return !dot;
}

static bool
email_parse(
    struct bytes text, struct arena *a, struct name *out, struct err *err)
{
	const uint8_t *at = text.n == 0 ? NULL : memchr(text.p, '@', text.n);
	unsigned labels;
	const char *why;
	size_t local;
	char *s;

	if (text.n > EMAIL_MAX || at == NULL)
		return fail_name(err, "e-mail address", text,
		    "is not local@domain of at most 254 characters");
	local = (size_t)(at - text.p);
	if (local > EMAIL_LOCAL_MAX || !is_dot_atom(bytes_of(text.p, local)))
		return fail_name(err, "e-mail address", text,
		    "has a part before '@' that is not a plain one of at most "
		    "64 characters");
	s = arena_str(a, text);
	/* RFC 5321 section 2.4: only the domain is case-insensitive. */
	text_lower(s + local + 1);
	why = host_check(bytes_of(s + local + 1, text.n - local - 1), &labels);
	if (why != NULL)
		return fail_name(err, "e-mail address", text, why);
	*out = (struct name){ NAME_EMAIL, s };
	return true;
}

static bool
is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F');
}

/* RFC 3986: scheme, colon, something of its characters. */
static const char *
uri_check(struct bytes s)
{
	size_t scheme = 0;

	while (scheme < s.n && s.p[scheme] != ':')
		scheme++;
	for (size_t i = 0; i < scheme; i++) {
		uint8_t c = s.p[i] | 0x20;

		if ((c >= 'a' && c <= 'z') ||
		    (i > 0 && s.p[i] != 0 &&
			strchr("0123456789+-.", s.p[i]) != NULL))
			continue;
		return "does not begin with a scheme";
	}
	/* RFC 5280 section 4.2.1.6: absolute, with a scheme-specific part. */
	if (scheme == 0 || scheme + 1 >= s.n)
		return "has no scheme or nothing behind it";
	for (size_t i = scheme + 1; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}", c) != NULL)
			return "has a character that no URI has";
		if (c == '%' &&
		    (s.n - i < 3 || !is_hex(s.p[i + 1]) || !is_hex(s.p[i + 2])))
			return "has a '%' without two hex digits";
	}
	return NULL;
}

static bool
uri_parse(struct bytes text, struct arena *a, struct name *out, struct err *err)
{
	const char *why = uri_check(text);

	if (text.n > URI_MAX)
		why = "has more than 2048 characters";
	if (why != NULL)
		return fail_name(err, "URI", text, why);
	*out = (struct name){ NAME_URI, arena_str(a, text) };
	return true;
}

/*
 * What stands before the '@' of a UPN, in UTF-8: what Active Directory lets
 * into an account's name but blanks and what we read as a pattern.
 */
static const char *
account_check(struct bytes s)
{
	if (s.n == 0)
		return "has nothing before '@'";
	if (!text_is_utf8(s))
		return "is not UTF-8";
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c <= ' ' || c == 0x7f)
			return "has a blank or a control character";
		/* U+0080 to U+009F are controls too. */
		if (c == 0xc2 && s.p[i + 1] < 0xa0)
			return "has a control character";
		if (strchr("*?\"@", c) != NULL)
			return "has a character that no account has";
	}
	return NULL;
}

/*
 * [MS-WCCE] section 2.2.2.7.7.3.  Active Directory compares all of it without
 * case; as with e-mail only the domain is made lower case, since a device must
 * find in its certificate the account that it was told.
 */
static bool
upn_parse(struct bytes text, struct arena *a, struct name *out, struct err *err)
{
	const uint8_t *at = text.n == 0 ? NULL : memrchr(text.p, '@', text.n);
	unsigned labels;
	const char *why;
	size_t n;
	char *s;

	if (text.n > UPN_MAX || at == NULL)
		return fail_name(err, "UPN", text,
		    "is not account@domain of at most 1024 octets");
	n = (size_t)(at - text.p);
	if ((why = account_check(bytes_of(text.p, n))) != NULL)
		return fail_name(err, "UPN", text, why);
	s = arena_str(a, text);
	text_lower(s + n + 1);
	why = host_check(bytes_of(s + n + 1, text.n - n - 1), &labels);
	if (why != NULL)
		return fail_name(err, "UPN", text, why);
	*out = (struct name){ NAME_UPN, s };
	return true;
}

bool
name_parse(enum name_type type, struct bytes text, struct arena *a,
    struct name *out, struct err *err)
{
	switch (type) {
	case NAME_DNS:
		return dns_parse(text, a, out, err);
	case NAME_IP:
		return ip_parse(text, a, out, err);
	case NAME_EMAIL:
		return email_parse(text, a, out, err);
	case NAME_URI:
		return uri_parse(text, a, out, err);
	case NAME_UPN:
		return upn_parse(text, a, out, err);
	}
	return fail(err, ERR_INTERNAL, "name type %d does not exist", type);
}

bool
name_parse_tagged(
    const char *s, struct arena *a, struct name *out, struct err *err)
{
	const char *colon = strchr(s, ':');
	struct bytes tag;

	if (colon != NULL) {
		tag = bytes_of(s, (size_t)(colon - s));
		for (size_t i = 0; i < COUNT_OF(type_tags); i++)
			if (bytes_is(tag, type_tags[i].tag))
				return name_parse(type_tags[i].type,
				    bytes_str(colon + 1), a, out, err);
	}
	return fail(err, ERR_MALFORMED,
	    "name \"%.100s\" has no type, expected dns:…, ip:…, email:…, "
	    "uri:… or upn:…",
	    s);
}

bool
name_is_wildcard(const struct name *n)
{
	return n->type == NAME_DNS && strncmp(n->text, "*.", 2) == 0;
}

bool
name_equal(const struct name *a, const struct name *b)
{
	return name_compare(a, b) == 0;
}

int
name_compare(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return strcmp(x->text, y->text);
}

struct names
names_sorted(struct arena *a, struct names in)
{
	struct names out = { arena_array(a, in.n, sizeof(*in.v)), 0 };

	if (in.n == 0)
		return out;
	memcpy(out.v, in.v, in.n * sizeof(*in.v));
	qsort(out.v, in.n, sizeof(*out.v), name_compare);
	for (size_t i = 0; i < in.n; i++)
		if (out.n == 0 || !name_equal(&out.v[i], &out.v[out.n - 1]))
			out.v[out.n++] = out.v[i];
	return out;
}

bool
names_equal_sets(struct arena *a, struct names x, struct names y)
{
	x = names_sorted(a, x);
	y = names_sorted(a, y);
	if (x.n != y.n)
		return false;
	for (size_t i = 0; i < x.n; i++)
		if (!name_equal(&x.v[i], &y.v[i]))
			return false;
	return true;
}

bool
name_is_among(const struct name *name, const char *const *patterns, size_t n)
{
	const char *tag = name_type_tag(name->type);
	size_t tag_n = strlen(tag);

	for (size_t i = 0; i < n; i++)
		if (strncmp(patterns[i], tag, tag_n) == 0 &&
		    patterns[i][tag_n] == ':' &&
		    text_match(patterns[i] + tag_n + 1, name->text))
			return true;
	return false;
}
