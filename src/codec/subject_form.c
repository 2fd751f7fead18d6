#include "codec/dirstring.h"
#include "codec/oid.h"
#include "codec/string_prep.h"
#include "codec/subject_form.h"
#include "util/text.h"

enum { UTF8 = 1, PRINTABLE = 2, IA5 = 4 };
#define DIRECTORY_STRING (UTF8 | PRINTABLE)

#define ROW(oid, type, strings, max)                                           \
	{                                                                      \
		{ (const uint8_t *)oid, sizeof(oid) - 1 }, type, strings, max  \
	}

/*
 * The DirectoryStrings of RFC 5280 section 4.1.2.4 that a new certificate may
 * have.  Bounds are in characters; the bound on names of persons is 32768
 * there, X.520 has 64, and this is between.
 */
static const struct form {
	struct bytes oid;
	const char *type;
	unsigned strings;
	size_t max;
} forms[] = {
	ROW(OID_COMMON_NAME, "CN", DIRECTORY_STRING, 64),
	ROW(OID_ORGANIZATION, "O", DIRECTORY_STRING, 64),
	ROW(OID_ORGANIZATIONAL_UNIT, "OU", DIRECTORY_STRING, 64),
	ROW(OID_COUNTRY, "C", PRINTABLE, 2),
	ROW(OID_LOCALITY, "L", DIRECTORY_STRING, 128),
	ROW(OID_STATE, "ST", DIRECTORY_STRING, 128),
	ROW(OID_STREET, "STREET", DIRECTORY_STRING, 128),
	ROW(OID_SERIAL_NUMBER, "serialNumber", PRINTABLE, 64),
	ROW(OID_DOMAIN_COMPONENT, "DC", IA5, 63),
	ROW(OID_USER_ID, "UID", DIRECTORY_STRING, 256),
	ROW(OID_EMAIL_ADDRESS, "emailAddress", IA5, 255),
	ROW(OID_GIVEN_NAME, "givenName", DIRECTORY_STRING, 256),
	ROW(OID_SURNAME, "sn", DIRECTORY_STRING, 256),
	ROW(OID_TITLE, "title", DIRECTORY_STRING, 64),
	/* Cisco IOS names its routers so. */
	ROW(OID_UNSTRUCTURED_NAME, "unstructuredName", DIRECTORY_STRING | IA5,
	    255),
	ROW(OID_UNSTRUCTURED_ADDRESS, "unstructuredAddress", DIRECTORY_STRING,
	    255),
};

struct value {
	struct bytes oid, octets;
	int tag;
};

static bool
value_read(struct bytes whole, struct value *out)
{
	struct der d = der_of(whole), at;

	return der_enter(&d, DER_SEQUENCE, &at) && der_at_end(&d) &&
	    der_read(&at, DER_OID, &out->oid) &&
	    der_read_any(&at, &out->tag, &out->octets, NULL) && der_at_end(&at);
}

static const struct form *
form_find(struct bytes oid)
{
	for (size_t i = 0; i < COUNT_OF(forms); i++)
		if (bytes_equal(forms[i].oid, oid))
			return &forms[i];
	return NULL;
}

bool
subject_form_is_type(const char *type)
{
	for (size_t i = 0; i < COUNT_OF(forms); i++)
		if (strcmp(forms[i].type, type) == 0)
			return true;
	return false;
}

static bool
type_is_among(const char *type, const char *const *types, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return n == 0;
}

static bool
string_holds(unsigned strings, int tag, struct bytes s)
{
	switch (tag) {
	case DER_UTF8_STRING:
		return (strings & UTF8) != 0 && text_is_utf8(s);
	case DER_PRINTABLE_STRING:
		return (strings & PRINTABLE) != 0 && dirstring_is_printable(s);
	case DER_IA5_STRING:
		return (strings & IA5) != 0 && text_is_ascii_printable(s);
	}
	return false;
}

static const char *
strings_text(unsigned strings)
{
	switch (strings) {
	case PRINTABLE:
		return "a PrintableString";
	case IA5:
		return "an IA5String";
	case DIRECTORY_STRING:
		return "a UTF8String or a PrintableString";
	}
	return "a UTF8String, a PrintableString or an IA5String";
}

/* Of well-formed UTF-8; 0 for what is blank or has control characters. */
static size_t
characters(struct bytes s)
{
	bool blank = true;
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < 0x20 || s.p[i] == 0x7f ||
		    (s.p[i] == 0xc2 && i + 1 < s.n && s.p[i + 1] < 0xa0))
			return 0;
		blank = blank && s.p[i] == ' ';
		n += (s.p[i] & 0xc0) != 0x80;
	}
	return blank ? 0 : n;
}

static bool
value_check(const struct value *v, const char *const *types, size_t types_n,
    struct err *err)
{
	const struct form *f = form_find(v->oid);
	size_t n;

