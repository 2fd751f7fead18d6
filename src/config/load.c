#include <stdio.h>
#include <stdlib.h>
#include "config/form.h"
#include "config/load.h"
#include "util/text.h"

static size_t
row_index(const struct config_table *t, const char *key)
{
	for (size_t i = 0; i < config_rows_n(t); i++)
		if (strcmp(config_row_at(t, i)->key, key) == 0)
			return i;
	return config_rows_n(t);
}

/* Whether some row's key begins with this key and a dot. */
static bool
is_section(const struct config_table *t, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < config_rows_n(t); i++)
		if (strncmp(config_row_at(t, i)->key, key, n) == 0 &&
		    config_row_at(t, i)->key[n] == '.')
			return true;
	return false;
}

static void
tell_key(struct config_loading *l, const struct config_node *node,
    const char *found, const char *expected, const char *mend)
{
	config_mistake_add(l->mistakes, node->key_line, node->key_column, found,
	    expected, mend);
}

/* The nearest key that may stand after the prefix. */
static const char *
nearest_key(struct config_loading *l, const struct config_table *t,
    const char *prefix, const char *key)
{
	unsigned least = 2 + (unsigned)strlen(key) / 4;
	size_t n = strlen(prefix);
	const char *best = NULL;

	for (size_t i = 0; i < config_rows_n(t); i++) {
		const char *rest = config_row_at(t, i)->key + n;
		const char *word;
		unsigned d;

		if (strncmp(config_row_at(t, i)->key, prefix, n) != 0)
			continue;
		word = arena_str(l->arena, bytes_of(rest, strcspn(rest, ".")));
		d = text_distance(word, key);
		if (d < least && d < strlen(word)) {
			least = d;
			best = word;
		}
	}
	return best;
}

/* The whole key of an option that has this name in another section. */
static const char *
key_elsewhere(const struct config_table *t, const char *key)
{
	for (size_t i = 0; i < config_rows_n(t); i++) {
		const char *dot = strrchr(config_row_at(t, i)->key, '.');

		if (dot != NULL && strcmp(dot + 1, key) == 0)
			return config_row_at(t, i)->key;
	}
	return NULL;
}

static bool
is_secret(const char *key)
{
	static const char *const ends[] = { "password", "passphrase",
		"secret" };
	size_t n = strlen(key);

	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		size_t m = strlen(ends[i]);

		if (n >= m && text_equal_nocase(key + n - m, ends[i]))
			return true;
	}
	return false;
}

static void
tell_unknown(struct config_loading *l, const struct config_table *t,
    const char *prefix, const struct config_node *node)
{
	const char *near = nearest_key(l, t, prefix, node->key);
	const char *other = key_elsewhere(t, node->key);
	const char *mend;

	if (is_secret(node->key)) {
		/* The value itself must not reach a terminal or a log. */
		tell_key(l, node,
		    arena_printf(
			l->arena, "a secret in clear, %.60s", node->key),
		    "secrets in files of their own",
		    "move it to a file with mode 0600 and name that in an "
		    "option that ends in _file");
		return;
	}
	if (near != NULL)
		mend = arena_printf(l->arena, "write %s", near);
	else if (other != NULL)
		mend = arena_printf(l->arena, "write it as %s", other);
	else
		mend = "remove it";
	tell_key(l, node,
	    arena_printf(l->arena, "unknown key \"%.60s\"", node->key),
	    prefix[0] == '\0' ? "a known key"
			      : arena_printf(l->arena, "a key of %.*s",
				    (int)strlen(prefix) - 1, prefix),
	    mend);
}

static void load_table(struct config_loading *l, struct config_loaded *ld,
    struct config_loads *loads, const struct config_node *node);

/*
 * One entry of cas or profiles.  It is kept even with mistakes, so that the
 * checks find its name.
 */
static void
load_named(struct config_loading *l, const struct config_table *t,
    const struct config_node *node, void *base, struct config_loaded *ld)
{
	static const struct config_node nothing = { .kind = NODE_MAP };

	if (!config_name_is_good(node->key) ||
	    (t->name_form == FORM_LABEL && !config_label_is_good(node->key)))
		tell_key(l, node,
		    arena_printf(l->arena, "the name %.60s", node->key),
		    config_form_expected(t->name_form), "choose another name");
	*ld = (struct config_loaded){
		.table = t,
		.base = base,
		.self = { node->key_line, node->key_column },
	};
	if (node->kind != NODE_MAP) {
		AUTO_BUF found = { 0 };

		config_node_describe(node, &found);
		if (!config_node_is_null(node) && !node->bad)
			config_mistake_add(l->mistakes, node->line,
			    node->column, buf_cstr(&found), "a map of options",
			    "write option: value below the name");
		node = &nothing;
	}
	load_table(l, ld, NULL, node);
}

