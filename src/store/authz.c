#include "store/authz.h"
#include "store/parts.h"

const char *
authz_status_name(enum authz_status status)
{
	static const char *const names[] = {
		[AUTHZ_PENDING] = "pending",
		[AUTHZ_VALID] = "valid",
		[AUTHZ_INVALID] = "invalid",
		[AUTHZ_DEACTIVATED] = "deactivated",
		[AUTHZ_EXPIRED] = "expired",
		[AUTHZ_REVOKED] = "revoked",
	};

	return names[status];
}

void
authz_read(struct query *q, struct arena *a, int64_t now, struct authz_row *out)
{
	out->id = column_text(q, a);
	out->account_id = column_text(q, a);
	out->name_type = (unsigned)column_int(q);
	out->name = column_text(q, a);
	out->wildcard = column_int(q) != 0;
	out->status = (enum authz_status)column_int(q);
	out->expires_at = column_int(q);
	out->created_at = column_int(q);
	out->token = column_text(q, a);
	out->offered = (unsigned)column_int(q);
	out->chosen = (unsigned)column_int(q);
	out->processing = column_int(q) != 0;
	out->attempts = (unsigned)column_int(q);
	out->validated_at = column_int(q);
	out->error_json = column_text(q, a);
	out->records_json = column_text(q, a);
	if (out->expires_at <= now &&
	    (out->status == AUTHZ_PENDING || out->status == AUTHZ_VALID))
		out->status = AUTHZ_EXPIRED;
	if (out->status != AUTHZ_PENDING)
		out->processing = false;
}

bool
store_authz_get(struct store *s, const char *id, struct arena *a,
    struct authz_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q =
	    query(r.db, "SELECT " AUTHZ_COLUMNS " FROM authz WHERE id = ?1");

	bind_text(&q, id);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(
		    err, ERR_NOT_FOUND, "there is no such authorization");
	authz_read(&q, a, clock_now(&s->clock), out);
	return true;
}

bool
store_authz_find_valid(struct store *s, const char *account_id,
    unsigned name_type, const char *name, bool wildcard, int64_t until,
    struct arena *a, struct authz_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " AUTHZ_COLUMNS " FROM authz WHERE account_id = ?1 AND "
	    "name = ?2 AND name_type = ?3 AND wildcard = ?4 AND status = 2 "
	    "AND expires_at > ?5 ORDER BY expires_at DESC LIMIT 1");

	bind_text(&q, account_id);
	bind_text(&q, name);
	bind_int(&q, name_type);
	bind_int(&q, wildcard);
	bind_int(&q, until);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_NOT_FOUND,
		    "no valid authorization lasts long enough");
	/* Longer than until: it cannot read as expired. */
	authz_read(&q, a, until, out);
	return true;
}

bool
store_authz_covers(struct store *s, const char *account_id,
    const unsigned *types, const char *const *names, const bool *wildcards,
    size_t n, int64_t now, bool *covers, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row = true;

	if (!store_read(s, &r, err))
		return false;
	for (size_t i = 0; row && i < n; i++) {
		AUTO_QUERY q = query(r.db,
		    "SELECT 1 FROM authz WHERE account_id = ?1 AND name = ?2 "
		    "AND name_type = ?3 AND wildcard = ?4 AND status = 2 AND "
		    "expires_at > ?5 LIMIT 1");

		bind_text(&q, account_id);
		bind_text(&q, names[i]);
		bind_int(&q, types[i]);
		bind_int(&q, wildcards[i]);
		bind_int(&q, now);
		if (!query_next(&q, &row, err))
			return false;
	}
	/* No names at all are covered by nobody. */
	*covers = row && n > 0;
	return true;
}

struct authz_deactivate {
	const char *id, *account_id;
	int64_t now;
};

static bool
authz_find(struct db *db, const char *id, const char *account_id, int64_t *seq,
    struct err *err)
{
	AUTO_QUERY q = query(
	    db, "SELECT seq FROM authz WHERE id = ?1 AND account_id = ?2");
	bool row;

	bind_text(&q, id);
	bind_text(&q, account_id);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(
		    err, ERR_NOT_FOUND, "there is no such authorization");
	*seq = column_int(&q);
	return true;
}

static bool
authz_deactivate_apply(struct db *db, void *arg, struct err *err)
{
	const struct authz_deactivate *c = arg;
	unsigned changed;
	int64_t seq = 0;

	if (!authz_find(db, c->id, c->account_id, &seq, err))
		return false;
	AUTO_QUERY q = query(db,
	    "UPDATE authz SET status = 4, processing = 0 WHERE seq = ?1 AND "
	    "status IN (1, 2) AND expires_at > ?2");
	AUTO_QUERY job = query(db, "DELETE FROM job WHERE authz_seq = ?1");

	bind_int(&q, seq);
	bind_int(&q, c->now);
	bind_int(&job, seq);
	if (!query_change(&q, &changed, err))
		return false;
	if (changed == 0)
		return fail(err, ERR_CONFLICT,
		    "the authorization is neither pending nor valid");
	return query_change(&job, NULL, err) &&
	    order_follow_invalid(db, seq, NULL, err);
}

bool
store_authz_deactivate(struct store *s, const char *id, const char *account_id,
    int64_t now, struct err *err)
{
	struct authz_deactivate c = { id, account_id, now };

	return store_change(s, authz_deactivate_apply, &c, err);
}
