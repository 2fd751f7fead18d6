#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "store/migrate.h"
#include "store/replay_state.h"
#include "util/own.h"

/*
 * Tables of the replay's own, with the columns that the log knows: what the
 * server's tables look like today is compared, not copied.
 */
static const char schema[] =
    "CREATE TABLE account (id TEXT PRIMARY KEY, thumbprint BLOB, jwk TEXT, "
    "status INTEGER, created_at INTEGER) WITHOUT ROWID;"
    "CREATE TABLE cert (id TEXT PRIMARY KEY, ca TEXT, issuer_key BLOB, serial "
    "BLOB, status INTEGER, not_before INTEGER, not_after INTEGER, created_at "
    "INTEGER, profile TEXT, profile_hash BLOB, account_id TEXT, order_id TEXT, "
    "requester TEXT, spki_sha256 BLOB, names TEXT, evidence_sha256 BLOB, "
    "replaces TEXT, intent_position INTEGER, issued_position INTEGER DEFAULT "
    "0, revoked_at INTEGER DEFAULT 0, reason INTEGER DEFAULT -1, sig_alg "
    "INTEGER, secret_sha256 BLOB, shard INTEGER, tbs BLOB, signature BLOB);"
    "CREATE TABLE key_block (spki_sha256 BLOB PRIMARY KEY, at INTEGER, "
    "cert_id TEXT) WITHOUT ROWID;"
    "CREATE TABLE profile (hash BLOB PRIMARY KEY, name TEXT, json TEXT, "
    "created_at INTEGER) WITHOUT ROWID;"
    "CREATE TABLE crl (issuer_key BLOB, shard INTEGER, delta INTEGER, number "
    "INTEGER, base INTEGER, ca TEXT, this_update INTEGER, next_update INTEGER, "
    "size INTEGER);";

/* ---- what each kind of event does ---- */

static bool
apply_account(struct replaying *r, struct err *err)
{
	AUTO_QUERY q = query(r->db,
	    "INSERT OR REPLACE INTO main.account VALUES (?1, ?2, ?3, 1, ?4)");

	replay_bind_text(&q, r, "id");
	replay_bind_hex(&q, r, "thumbprint", 32);
	replay_bind_text(&q, r, "jwk");
	bind_int(&q, r->at);
	return query_change(&q, NULL, err);
}

static bool
apply_account_deactivated(struct replaying *r, struct err *err)
{
	AUTO_QUERY q =
	    query(r->db, "UPDATE main.account SET status = 2 WHERE id = ?1");

	replay_bind_text(&q, r, "id");
	return query_change(&q, NULL, err);
}

static bool
apply_cert_intent(struct replaying *r, struct err *err)
{
	AUTO_QUERY q = query(r->db,
	    "INSERT OR REPLACE INTO main.cert (id, ca, issuer_key, serial, "
	    "status, not_before, not_after, created_at, profile, profile_hash, "
	    "account_id, order_id, requester, spki_sha256, names, "
	    "evidence_sha256, replaces, intent_position, sig_alg, tbs, "
	    "secret_sha256, shard) VALUES "
	    "(?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
	    "?15, ?16, ?17, ?18, ?19, ?20, ?21)");

	replay_bind_text(&q, r, "id");
	replay_bind_text(&q, r, "ca");
	replay_bind_hex(&q, r, "issuer_key", 32);
	replay_bind_hex(&q, r, "serial", 20);
	replay_bind_int(&q, r, "not_before");
	replay_bind_int(&q, r, "not_after");
	bind_int(&q, r->at);
	replay_bind_text(&q, r, "profile");
	replay_bind_hex(&q, r, "profile_hash", 32);
	replay_bind_text(&q, r, "account");
	replay_bind_text(&q, r, "order");
	replay_bind_text(&q, r, "requester");
	replay_bind_hex(&q, r, "spki_sha256", 32);
	replay_bind_text(&q, r, "names");
	replay_bind_hex(&q, r, "evidence_sha256", 32);
	replay_bind_text(&q, r, "replaces");
	bind_int(&q, (int64_t)r->position);
	replay_bind_int(&q, r, "sig_alg");
	replay_bind_base64(&q, r, "tbs");
	if (canonical_get(&r->m, "secret_sha256").p == NULL)
		bind_bytes(&q, BYTES_NONE);
	else
		replay_bind_hex(&q, r, "secret_sha256", 32);
	replay_bind_int(&q, r, "shard");
	return query_change(&q, NULL, err) && replay_enrolled(r, err);
}

