#include "codec/cert.h"
#include "codec/dirstring.h"
#include "codec/oid.h"
#include "codec/string_prep.h"
#include "codec/subject.h"
#include "util/text.h"

#define RDNS_MAX 64u

#define ROW(oid, name)                                                         \
	{                                                                      \
		{ (const uint8_t *)oid, sizeof(oid) - 1 }, name                \
	}

/* RFC 4514 section 3, and those that people look for. */
static const struct {
	struct bytes oid;
	const char *name;
} attributes[] = {
	ROW(OID_COMMON_NAME, "CN"),
	ROW(OID_COUNTRY, "C"),
	ROW(OID_LOCALITY, "L"),
	ROW(OID_STATE, "ST"),
	ROW(OID_STREET, "STREET"),
	ROW(OID_ORGANIZATION, "O"),
	ROW(OID_ORGANIZATIONAL_UNIT, "OU"),
	ROW(OID_DOMAIN_COMPONENT, "DC"),
	ROW(OID_USER_ID, "UID"),
	ROW(OID_SERIAL_NUMBER, "serialNumber"),
	ROW(OID_EMAIL_ADDRESS, "emailAddress"),
	ROW(OID_GIVEN_NAME, "givenName"),
	ROW(OID_SURNAME, "sn"),
	ROW(OID_TITLE, "title"),
	ROW(OID_UNSTRUCTURED_NAME, "unstructuredName"),
	ROW(OID_UNSTRUCTURED_ADDRESS, "unstructuredAddress"),
};

struct attribute {
	struct bytes oid, value, whole; /* whole: of the value */
	int tag;
};

/* One AttributeTypeAndValue. */
static bool
attribute_read(struct der *set, struct attribute *out)
{
	struct der d;

	return der_enter(set, DER_SEQUENCE, &d) &&
	    der_read(&d, DER_OID, &out->oid) && der_oid_is_valid(out->oid) &&
	    der_read_any(&d, &out->tag, &out->value, &out->whole) &&
	    der_at_end(&d);
}

static bool
rdns_read(struct bytes name, struct der *rdns)
{
	struct der d = der_of(name);

	return der_enter(&d, DER_SEQUENCE, rdns) && der_at_end(&d);
}

/* What attributes are made of (X.520); nothing else is read by anybody else,
 * OpenSSL for one. */
static bool
value_type_is_known(int tag)
{
	switch (tag) {
	case DER_UTF8_STRING:
	case DER_PRINTABLE_STRING:
	case DER_NUMERIC_STRING:
	case DER_IA5_STRING:
	case DER_T61_STRING:
	case DER_BMP_STRING:
	case DER_UNIVERSAL_STRING:
	case DER_BIT_STRING:
	case DER_SEQUENCE:
		return true;
	}
	return false;
}

bool
subject_check(struct bytes name, struct err *err)
{
	struct attribute attribute;
	struct der rdns, set;
	unsigned n = 0;

	if (!rdns_read(name, &rdns))
		return fail(err, ERR_MALFORMED, "Name is not a SEQUENCE");
	while (!der_at_end(&rdns)) {
		if (!der_enter(&rdns, DER_SET, &set) || der_at_end(&set))
			return fail(err, ERR_MALFORMED,
			    "Name has a part that is not a SET of attributes");
		while (!der_at_end(&set)) {
			if (++n > RDNS_MAX)
				return fail(err, ERR_TOO_LARGE,
				    "Name has more than %u attributes",
				    RDNS_MAX);
			if (!attribute_read(&set, &attribute) ||
			    !value_type_is_known(attribute.tag) ||
			    !der_check(attribute.whole))
				return fail(err, ERR_MALFORMED,
				    "Name has an attribute that is not type "
				    "and value in DER");
		}
	}
	return true;
}

bool
subject_find(struct bytes name, struct bytes oid, int *tag, struct bytes *value)
{
	struct attribute attribute;
	struct der rdns, set;
	bool found = false;

	if (!rdns_read(name, &rdns))
		return false;
	while (der_enter(&rdns, DER_SET, &set))
		while (attribute_read(&set, &attribute))
			if (bytes_equal(attribute.oid, oid)) {
				*tag = attribute.tag;
				*value = attribute.value;
				found = true;
			}
	return found;
}

const char *
subject_common_name(struct arena *a, struct bytes name)
{
	struct bytes value;
	int tag;

	if (!subject_find(name, OID(COMMON_NAME), &tag, &value))
		return NULL;
	return dirstring_text(tag, value, a);
}

/* RFC 4514 section 2.4. */
static void
value_put(struct buf *b, const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == 0x7f) {
			buf_printf(b, "\\%02x", c);
			continue;
		}
		if (strchr("\"+,;<>\\", c) != NULL ||
		    (i == 0 && (c == '#' || c == ' ')) ||
		    (i == n - 1 && c == ' '))
			buf_add_byte(b, '\\');
		buf_add_byte(b, c);
	}
}

