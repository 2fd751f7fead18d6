#include "api/query.h"
#include "util/text.h"

static bool
decode(
    struct http_req *req, struct bytes raw, const char **out, struct err *err)
{
	struct bytes text;

	if (!http_percent_decode(raw, req->arena, &text, err))
		return false;
	if (!text_is_utf8(text))
		return fail(err, ERR_MALFORMED, "the query is not UTF-8");
	*out = arena_str(req->arena, text);
	return true;
}

static bool
take(struct http_req *req, struct bytes field, const struct query_field *fields,
    size_t n, struct err *err)
{
	const uint8_t *equals = memchr(field.p, '=', field.n);
	size_t name_n = equals == NULL ? field.n : (size_t)(equals - field.p);
	struct bytes name = bytes_of(field.p, name_n);

	for (size_t i = 0; i < n; i++) {
		if (!bytes_is(name, fields[i].name))
			continue;
		if (equals == NULL || *fields[i].to != NULL)
			return fail(err, ERR_MALFORMED,
			    "%s wants one value in the query", fields[i].name);
		return decode(req, bytes_of(equals + 1, field.n - name_n - 1),
		    fields[i].to, err);
	}
	return fail(err, ERR_MALFORMED, "unknown name %s in the query",
	    arena_str(req->arena, name));
}

bool
query_read(struct http_req *req, const struct query_field *fields, size_t n,
    struct err *err)
{
	const char *p = req->query;

	while (p != NULL && *p != '\0') {
		size_t len = strcspn(p, "&");

		if (len > 0 && !take(req, bytes_of(p, len), fields, n, err))
			return false;
		p += len + (p[len] == '&');
	}
	return true;
}

bool
query_limit(const char *s, unsigned *out, struct err *err)
{
	int64_t v = API_PAGE;

	if (s != NULL && !text_parse_int(s, 1, API_PAGE_MAX, &v, err))
		return false;
	*out = (unsigned)v;
	return true;
}

bool
query_capture(
    struct http_req *req, unsigned n, const char **out, struct err *err)
{
	return decode(req, bytes_str(req->capture[n]), out, err);
}

bool
query_names(
    const json_t *list, struct arena *a, struct names *out, struct err *err)
{
	size_t n = json_array_size(list);
	struct name *v;

	if (list != NULL && !json_is_array(list))
		return fail(err, ERR_MALFORMED, "names is not a list");
	if (n > NAMES_MAX)
		return fail(
		    err, ERR_TOO_LARGE, "%zu names, at most %u", n, NAMES_MAX);
	v = arena_array(a, n, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s == NULL)
			return fail(
			    err, ERR_MALFORMED, "a name is not a string");
		if (!name_parse_tagged(s, a, &v[i], err))
			return false;
	}
	*out = (struct names){ v, n };
	return true;
}
