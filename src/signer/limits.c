#include "codec/json.h"
#include "signer/signer.h"
#include "util/text.h"

#define LIMITS_TEXT_MAX (1u << 20)
#define LIMITS_MAX 64u
#define STRINGS_MAX 10000u

/*
 * {"limits":[{…}]}: every member is there, in this order, and no other.
 * Octets are base64url.
 */

static json_t *
octets_json(struct bytes b, struct arena *a)
{
	return json_string(base64url_arena(a, b));
}

static json_t *
strings_json(const struct signer_strings *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(list, json_string(s->v[i]));
	return list;
}

static json_t *
limits_json(const struct signer_limits *l, struct arena *a)
{
	json_t *o = json_object();

	json_object_set_new(o, "ca", json_string(l->ca));
	json_object_set_new(
	    o, "issuer", octets_json(bytes_of(l->issuer, 32), a));
	json_object_set_new(o, "issuer_name", octets_json(l->issuer_name, a));
	json_object_set_new(o, "key_id", octets_json(l->key_id, a));
	json_object_set_new(o, "ca_not_after", json_integer(l->ca_not_after));
	json_object_set_new(o, "max_lifetime", json_integer(l->max_lifetime));
	json_object_set_new(o, "max_backdate", json_integer(l->max_backdate));
	json_object_set_new(o, "hourly_budget", json_integer(l->hourly_budget));
	json_object_set_new(o, "crl_validity", json_integer(l->crl_validity));
	json_object_set_new(o, "crl_base", json_string(l->crl_base));
	json_object_set_new(o, "delta_url", json_string(l->delta_url));
	json_object_set_new(
	    o, "responder_lifetime", json_integer(l->responder_lifetime));
	json_object_set_new(o, "ocsp_validity", json_integer(l->ocsp_validity));
	json_object_set_new(o, "eku_allowed", strings_json(&l->eku_allowed));
	json_object_set_new(o, "dns", json_boolean(l->dns));
	json_object_set_new(o, "ip", json_boolean(l->ip));
	json_object_set_new(o, "email", json_boolean(l->email));
	json_object_set_new(o, "uri", json_boolean(l->uri));
	json_object_set_new(o, "upn", json_boolean(l->upn));
	json_object_set_new(o, "wildcards", json_boolean(l->wildcards));
	json_object_set_new(o, "dns_allow", strings_json(&l->dns_allow));
	json_object_set_new(o, "ip_allow", strings_json(&l->ip_allow));
	json_object_set_new(o, "email_allow", strings_json(&l->email_allow));
	json_object_set_new(o, "uri_allow", strings_json(&l->uri_allow));
	json_object_set_new(o, "upn_allow", strings_json(&l->upn_allow));
	json_object_set_new(o, "subjects", strings_json(&l->subjects));
	json_object_set_new(
	    o, "subject_request", json_boolean(l->subject_request));
	json_object_set_new(
	    o, "subject_attributes", strings_json(&l->subject_attributes));
	json_object_set_new(
	    o, "name_constraints", octets_json(l->name_constraints, a));
	json_object_set_new(o, "node", json_integer(l->node));
	return o;
}

struct bytes
signer_limits_encode(const struct signer_limits *l, size_t n, struct arena *a)
{
	AUTO(json_t) *o = json_object();
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, limits_json(&l[i], a));
	json_object_set_new(o, "limits", list);
	return json_print_compact(o, a);
}

/* ---- reading ---- */

struct reading {
	const json_t *o;
	struct arena *a;
	size_t seen; /* members read; all must have been */
	struct err *err;
};

static bool
member(struct reading *r, const char *key, json_type type, json_t **out)
{
	*out = json_object_get(r->o, key);
	r->seen++;
	if (*out == NULL)
		return fail(r->err, ERR_MALFORMED,
		    "signer limits: member \"%s\" is missing", key);
	if (json_typeof(*out) != type &&
	    !(type == JSON_TRUE && json_is_false(*out)))
		return fail(r->err, ERR_MALFORMED,
		    "signer limits: member \"%s\" is of the wrong type", key);
	return true;
}

static bool
read_bool(struct reading *r, const char *key, bool *out)
{
	json_t *v;

	if (!member(r, key, JSON_TRUE, &v))
		return false;
	*out = json_is_true(v);
	return true;
}

static bool
read_int(struct reading *r, const char *key, int64_t max, int64_t *out)
{
	json_t *v;

	if (!member(r, key, JSON_INTEGER, &v))
		return false;
	if (json_integer_value(v) < 0 || json_integer_value(v) > max)
		return fail(r->err, ERR_MALFORMED,
		    "signer limits: member \"%s\" is %lld, expected 0 to %lld",
		    key, (long long)json_integer_value(v), (long long)max);
	*out = json_integer_value(v);
	return true;
}

static bool
read_octets(struct reading *r, const char *key, struct bytes *out)
{
	json_t *v;

	return member(r, key, JSON_STRING, &v) &&
	    base64url_decode(
		bytes_of(json_string_value(v), json_string_length(v)), r->a,
		out, r->err);
}

static bool
read_text(struct reading *r, const char *key, const char **out)
{
	json_t *v;

	if (!member(r, key, JSON_STRING, &v))
		return false;
	*out = json_string_value(v);
	return true;
}

