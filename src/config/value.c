#include <stdio.h>
#include "config/address.h"
#include "config/form.h"
#include "config/value.h"
#include "util/text.h"
#include "util/times.h"

void
config_node_describe(const struct config_node *node, struct buf *out)
{
	if (node->kind == NODE_LIST)
		buf_add_str(out, "a list");
	else if (node->kind == NODE_MAP)
		buf_add_str(out, "a map");
	else if (config_node_is_null(node))
		buf_add_str(out, "nothing");
	else if (node->quoted)
		buf_printf(out, "the text \"%.60s\"", node->text);
	else
		buf_printf(out, "%.60s", node->text);
}

void
config_value_tell(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, const char *mend)
{
	AUTO_BUF found = { 0 };
	AUTO_BUF expected = { 0 };

	/* Of one wrong value one mistake is told. */
	if (node->bad)
		return;
	config_node_describe(node, &found);
	config_row_expected(row, &expected);
	config_mistake_add(l->mistakes, node->line, node->column,
	    buf_cstr(&found), buf_cstr(&expected), mend);
}

static bool
tell(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, const char *mend)
{
	config_value_tell(l, row, node, mend);
	return false;
}

/* "write a duration with its unit, such as 10s": the default as example. */
static bool
tell_example(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, const char *mend)
{
	AUTO_BUF text = { 0 };

	buf_add_str(&text, mend);
	if (row->def != NULL)
		buf_printf(&text, ", such as the default %s", row->def);
	return tell(l, row, node, buf_cstr(&text));
}

/* The mend is made from the text. */
static bool
tell_form(struct config_loading *l, const struct config_row *row,
    const struct config_node *node)
{
	AUTO_BUF mend = { 0 };

	config_form_mend(row, node->text, &mend);
	return tell(l, row, node, buf_cstr(&mend));
}

static bool
read_text(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, const char **out)
{
	const char *text;

	if (node->kind != NODE_SCALAR || config_node_is_null(node))
		return tell_example(l, row, node, "write a value");
	if (!config_form_read(row, node->text, l->arena, &text))
		return tell_form(l, row, node);
	*out = text;
	return true;
}

static bool
read_word(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, int *out)
{
	if (node->kind != NODE_SCALAR)
		return tell(l, row, node, "write one of these words");
	for (int i = 0; row->words[i] != NULL; i++)
		if (strcmp(row->words[i], node->text) == 0) {
			*out = i;
			return true;
		}
	return tell_form(l, row, node);
}

static bool
read_bool(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, bool *out)
{
	static const struct {
		const char *text;
		bool value;
	} words[] = { { "true", true }, { "false", false }, { "yes", true },
		{ "no", false }, { "on", true }, { "off", false } };

	if (node->kind != NODE_SCALAR || node->quoted)
		return tell(l, row, node, "write true or false, unquoted");
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text_equal_nocase(words[i].text, node->text)) {
			*out = words[i].value;
			return true;
		}
	return tell(l, row, node, "write true or false");
}

static bool
read_int(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, int64_t *out)
{
	struct err err = { 0 };

	if (node->kind == NODE_SCALAR && node->quoted)
		return tell(l, row, node, "write the number without quotes");
	if (node->kind != NODE_SCALAR ||
	    !text_parse_int(node->text, row->min, row->max, out, &err))
		return tell_example(
		    l, row, node, "write a number within the bounds");
	return true;
}

static bool
read_duration(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, int64_t *out)
{
	bool negative;
	struct err err = { 0 };
	int64_t v;

	if (node->kind != NODE_SCALAR)
		return tell_example(l, row, node, "write a duration");
	negative = row->type == CONFIG_OFFSET && node->text[0] == '-';
	if (!duration_parse(node->text + negative, &v, &err))
		return tell_example(
		    l, row, node, "write a number and its unit (s m h d w y)");
	if (negative)
		v = -v;
	if (v < row->min || v > row->max)
		return tell_example(
		    l, row, node, "choose a duration within the bounds");
	*out = v;
	return true;
}

static size_t
count_items(const struct config_node *list)
{
	size_t n = 0;

	for (const struct config_node *i = list->first; i != NULL; i = i->next)
		n++;
	return n;
}

static bool
is_list(struct config_loading *l, const struct config_row *row,
    const struct config_node *node)
{
	if (node->kind == NODE_LIST)
		return true;
	return tell(l, row, node,
	    config_node_is_null(node) ? "write [] for an empty list"
				      : "put it in brackets: [ … ]");
}

static bool
read_list(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, struct config_strings *out)
{
	struct config_strings list = { 0 };
	bool ok = true;

	if (!is_list(l, row, node))
		return false;
	list.v = arena_array(l->arena, count_items(node), sizeof(*list.v));
	for (const struct config_node *i = node->first; i != NULL;
	     i = i->next) {
		const char *text;

		if (!read_text(l, row, i, &text))
			ok = false;
		else
			list.v[list.n++] = text;
	}
	if (ok)
		*out = list;
	return ok;
}

static bool
read_cidrs(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, struct config_cidrs *out)
{
	struct config_cidrs list = { 0 };
	bool ok = true;

	if (!is_list(l, row, node))
		return false;
	list.v = arena_array(l->arena, count_items(node), sizeof(*list.v));
	for (const struct config_node *i = node->first; i != NULL;
	     i = i->next) {
		struct err err = { 0 };
		struct config_cidr *c = &list.v[list.n];

		if (i->kind == NODE_SCALAR &&
		    config_cidr_parse(i->text, c, &err)) {
			list.n++;
			continue;
		}
		ok = tell(l, row, i,
		    "write ADDRESS/PREFIX with zeros beyond the prefix");
	}
	if (ok)
		*out = list;
	return ok;
}