	if (f == NULL || !type_is_among(f->type, types, types_n)) {
		char oid[128] = "?";

		(void)!der_oid_text(v->oid, oid);
		return fail(err, ERR_REJECTED,
		    "the subject has an attribute of type %s, which no "
		    "certificate of this profile has",
		    f != NULL ? f->type : oid);
	}
	if (!string_holds(f->strings, v->tag, v->octets))
		return fail(err, ERR_REJECTED,
		    "the subject's %s is a string of type %d or not of its "
		    "alphabet, expected %s",
		    f->type, v->tag, strings_text(f->strings));
	if (string_has_ignored(v->octets))
		return fail(err, ERR_REJECTED,
		    "the subject's %s has control characters, or others that "
		    "nobody sees",
		    f->type);
	n = characters(v->octets);
	if (n == 0 || n > f->max)
		return fail(err, ERR_REJECTED,
		    "the subject's %s is blank, or has control characters or "
		    "more than %zu",
		    f->type, f->max);
	/* ISO 3166 alpha-2, as RFC 5280 appendix A.1 has it. */
	if (bytes_equal(v->oid, OID(COUNTRY)) &&
	    (n != 2 || v->octets.p[0] < 'A' || v->octets.p[0] > 'Z' ||
		v->octets.p[1] < 'A' || v->octets.p[1] > 'Z'))
		return fail(err, ERR_REJECTED,
		    "the subject's C is not two capital letters");
	return true;
}

/* X.690 section 11.6: a SET OF in ascending order, the shorter one first. */
static bool
is_before(struct bytes x, struct bytes y)
{
	size_t n = MIN_OF(x.n, y.n);
	int order = n == 0 ? 0 : memcmp(x.p, y.p, n);

	return order < 0 || (order == 0 && x.n < y.n);
}

static bool
rdn_check(struct der rdn, const char *const *types, size_t types_n,
    size_t *seen, struct err *err)
{
	struct bytes before = BYTES_NONE, whole;
	struct value v;

	if (der_at_end(&rdn))
		return fail(err, ERR_REJECTED, "the subject has an empty RDN");
	while (!der_at_end(&rdn)) {
		if (!der_read_whole(&rdn, DER_SEQUENCE, &whole) ||
		    !value_read(whole, &v))
			return fail(err, ERR_REJECTED,
			    "the subject is not a Name in DER");
		if (before.n != 0 && !is_before(before, whole))
			return fail(err, ERR_REJECTED,
			    "the subject has an RDN that is not in the order "
			    "of DER");
		before = whole;
		if (++*seen > SUBJECT_FORM_ATTRIBUTES_MAX)
			return fail(err, ERR_REJECTED,
			    "the subject has more than %u attributes",
			    SUBJECT_FORM_ATTRIBUTES_MAX);
		if (!value_check(&v, types, types_n, err))
			return false;
	}
	return true;
}

bool
subject_form_check(
    struct bytes name, const char *const *types, size_t n, struct err *err)
{
	struct der d = der_of(name), rdns, rdn;
	size_t seen = 0;

	if (!der_enter(&d, DER_SEQUENCE, &rdns) || !der_at_end(&d))
		return fail(err, ERR_REJECTED, "the subject is not a Name");
	while (!der_at_end(&rdns)) {
		if (!der_enter(&rdns, DER_SET, &rdn))
			return fail(err, ERR_REJECTED,
			    "the subject is not a Name in DER");
		if (!rdn_check(rdn, types, n, &seen, err))
			return false;
	}
	return true;
}

/* ---- its normal form ---- */

/* The value in a type of string that its attribute may have; false: as it is,
 * because it is in one, or because there is none for it. */
static bool
value_put_normal(struct buf *b, const struct value *v, struct arena *a)
{
	static const int tags[] = { DER_UTF8_STRING, DER_PRINTABLE_STRING,
		DER_IA5_STRING };
	const struct form *f = form_find(v->oid);
	const char *text;

	if (f == NULL || string_holds(f->strings, v->tag, v->octets) ||
	    v->tag == DER_T61_STRING)
		return false;
	text = dirstring_text(v->tag, v->octets, a);
	for (size_t i = 0; text != NULL && i < COUNT_OF(tags); i++)
		if (string_holds(f->strings, tags[i], bytes_str(text))) {
			der_put(b, tags[i], bytes_str(text));
			return true;
		}
	return false;
}

static bool
attribute_put_normal(struct buf *b, struct bytes whole, struct arena *a)
{
	AUTO_BUF value = { 0 };
	struct value v;
	size_t mark;

	if (!value_read(whole, &v))
		return false;
	if (!value_put_normal(&value, &v, a)) {
		der_put_raw(b, whole);
		return true;
	}
	mark = der_open(b, DER_SEQUENCE);
	oid_put(b, v.oid);
	buf_add_bytes(b, buf_bytes(&value));
	der_close(b, mark);
	return true;
}