static struct config_loaded **
loads_of(struct config_loads *loads, enum config_type type)
{
	switch (type) {
	case CONFIG_CAS:
		return &loads->cas;
	case CONFIG_PROFILES:
		return &loads->profiles;
	case CONFIG_SCEP_PROFILES:
		return &loads->scep;
	case CONFIG_INTUNE:
		return &loads->intune;
	case CONFIG_WEBHOOKS:
		return &loads->webhooks;
	default:
		return &loads->labels;
	}
}

/* cas, profiles, or one of the others, which may be empty. */
static bool
load_map(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, struct config *c,
    struct config_loads *loads)
{
	const struct config_table *t = config_row_table(row);
	struct config_loaded **loaded = loads_of(loads, row->type);
	bool may_be_empty = strcmp(row->def, "{}") == 0;
	char *entries;
	size_t n = 0;

	if (node->kind != NODE_MAP || (node->first == NULL && !may_be_empty)) {
		config_value_tell(l, row, node, "name at least one");
		return false;
	}
	for (const struct config_node *i = node->first; i != NULL; i = i->next)
		n++;
	entries = arena_array(l->arena, n, t->size);
	*loaded = arena_array(l->arena, n, sizeof(**loaded));
	memcpy((char *)c + row->at, &entries, sizeof(entries));
	memcpy((char *)c + row->at_n, &n, sizeof(n));
	n = 0;
	for (const struct config_node *i = node->first; i != NULL;
	     i = i->next, n++) {
		char *entry = entries + n * t->size;

		memcpy(entry + t->at_name, &i->key, sizeof(i->key));
		memcpy(entry + t->at_line, &i->key_line, sizeof(i->key_line));
		load_named(l, t, i, entry, &(*loaded)[n]);
	}
	return true;
}

static bool
load_value(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, void *base, struct config_loads *loads)
{
	if (config_row_table(row) != NULL)
		return load_map(l, row, node, base, loads);
	return config_value_read(l, row, node, base);
}

static void
load_option(struct config_loading *l, struct config_loaded *ld,
    struct config_loads *loads, size_t i, const struct config_node *node)
{
	const struct config_row *row = config_row_at(ld->table, i);

	ld->at[i] = (struct config_place){ node->line, node->column };
	/* Without a default, null is the way to say "none". */
	if (config_node_is_null(node) && row->def == NULL && !row->required)
		return;
	ld->stored[i] = load_value(l, row, node, ld->base, loads);
}

static void
load_section(struct config_loading *l, struct config_loaded *ld,
    struct config_loads *loads, const char *prefix,
    const struct config_node *map)
{
	for (const struct config_node *i = map->first; i != NULL; i = i->next) {
		const char *key =
		    arena_printf(l->arena, "%s%s", prefix, i->key);
		size_t row = row_index(ld->table, key);

		if (row < config_rows_n(ld->table)) {
			load_option(l, ld, loads, row, i);
		} else if (!is_section(ld->table, key)) {
			tell_unknown(l, ld->table, prefix, i);
		} else if (i->kind == NODE_MAP) {
			load_section(l, ld, loads,
			    arena_printf(l->arena, "%s.", key), i);
		} else if (!config_node_is_null(i) && !i->bad) {
			AUTO_BUF found = { 0 };

			config_node_describe(i, &found);
			config_mistake_add(l->mistakes, i->line, i->column,
			    buf_cstr(&found), "a map of options",
			    "write option: value below the section");
		}
	}
}

/* A default is YAML; scalars, the most, need no parser. */
static const struct config_node *
default_node(const struct config_row *row, struct arena *a)
{
	struct config_mistakes mistakes = { 0 };
	struct config_node *node;

	if (strchr("[{-\"", row->def[0]) == NULL) {
		node = arena_alloc(a, sizeof(*node));
		node->kind = NODE_SCALAR;
		node->text = row->def;
		node->line = node->column = 1;
		return node;
	}
	if (!config_tree_parse(bytes_str(row->def), a, &mistakes, &node))
		abort();
	return node;
}

static void
load_missing(struct config_loading *l, struct config_loaded *ld,
    struct config_loads *loads, size_t i)
{
	const struct config_row *row = config_row_at(ld->table, i);
	AUTO_BUF expected = { 0 };

