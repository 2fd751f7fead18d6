/*
 * Name constraints, RFC 5280 section 4.2.1.10: those of each certificate of a
 * CA's chain, held against the names and the subject of what it would issue.
 * DNS, IP, e-mail, URI and directory names.  Under a constraint on otherNames,
 * for which there is no rule of matching, no UPN is issued at all; names of the
 * remaining types are in none of our certificates.
 *
 * Pure functions; what is parsed borrows the extension's bytes.
 */
#ifndef CA_CONSTRAINTS_H
#define CA_CONSTRAINTS_H

#include "codec/cert.h"

enum subtree_type {
	SUBTREE_DNS = 1,
	SUBTREE_IP,
	SUBTREE_EMAIL,
	SUBTREE_URI,
	SUBTREE_DIRECTORY,
	SUBTREE_OTHER /* any otherName: what it says is not looked at */
};

struct subtree {
	enum subtree_type type;
	const char *text; /* DNS, e-mail, URI */
	struct bytes octets; /* IP: address and mask; directory: Name */
};

struct constraints {
	struct subtree *permitted, *excluded;
	size_t permitted_n, excluded_n;
};

#define SUBTREES_MAX 1024u

/* The extension's value.  ERR_MALFORMED, ERR_UNSUPPORTED. */
bool constraints_parse(struct bytes value, struct arena *a,
    struct constraints *out, struct err *err) MUST_CHECK;
/* ERR_IDENTIFIER_REJECTED. */
bool constraints_check_name(const struct constraints *c,
    const struct name *name, struct arena *a, struct err *err) MUST_CHECK;
/* A whole Name; the empty one is never constrained.  ERR_REJECTED. */
bool constraints_check_subject(const struct constraints *c,
    struct bytes subject, struct arena *a, struct err *err) MUST_CHECK;
/* Could any name under this DNS suffix be issued?  For `check`. */
bool constraints_allow_suffix(const struct constraints *c, const char *suffix);

#endif
