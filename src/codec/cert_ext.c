#include <limits.h>
#include "codec/cert_ext.h"
#include "codec/extension.h"
#include "codec/oid.h"

#define TAG_URI DER_CONTEXT(6)

/* What a decoder works on. */
struct reading {
	const struct cert_extension *x;
	enum names_mode mode;
	struct arena *a;
	struct cert *out;
	struct err *err;
};

static bool
fail_form(const struct reading *r, const char *name)
{
	return fail(r->err, ERR_MALFORMED,
	    "certificate has a malformed %s extension", name);
}

static bool
fail_many(const struct reading *r, const char *what, size_t max)
{
	return fail(r->err, ERR_TOO_LARGE, "certificate has more than %zu %s",
	    max, what);
}

/* The elements of a value that is a SEQUENCE OF, at least one. */
static bool
list_open(const struct reading *r, struct der *list)
{
	struct der d = der_of(r->x->value);

	return der_enter(&d, DER_SEQUENCE, list) && der_at_end(&d) &&
	    !der_at_end(list);
}

static bool
oid_store(const struct reading *r, struct bytes oid, const char **out)
{
	char text[128];

	if (!der_oid_text(oid, text))
		return false;
	*out = arena_strdup(r->a, text);
	return true;
}

/* With trailing zero bits, as roots of 1999 to 2006 have them. */
static bool
named_bits_tolerant(struct der *d, unsigned *bits)
{
	struct bytes c;

	*bits = 0;
	if (!der_read(d, DER_BIT_STRING, &c) || c.n < 2 || c.n > 3 ||
	    c.p[0] > 7)
		return false;
	for (size_t i = 0; i < (c.n - 1) * 8 - c.p[0]; i++)
		if ((c.p[1 + i / 8] & 0x80u >> i % 8) != 0)
			*bits |= 1u << i;
	return true;
}

static bool
key_usage_decode(const struct reading *r)
{
	struct der d = der_of(r->x->value);
	unsigned bits = 0;
	bool ok = der_read_named_bits(&d, &bits);

	if (!ok && r->mode == NAMES_TOLERANT)
		ok = named_bits_tolerant(&d, &bits);
	/* RFC 5280 section 4.2.1.3: at least one bit is set. */
	if (!ok || !der_at_end(&d) || bits == 0)
		return fail_form(r, "key usage");
	r->out->has_key_usage = true;
	r->out->key_usage = bits;
	r->out->key_usage_critical = r->x->critical;
	return true;
}

static bool
eku_decode(const struct reading *r)
{
	struct cert *c = r->out;
	struct bytes oid;
	struct der list;

	if (!list_open(r, &list))
		return fail_form(r, "extended key usage");
	while (!der_at_end(&list)) {
		if (c->eku_n == CERT_EKU_MAX)
			return fail_many(
			    r, "extended key usages", CERT_EKU_MAX);
		if (!der_read(&list, DER_OID, &oid) ||
		    !oid_store(r, oid, &c->eku[c->eku_n]))
			return fail_form(r, "extended key usage");
		c->eku_n++;
	}
	c->eku_critical = r->x->critical;
	return true;
}

static bool
basic_constraints_decode(const struct reading *r)
{
	struct der d = der_of(r->x->value), inner;
	struct cert *c = r->out;
	uint64_t length = 0;
	bool ok;

	ok = der_enter(&d, DER_SEQUENCE, &inner) && der_at_end(&d);
	/* FALSE is the default: encoded, it is no DER. */
	if (ok && der_peek(&inner) == DER_BOOLEAN)
		ok = der_read_bool(&inner, &c->is_ca) && c->is_ca;
	if (ok && der_peek(&inner) == DER_INTEGER) {
		/* RFC 5280 section 4.2.1.9: only with cA. */
		ok = der_read_small(&inner, INT_MAX, &length) && c->is_ca;
		c->has_path_length = true;
		c->path_length = (unsigned)length;
	}
	if (!ok || !der_at_end(&inner))
		return fail_form(r, "basic constraints");
	c->has_basic_constraints = true;
	return true;
}

