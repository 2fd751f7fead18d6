#include "store/authz.h"
#include "store/parts.h"
#include "util/fault.h"

#define ORDER_COLUMNS                                                          \
	"id, account_id, status, expires_at, created_at, names_json, "         \
	"profile, profile_hash, not_before, not_after, error_json, cert_id, "  \
	"csr_sha256"

const char *
order_status_name(enum order_status status)
{
	static const char *const names[] = {
		[ORDER_PENDING] = "pending",
		[ORDER_READY] = "ready",
		[ORDER_PROCESSING] = "processing",
		[ORDER_VALID] = "valid",
		[ORDER_INVALID] = "invalid",
	};

	return names[status];
}

static void
order_read(struct query *q, struct arena *a, int64_t now, struct order_row *out)
{
	out->id = column_text(q, a);
	out->account_id = column_text(q, a);
	out->status = (enum order_status)column_int(q);
	out->expires_at = column_int(q);
	out->created_at = column_int(q);
	out->names_json = column_text(q, a);
	out->profile = column_text(q, a);
	column_fixed(q, out->profile_hash, sizeof(out->profile_hash));
	out->not_before = column_int(q);
	out->not_after = column_int(q);
	out->error_json = column_text(q, a);
	out->cert_id = column_text(q, a);
	column_fixed(q, out->csr_sha256, sizeof(out->csr_sha256));
	/* RFC 8555 section 7.1.6: an order that expires before it is
	 * processed is invalid. */
	if (out->expires_at <= now &&
	    (out->status == ORDER_PENDING || out->status == ORDER_READY))
		out->status = ORDER_INVALID;
}

/*
 * RFC 8555 section 7.1.6: an order is invalid when one of its authorizations
 * expires, so it lasts no longer than the one that ends first.
 */
static void
order_end_with(struct order_row *order, enum authz_status status,
    int64_t expires_at, int64_t now)
{
	if ((order->status != ORDER_PENDING && order->status != ORDER_READY) ||
	    (status != AUTHZ_PENDING && status != AUTHZ_VALID) ||
	    expires_at >= order->expires_at)
		return;
	order->expires_at = expires_at;
	if (expires_at <= now)
		order->status = ORDER_INVALID;
}

/* Which they are never changes, so no transaction ties them to the order's own
 * row. */
static bool
order_read_authz(struct db *db, int64_t now, struct arena *a,
    struct order_row *out, struct err *err)
{
	AUTO_ROWS rows = { .size = sizeof(const char *) };
	AUTO_QUERY q = query(db,
	    "SELECT z.id, z.status, z.expires_at FROM orders o JOIN "
	    "order_authz oa ON oa.order_seq = o.seq JOIN authz z ON z.seq = "
	    "oa.authz_seq WHERE o.id = ?1 ORDER BY oa.n");
	bool row;

	bind_text(&q, out->id);
	for (;;) {
		enum authz_status status;

		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			break;
		*(const char **)rows_add(&rows) = column_text(&q, a);
		status = (enum authz_status)column_int(&q);
		order_end_with(out, status, column_int(&q), now);
	}
	out->authz_n = rows.n;
	out->authz_ids = rows_take(&rows, a);
	return true;
}

bool
store_order_get(struct store *s, const char *id, int64_t now, struct arena *a,
    struct order_row *out, struct err *err)
{
	struct order_row found = { 0 };
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q =
	    query(r.db, "SELECT " ORDER_COLUMNS " FROM orders WHERE id = ?1");

	bind_text(&q, id);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_NOT_FOUND, "there is no such order");
	order_read(&q, a, now, &found);
	query_done(&q);
	if (!order_read_authz(r.db, now, a, &found, err))
		return false;
	*out = found;
	return true;
}

bool
store_order_list(struct store *s, const char *account_id, const char *after,
    unsigned limit, int64_t now, struct arena *a, struct order_row **out,
    size_t *n, struct err *err)
{
	AUTO_ROWS rows = { .size = sizeof(struct order_row) };
	AUTO_LEASE r = { 0 };
	struct order_row *all;
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    account_id == NULL
		? "SELECT " ORDER_COLUMNS
		  " FROM orders WHERE ?1 IS NULL AND seq < "
		  "coalesce((SELECT seq FROM orders WHERE id = ?2), "
		  "9223372036854775807) ORDER BY seq DESC LIMIT ?3"
		: "SELECT " ORDER_COLUMNS
		  " FROM orders WHERE account_id = ?1 AND "
		  "seq < coalesce((SELECT seq FROM orders WHERE id = ?2), "
		  "9223372036854775807) ORDER BY seq DESC LIMIT ?3");

	bind_text(&q, account_id);
	bind_text(&q, after);
	bind_int(&q, limit);
	for (;;) {
		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			break;
		order_read(&q, a, now, rows_add(&rows));
	}
	query_done(&q);
	all = rows_take(&rows, a);
	for (size_t i = 0; i < rows.n; i++)
		if (!order_read_authz(r.db, now, a, &all[i], err))
			return false;
	*n = rows.n;
	*out = all;
	return true;
}

/* ---- insert ---- */

struct order_insert {
	const struct order_row *row;
	const struct authz_row *new_authz;
	size_t new_n;
};

