/*
 * JSON from outside: strict jansson with caps on size and depth, no duplicate
 * members, UTF-8 only, no trailing bytes.  And what protocols read with.
 */
#ifndef CODEC_JSON_H
#define CODEC_JSON_H

#include <jansson.h>
#include "util/arena.h"

OWN_DEFINE(json_t, json_decref)
ARENA_ADOPTER(json_t)

/* An object; depth ≤ 8; the arena owns it.  ERR_MALFORMED. */
bool json_parse_object(struct bytes text, struct arena *a, json_t **out,
    struct err *err) MUST_CHECK;
/* A required or optional string member (NULL when absent). */
bool json_get_string(const json_t *o, const char *key, const char **out,
    struct err *err) MUST_CHECK;
bool json_get_string_optional(const json_t *o, const char *key,
    const char **out, struct err *err) MUST_CHECK;
/* Pretty-printed, one member per line (reference rule 18), members in the order
 * they were added, final newline; the text lies in the arena. */
struct bytes json_print(const json_t *o, struct arena *a);
/* One line. */
struct bytes json_print_compact(const json_t *o, struct arena *a);

#endif
