#include "store/cert.h"
#include "store/parts.h"
#include "store/revocation.h"
#include "util/fault.h"

struct cert_revoke {
	const struct cert_row *row;
	int reason;
	int64_t now;
	bool block_key;
	struct event event;
};

bool
key_block_insert(struct db *db, const uint8_t spki_sha256[32], int64_t now,
    const char *cert_id, unsigned *changed, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "INSERT OR IGNORE INTO key_block (spki_sha256, at, cert_id) "
	    "VALUES (?1, ?2, ?3)");

	bind_hash(&q, spki_sha256);
	bind_int(&q, now);
	bind_text(&q, cert_id == NULL ? "" : cert_id);
	return query_change(&q, changed, err);
}

void
cert_revoked_event(struct event *e, const struct cert_row *row, int reason,
    const char *by, const char *cause, bool block_key)
{
	event_bool(e, "block_key", block_key);
	event_text(e, "by", by);
	if (cause != NULL && cause[0] != '\0')
		event_text(e, "cause", cause);
	event_text(e, "id", row->id);
	event_hex(e, "issuer_key", row->issuer_key, 32);
	event_int(e, "reason", reason);
	event_hex(e, "serial", row->serial, sizeof(row->serial));
	event_hex(e, "spki_sha256", row->spki_sha256, 32);
	event_end(e);
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
	if (c->block_key &&
	    !key_block_insert(
		db, c->row->spki_sha256, c->now, c->row->id, NULL, err))
		return false;
	return event_append(db, &c->event, NULL, err);
}

static bool
cert_set_compromised_apply(struct db *db, void *arg, struct err *err)
{
	const struct cert_revoke *c = arg;
	unsigned changed;
	AUTO_QUERY q = query(db,
	    "UPDATE cert SET reason = 1 WHERE id = ?1 AND status = 3 AND "
	    "reason <> 1");

	bind_text(&q, c->row->id);
	if (!query_change(&q, &changed, err))
		return false;
	if (changed == 0)
		return revoke_fail(db, c->row->id, err);
	return key_block_insert(
		   db, c->row->spki_sha256, c->now, c->row->id, NULL, err) &&
	    event_append(db, &c->event, NULL, err);
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
	cert_revoked_event(&e, &row, reason, by, NULL, block_key);
	c.event = e;
	FAULT("revoke.before");
	if (!store_change(s, cert_revoke_apply, &c, err))
		return false;
	FAULT("revoke.after");
	return true;
}

bool
store_cert_set_compromised(struct store *s, const char *id, int64_t now,
    const char *by, struct err *err)
{
	struct cert_row row = { 0 };
	struct cert_revoke c = { .row = &row, .now = now };
	AUTO_EVENT e = event("cert-compromised", now);
	AUTO_ARENA *a = arena_new();

	if (!revoke_read(s, id, a, &row, err))
		return false;
	cert_revoked_event(&e, &row, 1, by, NULL, true);
	c.event = e;
	FAULT("revoke.before");
	if (!store_change(s, cert_set_compromised_apply, &c, err))
		return false;
	FAULT("revoke.after");
	return true;
}

struct key_block {
	const uint8_t *spki_sha256;
	const char *cert_id;
	int64_t now;
	bool blocked;
	struct event event;
};

static bool
key_block_apply(struct db *db, void *arg, struct err *err)
{
	struct key_block *c = arg;
	unsigned changed;

	if (!key_block_insert(
		db, c->spki_sha256, c->now, c->cert_id, &changed, err))
		return false;
	c->blocked = changed != 0;
	return !c->blocked || event_append(db, &c->event, NULL, err);
}

bool
store_key_block(struct store *s, const uint8_t spki_sha256[32],
    const char *cert_id, int64_t now, const char *by, bool *blocked,
    struct err *err)
{
	struct key_block c = {
		.spki_sha256 = spki_sha256,
		.cert_id = cert_id,
		.now = now,
	};
	AUTO_EVENT e = event("key-blocked", now);

	event_text(&e, "by", by);
	event_text(&e, "id", cert_id);
	event_hex(&e, "spki_sha256", spki_sha256, 32);
	event_end(&e);
	c.event = e;
	FAULT("compromise.block.before");
	if (!store_change(s, key_block_apply, &c, err))
		return false;
	FAULT("compromise.block.after");
	*blocked = c.blocked;
	return true;
}

bool
store_cert_secret(struct store *s, const char *id, uint8_t sha256[32],
    bool *has, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT secret_sha256 FROM cert WHERE id = ?1 AND secret_sha256 "
	    "IS NOT NULL");

	bind_text(&q, id);
	if (!query_next(&q, &row, err))
		return false;
	*has = row;
	if (row)
		column_fixed(&q, sha256, 32);
	return true;
}

bool
store_cert_replaced_by(struct store *s, const char *id, struct arena *a,
    struct cert_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " CERT_COLUMNS " FROM cert c WHERE c.replaces = ?1 AND "
	    "c.status IN (2, 3) ORDER BY c.seq DESC LIMIT 1");

	bind_text(&q, id);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(
		    err, ERR_NOT_FOUND, "no certificate replaces this one");
	cert_read(&q, a, out);
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
	int reason, int64_t not_after, unsigned shard),
    void *ctx, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	/* Read from the index cert_off alone, in its order. */
	AUTO_QUERY q = query(r.db,
	    "SELECT serial, revoked_at, reason, not_after, shard FROM cert "
	    "WHERE "
	    "issuer_key = ?1 AND status >= 3 AND not_after >= ?2 ORDER BY "
	    "serial");

	bind_hash(&q, issuer_key);
	bind_int(&q, since);
	for (;;) {
		uint8_t serial[20];
		int64_t at, not_after;
		int reason;

		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			return true;
		column_fixed(&q, serial, sizeof(serial));
		at = column_int(&q);
		reason = (int)column_int(&q);
		not_after = column_int(&q);
		each(ctx, serial, at, reason, not_after,
		    (unsigned)column_int(&q));
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
