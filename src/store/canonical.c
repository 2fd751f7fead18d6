#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "store/canonical.h"
#include "util/own.h"

OWN_DEFINE(json_t, json_decref)

#define DEPTH_MAX 16u

static void
put_escape(struct buf *b, uint8_t c)
{
	static const char names[] = "btn\0fr";

	if (c == '"' || c == '\\')
		buf_printf(b, "\\%c", c);
	else if (c >= '\b' && c <= '\r' && c != '\v')
		buf_printf(b, "\\%c", names[c - '\b']);
	else
		buf_printf(b, "\\u%04x", c);
}

void
canonical_put_string(struct buf *b, const char *s, size_t n)
{
	size_t plain = 0;

	buf_add_byte(b, '"');
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)s[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(b, s + plain, i - plain);
		put_escape(b, c);
		plain = i + 1;
	}
	buf_add(b, s + plain, n - plain);
	buf_add_byte(b, '"');
}

static int
name_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool put_value(
    struct buf *b, const json_t *v, unsigned depth, struct err *err);

static bool
put_object(struct buf *b, json_t *o, unsigned depth, struct err *err)
{
	size_t n = json_object_size(o), i = 0;
	const char **names = mem_array(n, sizeof(*names));
	const char *name;
	json_t *v;
	bool ok = true;

	json_object_foreach (o, name, v)
		names[i++] = name;
	qsort(names, n, sizeof(*names), name_compare);
	buf_add_byte(b, '{');
	for (i = 0; ok && i < n; i++) {
		if (i > 0)
			buf_add_byte(b, ',');
		canonical_put_string(b, names[i], strlen(names[i]));
		buf_add_byte(b, ':');
		ok = put_value(b, json_object_get(o, names[i]), depth, err);
	}
	buf_add_byte(b, '}');
	free(names);
	return ok;
}

static bool
put_array(struct buf *b, const json_t *v, unsigned depth, struct err *err)
{
	buf_add_byte(b, '[');
	for (size_t i = 0; i < json_array_size(v); i++) {
		if (i > 0)
			buf_add_byte(b, ',');
		if (!put_value(b, json_array_get(v, i), depth, err))
			return false;
	}
	buf_add_byte(b, ']');
	return true;
}

static bool
put_value(struct buf *b, const json_t *v, unsigned depth, struct err *err)
{
	if (depth == 0)
		return fail(err, ERR_MALFORMED,
		    "JSON of an event is nested deeper than %u", DEPTH_MAX);
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return put_object(b, (json_t *)(uintptr_t)v, depth - 1, err);
	case JSON_ARRAY:
		return put_array(b, v, depth - 1, err);
	case JSON_STRING:
		canonical_put_string(
		    b, json_string_value(v), json_string_length(v));
		return true;
	case JSON_INTEGER:
		buf_printf(b, "%lld", (long long)json_integer_value(v));
		return true;
	case JSON_REAL:
		return fail(err, ERR_MALFORMED,
		    "JSON of an event has a number that is no integer");
	case JSON_TRUE:
		buf_add_str(b, "true");
		return true;
	case JSON_FALSE:
		buf_add_str(b, "false");
		return true;
	case JSON_NULL:
		buf_add_str(b, "null");
		return true;
	}
	return fail(err, ERR_INTERNAL, "JSON of an unknown type");
}

bool
canonical_put_json(struct buf *b, const char *json, struct err *err)
{
	json_error_t why;
	AUTO(json_t) *o = json_loads(json, JSON_REJECT_DUPLICATES, &why);

	if (o == NULL)
		return fail(err, ERR_MALFORMED,
		    "an event is no JSON: %s at offset %d", why.text,
		    why.position);
	if (!json_is_object(o))
		return fail(
		    err, ERR_MALFORMED, "an event is JSON, but no object");
	return put_value(b, o, DEPTH_MAX, err);
}