static bool
apply_cert_issued(struct replaying *r, struct err *err)
{
	AUTO_QUERY q = query(r->db,
	    "UPDATE main.cert SET status = 2, issued_position = ?2, signature "
	    "= ?3 WHERE id = ?1");

	replay_bind_text(&q, r, "id");
	bind_int(&q, (int64_t)r->position);
	replay_bind_base64(&q, r, "signature");
	return query_change(&q, NULL, err);
}

static bool
apply_cert_voided(struct replaying *r, struct err *err)
{
	AUTO_QUERY q = query(r->db,
	    "UPDATE main.cert SET status = 4, revoked_at = ?2 WHERE id = ?1");

	replay_bind_text(&q, r, "id");
	bind_int(&q, r->at);
	return query_change(&q, NULL, err);
}

static bool
block_key(struct replaying *r, struct err *err)
{
	AUTO_QUERY q = query(
	    r->db, "INSERT OR IGNORE INTO main.key_block VALUES (?1, ?2, ?3)");
	const char *id = replay_text(r, "id");

	replay_bind_hex(&q, r, "spki_sha256", 32);
	bind_int(&q, r->at);
	bind_text(&q, id == NULL ? "" : id);
	return query_change(&q, NULL, err);
}

static bool
apply_cert_revoked(struct replaying *r, struct err *err)
{
	AUTO_QUERY q = query(r->db,
	    "UPDATE main.cert SET status = 3, revoked_at = ?2, reason = ?3 "
	    "WHERE id = ?1");

	replay_bind_text(&q, r, "id");
	bind_int(&q, r->at);
	replay_bind_int(&q, r, "reason");
	return query_change(&q, NULL, err) &&
	    (!bytes_is(canonical_get(&r->m, "block_key"), "true") ||
		block_key(r, err));
}

/* Revoked before for another reason: the time stays. */
static bool
apply_cert_compromised(struct replaying *r, struct err *err)
{
	AUTO_QUERY q =
	    query(r->db, "UPDATE main.cert SET reason = 1 WHERE id = ?1");

	replay_bind_text(&q, r, "id");
	return query_change(&q, NULL, err) && block_key(r, err);
}

static bool
apply_profile(struct replaying *r, struct err *err)
{
	AUTO_QUERY q = query(r->db,
	    "INSERT OR IGNORE INTO main.profile VALUES (?1, ?2, ?3, ?4)");

	replay_bind_hex(&q, r, "hash", 32);
	replay_bind_text(&q, r, "name");
	replay_bind_text(&q, r, "json");
	bind_int(&q, r->at);
	return query_change(&q, NULL, err);
}

static bool
apply_crl(struct replaying *r, struct err *err)
{
	AUTO_QUERY q = query(r->db,
	    "INSERT INTO main.crl VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
	    "?9)");

	replay_bind_hex(&q, r, "issuer_key", 32);
	replay_bind_int(&q, r, "shard");
	bind_int(&q, canonical_get(&r->m, "base").p != NULL);
	replay_bind_int(&q, r, "number");
	replay_bind_int(&q, r, "base");
	replay_bind_text(&q, r, "ca");
	replay_bind_int(&q, r, "this_update");
	replay_bind_int(&q, r, "next_update");
	replay_bind_int(&q, r, "size");
	return query_change(&q, NULL, err);
}

static const struct {
	const char *kind;
	bool (*apply)(struct replaying *r, struct err *err);
} kinds[] = {
	{ "account", apply_account },
	{ "account-deactivated", apply_account_deactivated },
	{ "approval", replay_approval },
	{ "cert-compromised", apply_cert_compromised },
	{ "cert-intent", apply_cert_intent },
	{ "cert-issued", apply_cert_issued },
	{ "cert-revoked", apply_cert_revoked },
	{ "cert-voided", apply_cert_voided },
	{ "crl", apply_crl },
	{ "key-blocked", block_key },
	{ "operator-added", replay_operator_added },
	{ "operator-removed", replay_operator_removed },
	{ "profile", apply_profile },
	{ "token", replay_token },
	{ "token-revoked", replay_token_revoked },
};

/* ---- differences ---- */

static void
differs(struct replaying *r, const char *text)
{
	if (r->out.differences_n++ < REPLAY_DIFFERENCES_MAX)
		r->differences[r->out.differences_n - 1] =
		    arena_strdup(r->keep, text);
}

/* Columns beside the key, each compared; NULL-ended. */
struct table {
	const char *name, *key;
	const char *live; /* the live side, a table or a query */
	const char *columns[26];
};

