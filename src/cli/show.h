/* Values and tables as people read them. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cli/cli.h"

/* "0a1b…" to "0A:1B:…". */
const char *show_fingerprint(const struct cli *cli, const char *hex);
/* A member of an object as text: strings as they are, numbers in decimal,
 * null and absent ones "-". */
const char *show_member(
    const struct cli *cli, const json_t *o, const char *key);

struct show_column {
	const char *key; /* member of each row */
	const char *title;
};
/* Aligned columns over an array of objects; nothing but the titles if it is
 * empty. */
void show_table(const struct cli *cli, const json_t *rows,
    const struct show_column *columns, size_t n);
/* "key: value" lines of an object; arrays one item a line, objects indented. */
void show_object(const struct cli *cli, const json_t *o, int indent);

#endif
