/*
 * From a node of the tree to the C value of a row.  Used by the loader alone.
 */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/rows.h"
#include "config/tree.h"

/* What one load carries along. */
struct config_loading {
	struct arena *arena;
	struct config_mistakes *mistakes;
};

/*
 * Reads the value of any row but CONFIG_CAS and CONFIG_PROFILES into its place
 * in `base`; false, and nothing stored, after telling the mistakes.
 */
bool config_value_read(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, void *base) MUST_CHECK;
/* A mistake at a node: found is made from the node, expected from the row. */
void config_value_tell(struct config_loading *l, const struct config_row *row,
    const struct config_node *node, const char *mend);
/* "nothing", "a list", "a map", the number or word itself. */
void config_node_describe(const struct config_node *node, struct buf *out);

#endif
