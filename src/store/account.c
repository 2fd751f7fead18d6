#include "store/parts.h"
#include "util/fault.h"

#define ACCOUNT_COLUMNS                                                        \
	"id, thumbprint, jwk, status, contacts, terms_agreed_at, created_at, " \
	"created_from"

const char *
account_status_name(enum account_status status)
{
	static const char *const names[] = {
		[ACCOUNT_VALID] = "valid",
		[ACCOUNT_DEACTIVATED] = "deactivated",
		[ACCOUNT_REVOKED] = "revoked",
	};

	return names[status];
}

static void
account_read(struct query *q, struct arena *a, struct account_row *out)
{
	out->id = column_text(q, a);
	column_fixed(q, out->thumbprint, sizeof(out->thumbprint));
	out->jwk = column_text(q, a);
	out->status = (enum account_status)column_int(q);
	out->contacts = column_text(q, a);
	out->terms_agreed_at = column_int(q);
	out->created_at = column_int(q);
	out->created_from = column_text(q, a);
}

static bool
account_read_one(
    struct query *q, struct arena *a, struct account_row *out, struct err *err)
{
	bool row;

	if (!query_next(q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_NOT_FOUND, "there is no such account");
	account_read(q, a, out);
	return true;
}

bool
store_account_get(struct store *s, const char *id, struct arena *a,
    struct account_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(
	    r.db, "SELECT " ACCOUNT_COLUMNS " FROM account WHERE id = ?1");

	bind_text(&q, id);
	return account_read_one(&q, a, out, err);
}

bool
store_account_get_by_key(struct store *s, const uint8_t thumbprint[32],
    struct arena *a, struct account_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " ACCOUNT_COLUMNS " FROM account WHERE thumbprint = ?1");

	bind_hash(&q, thumbprint);
	return account_read_one(&q, a, out, err);
}

bool
store_account_list(struct store *s, const char *after, unsigned limit,
    struct arena *a, struct account_row **out, size_t *n, struct err *err)
{
	AUTO_ROWS rows = { .size = sizeof(struct account_row) };
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " ACCOUNT_COLUMNS " FROM account WHERE seq < "
	    "coalesce((SELECT seq FROM account WHERE id = ?1), "
	    "9223372036854775807) ORDER BY seq DESC LIMIT ?2");

	bind_text(&q, after);
	bind_int(&q, limit);
	for (;;) {
		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			break;
		account_read(&q, a, rows_add(&rows));
	}
	*n = rows.n;
	*out = rows_take(&rows, a);
	return true;
}

/* ---- changes ---- */

struct account_insert {
	const struct account_row *row;
	struct event event;
};

static bool
account_insert_apply(struct db *db, void *arg, struct err *err)
{
	const struct account_insert *c = arg;
	const struct account_row *row = c->row;
	AUTO_QUERY q = query(db,
	    "INSERT INTO account (" ACCOUNT_COLUMNS ") VALUES "
	    "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

	FAULT("account.insert.before");
	bind_text(&q, row->id);
	bind_hash(&q, row->thumbprint);
	bind_text(&q, row->jwk);
	bind_int(&q, ACCOUNT_VALID);
	bind_text(&q, row->contacts);
	bind_int(&q, row->terms_agreed_at);
	bind_int(&q, row->created_at);
	bind_text(&q, row->created_from);
	return query_change(&q, NULL, err) &&
	    event_append(db, &c->event, NULL, err);
}

bool
store_account_insert(
    struct store *s, const struct account_row *row, struct err *err)
{
	struct account_insert c = { .row = row };
	AUTO_EVENT e = event("account", row->created_at);

	event_text(&e, "id", row->id);
	event_text(&e, "jwk", row->jwk);
	event_hex(&e, "thumbprint", row->thumbprint, sizeof(row->thumbprint));
	event_end(&e);
	c.event = e;
	if (!store_change(s, account_insert_apply, &c, err))
		return false;
	FAULT("account.insert.after");
	return true;
}

struct account_update {
	const char *id, *contacts;
	int64_t now;
	struct event event;
};

/* Nothing changed: is it not there, or not valid? */
static bool
account_fail(struct db *db, const char *id, struct err *err)
{
	AUTO_QUERY q = query(db, "SELECT status FROM account WHERE id = ?1");
	bool row;

	bind_text(&q, id);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_NOT_FOUND, "there is no such account");
	return fail(
	    err, ERR_ACCOUNT_DEACTIVATED, "the account is no longer valid");
}

static bool
account_change_one(
    struct db *db, struct query *q, const char *id, struct err *err)
{
	unsigned changed;

	if (!query_change(q, &changed, err))
		return false;
	return changed == 1 || account_fail(db, id, err);
}

static bool
account_set_contacts_apply(struct db *db, void *arg, struct err *err)
{
	const struct account_update *c = arg;
	AUTO_QUERY q = query(db,
	    "UPDATE account SET contacts = ?2 WHERE id = ?1 AND status = 1");

	bind_text(&q, c->id);
	bind_text(&q, c->contacts);
	return account_change_one(db, &q, c->id, err);
}

bool
store_account_set_contacts(
    struct store *s, const char *id, const char *contacts, struct err *err)
{
	struct account_update c = { .id = id, .contacts = contacts };

	return store_change(s, account_set_contacts_apply, &c, err);
}

/* RFC 8555 section 7.3.6: pending operations of the account are cancelled. */
static const char *const account_cancel[] = {
	"UPDATE orders SET status = 5 WHERE account_id = ?1 AND "
	"status IN (1, 2)",
	"DELETE FROM job WHERE authz_seq IN (SELECT seq FROM authz WHERE "
	"account_id = ?1)",
	"UPDATE authz SET status = 4, processing = 0 WHERE account_id = ?1 AND "
	"status = 1",
};

static bool
account_deactivate_apply(struct db *db, void *arg, struct err *err)
{
	const struct account_update *c = arg;
	AUTO_QUERY q = query(
	    db, "UPDATE account SET status = 2 WHERE id = ?1 AND status = 1");

	bind_text(&q, c->id);
	if (!account_change_one(db, &q, c->id, err))
		return false;
	for (size_t i = 0; i < COUNT_OF(account_cancel); i++) {
		AUTO_QUERY cancel = query(db, account_cancel[i]);

		bind_text(&cancel, c->id);
		if (!query_change(&cancel, NULL, err))
			return false;
	}
	return event_append(db, &c->event, NULL, err);
}

bool
store_account_deactivate(struct store *s, const char *id, int64_t now,
    const char *by, struct err *err)
{
	struct account_update c = { .id = id, .now = now };
	AUTO_EVENT e = event("account-deactivated", now);

	event_text(&e, "by", by);
	event_text(&e, "id", id);
	event_end(&e);
	c.event = e;
	return store_change(s, account_deactivate_apply, &c, err);
}
