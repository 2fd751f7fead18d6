#include <stdio.h>
#include <stdlib.h>
#include "codec/json_out.h"
#include "util/text.h"

/* The least that is taken: few answers are longer. */
#define RESERVE 1024u

/* A comma, if something stands before, and the key. */
static void
member_begin(struct json_out *o, const char *key)
{
	struct buf *b = &o->text;

	if (b->n == 0)
		buf_reserve(b, RESERVE);
	else if (b->p[b->n - 1] != '{' && b->p[b->n - 1] != '[')
		buf_add_byte(b, ',');
	if (key == NULL)
		return;
	buf_add_byte(b, '"');
	buf_add_str(b, key);
	buf_add(b, "\":", 2);
}

void
json_out_open(struct json_out *o, const char *key, char bracket)
{
	member_begin(o, key);
	buf_add_byte(&o->text, (uint8_t)bracket);
}

void
json_out_close(struct json_out *o, char bracket)
{
	buf_add_byte(&o->text, (uint8_t)bracket);
}

/* RFC 8259 section 7: quotes, backslashes and controls are escaped. */
static void
escaped_add(struct buf *b, const char *s)
{
	for (;;) {
		size_t n = 0;
		uint8_t c;

		while ((c = (uint8_t)s[n]) >= 0x20 && c != '"' && c != '\\')
			n++;
		buf_add(b, s, n);
		if (c == '\0')
			return;
		if (c < 0x20)
			buf_printf(b, "\\u%04x", c);
		else
			buf_add(b, (char[]){ '\\', (char)c }, 2);
		s += n + 1;
	}
}

void
json_out_text(struct json_out *o, const char *key, const char *s)
{
	if (s == NULL || !text_is_utf8(bytes_str(s)))
		return;
	member_begin(o, key);
	buf_add_byte(&o->text, '"');
	escaped_add(&o->text, s);
	buf_add_byte(&o->text, '"');
}

void
json_out_int(struct json_out *o, const char *key, int64_t v)
{
	member_begin(o, key);
	buf_printf(&o->text, "%lld", (long long)v);
}

void
json_out_bool(struct json_out *o, const char *key, bool v)
{
	json_out_raw(o, key, v ? "true" : "false");
}

void
json_out_raw(struct json_out *o, const char *key, const char *json)
{
	if (json == NULL)
		return;
	member_begin(o, key);
	buf_add_str(&o->text, json);
}

void
json_out_tree(struct json_out *o, const char *key, const json_t *v)
{
	AUTO_STR *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

	json_out_raw(o, key, text);
}

struct bytes
json_out_compact(struct json_out *o, struct arena *a)
{
	(void)buf_cstr(&o->text);
	return arena_take_buf(a, &o->text);
}

static void
line_break(struct buf *b, unsigned depth)
{
	buf_add_byte(b, '\n');
	for (; depth > 0; depth--)
		buf_add(b, "  ", 2);
}

/* From the opening quote; the octets of the string with both quotes. */
static size_t
string_size(struct bytes text)
{
	size_t n = 1;

	while (n < text.n && text.p[n] != '"')
		n += text.p[n] == '\\' ? 2 : 1;
	return MIN_OF(n + 1, text.n);
}

/* Brackets, commas and colons alone say where lines end. */
static void
pretty_add(struct buf *b, struct bytes text)
{
	unsigned depth = 0;

	for (size_t i = 0, n; i < text.n; i += n) {
		const uint8_t *p = text.p + i;

		n = 1;
		if (*p == '"') {
			n = string_size(bytes_of(p, text.n - i));
			buf_add(b, p, n);
		} else if ((*p == '{' || *p == '[') && i + 1 < text.n &&
		    (p[1] == '}' || p[1] == ']')) {
			n = 2;
			buf_add(b, p, n);
		} else if (*p == '{' || *p == '[') {
			buf_add_byte(b, *p);
			line_break(b, ++depth);
		} else if (*p == '}' || *p == ']') {
			line_break(b, --depth);
			buf_add_byte(b, *p);
		} else {
			buf_add_byte(b, *p);
			if (*p == ',')
				line_break(b, depth);
			else if (*p == ':')
				buf_add_byte(b, ' ');
		}
	}
	buf_add_byte(b, '\n');
}

struct bytes
json_out_pretty(struct json_out *o, struct arena *a)
{
	struct buf b = { 0 };

	buf_reserve(&b, 2 * o->text.n);
	pretty_add(&b, buf_bytes(&o->text));
	buf_free(&o->text);
	return arena_take_buf(a, &b);
}
