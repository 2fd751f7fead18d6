/*
 * What of a text counts when directory names are compared: RFC 5280 section 7.1
 * by RFC 4518 sections 2.2 and 2.6.1.  Of case only that of ASCII is folded, as
 * in OpenSSL, whose answer a certificate gets later on.
 *
 * Pure; any thread.  The text is UTF-8, as dirstring.h gives it.
 */
#ifndef CODEC_STRING_PREP_H
#define CODEC_STRING_PREP_H

#include "util/arena.h"

/* In lower case, without what is ignored, each run of blanks one space and none
 * at the ends; lies in the arena. */
const char *string_prepare(struct arena *a, const char *s);
/* Is there a character that is ignored, so that nobody sees it? */
bool string_has_ignored(struct bytes utf8);

#endif
