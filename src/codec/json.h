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
/* A member of an object: a string's text, or any other value. */
struct json_member {
	const char *name;
	const char *text; /* NULL if it is not a string */
	const json_t *other; /* NULL if it is one */
};

struct json_members {
	struct json_member *v;
	size_t n;
};

/* As json_parse_object, but its members alone; an object of plain strings, as a
 * JWS is, comes without a tree. */
bool json_parse_members(struct bytes text, struct arena *a,
    struct json_members *out, struct err *err) MUST_CHECK;
/* The members of a tree, which must live as long. */
void json_members_of(
    const json_t *o, struct arena *a, struct json_members *out);
/* NULL when absent. */
const struct json_member *json_member_find(
    const struct json_members *m, const char *name);
/* NULL when absent or not a string. */
const char *json_member_text(const struct json_members *m, const char *name);
/* As json_get_string. */
bool json_member_get(const struct json_members *m, const char *name,
    const char **out, struct err *err) MUST_CHECK;
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
