#include "config/edit.h"
#include "config/tree.h"

#define STEP 2u /* of indentation, in what is made here */

/* A path as far as the file has it. */
struct place {
	const struct config_node *node; /* the deepest that is there */
	bool flow; /* it is in braces or brackets, or stands in some */
	bool inside; /* it stands in some */
	const char *rest; /* what is missing of the path; "" for nothing */
};

/* ---- values ---- */

/* Does YAML read it as this text when it stands without quotes? */
static bool
is_plain(const char *s)
{
	static const char *const words[] = { "null", "true", "false", "yes",
		"no", "on", "off", "y", "n" };

	if (!((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') ||
		*s == '/'))
		return false;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(s, words[i]) == 0)
			return false;
	for (; *s != '\0'; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
			(*s >= '0' && *s <= '9') || strchr("/._-", *s)))
			return false;
	return true;
}

static void
put_text(struct buf *b, const char *s, bool flow)
{
	/* A number is one only without quotes, in JSON too. */
	if ((!flow && is_plain(s)) || s[strspn(s, "0123456789")] == '\0') {
		buf_add_str(b, s);
		return;
	}
	/* As JSON, which is YAML too. */
	buf_add_byte(b, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_add_byte(b, '\\');
		buf_add_byte(b, (uint8_t)*s);
	}
	buf_add_byte(b, '"');
}

static void
put_value(struct buf *b, const struct config_edit *e, bool flow)
{
	if (e->text != NULL) {
		put_text(b, e->text, flow);
		return;
	}
	if (e->list == NULL) {
		buf_add_str(b, "null");
		return;
	}
	buf_add_byte(b, '[');
	for (size_t i = 0; i < e->list->n; i++) {
		buf_add_str(b, i == 0 ? "" : ", ");
		put_text(b, e->list->v[i], flow);
	}
	buf_add_byte(b, ']');
}

/* The first name of a path; *rest is what follows it. */
static struct bytes
head(const char *path, const char **rest)
{
	size_t n = strcspn(path, ".");

	*rest = path[n] == '.' ? path + n + 1 : path + n;
	return bytes_of(path, n);
}

/* "name: value" on one line, with braces for what nests. */
static void
put_flow(struct buf *b, const struct config_edit *e, const char *path)
{
	struct bytes name = head(path, &path);

	buf_printf(b, "\"%.*s\": ", (int)name.n, (const char *)name.p);
	if (*path == '\0') {
		put_value(b, e, true);
		return;
	}
	buf_add_byte(b, '{');
	put_flow(b, e, path);
	buf_add_byte(b, '}');
}

static void
put_block(struct buf *b, const struct config_edit *e, const char *path,
    unsigned indent, const char *end)
{
	for (;; indent += STEP) {
		struct bytes name = head(path, &path);

		buf_printf(b, "%*s%.*s:", (int)indent, "", (int)name.n,
		    (const char *)name.p);
		if (*path == '\0')
			break;
		buf_add_str(b, end);
	}
	buf_add_byte(b, ' ');
	put_value(b, e, false);
	buf_add_str(b, end);
}

/* ---- places ---- */

static const struct config_node *
child(const struct config_node *map, struct bytes name)
{
	for (const struct config_node *n = map->first; n != NULL; n = n->next)
		if (bytes_is(name, n->key))
			return n;
	return NULL;
}

static bool
find(const struct config_node *root, const struct config_edit *e,
    struct place *out, struct err *err)
{
	struct place p = { .node = root, .rest = e->path, .flow = root->flow };

	while (*p.rest != '\0') {
		const struct config_node *next;
		const char *rest;

		if (p.node->kind != NODE_MAP)
			return fail(err, ERR_CONFLICT,
			    "line %u is no section with options", p.node->line);
		next = child(p.node, head(p.rest, &rest));
		if (next == NULL)
			break;
		p.node = next;
		p.inside = p.flow;
		p.flow = p.flow || next->flow;
		p.rest = rest;
	}
	*out = p;
	return true;
}