static void
attribute_put(struct buf *b, const struct attribute *at, struct arena *a)
{
	const char *text = NULL;
	char oid[128];

	for (size_t i = 0; i < COUNT_OF(attributes); i++)
		if (bytes_equal(attributes[i].oid, at->oid)) {
			buf_printf(b, "%s=", attributes[i].name);
			text = dirstring_text(at->tag, at->value, a);
			if (text != NULL) {
				value_put(b, text);
				return;
			}
			buf_printf(b, "#%s", hex_arena(a, at->whole));
			return;
		}
	/* A type without a name has its value in hex, RFC 4514 section 2.4. */
	if (!der_oid_text(at->oid, oid))
		memcpy(oid, "?", 2);
	buf_printf(b, "%s=#%s", oid, hex_arena(a, at->whole));
}

char *
subject_text(struct arena *a, struct bytes name)
{
	struct bytes rdns[RDNS_MAX], content;
	struct attribute attribute;
	AUTO_BUF b = { 0 };
	struct der d, set;
	size_t n = 0;

	if (!rdns_read(name, &d))
		return arena_strdup(a, "(not a Name)");
	while (n < RDNS_MAX && der_read(&d, DER_SET, &content))
		rdns[n++] = content;
	/* RFC 4514 section 2.1: the last one first. */
	for (size_t i = n; i-- > 0;) {
		if (i + 1 < n)
			buf_add_byte(&b, ',');
		set = der_of(rdns[i]);
		for (bool first = true; attribute_read(&set, &attribute);
		     first = false) {
			if (!first)
				buf_add_byte(&b, '+');
			attribute_put(&b, &attribute, a);
		}
	}
	return arena_str(a, buf_bytes(&b));
}

static void
rdn_put(struct buf *b, struct bytes oid, int tag, const char *value)
{
	size_t set, sequence;

	if (value == NULL)
		return;
	set = der_open(b, DER_SET);
	sequence = der_open(b, DER_SEQUENCE);
	oid_put(b, oid);
	der_put(b, tag, bytes_str(value));
	der_close(b, sequence);
	der_close(b, set);
}

void
subject_put(struct buf *b, const struct subject *s)
{
	size_t mark = der_open(b, DER_SEQUENCE);

	/* RFC 5280 appendix A.1: countryName is a PrintableString. */
	rdn_put(b, OID(COUNTRY), DER_PRINTABLE_STRING, s->country);
	rdn_put(b, OID(ORGANIZATION), DER_UTF8_STRING, s->organization);
	rdn_put(b, OID(ORGANIZATIONAL_UNIT), DER_UTF8_STRING,
	    s->organizational_unit);
	rdn_put(b, OID(COMMON_NAME), DER_UTF8_STRING, s->common_name);
	der_close(b, mark);
}

static bool
value_equal(
    struct arena *a, const struct attribute *x, const struct attribute *y)
{
	const char *s, *t;

	if (!bytes_equal(x->oid, y->oid))
		return false;
	if (bytes_equal(x->whole, y->whole))
		return true;
	s = dirstring_text(x->tag, x->value, a);
	t = dirstring_text(y->tag, y->value, a);
	return s != NULL && t != NULL &&
	    strcmp(string_prepare(a, s), string_prepare(a, t)) == 0;
}

static bool
set_has(struct arena *a, struct der set, const struct attribute *x)
{
	struct attribute y;

	while (attribute_read(&set, &y))
		if (value_equal(a, x, &y))
			return true;
	return false;
}

static bool
set_has_all(struct arena *a, struct bytes set, struct bytes of)
{
	struct der d = der_of(of);
	struct attribute one;

	while (attribute_read(&d, &one))
		if (!set_has(a, der_of(set), &one))
			return false;
	return der_at_end(&d);
}

/* One RDN: a set of attributes, whose order says nothing. */
static bool
rdn_equal(struct arena *a, struct bytes x, struct bytes y)
{
	return bytes_equal(x, y) ||
	    (set_has_all(a, x, y) && set_has_all(a, y, x));
}

bool
subject_is_within(struct arena *a, struct bytes name, struct bytes base)
{
	struct bytes rx, ry;
	struct der dx, dy;

	if (!rdns_read(name, &dx) || !rdns_read(base, &dy))
		return false;
	while (!der_at_end(&dy))
		if (!der_read(&dx, DER_SET, &rx) ||
		    !der_read(&dy, DER_SET, &ry) || !rdn_equal(a, rx, ry))
			return false;
	return true;
}

bool
subject_equal(struct arena *a, struct bytes x, struct bytes y)
{
	struct bytes rx, ry;
	struct der dx, dy;

	if (!rdns_read(x, &dx) || !rdns_read(y, &dy))
		return false;
	while (!der_at_end(&dx) && !der_at_end(&dy))
		if (!der_read(&dx, DER_SET, &rx) ||
		    !der_read(&dy, DER_SET, &ry) || !rdn_equal(a, rx, ry))
			return false;
	return der_at_end(&dx) && der_at_end(&dy);
}
