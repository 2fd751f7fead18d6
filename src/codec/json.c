#include <stdlib.h>
#include "codec/json.h"

#define JSON_TEXT_MAX (1u << 20)
#define JSON_DEPTH_MAX 8u

/*
 * How deep do brackets nest?  Looked at before jansson recurses; strings are
 * skipped, anything else about the syntax is jansson's.
 */
static bool
depth_is_allowed(struct bytes text)
{
	unsigned depth = 0;
	bool string = false;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				string = false;
			continue;
		}
		if (c == '"')
			string = true;
		else if (c == '{' || c == '[') {
			if (++depth > JSON_DEPTH_MAX)
				return false;
		} else if ((c == '}' || c == ']') && depth > 0)
			depth--;
	}
	return true;
}

bool
json_parse_object(
    struct bytes text, struct arena *a, json_t **out, struct err *err)
{
	json_error_t why;
	json_t *o;

	if (text.n > JSON_TEXT_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "JSON has %zu octets, at most %u are read", text.n,
		    JSON_TEXT_MAX);
	if (text.n == 0)
		return fail(
		    err, ERR_MALFORMED, "JSON is empty, expected an object");
	if (!depth_is_allowed(text))
		return fail(err, ERR_MALFORMED,
		    "JSON is nested more than %u levels deep", JSON_DEPTH_MAX);
	/* jansson refuses what is not UTF-8, NUL in a string, and octets
	 * behind the value. */
	o = json_loadb(
	    (const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &why);
	if (o == NULL)
		return fail(err, ERR_MALFORMED,
		    "JSON is wrong at line %d, column %d: %s", why.line,
		    why.column, why.text);
	arena_adopt(a, json_t, o);
	if (!json_is_object(o))
		return fail(
		    err, ERR_MALFORMED, "JSON is not an object, expected one");
	*out = o;
	return true;
}

bool
json_get_string(
    const json_t *o, const char *key, const char **out, struct err *err)
{
	const json_t *v = json_object_get(o, key);

	if (v == NULL)
		return fail(
		    err, ERR_MALFORMED, "member \"%s\" is missing", key);
	if (!json_is_string(v))
		return fail(
		    err, ERR_MALFORMED, "member \"%s\" is not a string", key);
	*out = json_string_value(v);
	return true;
}

bool
json_get_string_optional(
    const json_t *o, const char *key, const char **out, struct err *err)
{
	const json_t *v = json_object_get(o, key);

	if (v == NULL || json_is_null(v)) {
		*out = NULL;
		return true;
	}
	return json_get_string(o, key, out, err);
}

static int
buf_dump(const char *p, size_t n, void *ctx)
{
	buf_add((struct buf *)ctx, p, n);
	return 0;
}

static struct bytes
json_dump_arena(const json_t *o, size_t flags, const char *end, struct arena *a)
{
	struct buf b = { 0 };

	/* Fails for lack of memory only, and for a value that is neither array
	 * nor object, which nobody prints. */
	if (json_dump_callback(o, buf_dump, &b, flags) != 0)
		abort();
	buf_add_str(&b, end);
	/* So that the text can be used as a string, too. */
	(void)buf_cstr(&b);
	return arena_take_buf(a, &b);
}

struct bytes
json_print(const json_t *o, struct arena *a)
{
	return json_dump_arena(o, JSON_INDENT(2), "\n", a);
}

struct bytes
json_print_compact(const json_t *o, struct arena *a)
{
	return json_dump_arena(o, JSON_COMPACT, "", a);
}
