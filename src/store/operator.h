/*
 * Named operators as rows.  A removed one stays, so that the record can be
 * read; its name can be given again.
 */
#ifndef STORE_OPERATOR_H
#define STORE_OPERATOR_H

#include "store/store.h"

#define OPERATOR_UID_NONE ((int64_t)-1)

struct operator_row {
	const char *name;
	int64_t uid; /* of run/control.sock's peer; OPERATOR_UID_NONE */
	int64_t added_at;
	const char *added_by;
	int64_t removed_at; /* 0: not */
};

/*
 * While there are operators, added_by must be one (ERR_UNAUTHORIZED); the first
 * is added by whoever owns the socket.  ERR_CONFLICT: name or uid is taken.
 */
bool store_operator_add(struct store *s, const struct operator_row *row,
    struct err *err) MUST_CHECK;
/* by: a current operator (ERR_UNAUTHORIZED).  ERR_NOT_FOUND. */
bool store_operator_remove(struct store *s, const char *name, const char *by,
    int64_t now, struct err *err) MUST_CHECK;
/* Current ones only.  ERR_NOT_FOUND. */
bool store_operator_get(struct store *s, const char *name, struct arena *a,
    struct operator_row *out, struct err *err) MUST_CHECK;
bool store_operator_get_by_uid(struct store *s, int64_t uid, struct arena *a,
    struct operator_row *out, struct err *err) MUST_CHECK;
/* All, removed ones too, newest first. */
bool store_operator_list(struct store *s, struct arena *a,
    struct operator_row **out, size_t *n, struct err *err) MUST_CHECK;

#endif
