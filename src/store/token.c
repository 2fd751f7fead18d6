#include "store/token.h"
#include "store/cert.h"
#include "store/parts.h"
#include "util/fault.h"

#define TOKEN_COLUMNS                                                          \
	"id, secret_sha256, profile, names, uses, uses_left, expires_at, "     \
	"created_at, created_by, revoked_at, used_at, device, service"

static void
token_read(struct query *q, struct arena *a, struct token_row *out)
{
	out->id = column_text(q, a);
	column_fixed(q, out->secret_sha256, sizeof(out->secret_sha256));
	out->profile = column_text(q, a);
	out->names = column_text(q, a);
	out->uses = column_int(q);
	out->uses_left = column_int(q);
	out->expires_at = column_int(q);
	out->created_at = column_int(q);
	out->created_by = column_text(q, a);
	out->revoked_at = column_int(q);
	out->used_at = column_int(q);
	out->device = column_text(q, a);
	out->service = column_text(q, a);
}

static bool
token_read_one(
    struct query *q, struct arena *a, struct token_row *out, struct err *err)
{
	bool row;

	if (!query_next(q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_NOT_FOUND, "there is no such token");
	token_read(q, a, out);
	return true;
}

bool
store_token_get(struct store *s, const char *id, struct arena *a,
    struct token_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q =
	    query(r.db, "SELECT " TOKEN_COLUMNS " FROM token WHERE id = ?1");

	bind_text(&q, id);
	return token_read_one(&q, a, out, err);
}

bool
store_token_get_by_secret(struct store *s, const uint8_t sha256[32],
    struct arena *a, struct token_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " TOKEN_COLUMNS " FROM token WHERE secret_sha256 = ?1");

	bind_hash(&q, sha256);
	return token_read_one(&q, a, out, err);
}

bool
store_token_list(struct store *s, const char *after, unsigned limit,
    struct arena *a, struct token_row **out, size_t *n, struct err *err)
{
	AUTO_ROWS rows = { .size = sizeof(struct token_row) };
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " TOKEN_COLUMNS " FROM token WHERE seq < "
	    "coalesce((SELECT seq FROM token WHERE id = ?1), "
	    "9223372036854775807) ORDER BY seq DESC LIMIT ?2");

	bind_text(&q, after);
	bind_int(&q, limit);
	for (;;) {
		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			break;
		token_read(&q, a, rows_add(&rows));
	}
	*n = rows.n;
	*out = rows_take(&rows, a);
	return true;
}

bool
store_token_use_find(struct store *s, const char *id,
    const uint8_t csr_sha256[32], const char *profile, int64_t since,
    struct arena *a, struct cert_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " CERT_DER_COLUMNS CERT_DER_FROM
	    "WHERE c.id IN (SELECT u.cert_id FROM token_use u JOIN token t ON "
	    "t.id = u.token_id WHERE u.token_id = ?1 AND u.csr_sha256 = ?2 AND "
	    "t.revoked_at = 0) AND c.profile = ?3 AND c.created_at > ?4 AND "
	    "c.status IN (1, 2) ORDER BY c.created_at DESC LIMIT 1");

	bind_text(&q, id);
	bind_hash(&q, csr_sha256);
	bind_text(&q, profile);
	bind_int(&q, since);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_NOT_FOUND,
		    "nothing came of this token and request");
	cert_read_der(&q, a, out);
	return true;
}

/* ---- changes ---- */

struct token_insert {
	const struct token_row *row;
	struct event event;
	/* store_token_ensure */
	int64_t max, since;
};

static bool
token_insert_apply(struct db *db, void *arg, struct err *err)
{
	const struct token_insert *c = arg;
	const struct token_row *row = c->row;
	AUTO_QUERY q = query(db,
	    "INSERT INTO token (id, secret_sha256, profile, names, uses, "
	    "uses_left, expires_at, created_at, created_by, device, service) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8, coalesce(?9, ''), "
	    "coalesce(?10, ''))");

	bind_text(&q, row->id);
	bind_hash(&q, row->secret_sha256);
	bind_text(&q, row->profile);
	bind_text(&q, row->names);
	bind_int(&q, row->uses);
	bind_int(&q, row->expires_at);
	bind_int(&q, row->created_at);
	bind_text(&q, row->created_by);
	bind_text(&q, row->device);
	bind_text(&q, row->service);
	return query_change(&q, NULL, err) &&
	    event_append(db, &c->event, NULL, err);
}

/* Was it shown before? */
static bool
token_is_there(
    struct db *db, const struct token_row *row, bool *there, struct err *err)
{
	AUTO_QUERY q =
	    query(db, "SELECT secret_sha256 = ?2 FROM token WHERE id = ?1");

	bind_text(&q, row->id);
	bind_hash(&q, row->secret_sha256);
	if (!query_next(&q, there, err))
		return false;
	if (*there && column_int(&q) == 0)
		return fail_detail(err, ERR_UNAUTHORIZED,
		    "the enrolment secret cannot be used",
		    "token %s is there with another secret", row->id);
	return true;
}