static bool
names_decode(const struct reading *r)
{
	struct bytes content;

	if (!general_names_open(r->x->value, &content))
		return fail_form(r, "subjectAltName");
	r->out->has_names = true;
	r->out->names_critical = r->x->critical;
	return names_read(content, r->mode, r->a, &r->out->names,
	    &r->out->other_names, r->err);
}

static bool
ski_decode(const struct reading *r)
{
	struct der d = der_of(r->x->value);

	if (!der_read(&d, DER_OCTET_STRING, &r->out->ski) || !der_at_end(&d) ||
	    r->out->ski.n == 0)
		return fail_form(r, "subject key identifier");
	return true;
}

static bool
aki_decode(const struct reading *r)
{
	if (!aki_read(r->x->value, &r->out->aki))
		return fail_form(r, "authority key identifier");
	return true;
}

/* A URI; NULL for one that is none, in other people's certificates. */
static bool
uri_read(const struct reading *r, struct bytes octets, const char **out)
{
	bool tolerant = r->mode == NAMES_TOLERANT;
	struct name name = { NAME_URI, NULL };

	if (!name_parse(
		NAME_URI, octets, r->a, &name, tolerant ? NULL : r->err) &&
	    !tolerant)
		return false;
	*out = name.text;
	return true;
}

/* The URIs among the GeneralNames of a distribution point. */
static bool
full_name_decode(const struct reading *r, struct bytes content)
{
	struct der d = der_of(content);
	struct cert *c = r->out;
	struct bytes octets;
	const char *url;
	int tag;

	while (!der_at_end(&d)) {
		if (!der_read_any(&d, &tag, &octets, NULL))
			return fail_form(r, "CRL distribution points");
		if (tag != TAG_URI)
			continue;
		if (c->crl_urls_n == CERT_URLS_MAX) {
			if (r->mode == NAMES_TOLERANT)
				return true;
			return fail_many(r, "CRL URLs", CERT_URLS_MAX);
		}
		if (!uri_read(r, octets, &url))
			return false;
		if (url != NULL)
			c->crl_urls[c->crl_urls_n++] = url;
	}
	return true;
}

/* DistributionPoint, RFC 5280 section 4.2.1.13. */
static bool
crl_pointers_decode(const struct reading *r)
{
	struct bytes name, full, rest;
	struct der list, point, d;
	bool has_name, found;

	if (!list_open(r, &list))
		return fail_form(r, "CRL distribution points");
	while (!der_at_end(&list)) {
		if (!der_enter(&list, DER_SEQUENCE, &point) ||
		    !der_read_optional(
			&point, DER_CONTEXT_CONSTRUCTED(0), &has_name, &name) ||
		    !der_read_optional(&point, DER_CONTEXT(1), &found, &rest) ||
		    !der_read_optional(
			&point, DER_CONTEXT_CONSTRUCTED(2), &found, &rest) ||
		    !der_at_end(&point))
			return fail_form(r, "CRL distribution points");
		if (!has_name)
			continue;
		d = der_of(name);
		if (!der_read_optional(
			&d, DER_CONTEXT_CONSTRUCTED(0), &found, &full) ||
		    (!found &&
			!der_read(&d, DER_CONTEXT_CONSTRUCTED(1), &rest)) ||
		    !der_at_end(&d))
			return fail_form(r, "CRL distribution points");
		if (found && !full_name_decode(r, full))
			return false;
	}
	return true;
}

