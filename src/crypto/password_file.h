/*
 * Users with passwords, of a label of EST or a profile of SCEP: NAME:HASH or
 * NAME:HASH:PATTERN,PATTERN… a line, # for a comment.  Read once; immutable.
 */
#ifndef CRYPTO_PASSWORD_FILE_H
#define CRYPTO_PASSWORD_FILE_H

#include "util/arena.h"

#define PASSWORD_FILE_MAX 100000u

struct password_user {
	const char *name;
	const char *hash; /* of crypt(3), see crypto/password.h */
	const char *const *patterns; /* of names; none: the label's */
	size_t patterns_n;
};

struct password_file {
	struct password_user *v; /* by name */
	size_t n;
};

/* path is for messages.  ERR_CONFIG. */
bool password_file_parse(struct bytes text, const char *path, struct arena *a,
    struct password_file *out, struct err *err) MUST_CHECK;
/* NULL if there is none. */
const struct password_user *password_file_find(
    const struct password_file *u, const char *name);

#endif
