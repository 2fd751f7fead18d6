/*
 * The users of a label: NAME:HASH or NAME:HASH:PATTERN,PATTERN… a line, # for
 * a comment.  Read once; immutable.
 */
#ifndef EST_USERS_H
#define EST_USERS_H

#include "util/arena.h"

#define USERS_MAX 100000u

struct user {
	const char *name;
	const char *hash; /* of crypt(3), see crypto/password.h */
	const char *const *patterns; /* of names; none: the label's */
	size_t patterns_n;
};

struct users {
	struct user *v; /* by name */
	size_t n;
};

/* path is for messages.  ERR_CONFIG. */
bool est_users_parse(struct bytes text, const char *path, struct arena *a,
    struct users *out, struct err *err) MUST_CHECK;
/* NULL if there is none. */
const struct user *est_users_find(const struct users *u, const char *name);

#endif
