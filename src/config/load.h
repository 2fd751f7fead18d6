/*
 * What the loader hands to the checks: a filled struct and where in the file
 * each of its options stood.
 */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config/rows.h"
#include "config/value.h"

struct config_place {
	unsigned line, column; /* line 0: not in the file */
};

struct config_loaded {
	const struct config_table *table;
	void *base;
	struct config_place self;
	struct config_place *at; /* one per row */
	bool *stored; /* per row: given, and without a mistake */
};

struct config_loads {
	struct config_loaded root;
	/* As in struct config. */
	struct config_loaded *cas, *profiles, *labels, *scep, *intune,
	    *webhooks;
};

/* What no option says alone; fills what is derived from others. */
void config_check(struct config_loading *l, const struct config_loads *loads,
    struct config *c);

#endif
