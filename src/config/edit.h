/*
 * Changes a configuration file in place: one option at a time, comments, order
 * and layout stay.  For commands that add a CA or point a profile elsewhere.
 *
 * What comes out is read again and held against what went in: nothing but the
 * option may have changed.  A file whose shape defeats that is left alone, and
 * the caller shows what to write by hand (config_edit_show).  Pure functions.
 */
#ifndef CONFIG_EDIT_H
#define CONFIG_EDIT_H

#include "config/config.h"

struct config_edit {
	const char *path; /* "cas.issuing-2.key"; what is missing is made */
	const char *text; /* the value; NULL: the list, or null without one */
	const struct config_strings *list;
};

/* ERR_CONFLICT: the file cannot be changed safely.  *out is appended to only
 * when all edits succeed. */
bool config_edit(struct bytes text, const struct config_edit *edits, size_t n,
    struct buf *out, struct err *err) MUST_CHECK;
/* The same changes as lines for a person to write. */
void config_edit_show(
    const struct config_edit *edits, size_t n, struct buf *out);

#endif
