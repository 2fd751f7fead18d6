#include "ca/approval.h"
#include "ca/core.h"

static bool
name_check(const char *name, struct err *err)
{
	size_t n = strlen(name);

	if (n == 0 || n > OPERATOR_NAME_MAX ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._@-") != n ||
	    strspn(name, "._@-") != 0)
		return fail(err, ERR_MALFORMED,
		    "\"%.80s\" is no operator's name; expected 1 to %u of a-z, "
		    "0-9 and . _ @ -, a letter or digit first",
		    name, OPERATOR_NAME_MAX);
	return true;
}

bool
ca_operator_add(struct ca *ca, const char *name, int64_t uid, const char *by,
    struct err *err)
{
	const struct operator_row row = {
		.name = name, .uid = uid, .added_at = ca_now(ca), .added_by = by
	};

	if (!name_check(name, err))
		return false;
	/* The last uid_t is no user: chown(2) means "leave it" by it. */
	if (uid < OPERATOR_UID_NONE || uid >= UINT32_MAX)
		return fail(
		    err, ERR_MALFORMED, "%lld is no user's id", (long long)uid);
	return store_operator_add(ca->deps.store, &row, err);
}

bool
ca_operator_remove(
    struct ca *ca, const char *name, const char *by, struct err *err)
{
	return store_operator_remove(ca->deps.store, name, by, ca_now(ca), err);
}

bool
ca_operator_list(struct ca *ca, struct arena *a, struct operator_row **out,
    size_t *n, struct err *err)
{
	return store_operator_list(ca->deps.store, a, out, n, err);
}

static bool
acting_by_uid(struct ca *ca, int64_t uid, struct arena *a,
    struct operator_row *out, struct err *err)
{
	struct err why = { 0 };

	if (store_operator_get_by_uid(ca->deps.store, uid, a, out, &why))
		return true;
	if (why.kind != ERR_NOT_FOUND) {
		*err = why;
		return false;
	}
	return fail(err, ERR_UNAUTHORIZED,
	    "uid %lld is not a named operator: chancery operator add NAME "
	    "--uid %lld makes it one; --as NAME acts as an operator without a "
	    "uid",
	    (long long)uid, (long long)uid);
}

bool
ca_operator_acting(struct ca *ca, int64_t uid, bool owner, const char *as,
    struct arena *a, struct operator_row *out, struct err *err)
{
	struct operator_row row;
	struct err why = { 0 };

	if (as == NULL)
		return acting_by_uid(ca, uid, a, out, err);
	if (!store_operator_get(ca->deps.store, as, a, &row, &why)) {
		if (why.kind != ERR_NOT_FOUND) {
			*err = why;
			return false;
		}
		return fail(err, ERR_UNAUTHORIZED,
		    "%.80s is not a named operator: chancery operator add "
		    "makes one",
		    as);
	}
	if (row.uid != OPERATOR_UID_NONE && row.uid != uid)
		return fail(err, ERR_UNAUTHORIZED,
		    "operator %s has uid %lld, you are uid %lld", row.name,
		    (long long)row.uid, (long long)uid);
	if (row.uid == OPERATOR_UID_NONE && !owner)
		return fail(err, ERR_UNAUTHORIZED,
		    "operator %s has no uid: only root and the server's user "
		    "act as %s",
		    row.name, row.name);
	*out = row;
	return true;
}