static const struct table tables[] = {
	{ "account", "id", "live.account",
	    { "thumbprint", "jwk", "status", "created_at", NULL } },
	{ "certificate", "id",
	    "(SELECT c.*, d.tbs, d.signature FROM live.cert c LEFT JOIN "
	    "live.cert_der d ON d.cert_seq = c.seq)",
	    { "ca", "issuer_key", "serial", "status", "not_before", "not_after",
		"created_at", "profile", "profile_hash", "account_id",
		"order_id", "requester", "spki_sha256", "names",
		"evidence_sha256", "replaces", "intent_position",
		"issued_position", "revoked_at", "reason", "sig_alg", "tbs",
		"signature", "secret_sha256", "shard", NULL } },
	{ "blocked key", "lower(hex(spki_sha256))", "live.key_block",
	    { "at", "cert_id", NULL } },
	{ "profile", "lower(hex(hash))", "live.profile",
	    { "name", "json", "created_at", NULL } },
};

static const char *
replayed_table(const struct table *t)
{
	static const char *const names[] = { "main.account", "main.cert",
		"main.key_block", "main.profile" };

	return names[t - tables];
}

bool
replay_differences(struct replaying *r, const char *sql, struct err *err)
{
	AUTO_QUERY q = query_once(r->db, sql);
	bool row;

	for (;;) {
		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			return true;
		arena_reset(r->a);
		differs(r, column_text(&q, r->a));
	}
}

static bool
compare_keys(struct replaying *r, const struct table *t, struct err *err)
{
	AUTO_STR *more = mem_printf(
	    "SELECT '%s ' || k || ': in the live table, but no event of the "
	    "log made it' FROM (SELECT %s AS k FROM %s EXCEPT SELECT %s FROM "
	    "%s)",
	    t->name, t->key, t->live, t->key, replayed_table(t));
	AUTO_STR *less = mem_printf(
	    "SELECT '%s ' || k || ': the log has it, the live table has not' "
	    "FROM (SELECT %s AS k FROM %s EXCEPT SELECT %s FROM %s)",
	    t->name, t->key, replayed_table(t), t->key, t->live);

	return replay_differences(r, more, err) &&
	    replay_differences(r, less, err);
}

static bool
compare_columns(struct replaying *r, const struct table *t, struct err *err)
{
	AUTO_BUF sql = { 0 };
	const char *joined = strcmp(t->name, "blocked key") == 0
	    ? "l.spki_sha256 = m.spki_sha256"
	    : strcmp(t->name, "profile") == 0 ? "l.hash = m.hash"
					      : "l.id = m.id";

	buf_printf(&sql,
	    "SELECT '%s ' || k || ':' || w || ' not as the log says' FROM "
	    "(SELECT m.%s AS k, ",
	    t->name,
	    strcmp(t->key, "id") == 0 ? "id"
		: t->name[0] == 'b'   ? "spki_sha256"
				      : "hash");
	for (size_t i = 0; t->columns[i] != NULL; i++)
		buf_printf(&sql, "%siif(l.%s IS NOT m.%s, ' %s', '')",
		    i > 0 ? "||" : "", t->columns[i], t->columns[i],
		    t->columns[i]);
	buf_printf(&sql, " AS w FROM %s l JOIN %s m ON %s) WHERE w <> ''",
	    t->live, replayed_table(t), joined);
	return replay_differences(r, buf_cstr(&sql), err);
}

/* Of CRLs the newest are kept: those that are there must have been published,
 * and the last one of each shard, full and delta, must be there. */
static bool
compare_crls(struct replaying *r, struct err *err)
{
	return replay_differences(r,
		   "SELECT 'CRL ' || number || ' of CA ' || ca || ': in the "
		   "live table, but the log knows no such one' FROM (SELECT "
		   "issuer_key, shard, delta, number, base, ca, this_update, "
		   "next_update, length(der) FROM live.crl WHERE der IS NOT "
		   "NULL EXCEPT SELECT * FROM main.crl)",
		   err) &&
	    replay_differences(r,
		"SELECT 'CRL ' || number || ' of CA ' || ca || ': the last "
		"one that the log knows is not in the live table' FROM "
		"(SELECT issuer_key, shard, delta, max(number) AS number, ca "
		"FROM main.crl GROUP BY issuer_key, shard, delta) m WHERE NOT "
		"EXISTS (SELECT 1 FROM live.crl l WHERE l.issuer_key = "
		"m.issuer_key AND l.shard = m.shard AND l.delta = m.delta AND "
		"l.number = m.number AND l.der IS NOT NULL)",
		err);
}

/* ---- the replay ---- */

