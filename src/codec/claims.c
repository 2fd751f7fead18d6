#include "codec/claims.h"

/* RFC 7519 section 2: a NumericDate may have a fraction.  Beyond the year 9999
 * it is no date. */
#define DATE_MAX 253402300799.0

static bool
text_read(const json_t *v, const char *name, size_t max, const char **out,
    struct err *err)
{
	const char *s = json_string_value(v);

	if (s == NULL || *s == '\0' || strlen(s) > max)
		return fail(err, ERR_MALFORMED,
		    "claim \"%s\" is not a text of 1 to %zu octets", name, max);
	/* They are shown in logs and lists. */
	for (const char *p = s; *p != '\0'; p++)
		if ((uint8_t)*p < 0x20 || *p == 0x7f)
			return fail(err, ERR_MALFORMED,
			    "claim \"%s\" has a control character", name);
	*out = s;
	return true;
}

static bool
text_get(const json_t *o, const char *name, bool required, size_t max,
    const char **out, struct err *err)
{
	const json_t *v = json_object_get(o, name);

	*out = NULL;
	if (v == NULL && !required)
		return true;
	return text_read(v, name, max, out, err);
}

static bool
date_get(const json_t *o, const char *name, bool required, int64_t *out,
    struct err *err)
{
	const json_t *v = json_object_get(o, name);
	double seconds = json_number_value(v);

	*out = 0;
	if (v == NULL && !required)
		return true;
	if (!json_is_number(v) || !(seconds >= 1) || !(seconds <= DATE_MAX))
		return fail(err, ERR_MALFORMED,
		    "claim \"%s\" is not a time in seconds", name);
	*out = (int64_t)seconds;
	return true;
}

/* RFC 7519 section 4.1.3: one text, or an array of them. */
static bool
audience_read(const json_t *o, struct claims *out, struct err *err)
{
	const json_t *aud = json_object_get(o, "aud"), *v;
	size_t i;

	if (!json_is_array(aud)) {
		out->audience_n = 1;
		return text_read(
		    aud, "aud", CLAIMS_TEXT_MAX, &out->audience[0], err);
	}
	if (json_array_size(aud) > CLAIMS_AUDIENCES_MAX)
		return fail(err, ERR_MALFORMED,
		    "claim \"aud\" has %zu texts, at most %u are read",
		    json_array_size(aud), CLAIMS_AUDIENCES_MAX);
	json_array_foreach ((json_t *)(uintptr_t)aud, i, v)
		if (!text_read(v, "aud", CLAIMS_TEXT_MAX,
			&out->audience[out->audience_n++], err))
			return false;
	return true;
}

static bool
names_read_claim(
    const json_t *o, struct arena *a, struct claims *out, struct err *err)
{
	const json_t *list = json_object_get(o, "names"), *v;
	size_t n = json_array_size(list), i;

	if (n == 0 || n > CLAIMS_NAMES_MAX)
		return fail(err, ERR_MALFORMED,
		    "claim \"names\" is not an array of 1 to %u names",
		    CLAIMS_NAMES_MAX);
	out->names.v = arena_array(a, n, sizeof(*out->names.v));
	json_array_foreach ((json_t *)(uintptr_t)list, i, v) {
		const char *s;

		if (!text_read(v, "names", 2048, &s, err) ||
		    !name_parse_tagged(s, a, &out->names.v[i], err))
			return false;
		out->names.n++;
	}
	return true;
}

bool
claims_parse(
    struct bytes json, struct arena *a, struct claims *out, struct err *err)
{
	struct claims c = { 0 };
	json_t *o;

	if (!json_parse_object(json, a, &o, err) ||
	    !audience_read(o, &c, err) ||
	    !date_get(o, "exp", true, &c.expires_at, err) ||
	    !date_get(o, "iat", false, &c.issued_at, err) ||
	    !date_get(o, "nbf", false, &c.not_before, err) ||
	    !text_get(o, "jti", true, CLAIMS_ID_MAX, &c.id, err) ||
	    !text_get(o, "sub", true, CLAIMS_TEXT_MAX, &c.device, err) ||
	    !text_get(o, "subject", false, CLAIMS_TEXT_MAX, &c.subject, err) ||
	    !names_read_claim(o, a, &c, err))
		return false;
	*out = c;
	return true;
}

/* ---- what they are held against ---- */

static bool
is_for(const struct claims *c, const char *const *audience, size_t n)
{
	for (size_t i = 0; i < c->audience_n; i++)
		for (size_t j = 0; j < n; j++)
			if (strcmp(c->audience[i], audience[j]) == 0)
				return true;
	return false;
}

bool
claims_check(const struct claims *c, const char *const *audience,
    size_t audience_n, int64_t max_lifetime, int64_t now, struct err *err)
{
	if (!is_for(c, audience, audience_n))
		return fail(err, ERR_UNAUTHORIZED,
		    "it is for \"%.100s\", expected \"%.100s\"",
		    c->audience_n == 0 ? "" : c->audience[0],
		    audience_n == 0 ? "" : audience[0]);
	if (c->expires_at <= now)
		return fail(err, ERR_UNAUTHORIZED, "it expired %lld s ago",
		    (long long)(now - c->expires_at));
	if (c->issued_at > now + CLAIMS_SKEW ||
	    c->not_before > now + CLAIMS_SKEW)
		return fail(err, ERR_UNAUTHORIZED, "it is not valid yet");
	if (c->expires_at - now > max_lifetime + CLAIMS_SKEW ||
	    (c->issued_at != 0 && c->expires_at - c->issued_at > max_lifetime))
		return fail(err, ERR_UNAUTHORIZED,
		    "it lives longer than the %lld s that are allowed",
		    (long long)max_lifetime);
	return true;
}

bool
claims_check_request(const struct claims *c, struct names names,
    const char *common_name, struct arena *a, struct err *err)
{
	if (!names_equal_sets(a, c->names, names))
		return fail(err, ERR_UNAUTHORIZED,
		    "the names of the request are not the %zu that it is for",
		    c->names.n);
	if (c->subject != NULL &&
	    (common_name == NULL || strcmp(c->subject, common_name) != 0))
		return fail(err, ERR_UNAUTHORIZED,
		    "the common name of the request is \"%.64s\", not the one "
		    "that it is for",
		    common_name == NULL ? "" : common_name);
	return true;
}
