#include <stdlib.h>
#include "codec/json.h"

#define JSON_TEXT_MAX (1u << 20)
#define JSON_DEPTH_MAX 8u
#define PLAIN_MEMBERS_MAX 8u

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

/* ---- members without a tree ---- */

static char *
space_skip(char *p)
{
	return p + strspn(p, " \t\n\r");
}

/* A string of printable ASCII without escapes, ended in place; NULL: other. */
static char *
plain_string(char *p, const char **out)
{
	if (*p != '"')
		return NULL;
	*out = ++p;
	while (*p >= ' ' && *p <= '~' && *p != '"' && *p != '\\')
		p++;
	if (*p != '"')
		return NULL;
	*p = '\0';
	return p + 1;
}

static char *
plain_member(char *p, struct json_member *out)
{
	*out = (struct json_member){ 0 };
	p = plain_string(p, &out->name);
	if (p == NULL || *(p = space_skip(p)) != ':')
		return NULL;
	p = plain_string(space_skip(p + 1), &out->text);
	return p == NULL ? NULL : space_skip(p);
}

/*
 * False: not an object of a few plain strings.  Whether it is wrong, and how,
 * is jansson's to say; so two members of one name are left to it, too.
 */
static bool
plain_read(struct bytes text, struct arena *a, struct json_members *out)
{
	struct json_members m = { 0 };
	char *s = arena_str(a, text), *p = space_skip(s);

	if (*p != '{')
		return false;
	m.v = arena_array(a, PLAIN_MEMBERS_MAX, sizeof(*m.v));
	do {
		struct json_member *v = &m.v[m.n];

		if (m.n == PLAIN_MEMBERS_MAX)
			return false;
		p = plain_member(space_skip(p + 1), v);
		if (p == NULL || json_member_find(&m, v->name) != NULL)
			return false;
		m.n++;
	} while (*p == ',');
	if (*p != '}' || space_skip(p + 1) != s + text.n)
		return false;
	*out = m;
	return true;
}

void
json_members_of(const json_t *o, struct arena *a, struct json_members *out)
{
	struct json_members m = { 0 };
	const char *name;
	json_t *v;

	m.v = arena_array(a, json_object_size(o), sizeof(*m.v));
	json_object_foreach ((json_t *)(uintptr_t)o, name, v)
		m.v[m.n++] = (struct json_member){ .name = name,
			.text = json_string_value(v),
			.other = json_is_string(v) ? NULL : v };
	*out = m;
}

bool
json_parse_members(struct bytes text, struct arena *a, struct json_members *out,
    struct err *err)
{
	json_t *o;

	if (text.n <= JSON_TEXT_MAX && plain_read(text, a, out))
		return true;
	if (!json_parse_object(text, a, &o, err))
		return false;
	json_members_of(o, a, out);
	return true;
}

const struct json_member *
json_member_find(const struct json_members *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->v[i].name, name) == 0)
			return &m->v[i];
	return NULL;
}

const char *
json_member_text(const struct json_members *m, const char *name)
{
	const struct json_member *v = json_member_find(m, name);

	return v == NULL ? NULL : v->text;
}

bool
json_member_get(const struct json_members *m, const char *name,
    const char **out, struct err *err)
{
	const struct json_member *v = json_member_find(m, name);

	if (v == NULL)
		return fail(
		    err, ERR_MALFORMED, "member \"%s\" is missing", name);
	if (v->text == NULL)
		return fail(
		    err, ERR_MALFORMED, "member \"%s\" is not a string", name);
	*out = v->text;
	return true;
}

/* ---- members of a tree ---- */

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
