#include "store/replay_state.h"

/*
 * Who may decide, what was decided, and the secrets that were handed out.
 * Requests that wait are no leaves; of tokens the log has neither the secret
 * nor its hash; both are cleaned some time after they have expired.
 */
const char replay_enrolment_schema[] =
    "CREATE TABLE operator (name TEXT, uid INTEGER, added_at INTEGER, added_by "
    "TEXT, removed_at INTEGER DEFAULT 0);"
    "CREATE TABLE token (id TEXT PRIMARY KEY, profile TEXT, names TEXT, uses "
    "INTEGER, expires_at INTEGER, created_at INTEGER, created_by TEXT, "
    "device TEXT, service TEXT, revoked_at INTEGER DEFAULT 0) WITHOUT ROWID;"
    "CREATE TABLE approval (id TEXT PRIMARY KEY, approved INTEGER, decided_at "
    "INTEGER, decided_by TEXT, reason TEXT, request_sha256 BLOB, protocol "
    "TEXT, label TEXT, profile TEXT, requester TEXT, names TEXT) WITHOUT ROWID;"
    "CREATE TABLE enrolled (cert_id TEXT, token_id TEXT, approval_id TEXT);"
    "CREATE INDEX enrolled_by_token ON enrolled (token_id) WHERE token_id IS "
    "NOT NULL;"
    "CREATE INDEX enrolled_by_approval ON enrolled (approval_id) WHERE "
    "approval_id IS NOT NULL;";

/* ---- what each kind of event does ---- */

bool
replay_operator_added(struct replaying *r, struct err *err)
{
	AUTO_QUERY q = query(r->db,
	    "INSERT INTO main.operator (name, uid, added_at, added_by) VALUES "
	    "(?1, ?2, ?3, ?4)");
	int64_t uid = -1;

	/* Left out: of nobody in particular. */
	(void)!canonical_get_int(&r->m, "uid", &uid);
	replay_bind_text(&q, r, "name");
	bind_int(&q, uid);
	bind_int(&q, r->at);
	replay_bind_text(&q, r, "by");
	return query_change(&q, NULL, err);
}

bool
replay_operator_removed(struct replaying *r, struct err *err)
{
	AUTO_QUERY q = query(r->db,
	    "UPDATE main.operator SET removed_at = ?2 WHERE name = ?1 AND "
	    "removed_at = 0");

	replay_bind_text(&q, r, "name");
	bind_int(&q, r->at);
	return query_change(&q, NULL, err);
}

bool
replay_token(struct replaying *r, struct err *err)
{
	AUTO_QUERY q = query(r->db,
	    "INSERT OR REPLACE INTO main.token (id, profile, names, uses, "
	    "expires_at, created_at, created_by, device, service) VALUES (?1, "
	    "?2, coalesce(?3, ''), ?4, ?5, ?6, ?7, coalesce(?8, ''), "
	    "coalesce(?9, ''))");

	replay_bind_text(&q, r, "id");
	replay_bind_text(&q, r, "profile");
	replay_bind_text(&q, r, "names");
	replay_bind_int(&q, r, "uses");
	replay_bind_int(&q, r, "expires_at");
	bind_int(&q, r->at);
	replay_bind_text(&q, r, "by");
	replay_bind_text(&q, r, "device");
	replay_bind_text(&q, r, "service");
	return query_change(&q, NULL, err);
}

bool
replay_token_revoked(struct replaying *r, struct err *err)
{
	AUTO_QUERY q =
	    query(r->db, "UPDATE main.token SET revoked_at = ?2 WHERE id = ?1");

	replay_bind_text(&q, r, "id");
	bind_int(&q, r->at);
	return query_change(&q, NULL, err);
}

bool
replay_approval(struct replaying *r, struct err *err)
{
	AUTO_QUERY q = query(r->db,
	    "INSERT OR REPLACE INTO main.approval VALUES (?1, ?2, ?3, ?4, ?5, "
	    "?6, ?7, ?8, ?9, ?10, ?11)");

	replay_bind_text(&q, r, "id");
	bind_int(&q, bytes_is(canonical_get(&r->m, "approved"), "true"));
	bind_int(&q, r->at);
	replay_bind_text(&q, r, "by");
	replay_bind_text(&q, r, "reason");
	replay_bind_hex(&q, r, "request_sha256", 32);
	replay_bind_text(&q, r, "protocol");
	replay_bind_text(&q, r, "label");
	replay_bind_text(&q, r, "profile");
	replay_bind_text(&q, r, "requester");
	replay_bind_text(&q, r, "names");
	return query_change(&q, NULL, err);
}