static bool
read_strings(struct reading *r, const char *key, struct signer_strings *out)
{
	const char **v;
	json_t *list;
	size_t n;

	if (!member(r, key, JSON_ARRAY, &list))
		return false;
	n = json_array_size(list);
	if (n > STRINGS_MAX)
		return fail(r->err, ERR_TOO_LARGE,
		    "signer limits: \"%s\" has %zu entries, at most %u", key, n,
		    STRINGS_MAX);
	v = arena_array(r->a, n, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		v[i] = json_string_value(json_array_get(list, i));
		if (v[i] == NULL)
			return fail(r->err, ERR_MALFORMED,
			    "signer limits: \"%s\" has an entry that is no "
			    "text",
			    key);
	}
	*out = (struct signer_strings){ v, n };
	return true;
}

static bool
read_issuer(struct reading *r, uint8_t out[32])
{
	struct bytes b;

	if (!read_octets(r, "issuer", &b))
		return false;
	if (b.n != 32)
		return fail(r->err, ERR_MALFORMED,
		    "signer limits: \"issuer\" has %zu octets, expected 32",
		    b.n);
	memcpy(out, b.p, 32);
	return true;
}

static bool
read_node(struct reading *r, uint8_t *out)
{
	int64_t v;

	if (!read_int(r, "node", 0x7f, &v))
		return false;
	if (v == 0)
		return fail(r->err, ERR_MALFORMED,
		    "signer limits: \"node\" is 0, expected 1 to 127");
	*out = (uint8_t)v;
	return true;
}

static bool
read_numbers(struct reading *r, struct signer_limits *l)
{
	/* A century and 2^40 keep every sum of two far from overflow. */
	const int64_t span = INT64_C(100) * 366 * 86400,
		      most = INT64_C(1) << 40;

	return read_int(r, "ca_not_after", most, &l->ca_not_after) &&
	    read_int(r, "max_lifetime", span, &l->max_lifetime) &&
	    read_int(r, "max_backdate", span, &l->max_backdate) &&
	    read_int(r, "hourly_budget", most, &l->hourly_budget) &&
	    read_int(r, "crl_validity", span, &l->crl_validity) &&
	    read_int(r, "responder_lifetime", span, &l->responder_lifetime) &&
	    read_int(r, "ocsp_validity", span, &l->ocsp_validity) &&
	    read_node(r, &l->node);
}

static bool
read_names(struct reading *r, struct signer_limits *l)
{
	return read_bool(r, "dns", &l->dns) && read_bool(r, "ip", &l->ip) &&
	    read_bool(r, "email", &l->email) && read_bool(r, "uri", &l->uri) &&
	    read_bool(r, "upn", &l->upn) &&
	    read_bool(r, "wildcards", &l->wildcards) &&
	    read_strings(r, "dns_allow", &l->dns_allow) &&
	    read_strings(r, "ip_allow", &l->ip_allow) &&
	    read_strings(r, "email_allow", &l->email_allow) &&
	    read_strings(r, "uri_allow", &l->uri_allow) &&
	    read_strings(r, "upn_allow", &l->upn_allow) &&
	    read_strings(r, "subjects", &l->subjects) &&
	    read_bool(r, "subject_request", &l->subject_request) &&
	    read_strings(r, "subject_attributes", &l->subject_attributes);
}

static bool
limits_read(const json_t *o, struct arena *a, struct signer_limits *out,
    struct err *err)
{
	struct reading r = { o, a, 0, err };
	struct signer_limits l = { 0 };
	json_t *ca;

	if (!json_is_object(o))
		return fail(
		    err, ERR_MALFORMED, "signer limits: an entry is no object");
	if (!member(&r, "ca", JSON_STRING, &ca) || !read_issuer(&r, l.issuer) ||
	    !read_octets(&r, "issuer_name", &l.issuer_name) ||
	    !read_octets(&r, "key_id", &l.key_id) || !read_numbers(&r, &l) ||
	    !read_text(&r, "crl_base", &l.crl_base) ||
	    !read_text(&r, "delta_url", &l.delta_url) ||
	    !read_strings(&r, "eku_allowed", &l.eku_allowed) ||
	    !read_names(&r, &l) ||
	    !read_octets(&r, "name_constraints", &l.name_constraints))
		return false;
	if (r.seen != json_object_size(o))
		return fail(err, ERR_MALFORMED,
		    "signer limits: %zu members, expected %zu",
		    json_object_size(o), r.seen);
	/* Without them nothing could be told to be the CA's own. */
	if (l.issuer_name.n == 0 || l.key_id.n == 0)
		return fail(err, ERR_MALFORMED,
		    "signer limits: CA %s has no name or no key identifier",
		    json_string_value(ca));
	l.ca = json_string_value(ca);
	*out = l;
	return true;
}

bool
signer_limits_decode(struct bytes json, struct arena *a,
    struct signer_limits **out, size_t *n, struct err *err)
{
	struct signer_limits *v;
	json_t *o, *list;
	size_t count;

	if (json.n > LIMITS_TEXT_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "signer limits have %zu octets, at most %u", json.n,
		    LIMITS_TEXT_MAX);
	if (!json_parse_object(json, a, &o, err))
		return false;
	list = json_object_get(o, "limits");
	if (!json_is_array(list) || json_object_size(o) != 1)
		return fail(err, ERR_MALFORMED,
		    "signer limits: expected one member \"limits\", a list");
	count = json_array_size(list);
	if (count > LIMITS_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "signer limits for %zu CAs, at most %u", count, LIMITS_MAX);
	v = arena_array(a, count, sizeof(*v));
	for (size_t i = 0; i < count; i++)
		if (!limits_read(json_array_get(list, i), a, &v[i], err))
			return false;
	*out = v;
	*n = count;
	return true;
}