#define LISTENERS_MAX 64u

/* In the order of the words below. */
static const struct {
	enum listener_kind kind;
	unsigned tls_min; /* 0: no TLS */
} listener_kinds[] = {
	{ LISTENER_HTTPS, 0x0304 },
	/* EST clients of many devices know no TLS 1.3. */
	{ LISTENER_EST, 0x0303 },
	{ LISTENER_HTTP, 0 },
	{ LISTENER_OPS, 0 },
};

static const struct config_row listener_rows[] = {
	{ .key = "kind",
	    .required = true,
	    .type = CONFIG_WORD,
	    .words =
		(const char *const[]){ "https", "est", "http", "ops", NULL } },
	{ .key = "address",
	    .required = true,
	    .type = CONFIG_TEXT,
	    .form = FORM_LISTEN },
	{ .key = "tls_min",
	    .required = true,
	    .type = CONFIG_WORD,
	    .words = (const char *const[]){ "1.2", "1.3", NULL } },
};

static bool
read_address(struct config_loading *l, const struct config_node *node,
    struct config_listen *out)
{
	struct err err = { 0 };

	if (!read_text(l, &listener_rows[1], node, &out->address))
		return false;
	return config_address_parse(
	    out->address, -1, &out->sa, &out->sa_len, &err);
}

/* One entry of `listen`. */
static bool
read_listener(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, struct config_listen *out)
{
	const struct config_node *tls = NULL;
	int kind = -1, tls_min = -1;
	bool ok = true, address = false;

	if (node->kind != NODE_MAP)
		return tell(l, row, node, "write {kind: …, address: …}");
	for (const struct config_node *i = node->first; i != NULL;
	     i = i->next) {
		if (strcmp(i->key, "kind") == 0) {
			ok = read_word(l, &listener_rows[0], i, &kind) && ok;
		} else if (strcmp(i->key, "address") == 0) {
			ok = read_address(l, i, out) && ok;
			address = true;
		} else if (strcmp(i->key, "tls_min") == 0) {
			ok = read_word(l, &listener_rows[2], i, &tls_min) && ok;
			tls = i;
		} else {
			config_mistake_add(l->mistakes, i->key_line,
			    i->key_column,
			    arena_printf(
				l->arena, "unknown key \"%.60s\"", i->key),
			    "kind, address or tls_min", "remove it");
			ok = false;
		}
	}
	if (ok && (kind < 0 || !address)) {
		config_mistake_add(l->mistakes, node->line, node->column,
		    kind < 0 ? "a listener without kind"
			     : "a listener without address",
		    "{kind: …, address: …}", "add it");
		ok = false;
	}
	if (!ok)
		return false;
	out->kind = listener_kinds[kind].kind;
	out->tls_min = listener_kinds[kind].tls_min;
	out->line = node->line;
	if (tls == NULL)
		return true;
	if (out->tls_min == 0) {
		config_mistake_add(l->mistakes, tls->key_line, tls->key_column,
		    "tls_min", "no TLS on a listener of kind http or ops",
		    "remove it");
		return false;
	}
	out->tls_min = tls_min == 0 ? 0x0303 : 0x0304;
	return true;
}

/* The same address twice would fail at start; port 0 is another each time. */
static bool
check_twice(struct config_loading *l, const struct config_listen *v, size_t n,
    const struct config_node *node)
{
	const char *text = config_address_print(&v[n].sa, l->arena);
	char found[160];

	if (text_has_suffix(text, ":0"))
		return true;
	for (size_t i = 0; i < n; i++) {
		if (v[i].sa_len != v[n].sa_len ||
		    memcmp(&v[i].sa, &v[n].sa, v[n].sa_len) != 0)
			continue;
		snprintf(found, sizeof(found),
		    "%s a second time (first in line %u)", text, v[i].line);
		config_mistake_add(l->mistakes, node->line, node->column, found,
		    "an address for each listener", "choose another port");
		return false;
	}
	return true;
}

static bool
read_listeners(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, struct config *c)
{
	struct config_listen *v;
	size_t n = 0;
	bool ok = true;

	if (!is_list(l, row, node))
		return false;
	if (node->first == NULL || count_items(node) > LISTENERS_MAX)
		return tell(l, row, node, "name between 1 and 64 listeners");
	v = arena_array(l->arena, count_items(node), sizeof(*v));
	for (const struct config_node *i = node->first; i != NULL;
	     i = i->next) {
		if (!read_listener(l, row, i, &v[n]) ||
		    !check_twice(l, v, n, i))
			ok = false;
		else
			n++;
	}
	if (ok) {
		c->listen = v;
		c->listen_n = n;
	}
	return ok;
}

bool
config_value_read(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, void *base)
{
	void *at = (char *)base + row->at;

	if (node->bad)
		return false;
	switch (row->type) {
	case CONFIG_TEXT:
		return read_text(l, row, node, at);
	case CONFIG_WORD:
		return read_word(l, row, node, at);
	case CONFIG_BOOL:
		return read_bool(l, row, node, at);
	case CONFIG_INT:
		return read_int(l, row, node, at);
	case CONFIG_DURATION:
	case CONFIG_OFFSET:
		return read_duration(l, row, node, at);
	case CONFIG_LIST:
		return read_list(l, row, node, at);
	case CONFIG_CIDRS:
		return read_cidrs(l, row, node, at);
	case CONFIG_LISTENERS:
		return read_listeners(l, row, node, base);
	case CONFIG_CAS:
	case CONFIG_PROFILES:
	case CONFIG_EST_LABELS:
	case CONFIG_SCEP_PROFILES:
	case CONFIG_INTUNE:
	case CONFIG_WEBHOOKS:
	case CONFIG_TYPES:
		break;
	}
	return false;
}