static bool
authz_insert(struct db *db, const struct authz_row *row, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "INSERT INTO authz (id, account_id, name_type, name, wildcard, "
	    "status, expires_at, created_at, token, offered) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8, ?9)");

	bind_text(&q, row->id);
	bind_text(&q, row->account_id);
	bind_int(&q, row->name_type);
	bind_text(&q, row->name);
	bind_int(&q, row->wildcard);
	bind_int(&q, row->expires_at);
	bind_int(&q, row->created_at);
	bind_text(&q, row->token);
	bind_int(&q, row->offered);
	return query_change(&q, NULL, err);
}

static bool
order_row_insert(
    struct db *db, const struct order_row *row, int64_t *seq, struct err *err)
{
	unsigned changed;
	AUTO_QUERY q = query(db,
	    "INSERT INTO orders (id, account_id, status, expires_at, "
	    "created_at, names_json, profile, profile_hash, not_before, "
	    "not_after) SELECT ?1, id, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM "
	    "account WHERE id = ?2 AND status = 1");

	bind_text(&q, row->id);
	bind_text(&q, row->account_id);
	bind_int(&q, row->expires_at);
	bind_int(&q, row->created_at);
	bind_text(&q, row->names_json);
	bind_text(&q, row->profile);
	bind_hash(&q, row->profile_hash);
	bind_int(&q, row->not_before);
	bind_int(&q, row->not_after);
	if (!query_change(&q, &changed, err))
		return false;
	if (changed == 0)
		return fail(err, ERR_ACCOUNT_DEACTIVATED,
		    "the account is not, or no longer, valid");
	*seq = sqlite3_last_insert_rowid(db->sqlite);
	return true;
}

static bool
order_link(
    struct db *db, const struct order_row *row, int64_t seq, struct err *err)
{
	for (size_t i = 0; i < row->authz_n; i++) {
		unsigned changed;
		/* Its own, and one that can still make the order ready. */
		AUTO_QUERY q = query(db,
		    "INSERT INTO order_authz (order_seq, n, authz_seq) "
		    "SELECT ?1, ?2, seq FROM authz WHERE id = ?3 AND "
		    "account_id = ?4 AND status IN (1, 2) AND expires_at > "
		    "?5");

		bind_int(&q, seq);
		bind_int(&q, (int64_t)i);
		bind_text(&q, row->authz_ids[i]);
		bind_text(&q, row->account_id);
		bind_int(&q, row->created_at);
		if (!query_change(&q, &changed, err))
			return false;
		if (changed == 0)
			return fail(err, ERR_CONFLICT,
			    "an authorization of the order is no longer "
			    "pending or valid");
	}
	return true;
}

#define ORDER_IS_SATISFIED                                                     \
	"NOT EXISTS (SELECT 1 FROM order_authz oa JOIN authz z ON z.seq = "    \
	"oa.authz_seq WHERE oa.order_seq = orders.seq AND (z.status <> 2 OR "  \
	"z.expires_at <= ?2))"

static bool
order_insert_apply(struct db *db, void *arg, struct err *err)
{
	const struct order_insert *c = arg;
	int64_t seq = 0;

	FAULT("order.insert.before");
	if (!order_row_insert(db, c->row, &seq, err))
		return false;
	for (size_t i = 0; i < c->new_n; i++)
		if (!authz_insert(db, &c->new_authz[i], err))
			return false;
	if (!order_link(db, c->row, seq, err))
		return false;
	/* New authorizations are pending. */
	if (c->new_n > 0)
		return true;
	AUTO_QUERY q = query(db,
	    "UPDATE orders SET status = 2 WHERE seq = ?1 "
	    "AND " ORDER_IS_SATISFIED);

	bind_int(&q, seq);
	bind_int(&q, c->row->created_at);
	return query_change(&q, NULL, err);
}

bool
store_order_insert(struct store *s, const struct order_row *row,
    const struct authz_row *new_authz, size_t new_n, struct err *err)
{
	struct order_insert c = { row, new_authz, new_n };

	if (row->authz_n == 0 || new_n > row->authz_n)
		return fail(err, ERR_INTERNAL,
		    "an order has %zu authorizations, %zu of them new",
		    row->authz_n, new_n);
	if (!store_change(s, order_insert_apply, &c, err))
		return false;
	FAULT("order.insert.after");
	return true;
}

/* ---- transitions ---- */

bool
order_follow_valid(
    struct db *db, int64_t authz_seq, int64_t now, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "UPDATE orders SET status = 2 WHERE status = 1 AND seq IN "
	    "(SELECT order_seq FROM order_authz WHERE authz_seq = ?1) "
	    "AND " ORDER_IS_SATISFIED);

	bind_int(&q, authz_seq);
	bind_int(&q, now);
	return query_change(&q, NULL, err);
}

bool
order_follow_invalid(
    struct db *db, int64_t authz_seq, const char *error_json, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "UPDATE orders SET status = 5, error_json = ?2 WHERE "
	    "status IN (1, 2) AND seq IN (SELECT order_seq FROM order_authz "
	    "WHERE authz_seq = ?1)");

	bind_int(&q, authz_seq);
	bind_text(&q, error_json);
	return query_change(&q, NULL, err);
}
