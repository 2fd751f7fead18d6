#include <strings.h>
#include "acme/caa.h"

struct record {
	bool critical;
	struct bytes tag, value;
};

enum property {
	PROPERTY_ISSUE,
	PROPERTY_ISSUEWILD,
	PROPERTY_IODEF,
	PROPERTY_UNKNOWN
};

/* RFC 8659 section 4.1: flags, length of the tag, tag, value. */
static bool
record_parse(struct bytes rdata, struct record *out)
{
	if (rdata.n < 2 || rdata.p[1] == 0 || (size_t)rdata.p[1] + 2 > rdata.n)
		return false;
	out->critical = (rdata.p[0] & 0x80) != 0;
	out->tag = bytes_of(rdata.p + 2, rdata.p[1]);
	out->value =
	    bytes_of(rdata.p + 2 + rdata.p[1], rdata.n - 2 - rdata.p[1]);
	return true;
}

static bool
text_is(struct bytes s, const char *name)
{
	return s.n == strlen(name) &&
	    strncasecmp((const char *)s.p, name, s.n) == 0;
}

/* Tags are matched without regard to case. */
static enum property
property_of(struct bytes tag)
{
	if (text_is(tag, "issue"))
		return PROPERTY_ISSUE;
	if (text_is(tag, "issuewild"))
		return PROPERTY_ISSUEWILD;
	if (text_is(tag, "iodef"))
		return PROPERTY_IODEF;
	return PROPERTY_UNKNOWN;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct bytes
trim(struct bytes s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Cuts *rest at the first of a character; the part before it, trimmed. */
static struct bytes
part_next(struct bytes *rest, uint8_t at)
{
	const uint8_t *end = rest->n == 0 ? NULL : memchr(rest->p, at, rest->n);
	struct bytes part = *rest;

	if (end == NULL) {
		*rest = BYTES_NONE;
		return trim(part);
	}
	part.n = (size_t)(end - rest->p);
	rest->p = end + 1;
	rest->n -= part.n + 1;
	return trim(part);
}

static bool
is_label_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-';
}

/* RFC 8659 section 4.2: value = *(%x21-3A / %x3C-7E). */
static bool
parameter_is_valid(struct bytes tag, struct bytes value)
{
	if (tag.n == 0 || tag.p[0] == '-' || tag.p[tag.n - 1] == '-')
		return false;
	for (size_t i = 0; i < tag.n; i++)
		if (!is_label_char(tag.p[i]))
			return false;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < 0x21 || value.p[i] > 0x7e)
			return false;
	return true;
}

/* RFC 8657 section 4: one of the methods is ours. */
static bool
methods_have(struct bytes list, const char *method)
{
	while (list.n > 0)
		if (bytes_is(part_next(&list, ','), method))
			return true;
	return false;
}

struct parameters {
	unsigned accounts, methods; /* how often given */
	bool account_fits, method_fits;
};

/* False: not of the form that RFC 8659 section 4.2 gives. */
static bool
parameters_read(
    struct bytes rest, const struct caa_question *q, struct parameters *out)
{
	if (trim(rest).n == 0)
		return true;
	do {
		struct bytes part = part_next(&rest, ';'), tag;
		const uint8_t *equals =
		    part.n == 0 ? NULL : memchr(part.p, '=', part.n);

		/* A final ";" may stand alone, as many zones have it. */
		if (part.n == 0 && rest.n == 0)
			break;
		if (equals == NULL)
			return false;
		tag = part_next(&part, '=');
		part = trim(part);
		if (!parameter_is_valid(tag, part))
			return false;
		if (text_is(tag, "accounturi")) {
			out->accounts++;
			out->account_fits = bytes_is(part, q->account_url);
		} else if (text_is(tag, "validationmethods")) {
			out->methods++;
			out->method_fits = methods_have(part, q->method);
		}
	} while (rest.n > 0);
	return true;
}

static bool
issuer_is_us(struct bytes domain, const struct caa_question *q)
{
	if (domain.n > 0 && domain.p[domain.n - 1] == '.')
		domain.n--;
	for (size_t i = 0; i < q->identities_n; i++)
		if (text_is(domain, q->identities[i]))
			return true;
	return false;
}

/*
 * Does this issue or issuewild value authorize us?  What is malformed
 * authorizes nobody; a parameter given twice fits nobody (RFC 8657 sections 3
 * and 4).
 */
static bool
value_authorizes(struct bytes value, const struct caa_question *q)
{
	struct parameters p = { 0 };
	struct bytes rest = value, domain = part_next(&rest, ';');

	return issuer_is_us(domain, q) && parameters_read(rest, q, &p) &&
	    (p.accounts == 0 || (p.accounts == 1 && p.account_fits)) &&
	    (p.methods == 0 || (p.methods == 1 && p.method_fits));
}

/* For the message: printable, short. */
static void
value_show(struct bytes value, char out[101])
{
	size_t n = MIN_OF(value.n, 100u);

	for (size_t i = 0; i < n; i++)
		out[i] = value.p[i] >= 0x20 && value.p[i] < 0x7f
		    ? (char)value.p[i]
		    : '?';
	out[n] = '\0';
}

struct tally {
	unsigned issue, issuewild; /* records of each */
	bool issue_ok, issuewild_ok;
	struct bytes issue_value, issuewild_value; /* one that forbids */
};

static void
tally_add(struct tally *t, const struct record *r, const struct caa_question *q)
{
	bool ok = value_authorizes(r->value, q);

	switch (property_of(r->tag)) {
	case PROPERTY_ISSUE:
		t->issue++;
		t->issue_ok |= ok;
		t->issue_value = r->value;
		break;
	case PROPERTY_ISSUEWILD:
		t->issuewild++;
		t->issuewild_ok |= ok;
		t->issuewild_value = r->value;
		break;
	case PROPERTY_IODEF:
	case PROPERTY_UNKNOWN:
		break;
	}
}

bool
caa_check(const struct bytes *rdata, size_t n, const struct caa_question *q,
    struct err *err)
{
	struct tally t = { 0 };
	struct record r;
	char shown[101];

	for (size_t i = 0; i < n; i++) {
		if (!record_parse(rdata[i], &r))
			return fail(err, ERR_CAA, "a CAA record is malformed");
		/* RFC 8659 section 4.1: who does not understand a critical
		 * property must not issue. */
		if (r.critical && property_of(r.tag) == PROPERTY_UNKNOWN) {
			value_show(r.tag, shown);
			return fail(err, ERR_CAA,
			    "CAA has the critical property \"%s\", which is "
			    "not understood",
			    shown);
		}
		tally_add(&t, &r, q);
	}
	/* RFC 8659 section 4.3: issuewild goes first for a wildcard. */
	if (q->wildcard && t.issuewild > 0) {
		if (t.issuewild_ok)
			return true;
		value_show(t.issuewild_value, shown);
		return fail(err, ERR_CAA,
		    "CAA issuewild is \"%s\", which does not authorize this "
		    "CA, account and method",
		    shown);
	}
	if (t.issue == 0 || t.issue_ok)
		return true;
	value_show(t.issue_value, shown);
	return fail(err, ERR_CAA,
	    "CAA issue is \"%s\", which does not authorize this CA, account "
	    "and method",
	    shown);
}
