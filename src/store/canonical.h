/*
 * Canonical JSON: members sorted by their octets, no white space, integers
 * only, strings escaped as RFC 8785 section 3.2.2.2 says.  The bodies of log
 * events are made of it.  Any thread.
 */
#ifndef STORE_CANONICAL_H
#define STORE_CANONICAL_H

#include "util/bytes.h"

/* Appends a string with its quotes. */
void canonical_put_string(struct buf *b, const char *s, size_t n);
/* Appends what the text of an object says.  ERR_MALFORMED: no object, not
 * JSON, nested too deep, or a number that is no integer. */
bool canonical_put_json(
    struct buf *b, const char *json, struct err *err) MUST_CHECK;

#endif
