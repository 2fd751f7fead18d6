#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>
#include "config/tree.h"
#include "util/text.h"

struct tree_reader {
	yaml_parser_t parser;
	struct arena *arena;
	struct config_mistakes *mistakes;
};

static void
own_free_event(yaml_event_t *e)
{
	yaml_event_delete(e);
}
#define AUTO_EVENT __attribute__((cleanup(own_free_event))) yaml_event_t

static unsigned
from_one(size_t n)
{
	return (unsigned)n + 1;
}

static bool
tell_syntax(struct tree_reader *r)
{
	const yaml_parser_t *p = &r->parser;
	char found[160];

	snprintf(found, sizeof(found), "text that is not YAML (%s%s%s)",
	    p->problem != NULL ? p->problem : "unreadable",
	    p->context != NULL ? ", " : "",
	    p->context != NULL ? p->context : "");
	config_mistake_add(r->mistakes, from_one(p->problem_mark.line),
	    from_one(p->problem_mark.column), found, "YAML or JSON",
	    "correct the syntax here or in the line above");
	return false;
}

/* The next event; false after a syntax error. */
static bool
next_event(struct tree_reader *r, yaml_event_t *e)
{
	memset(e, 0, sizeof(*e));
	if (yaml_parser_parse(&r->parser, e))
		return true;
	return tell_syntax(r);
}

static void
tell_at(struct tree_reader *r, const yaml_event_t *e, const char *found,
    const char *expected, const char *mend)
{
	config_mistake_add(r->mistakes, from_one(e->start_mark.line),
	    from_one(e->start_mark.column), found, expected, mend);
}

/* Told, but what they stand at is read on. */
static void
check_plain(struct tree_reader *r, const yaml_event_t *e,
    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL)
		tell_at(r, e, "an anchor (&)", "a plain value",
		    "write the value out wherever it is needed");
	if (tag != NULL)
		tell_at(r, e, "a tag (!)", "a plain value", "remove the tag");
}

static struct config_mark
mark_end(const yaml_event_t *e)
{
	return (struct config_mark){ from_one(e->end_mark.line),
		from_one(e->end_mark.column) };
}

/* A block has no mark of its own at its end: there stands what follows it. */
static void
close_node(struct config_node *n, const struct config_node *last_child,
    const yaml_event_t *e)
{
	if (n->flow)
		n->end = mark_end(e);
	else if (last_child != NULL)
		n->end = last_child->end;
}

static struct config_node *
node_new(
    struct tree_reader *r, const yaml_event_t *e, enum config_node_kind kind)
{
	struct config_node *n = arena_alloc(r->arena, sizeof(*n));

	n->kind = kind;
	n->line = from_one(e->start_mark.line);
	n->column = from_one(e->start_mark.column);
	n->end = mark_end(e);
	return n;
}

static struct config_node *
node_scalar(struct tree_reader *r, const yaml_event_t *e)
{
	struct config_node *n = node_new(r, e, NODE_SCALAR);
	struct bytes text =
	    bytes_of(e->data.scalar.value, e->data.scalar.length);

	check_plain(r, e, e->data.scalar.anchor, e->data.scalar.tag);
	n->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	n->text = arena_str(r->arena, text);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < 0x20 || text.p[i] == 0x7f) {
			tell_at(r, e, "a control character",
			    "one line of printable text", "remove it");
			n->bad = true;
			n->text = "";
			break;
		}
	return n;
}

static bool read_value(struct tree_reader *r, const yaml_event_t *e,
    unsigned depth, struct config_node **out);

static bool
read_list(struct tree_reader *r, unsigned depth, struct config_node *list)
{
	struct config_node **tail = &list->first;
	const struct config_node *last = NULL;

	for (;;) {
		AUTO_EVENT e;

		if (!next_event(r, &e))
			return false;
		if (e.type == YAML_SEQUENCE_END_EVENT) {
			close_node(list, last, &e);
			return true;
		}
		if (!read_value(r, &e, depth, tail))
			return false;
		last = *tail;
		tail = &(*tail)->next;
	}
}

static const struct config_node *
find_key(const struct config_node *map, const char *key)
{
	for (const struct config_node *n = map->first; n != NULL; n = n->next)
		if (strcmp(n->key, key) == 0)
			return n;
	return NULL;
}

static void
tell_duplicate(struct tree_reader *r, const struct config_node *key,
    const struct config_node *before)
{
	char found[128];

	snprintf(found, sizeof(found), "%.60s a second time (first in line %u)",
	    key->text, before->key_line);
	config_mistake_add(r->mistakes, key->line, key->column, found,
	    "each key once in a section", "keep one of the two");
}