	if (row->def != NULL) {
		/* Also where the file has a mistake, so that the checks that
		 * follow see something sound. */
		if (!load_value(
			l, row, default_node(row, l->arena), ld->base, loads))
			abort();
		return;
	}
	if (!row->required || ld->at[i].line != 0)
		return;
	config_row_expected(row, &expected);
	config_mistake_add(l->mistakes, ld->self.line, ld->self.column,
	    arena_printf(l->arena, "no %s", row->key), buf_cstr(&expected),
	    arena_printf(l->arena, "add %s: %s", row->key, row->sample));
}

static void
load_table(struct config_loading *l, struct config_loaded *ld,
    struct config_loads *loads, const struct config_node *node)
{
	ld->at =
	    arena_array(l->arena, config_rows_n(ld->table), sizeof(*ld->at));
	ld->stored = arena_array(
	    l->arena, config_rows_n(ld->table), sizeof(*ld->stored));
	load_section(l, ld, loads, "", node);
	for (size_t i = 0; i < config_rows_n(ld->table); i++)
		if (!ld->stored[i])
			load_missing(l, ld, loads, i);
}

/* By place; a stable sort, for there are few. */
static void
sort_mistakes(struct config_mistakes *m)
{
	for (size_t i = 1; i < m->n; i++) {
		struct config_mistake moved = m->v[i];
		size_t j = i;

		for (; j > 0; j--) {
			const struct config_mistake *p = &m->v[j - 1];

			if (p->line < moved.line ||
			    (p->line == moved.line &&
				p->column <= moved.column))
				break;
			m->v[j] = *p;
		}
		m->v[j] = moved;
	}
}

static bool
load_tree(struct config_loading *l, struct bytes text, struct config *c)
{
	struct config_loads loads = {
		.root = {
			.table = &config_root_table,
			.base = c,
			.self = { 1, 1 },
		},
	};
	struct config_node *root;

	if (!config_tree_parse(text, l->arena, l->mistakes, &root))
		return false;
	if (root->kind != NODE_MAP) {
		config_mistake_add(l->mistakes, root->line, root->column,
		    root->kind == NODE_LIST ? "a list" : "a single value",
		    "sections and options", "write key: value");
		return false;
	}
	load_table(l, &loads.root, &loads, root);
	config_check(l, &loads, c);
	return l->mistakes->n == 0;
}

bool
config_load(const char *path, struct bytes text, struct config **out,
    struct config_mistakes *mistakes)
{
	AUTO_ARENA *arena = arena_new();
	struct config_loading l = { .arena = arena, .mistakes = mistakes };
	struct config *c = arena_alloc(arena, sizeof(*c));

	c->path = arena_strdup(arena, path);
	if (!load_tree(&l, text, c)) {
		sort_mistakes(mistakes);
		return false;
	}
	c->arena = TAKE(arena);
	*out = c;
	return true;
}

void
config_free(struct config *c)
{
	if (c != NULL)
		arena_free(c->arena);
}

const struct config_ca *
config_ca_find(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->cas_n; i++)
		if (strcmp(c->cas[i].name, name) == 0)
			return &c->cas[i];
	return NULL;
}

const struct config_profile *
config_profile_find(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->profiles_n; i++)
		if (strcmp(c->profiles[i].name, name) == 0)
			return &c->profiles[i];
	return NULL;
}

const struct config_intune *
config_intune_find(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->intune_n; i++)
		if (strcmp(c->intune[i].name, name) == 0)
			return &c->intune[i];
	return NULL;
}

const struct config_webhook *
config_webhook_find(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->webhooks_n; i++)
		if (strcmp(c->webhooks[i].name, name) == 0)
			return &c->webhooks[i];
	return NULL;
}

const char *
config_est_base(
    const struct config *c, const char *base, int64_t bound, struct arena *a)
{
	const char *address = NULL, *port, *host = strstr(base, "://");
	size_t n;

	for (size_t i = 0; i < c->listen_n && address == NULL; i++)
		if (c->listen[i].kind == LISTENER_EST)
			address = c->listen[i].address;
	if (address == NULL || host == NULL)
		return NULL;
	/* "[2001:db8::1]:8443": the port stands behind the bracket. */
	host += 3;
	n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	port = bound != 0 ? arena_printf(a, "%lld", (long long)bound)
			  : strrchr(address, ':') + 1;
	return arena_printf(
	    a, "%.*s:%s", (int)((size_t)(host - base) + n), base, port);
}
