/*
 * Reads what canonical.h writes, and nothing else: in one pass, without a tree,
 * for walks over millions of events.  Any thread; members borrow the text.
 */
#ifndef STORE_CANONICAL_READ_H
#define STORE_CANONICAL_READ_H

#include "util/bytes.h"

#define CANONICAL_MEMBERS_MAX 48u

struct canonical_member {
	struct bytes name; /* between the quotes */
	struct bytes value; /* a string between its quotes, as it is escaped */
	bool is_string;
};

struct canonical_members {
	struct canonical_member v[CANONICAL_MEMBERS_MAX];
	size_t n;
};

/* False: not the canonical JSON of an object of at most that many members. */
bool canonical_read(
    struct bytes text, struct canonical_members *out) MUST_CHECK;
/* The value of a member; no octets (p is NULL) when there is none. */
struct bytes canonical_get(const struct canonical_members *m, const char *name);
/* A member that is a number; false when it is none. */
bool canonical_get_int(const struct canonical_members *m, const char *name,
    int64_t *out) MUST_CHECK;
/* Hex of exactly n octets. */
bool canonical_get_hex(const struct canonical_members *m, const char *name,
    uint8_t *out, size_t n) MUST_CHECK;

#endif