/* Octets of the line break at p, as YAML has them; 0: none. */
static size_t
line_break(struct bytes t, size_t at)
{
	if (at >= t.n)
		return 0;
	if (t.p[at] == '\r')
		return at + 1 < t.n && t.p[at + 1] == '\n' ? 2 : 1;
	return t.p[at] == '\n' ? 1 : 0;
}

static size_t
line_start(struct bytes t, unsigned line)
{
	/* The byte order mark has no column. */
	size_t at = t.n >= 3 && memcmp(t.p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (--line > 0 && at < t.n) {
		while (at < t.n && line_break(t, at) == 0)
			at++;
		at += line_break(t, at);
	}
	return at;
}

/* Columns count characters, from 1. */
static size_t
offset(struct bytes t, struct config_mark m)
{
	size_t at = line_start(t, m.line);

	while (--m.column > 0 && at < t.n && line_break(t, at) == 0) {
		at++;
		while (at < t.n && (t.p[at] & 0xc0) == 0x80)
			at++;
	}
	return at;
}

static size_t
spaces(struct bytes t, size_t at)
{
	size_t n = 0;

	while (at + n < t.n && t.p[at + n] == ' ')
		n++;
	return n;
}

/*
 * The line behind a block's last value, and behind the comments that belong to
 * the entries in it: those that stand further in than the entries' names.
 */
static unsigned
line_after(struct bytes t, const struct config_node *map)
{
	/* The mark of a block scalar stands at the start of the next line. */
	unsigned line =
	    map->end.column == 1 ? map->end.line : map->end.line + 1;
	size_t indent = map->first->key_column - 1;

	for (;; line++) {
		size_t at = line_start(t, line), n = spaces(t, at);

		if (at + n >= t.n || t.p[at + n] != '#' || n <= indent)
			return line;
	}
}

/* ---- the changes ---- */

static void
replace(
    struct bytes t, size_t from, size_t to, struct bytes with, struct buf *out)
{
	buf_add(out, t.p, from);
	buf_add_bytes(out, with);
	buf_add(out, t.p + to, t.n - to);
}

static void
set_value(struct bytes t, const struct place *p, const struct config_edit *e,
    struct buf *out)
{
	const struct config_mark start = { p->node->line, p->node->column };
	size_t from = offset(t, start), to = offset(t, p->node->end);
	AUTO_BUF value = { 0 };

	/* "key:" with nothing behind it. */
	if (from > 0 && t.p[from - 1] == ':')
		buf_add_byte(&value, ' ');
	put_value(&value, e, p->inside);
	replace(t, from, to, buf_bytes(&value), out);
}

static const struct config_node *
last(const struct config_node *map)
{
	const struct config_node *n = map->first;

	while (n != NULL && n->next != NULL)
		n = n->next;
	return n;
}

static void
add_in_flow(struct bytes t, const struct place *p, const struct config_edit *e,
    struct buf *out)
{
	const struct config_node *before = last(p->node);
	const struct config_mark start = { p->node->line, p->node->column };
	size_t at =
	    before != NULL ? offset(t, before->end) : offset(t, start) + 1;
	AUTO_BUF entry = { 0 };

	buf_add_str(&entry, before != NULL ? ", " : "");
	put_flow(&entry, e, p->rest);
	replace(t, at, at, buf_bytes(&entry), out);
}

static void
add_in_block(struct bytes t, const struct place *p, const struct config_edit *e,
    struct buf *out)
{
	size_t first_end = 0, at = line_start(t, line_after(t, p->node));
	const char *end;
	AUTO_BUF lines = { 0 };

	while (first_end < t.n && line_break(t, first_end) == 0)
		first_end++;
	end = line_break(t, first_end) == 2 ? "\r\n" : "\n";
	if (at > 0 && t.p[at - 1] != '\n' && t.p[at - 1] != '\r')
		buf_add_str(&lines, end);
	put_block(&lines, e, p->rest, p->node->first->key_column - 1, end);
	replace(t, at, at, buf_bytes(&lines), out);
}

/* ---- the proof ---- */

/*
 * Is b what a is, but for the value at path?  a NULL: nothing was there; path
 * NULL: nothing may differ.
 */
static bool
same(const struct config_node *a, const struct config_node *b, const char *path,
    const struct config_node *value)
{
	const struct config_node *x, *y;

	if (path != NULL && *path == '\0')
		return same(value, b, NULL, NULL);
	if (a != NULL && a->kind != b->kind)
		return false;
	if (b->kind == NODE_SCALAR)
		return a != NULL &&
		    config_node_is_null(a) == config_node_is_null(b) &&
		    (config_node_is_null(a) || strcmp(a->text, b->text) == 0);
	x = a == NULL ? NULL : a->first;
	for (y = b->first; y != NULL; y = y->next) {
		const char *rest = NULL;
		bool on_path = path != NULL && y->key != NULL &&
		    bytes_is(head(path, &rest), y->key);
		bool old = x != NULL &&
		    (b->kind == NODE_LIST || strcmp(x->key, y->key) == 0);

		if (!on_path && !old)
			return false;
		if (!same(old ? x : NULL, y, on_path ? rest : NULL, value))
			return false;
		if (old)
			x = x->next;
	}
	return x == NULL;
}

static bool
parse(struct bytes text, struct arena *a, const struct config_node **out,
    struct err *err)
{
	struct config_mistakes m = { 0 };
	struct config_node *root = NULL;
	bool ok = config_tree_parse(text, a, &m, &root) && m.n == 0;

	config_mistakes_free(&m);
	if (!ok || root->kind != NODE_MAP)
		return fail(err, ERR_CONFLICT, "the file is no plain YAML");
	*out = root;
	return true;
}

static bool
check(struct bytes before, struct bytes after, const struct config_edit *e,
    struct err *err)
{
	AUTO_ARENA *a = arena_new();
	const struct config_node *old, *new, *value;
	AUTO_BUF text = { 0 };
	struct err why = { 0 };

	buf_add_str(&text, "value: ");
	put_value(&text, e, true);
	if (!parse(before, a, &old, &why) || !parse(after, a, &new, &why) ||
	    !parse(buf_bytes(&text), a, &value, &why) ||
	    !same(old, new, e->path, value->first))
		return fail(err, ERR_CONFLICT,
		    "the file is laid out in a way that %s cannot be changed "
		    "in it without changing more",
		    e->path);
	return true;
}

static bool
edit_one(struct bytes t, const struct config_edit *e, struct buf *out,
    struct err *err)
{
	AUTO_ARENA *a = arena_new();
	AUTO_BUF made = { 0 };
	const struct config_node *root;
	struct place p;

	if (!parse(t, a, &root, err) || !find(root, e, &p, err))
		return false;
	if (*p.rest == '\0')
		set_value(t, &p, e, &made);
	else if (p.node->kind != NODE_MAP)
		return fail(err, ERR_CONFLICT,
		    "line %u is no section with options", p.node->line);
	else if (p.flow)
		add_in_flow(t, &p, e, &made);
	else if (p.node->first != NULL)
		add_in_block(t, &p, e, &made);
	else
		return fail(err, ERR_CONFLICT, "the file is empty");
	if (!check(t, buf_bytes(&made), e, err))
		return false;
	*out = made;
	made = (struct buf){ 0 };
	return true;
}

bool
config_edit(struct bytes text, const struct config_edit *edits, size_t n,
    struct buf *out, struct err *err)
{
	AUTO_BUF now = { 0 };

	buf_add_bytes(&now, text);
	for (size_t i = 0; i < n; i++) {
		struct buf next = { 0 };

		if (!edit_one(buf_bytes(&now), &edits[i], &next, err))
			return false;
		buf_free(&now);
		now = next;
	}
	buf_add_bytes(out, buf_bytes(&now));
	return true;
}

void
config_edit_show(const struct config_edit *edits, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s: ", edits[i].path);
		put_value(out, &edits[i], false);
		buf_add_byte(out, '\n');
	}
}
