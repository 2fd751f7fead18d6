/*
 * YAML (or JSON, which is YAML) as a tree of nodes that know their place.
 * Nothing is interpreted: a scalar is its text and whether it stood in quotes,
 * so `off` is a word where a word is wanted.  Caps: 1 MiB, 16 levels.  Anchors,
 * aliases, tags and several documents are refused: two readers of the same file
 * should never see different things.  Nodes live in the arena.
 */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include "config/config.h"

#define CONFIG_TEXT_MAX (1u << 20)
#define CONFIG_DEPTH_MAX 16u
#define CONFIG_KEYS_MAX 1000u

enum config_node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct config_mark {
	unsigned line, column; /* from 1 */
};

struct config_node {
	enum config_node_kind kind;
	unsigned line, column; /* of the value, from 1 */
	struct config_mark end; /* behind the value */
	bool flow; /* a map in braces, a list in brackets */
	const char *text; /* of a scalar */
	bool quoted;
	bool bad; /* a mistake was told already */
	/* In a map. */
	const char *key;
	unsigned key_line, key_column;
	struct config_node *first, *next;
};

/*
 * False if no tree could be made; smaller mistakes leave a tree.  An empty
 * document is an empty map.
 */
bool config_tree_parse(struct bytes text, struct arena *a,
    struct config_mistakes *mistakes, struct config_node **out) MUST_CHECK;
/* Nothing, ~ or null, without quotes. */
bool config_node_is_null(const struct config_node *node);

#endif