static bool
token_check_device(struct db *db, const struct token_insert *c, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "SELECT count(*) FROM token WHERE profile = ?1 AND device = ?2 "
	    "AND device <> '' AND created_at > ?3");
	bool row;

	bind_text(&q, c->row->profile);
	bind_text(&q, c->row->device);
	bind_int(&q, c->since);
	if (!query_next(&q, &row, err))
		return false;
	if (row && column_int(&q) >= c->max)
		return fail_detail(err, ERR_RATE_LIMITED,
		    "the device has had as many secrets as it may",
		    "%lld in the period", (long long)c->max);
	return true;
}

static bool
token_ensure_apply(struct db *db, void *arg, struct err *err)
{
	const struct token_insert *c = arg;
	bool there;

	if (!token_is_there(db, c->row, &there, err))
		return false;
	return there ||
	    (token_check_device(db, c, err) &&
		token_insert_apply(db, arg, err));
}

static const char *
text_or_none(const char *s)
{
	return s == NULL || *s == '\0' ? NULL : s;
}

/* The leaf has neither the secret nor its hash: logs are shown to others. */
static bool
token_insert(struct store *s, struct token_insert *c,
    bool (*apply)(struct db *db, void *arg, struct err *err), struct err *err)
{
	const struct token_row *row = c->row;
	AUTO_EVENT e = event("token", row->created_at);

	event_text(&e, "by", row->created_by);
	event_text(&e, "device", text_or_none(row->device));
	event_int(&e, "expires_at", row->expires_at);
	event_text(&e, "id", row->id);
	event_text(&e, "names", row->names);
	event_text(&e, "profile", row->profile);
	event_text(&e, "service", text_or_none(row->service));
	event_int(&e, "uses", row->uses);
	event_end(&e);
	c->event = e;
	FAULT("token.insert.before");
	if (!store_change(s, apply, c, err))
		return false;
	FAULT("token.insert.after");
	return true;
}

bool
store_token_insert(
    struct store *s, const struct token_row *row, struct err *err)
{
	struct token_insert c = { .row = row };

	return token_insert(s, &c, token_insert_apply, err);
}

bool
store_token_ensure(struct store *s, const struct token_row *row, int64_t max,
    int64_t since, struct err *err)
{
	struct token_insert c = { .row = row, .max = max, .since = since };

	return token_insert(s, &c, token_ensure_apply, err);
}

struct token_revoke {
	const char *id;
	int64_t now;
	struct event event;
};

static bool
token_find(struct db *db, const char *id, struct err *err)
{
	AUTO_QUERY q = query(db, "SELECT 1 FROM token WHERE id = ?1");
	bool row;

	bind_text(&q, id);
	if (!query_next(&q, &row, err))
		return false;
	return row || fail(err, ERR_NOT_FOUND, "there is no such token");
}

static bool
token_revoke_apply(struct db *db, void *arg, struct err *err)
{
	const struct token_revoke *c = arg;
	unsigned changed;
	AUTO_QUERY q = query(db,
	    "UPDATE token SET revoked_at = ?2 WHERE id = ?1 AND "
	    "revoked_at = 0");

	bind_text(&q, c->id);
	bind_int(&q, c->now);
	if (!query_change(&q, &changed, err))
		return false;
	return changed == 0 ? token_find(db, c->id, err)
			    : event_append(db, &c->event, NULL, err);
}

bool
store_token_revoke(struct store *s, const char *id, int64_t now, const char *by,
    struct err *err)
{
	struct token_revoke c = { .id = id, .now = now };
	AUTO_EVENT e = event("token-revoked", now);

	event_text(&e, "by", by);
	event_text(&e, "id", id);
	event_end(&e);
	c.event = e;
	return store_change(s, token_revoke_apply, &c, err);
}

/* ---- with an intent ---- */

bool
token_take(struct db *db, const struct cert_row *cert,
    const uint8_t *csr_sha256, struct err *err)
{
	unsigned changed;

	if (cert->token_id == NULL)
		return true;
	AUTO_QUERY q = query(db,
	    "UPDATE token SET uses_left = uses_left - 1, used_at = ?3 WHERE "
	    "id = ?1 AND profile = ?2 AND expires_at > ?3 AND revoked_at = 0 "
	    "AND uses_left > 0");
	AUTO_QUERY use = query(db,
	    "INSERT INTO token_use (cert_id, token_id, csr_sha256) VALUES "
	    "(?1, ?2, ?3)");

	bind_text(&q, cert->token_id);
	bind_text(&q, cert->profile);
	bind_int(&q, cert->created_at);
	if (!query_change(&q, &changed, err))
		return false;
	if (changed == 0)
		return fail_detail(err, ERR_UNAUTHORIZED,
		    "the enrolment secret cannot be used",
		    "token %s is used up, expired, revoked or of another "
		    "profile",
		    cert->token_id);
	bind_text(&use, cert->id);
	bind_text(&use, cert->token_id);
	bind_bytes(
	    &use, csr_sha256 == NULL ? BYTES_NONE : bytes_of(csr_sha256, 32));
	return query_change(&use, NULL, err);
}

bool
token_give_back(struct db *db, const char *cert_id, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "UPDATE token SET uses_left = uses_left + 1 WHERE id = (SELECT "
	    "token_id FROM token_use WHERE cert_id = ?1)");
	AUTO_QUERY use = query(db, "DELETE FROM token_use WHERE cert_id = ?1");

	bind_text(&q, cert_id);
	bind_text(&use, cert_id);
	return query_change(&q, NULL, err) && query_change(&use, NULL, err);
}
