/*
 * Secret keys that clients and we know by name, to encrypt generated keys to:
 * NAME:HEX a line, # for a comment; 16, 24 or 32 octets.  Immutable; wiped with
 * the state that holds them.
 */
#ifndef EST_NAMED_KEYS_H
#define EST_NAMED_KEYS_H

#include "util/arena.h"

#define NAMED_KEYS_MAX 10000u

struct named_key {
	struct bytes id; /* the name's octets */
	struct bytes key;
};

struct named_keys {
	struct named_key *v;
	size_t n;
};

/* path is for messages.  ERR_CONFIG. */
bool est_named_keys_parse(struct bytes text, const char *path, struct arena *a,
    struct named_keys *out, struct err *err) MUST_CHECK;
const struct named_key *est_named_keys_find(
    const struct named_keys *k, struct bytes id);
void est_named_keys_wipe(struct named_keys *k);

#endif