static bool
read_map(struct tree_reader *r, unsigned depth, struct config_node *map)
{
	struct config_node **tail = &map->first;
	const struct config_node *last = NULL;
	unsigned n = 0;

	for (;;) {
		struct config_node *key, *value;
		const struct config_node *before;
		AUTO_EVENT k;
		AUTO_EVENT v = { 0 };

		if (!next_event(r, &k))
			return false;
		if (k.type == YAML_MAPPING_END_EVENT) {
			close_node(map, last, &k);
			return true;
		}
		if (++n > CONFIG_KEYS_MAX) {
			tell_at(r, &k, "more than 1000 keys in a section",
			    "at most 1000", "write fewer");
			return false;
		}
		if (k.type != YAML_SCALAR_EVENT) {
			tell_at(r, &k, "a key that is not a word", "key: value",
			    "write a plain key");
			return false;
		}
		key = node_scalar(r, &k);
		if (!next_event(r, &v) || !read_value(r, &v, depth, &value))
			return false;
		before = find_key(map, key->text);
		if (before != NULL) {
			tell_duplicate(r, key, before);
			continue;
		}
		value->key = key->text;
		value->key_line = key->line;
		value->key_column = key->column;
		*tail = value;
		last = value;
		tail = &value->next;
	}
}

static bool
read_value(struct tree_reader *r, const yaml_event_t *e, unsigned depth,
    struct config_node **out)
{
	if (depth == CONFIG_DEPTH_MAX) {
		tell_at(r, e, "more than 16 levels", "at most 16 levels",
		    "nest less deeply");
		return false;
	}
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		*out = node_scalar(r, e);
		return true;
	case YAML_SEQUENCE_START_EVENT:
		check_plain(r, e, e->data.sequence_start.anchor,
		    e->data.sequence_start.tag);
		*out = node_new(r, e, NODE_LIST);
		(*out)->flow =
		    e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
		return read_list(r, depth + 1, *out);
	case YAML_MAPPING_START_EVENT:
		check_plain(r, e, e->data.mapping_start.anchor,
		    e->data.mapping_start.tag);
		*out = node_new(r, e, NODE_MAP);
		(*out)->flow =
		    e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
		return read_map(r, depth + 1, *out);
	default:
		/* Only an alias can stand here. */
		tell_at(r, e, "an alias (*)", "a plain value",
		    "write the value out");
		*out = node_new(r, e, NODE_SCALAR);
		(*out)->text = "";
		(*out)->bad = true;
		return true;
	}
}

static struct config_node *
empty_map(struct arena *a)
{
	struct config_node *n = arena_alloc(a, sizeof(*n));

	n->kind = NODE_MAP;
	n->line = n->column = 1;
	return n;
}

static bool
read_stream(struct tree_reader *r, struct config_node **out)
{
	struct config_node *root = NULL;

	for (;;) {
		AUTO_EVENT e;

		if (!next_event(r, &e))
			return false;
		switch (e.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_DOCUMENT_START_EVENT:
			if (root == NULL)
				break;
			tell_at(r, &e, "a second document (---)",
			    "one document", "remove what follows");
			return false;
		case YAML_STREAM_END_EVENT:
			if (root == NULL || config_node_is_null(root))
				root = empty_map(r->arena);
			*out = root;
			return true;
		default:
			if (!read_value(r, &e, 0, &root))
				return false;
		}
	}
}

bool
config_tree_parse(struct bytes text, struct arena *a,
    struct config_mistakes *mistakes, struct config_node **out)
{
	struct tree_reader r = { .arena = a, .mistakes = mistakes };
	char found[64];
	bool ok;

	if (text.n > CONFIG_TEXT_MAX) {
		snprintf(found, sizeof(found), "%zu octets", text.n);
		config_mistake_add(mistakes, 1, 1, found,
		    "at most 1048576 octets", "make the file smaller");
		return false;
	}
	if (!yaml_parser_initialize(&r.parser))
		abort();
	yaml_parser_set_input_string(&r.parser,
	    text.n == 0 ? (const unsigned char *)"" : text.p, text.n);
	ok = read_stream(&r, out);
	yaml_parser_delete(&r.parser);
	return ok;
}

bool
config_node_is_null(const struct config_node *node)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	if (node->kind != NODE_SCALAR || node->quoted || node->bad)
		return false;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(node->text, words[i]) == 0)
			return true;
	return false;
}