static bool
apply_row(struct replaying *r, struct query *rows, struct err *err)
{
	const char *kind = (const char *)sqlite3_column_text(rows->stmt, 1);
	struct bytes body = { sqlite3_column_blob(rows->stmt, 2),
		(size_t)sqlite3_column_bytes(rows->stmt, 2) };

	r->position = (uint64_t)sqlite3_column_int64(rows->stmt, 0);
	r->out.events++;
	arena_reset(r->a);
	if (kind == NULL || !canonical_read(body, &r->m) ||
	    !canonical_get_int(&r->m, "at", &r->at)) {
		AUTO_STR *text =
		    mem_printf("position %llu: the body is not canonical JSON",
			(unsigned long long)r->position);

		differs(r, text);
		return true;
	}
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kind, kinds[i].kind) == 0) {
			r->out.applied++;
			return kinds[i].apply(r, err);
		}
	return true;
}

static bool
apply_rows(struct replaying *r, struct err *err)
{
	AUTO_QUERY rows = query(r->db,
	    "SELECT position, kind, body FROM live.log ORDER BY position");
	bool row;

	for (;;) {
		if (!query_next(&rows, &row, err))
			return false;
		if (!row)
			return true;
		if (!apply_row(r, &rows, err))
			return false;
	}
}

static bool
compare(struct replaying *r, struct err *err)
{
	for (size_t i = 0; i < COUNT_OF(tables); i++)
		if (!compare_keys(r, &tables[i], err) ||
		    !compare_columns(r, &tables[i], err))
			return false;
	return compare_crls(r, err) && replay_enrolment_compare(r, err);
}

static bool
count(struct replaying *r, const char *sql, uint64_t *out, struct err *err)
{
	AUTO_QUERY q = query_once(r->db, sql);
	bool row;

	if (!query_next(&q, &row, err))
		return false;
	*out = row ? (uint64_t)column_int(&q) : 0;
	return true;
}

static bool
count_all(struct replaying *r, struct err *err)
{
	struct replay *o = &r->out;

	return count(
		   r, "SELECT count(*) FROM main.account", &o->accounts, err) &&
	    count(r, "SELECT count(*) FROM main.cert", &o->certificates, err) &&
	    count(r, "SELECT count(*) FROM main.cert WHERE status >= 3",
		&o->revocations, err) &&
	    count(r, "SELECT count(*) FROM main.key_block", &o->blocked_keys,
		err) &&
	    count(r, "SELECT count(*) FROM main.profile", &o->profiles, err) &&
	    count(r, "SELECT count(*) FROM main.crl", &o->crls, err) &&
	    count(r, "SELECT count(*) FROM main.operator WHERE removed_at = 0",
		&o->operators, err) &&
	    count(r, "SELECT count(*) FROM main.token", &o->tokens, err) &&
	    count(r, "SELECT count(*) FROM main.approval", &o->approvals, err);
}

static bool
attach(struct replaying *r, const char *path, struct err *err)
{
	AUTO_QUERY q = query_once(r->db, "ATTACH ?1 AS live");

	bind_text(&q, path);
	return query_change(&q, NULL, err);
}

static bool
run_script(struct replaying *r, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(r->db->sqlite, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK || fail_db(err, r->db, rc, "replay");
}

static bool
replay(struct replaying *r, const char *path, struct err *err)
{
	/* One transaction: one snapshot of the live tables for all of it. */
	return run_script(r,
		   "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; "
		   "PRAGMA cache_size = -65536;",
		   err) &&
	    attach(r, path, err) && run_script(r, "BEGIN", err) &&
	    run_script(r, schema, err) &&
	    run_script(r, replay_enrolment_schema, err) && apply_rows(r, err) &&
	    count_all(r, err) && compare(r, err) &&
	    run_script(r, "COMMIT", err);
}

static bool
live_check(const char *path, struct err *err)
{
	struct db *db;
	int64_t version;
	bool ok;

	if (!db_open(path, DB_READ, &db, err))
		return false;
	ok = migrate_version(db, &version, err);
	db_close(db);
	if (ok && version != migrate_newest())
		return fail(err, ERR_CONFLICT,
		    "the database has schema %lld, this program knows %d",
		    (long long)version, migrate_newest());
	return ok;
}

bool
store_file_replay(const char *path, const char *scratch, struct arena *a,
    struct replay *out, struct err *err)
{
	struct replaying r = { .keep = a, .a = NULL };
	bool ok;
	int fd;

	if (!live_check(path, err))
		return false;
	fd = open(scratch, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_errno(
		    err, ERR_SYSTEM, "cannot make the database %s", scratch);
	close(fd);
	if (!db_open(scratch, DB_CHECKPOINT, &r.db, err))
		return false;
	r.a = arena_new();
	r.differences =
	    arena_array(a, REPLAY_DIFFERENCES_MAX, sizeof(*r.differences));
	ok = replay(&r, path, err);
	db_close(r.db);
	arena_free(r.a);
	r.out.differences = r.differences;
	if (ok)
		*out = r.out;
	return ok;
}