bool
replay_enrolled(struct replaying *r, struct err *err)
{
	if (canonical_get(&r->m, "token").p == NULL &&
	    canonical_get(&r->m, "approval").p == NULL)
		return true;
	AUTO_QUERY q =
	    query(r->db, "INSERT INTO main.enrolled VALUES (?1, ?2, ?3)");

	replay_bind_text(&q, r, "id");
	replay_bind_text(&q, r, "token");
	replay_bind_text(&q, r, "approval");
	return query_change(&q, NULL, err);
}

/* ---- differences ---- */

#define OPERATOR "name, uid, added_at, added_by, removed_at"

/* A voided certificate has given back what it took. */
#define TAKEN                                                                  \
	"FROM main.enrolled e JOIN main.cert c ON c.id = e.cert_id WHERE "     \
	"c.status <> 4 AND "

static const char *const comparisons[] = {
	"SELECT 'operator ' || name || ': in the live table, but no event of "
	"the log made it so' FROM (SELECT " OPERATOR " FROM live.operator "
	"EXCEPT SELECT " OPERATOR " FROM main.operator)",
	"SELECT 'operator ' || name || ': the log has it, the live table has "
	"not' FROM (SELECT " OPERATOR
	" FROM main.operator EXCEPT SELECT " OPERATOR " FROM live.operator)",

	"SELECT 'token ' || l.id || ': in the live table, but no event of the "
	"log made it' FROM live.token l WHERE NOT EXISTS (SELECT 1 FROM "
	"main.token m WHERE m.id = l.id)",
	"SELECT 'token ' || l.id || ': not as the log says' FROM live.token l "
	"JOIN main.token m ON m.id = l.id WHERE (l.profile, l.names, l.uses, "
	"l.expires_at, l.created_at, l.created_by, l.revoked_at, l.device, "
	"l.service) IS NOT (m.profile, m.names, m.uses, m.expires_at, "
	"m.created_at, m.created_by, m.revoked_at, m.device, m.service) OR "
	"l.uses_left <> l.uses - (SELECT count(*) " TAKEN "e.token_id = l.id)",

	"SELECT 'approval ' || l.id || ': decided in the live table, but by no "
	"event of the log' FROM live.approval l WHERE l.state <> 1 AND NOT "
	"EXISTS (SELECT 1 FROM main.approval m WHERE m.id = l.id)",
	"SELECT 'approval ' || l.id || ': not as the log says' FROM "
	"live.approval l JOIN main.approval m ON m.id = l.id WHERE "
	"(l.decided_at, l.decided_by, l.request_sha256, l.protocol, l.label, "
	"l.profile, l.requester, l.names) IS NOT (m.decided_at, m.decided_by, "
	"m.request_sha256, m.protocol, m.label, m.profile, m.requester, "
	"m.names) OR l.reason IS NOT m.reason OR l.state <> CASE WHEN NOT "
	"m.approved THEN 3 WHEN EXISTS (SELECT 1 " TAKEN
	"e.approval_id = l.id) THEN 4 ELSE 2 END",

	"SELECT 'certificate ' || cert_id || ': it came of token ' || token_id "
	"|| ', which the log does not know' FROM main.enrolled e WHERE "
	"token_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM main.token t WHERE "
	"t.id = e.token_id)",
	"SELECT 'certificate ' || cert_id || ': it came of approval ' || "
	"approval_id || ', which nobody gave' FROM main.enrolled e WHERE "
	"approval_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM main.approval a "
	"WHERE a.id = e.approval_id AND a.approved)",
};

bool
replay_enrolment_compare(struct replaying *r, struct err *err)
{
	for (size_t i = 0; i < COUNT_OF(comparisons); i++)
		if (!replay_differences(r, comparisons[i], err))
			return false;
	return true;
}
