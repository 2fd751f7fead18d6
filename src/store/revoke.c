#include "store/cert.h"
#include "store/parts.h"
#include "util/fault.h"

struct cert_revoke {
	const struct cert_row *row;
	int reason;
	int64_t now;
	bool block_key;
	struct event event;
};

static bool
key_block(struct db *db, const struct cert_revoke *c, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "INSERT OR IGNORE INTO key_block (spki_sha256, at, cert_id) "
	    "VALUES (?1, ?2, ?3)");

	bind_hash(&q, c->row->spki_sha256);
	bind_int(&q, c->now);
	bind_text(&q, c->row->id);
	return query_change(&q, NULL, err);
}

/* Nothing changed: why not? */
static bool
revoke_fail(struct db *db, const char *id, struct err *err)
{
	AUTO_QUERY q = query(db, "SELECT status FROM cert WHERE id = ?1");
	bool row;

	bind_text(&q, id);
	if (!query_next(&q, &row, err))
		return false;
	if (row && column_int(&q) == CERT_REVOKED)
		return fail(
		    err, ERR_ALREADY_REVOKED, "Certificate already revoked");
	return fail(err, ERR_NOT_FOUND, "no such certificate was issued");
}

static bool
cert_revoke_apply(struct db *db, void *arg, struct err *err)
{
	const struct cert_revoke *c = arg;
	unsigned changed;
	AUTO_QUERY q = query(db,
	    "UPDATE cert SET status = 3, revoked_at = ?2, reason = ?3 WHERE "
	    "id = ?1 AND status = 2");

	bind_text(&q, c->row->id);
	bind_int(&q, c->now);
	bind_int(&q, c->reason);
	if (!query_change(&q, &changed, err))
		return false;
	if (changed == 0)
		return revoke_fail(db, c->row->id, err);
	if (c->block_key && !key_block(db, c, err))
		return false;
	return event_append(db, &c->event, NULL, err);
}

/* What the leaf says of the certificate never changes: a stale read does. */
static bool
revoke_read(struct store *s, const char *id, struct arena *a,
    struct cert_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q =
	    query(r.db, "SELECT " CERT_COLUMNS " FROM cert c WHERE c.id = ?1");

	bind_text(&q, id);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(
		    err, ERR_NOT_FOUND, "no such certificate was issued");
	cert_read(&q, a, out);
	return true;
}

bool
store_cert_revoke(struct store *s, const char *id, int reason, int64_t now,
    const char *by, bool block_key, struct err *err)
{
	struct cert_row row = { 0 };
	struct cert_revoke c = {
		.row = &row,
		.reason = reason,
		.now = now,
		.block_key = block_key,
	};
	AUTO_EVENT e = event("cert-revoked", now);
	AUTO_ARENA *a = arena_new();

	if (!revoke_read(s, id, a, &row, err))
		return false;
	event_bool(&e, "block_key", block_key);
	event_text(&e, "by", by);
	event_text(&e, "id", row.id);
	event_hex(&e, "issuer_key", row.issuer_key, 32);
	event_int(&e, "reason", reason);
	event_hex(&e, "serial", row.serial, sizeof(row.serial));
	event_hex(&e, "spki_sha256", row.spki_sha256, 32);
	event_end(&e);
	c.event = e;
	FAULT("revoke.before");
	if (!store_change(s, cert_revoke_apply, &c, err))
		return false;
	FAULT("revoke.after");
	return true;
}

bool
store_key_is_blocked(struct store *s, const uint8_t spki_sha256[32],
    bool *blocked, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q =
	    query(r.db, "SELECT 1 FROM key_block WHERE spki_sha256 = ?1");

	bind_hash(&q, spki_sha256);
	return query_next(&q, blocked, err);
}

bool
store_revoked_each(struct store *s, const uint8_t issuer_key[32], int64_t since,
    void (*each)(void *ctx, const uint8_t serial[20], int64_t revoked_at,
	int reason, int64_t not_after),
    void *ctx, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	/* Read from the index cert_off alone, in its order. */
	AUTO_QUERY q = query(r.db,
	    "SELECT serial, revoked_at, reason, not_after FROM cert WHERE "
	    "issuer_key = ?1 AND status >= 3 AND not_after >= ?2 ORDER BY "
	    "serial");

	bind_hash(&q, issuer_key);
	bind_int(&q, since);
	for (;;) {
		uint8_t serial[20];
		int64_t at;
		int reason;

		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			return true;
		column_fixed(&q, serial, sizeof(serial));
		at = column_int(&q);
		reason = (int)column_int(&q);
		each(ctx, serial, at, reason, column_int(&q));
	}
}

bool
store_revoked_count(struct store *s, const uint8_t issuer_key[32],
    uint64_t *out, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT count(*) FROM cert WHERE issuer_key = ?1 AND status >= 3");

	bind_hash(&q, issuer_key);
	if (!query_next(&q, &row, err))
		return false;
	*out = row ? (uint64_t)column_int(&q) : 0;
	return true;
}