static bool
authority_info_decode(const struct reading *r)
{
	struct der list, d;
	struct bytes method, octets;
	const char **to;
	int tag;

	if (!list_open(r, &list))
		return fail_form(r, "authority information access");
	while (!der_at_end(&list)) {
		if (!der_enter(&list, DER_SEQUENCE, &d) ||
		    !der_read(&d, DER_OID, &method) ||
		    !der_oid_is_valid(method) ||
		    !der_read_any(&d, &tag, &octets, NULL) || !der_at_end(&d))
			return fail_form(r, "authority information access");
		to = bytes_equal(method, OID(AD_OCSP)) ? &r->out->ocsp_url
		    : bytes_equal(method, OID(AD_CA_ISSUERS))
		    ? &r->out->ca_issuers_url
		    : NULL;
		if (to == NULL || *to != NULL || tag != TAG_URI)
			continue;
		if (!uri_read(r, octets, to))
			return false;
	}
	return true;
}

/* PolicyInformation, RFC 5280 section 4.2.1.4; qualifiers are skipped. */
static bool
policies_decode(const struct reading *r)
{
	struct cert *c = r->out;
	struct bytes oid, qualifiers;
	struct der list, d;
	const char *text;
	bool found;

	if (!list_open(r, &list))
		return fail_form(r, "certificate policies");
	while (!der_at_end(&list)) {
		if (!der_enter(&list, DER_SEQUENCE, &d) ||
		    !der_read(&d, DER_OID, &oid) || !oid_store(r, oid, &text) ||
		    !der_read_optional(&d, DER_SEQUENCE, &found, &qualifiers) ||
		    !der_at_end(&d))
			return fail_form(r, "certificate policies");
		if (c->policies_n < CERT_POLICIES_MAX)
			c->policies[c->policies_n++] = text;
		else if (r->mode != NAMES_TOLERANT)
			return fail_many(r, "policies", CERT_POLICIES_MAX);
	}
	return true;
}

static bool
name_constraints_decode(const struct reading *r)
{
	if (!der_check(r->x->value) || r->x->value.p[0] != DER_SEQUENCE)
		return fail_form(r, "name constraints");
	r->out->name_constraints = r->x->value;
	return true;
}

static bool
tls_feature_decode(const struct reading *r)
{
	if (!tls_feature_read(r->x->value, &r->out->must_staple))
		return fail_form(r, "TLS feature");
	return true;
}

static bool
nocheck_decode(const struct reading *r)
{
	/* RFC 6960 section 4.2.2.2.1: NULL. */
	if (r->x->value.n != 2 || memcmp(r->x->value.p, "\x05\x00", 2) != 0)
		return fail_form(r, "OCSP nocheck");
	r->out->ocsp_nocheck = true;
	return true;
}

#define ROW(oid, decode)                                                       \
	{                                                                      \
		{ (const uint8_t *)oid, sizeof(oid) - 1 }, decode              \
	}

static const struct {
	struct bytes oid;
	bool (*decode)(const struct reading *r);
} rows[] = {
	ROW(OID_KEY_USAGE, key_usage_decode),
	ROW(OID_EXT_KEY_USAGE, eku_decode),
	ROW(OID_BASIC_CONSTRAINTS, basic_constraints_decode),
	ROW(OID_SKI, ski_decode),
	ROW(OID_AKI, aki_decode),
	ROW(OID_AUTHORITY_INFO, authority_info_decode),
	ROW(OID_SUBJECT_ALT_NAME, names_decode),
	ROW(OID_CERTIFICATE_POLICIES, policies_decode),
	ROW(OID_CRL_DISTRIBUTION_POINTS, crl_pointers_decode),
	ROW(OID_NAME_CONSTRAINTS, name_constraints_decode),
	ROW(OID_TLS_FEATURE, tls_feature_decode),
	ROW(OID_OCSP_NOCHECK, nocheck_decode),
};

bool
cert_extension_decode(const struct cert_extension *x, enum names_mode mode,
    struct arena *a, struct cert *out, struct err *err)
{
	struct reading r = { x, mode, a, out, err };

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (bytes_equal(rows[i].oid, x->oid))
			return rows[i].decode(&r);
	if (x->critical)
		out->unknown_critical = true;
	return true;
}