static bool
name_put_normal(struct buf *b, struct bytes name, struct arena *a)
{
	struct der d = der_of(name), rdns, rdn;
	size_t mark = der_open(b, DER_SEQUENCE), set;
	struct bytes whole;

	if (!der_enter(&d, DER_SEQUENCE, &rdns) || !der_at_end(&d))
		return false;
	while (!der_at_end(&rdns)) {
		if (!der_enter(&rdns, DER_SET, &rdn))
			return false;
		set = der_open(b, DER_SET);
		while (!der_at_end(&rdn))
			if (!der_read_whole(&rdn, DER_SEQUENCE, &whole) ||
			    !attribute_put_normal(b, whole, a))
				return false;
		der_close(b, set);
	}
	der_close(b, mark);
	return true;
}

struct bytes
subject_form_normal(struct bytes name, struct arena *a)
{
	AUTO_BUF b = { 0 };

	return name_put_normal(&b, name, a) ? arena_take_buf(a, &b) : name;
}

/* ---- of a Name that was checked ---- */

struct walk {
	struct der rdns, rdn;
};

static struct walk
walk_of(struct bytes name)
{
	struct walk w = { der_of(BYTES_NONE), der_of(BYTES_NONE) };
	struct der d = der_of(name);

	if (!der_enter(&d, DER_SEQUENCE, &w.rdns))
		w.rdns = der_of(BYTES_NONE);
	return w;
}

static bool
walk_next(struct walk *w, struct value *out)
{
	struct bytes whole;

	if (der_at_end(&w->rdn) && !der_enter(&w->rdns, DER_SET, &w->rdn))
		return false;
	return der_read_whole(&w->rdn, DER_SEQUENCE, &whole) &&
	    value_read(whole, out);
}

static bool
value_is_named(
    const struct value *v, const struct names *names, struct arena *a)
{
	const char *text = dirstring_text(v->tag, v->octets, a);

	for (size_t i = 0; text != NULL && i < names->n; i++)
		if (text_equal_nocase(names->v[i].text, text))
			return true;
	return false;
}

static bool
check_named(struct bytes name, bool common_names_alone,
    const struct names *names, struct arena *a, struct err *err)
{
	struct walk w = walk_of(name);
	struct value v;

	while (walk_next(&w, &v)) {
		bool cn = bytes_equal(v.oid, OID(COMMON_NAME));

		if (!cn &&
		    (common_names_alone ||
			(!bytes_equal(v.oid, OID(USER_ID)) &&
			    !bytes_equal(v.oid, OID(EMAIL_ADDRESS)))))
			continue;
		if (!value_is_named(&v, names, a))
			return fail(err, ERR_REJECTED,
			    "the subject's %s is not among the certificate's "
			    "names",
			    cn ? "common name" : form_find(v.oid)->type);
	}
	return true;
}

bool
subject_form_check_cn(struct bytes name, const struct names *names,
    struct arena *a, struct err *err)
{
	return check_named(name, true, names, a, err);
}

bool
subject_form_check_names(struct bytes name, const struct names *names,
    struct arena *a, struct err *err)
{
	return check_named(name, false, names, a, err);
}

static void
names_add(struct names *list, struct name one, struct arena *a)
{
	struct name *more = arena_array(a, list->n + 1, sizeof(*more));

	if (list->n != 0)
		memcpy(more, list->v, list->n * sizeof(*more));
	more[list->n++] = one;
	list->v = more;
}

bool
subject_form_emails(
    struct bytes name, struct arena *a, struct names *out, struct err *err)
{
	struct names emails = { NULL, 0 };
	struct walk w = walk_of(name);
	struct value v;

	while (walk_next(&w, &v)) {
		struct err why = { 0 };
		struct name one;
		const char *text;

		if (!bytes_equal(v.oid, OID(EMAIL_ADDRESS)))
			continue;
		text = dirstring_text(v.tag, v.octets, a);
		if (text == NULL ||
		    !name_parse(NAME_EMAIL, bytes_str(text), a, &one, &why))
			return fail(err, ERR_REJECTED,
			    "the subject's emailAddress is no e-mail address");
		names_add(&emails, one, a);
	}
	*out = emails;
	return true;
}

struct names
subject_form_hosts(struct bytes name, struct arena *a)
{
	struct names hosts = { NULL, 0 };
	struct walk w = walk_of(name);
	struct value v;

	while (walk_next(&w, &v)) {
		struct err ignored = { 0 };
		struct name one;
		const char *text;

		if (!bytes_equal(v.oid, OID(COMMON_NAME)))
			continue;
		text = dirstring_text(v.tag, v.octets, a);
		if (text != NULL && strchr(text, '.') != NULL &&
		    name_parse(NAME_DNS, bytes_str(text), a, &one, &ignored))
			names_add(&hosts, one, a);
	}
	return hosts;
}
