/*
 * The forms of text (enum config_form in rows.h): which text holds, and what
 * to write instead.
 */
#ifndef CONFIG_FORM_H
#define CONFIG_FORM_H

#include "config/rows.h"

/* False if the text is not of the row's form; out is its normal form. */
bool config_form_read(const struct config_row *row, const char *text,
    struct arena *a, const char **out) MUST_CHECK;
/* What to do about a text that is not: the nearest word, https for http … */
void config_form_mend(
    const struct config_row *row, const char *text, struct buf *out);
/* [a-z0-9-]{1,32}, and no word of the URL space. */
bool config_name_is_good(const char *s);
/* And no operation of EST: those follow a label in a path. */
bool config_label_is_good(const char *s);
/* For the manual and for mistakes; NULL where the words of the row say it. */
const char *config_form_expected(enum config_form form);

#endif
