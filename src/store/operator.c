#include "store/operator.h"
#include "store/parts.h"

#define OPERATOR_COLUMNS "name, uid, added_at, added_by, removed_at"

static void
operator_read(struct query *q, struct arena *a, struct operator_row *out)
{
	out->name = column_text(q, a);
	out->uid = column_int(q);
	out->added_at = column_int(q);
	out->added_by = column_text(q, a);
	out->removed_at = column_int(q);
}

static bool
operator_read_one(
    struct query *q, struct arena *a, struct operator_row *out, struct err *err)
{
	bool row;

	if (!query_next(q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_NOT_FOUND, "there is no such operator");
	operator_read(q, a, out);
	return true;
}

bool
store_operator_get(struct store *s, const char *name, struct arena *a,
    struct operator_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " OPERATOR_COLUMNS " FROM operator WHERE name = ?1 AND "
	    "removed_at = 0");

	bind_text(&q, name);
	return operator_read_one(&q, a, out, err);
}

bool
store_operator_get_by_uid(struct store *s, int64_t uid, struct arena *a,
    struct operator_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " OPERATOR_COLUMNS " FROM operator WHERE uid = ?1 AND "
	    "uid >= 0 AND removed_at = 0");

	bind_int(&q, uid);
	return operator_read_one(&q, a, out, err);
}

bool
store_operator_list(struct store *s, struct arena *a, struct operator_row **out,
    size_t *n, struct err *err)
{
	AUTO_ROWS rows = { .size = sizeof(struct operator_row) };
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " OPERATOR_COLUMNS " FROM operator ORDER BY removed_at, "
	    "seq DESC");

	for (;;) {
		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			break;
		operator_read(&q, a, rows_add(&rows));
	}
	*n = rows.n;
	*out = rows_take(&rows, a);
	return true;
}

/* ---- changes ---- */

struct operator_change {
	const struct operator_row *row;
	struct event event;
};

bool
operator_check(struct db *db, const char *name, struct err *err)
{
	AUTO_QUERY q = query(
	    db, "SELECT 1 FROM operator WHERE name = ?1 AND removed_at = 0");
	bool row;

	bind_text(&q, name);
	if (!query_next(&q, &row, err))
		return false;
	return row ||
	    fail(err, ERR_UNAUTHORIZED, "%s is not a named operator", name);
}

static bool
operator_any(struct db *db, bool *any, struct err *err)
{
	AUTO_QUERY q =
	    query(db, "SELECT 1 FROM operator WHERE removed_at = 0 LIMIT 1");

	return query_next(&q, any, err);
}

/* A second of the same name or uid: nobody could tell who acted. */
static bool
operator_check_free(
    struct db *db, const struct operator_row *row, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "SELECT name = ?1 FROM operator WHERE removed_at = 0 AND (name = "
	    "?1 OR (uid = ?2 AND uid >= 0)) ORDER BY 1 DESC LIMIT 1");
	bool found;

	bind_text(&q, row->name);
	bind_int(&q, row->uid);
	if (!query_next(&q, &found, err))
		return false;
	if (!found)
		return true;
	if (column_int(&q) != 0)
		return fail(err, ERR_CONFLICT,
		    "there is an operator %s already", row->name);
	return fail(err, ERR_CONFLICT, "uid %lld is another operator's",
	    (long long)row->uid);
}

static bool
operator_add_apply(struct db *db, void *arg, struct err *err)
{
	const struct operator_change *c = arg;
	bool any;
	AUTO_QUERY q = query(db,
	    "INSERT INTO operator (name, uid, added_at, added_by) VALUES (?1, "
	    "?2, ?3, ?4)");

	if (!operator_any(db, &any, err) ||
	    (any && !operator_check(db, c->row->added_by, err)) ||
	    !operator_check_free(db, c->row, err))
		return false;
	bind_text(&q, c->row->name);
	bind_int(&q, c->row->uid);
	bind_int(&q, c->row->added_at);
	bind_text(&q, c->row->added_by);
	return query_change(&q, NULL, err) &&
	    event_append(db, &c->event, NULL, err);
}

bool
store_operator_add(
    struct store *s, const struct operator_row *row, struct err *err)
{
	struct operator_change c = { .row = row };
	AUTO_EVENT e = event("operator-added", row->added_at);

	event_text(&e, "by", row->added_by);
	event_text(&e, "name", row->name);
	if (row->uid >= 0)
		event_int(&e, "uid", row->uid);
	event_end(&e);
	c.event = e;
	return store_change(s, operator_add_apply, &c, err);
}

static bool
operator_remove_apply(struct db *db, void *arg, struct err *err)
{
	const struct operator_change *c = arg;
	unsigned changed;
	AUTO_QUERY q = query(db,
	    "UPDATE operator SET removed_at = ?2 WHERE name = ?1 AND "
	    "removed_at = 0");

	if (!operator_check(db, c->row->added_by, err))
		return false;
	bind_text(&q, c->row->name);
	bind_int(&q, c->row->removed_at);
	if (!query_change(&q, &changed, err))
		return false;
	if (changed == 0)
		return fail(err, ERR_NOT_FOUND, "there is no operator %s",
		    c->row->name);
	return event_append(db, &c->event, NULL, err);
}

bool
store_operator_remove(struct store *s, const char *name, const char *by,
    int64_t now, struct err *err)
{
	const struct operator_row row = {
		.name = name,
		.added_by = by,
		.removed_at = now,
	};
	struct operator_change c = { .row = &row };
	AUTO_EVENT e = event("operator-removed", now);

	event_text(&e, "by", by);
	event_text(&e, "name", name);
	event_end(&e);
	c.event = e;
	return store_change(s, operator_remove_apply, &c, err);
}
