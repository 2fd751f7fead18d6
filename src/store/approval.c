#include "store/approval.h"
#include "store/parts.h"
#include "util/fault.h"

#define APPROVAL_COLUMNS                                                       \
	"id, state, protocol, label, profile, requester, client_transaction, " \
	"subject, names, request_sha256, spki_sha256, csr, created_at, "       \
	"expires_at, decided_at, decided_by, reason, cert_id"

const char *
approval_state_name(enum approval_state s)
{
	static const char *const names[] = {
		[APPROVAL_PENDING] = "pending",
		[APPROVAL_APPROVED] = "approved",
		[APPROVAL_REJECTED] = "rejected",
		[APPROVAL_ISSUED] = "issued",
		[APPROVAL_EXPIRED] = "expired",
	};

	return names[s];
}

static void
approval_read(
    struct query *q, int64_t now, struct arena *a, struct approval *out)
{
	out->id = column_text(q, a);
	out->state = (enum approval_state)column_int(q);
	out->protocol = column_text(q, a);
	out->label = column_text(q, a);
	out->profile = column_text(q, a);
	out->requester = column_text(q, a);
	out->transaction = column_text(q, a);
	out->subject = column_text(q, a);
	out->names = column_text(q, a);
	column_fixed(q, out->request_sha256, sizeof(out->request_sha256));
	column_fixed(q, out->spki_sha256, sizeof(out->spki_sha256));
	out->csr = column_bytes(q, a);
	out->created_at = column_int(q);
	out->expires_at = column_int(q);
	out->decided_at = column_int(q);
	out->decided_by = column_text(q, a);
	out->reason = column_text(q, a);
	out->cert_id = column_text(q, a);
	/* Also an approval that nobody came for. */
	if (out->expires_at <= now &&
	    (out->state == APPROVAL_PENDING || out->state == APPROVAL_APPROVED))
		out->state = APPROVAL_EXPIRED;
}

static bool
approval_read_one(struct query *q, int64_t now, struct arena *a,
    struct approval *out, struct err *err)
{
	bool row;

	if (!query_next(q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_NOT_FOUND, "there is no such request");
	approval_read(q, now, a, out);
	return true;
}

bool
store_approval_get(struct store *s, const char *id, struct arena *a,
    struct approval *out, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(
	    r.db, "SELECT " APPROVAL_COLUMNS " FROM approval WHERE id = ?1");

	bind_text(&q, id);
	return approval_read_one(&q, clock_now(&s->clock), a, out, err);
}

/* What is the same request?  Not who sent it: its bytes prove its key. */
#define SAME_REQUEST                                                           \
	" FROM approval WHERE request_sha256 = ?1 AND protocol = ?2 AND "      \
	"label = ?3 AND profile = ?4 AND names = ?5 AND expires_at > ?6 "      \
	"ORDER BY seq DESC LIMIT 1"

static void
bind_request(struct query *q, const struct approval *row, int64_t now)
{
	bind_hash(q, row->request_sha256);
	bind_text(q, row->protocol);
	bind_text(q, row->label);
	bind_text(q, row->profile);
	bind_text(q, row->names);
	bind_int(q, now);
}

bool
store_approval_find_request(struct store *s, const struct approval *row,
    int64_t now, struct arena *a, struct approval *out, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db, "SELECT " APPROVAL_COLUMNS SAME_REQUEST);

	bind_request(&q, row, now);
	return approval_read_one(&q, now, a, out, err);
}

bool
store_approval_find(struct store *s, const char *protocol, const char *label,
    const char *transaction, const uint8_t spki_sha256[32], struct arena *a,
    struct approval *out, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " APPROVAL_COLUMNS " FROM approval WHERE "
	    "client_transaction = ?1 AND protocol = ?2 AND label = ?3 AND "
	    "spki_sha256 = ?4 ORDER BY seq DESC LIMIT 1");

	bind_text(&q, transaction);
	bind_text(&q, protocol);
	bind_text(&q, label);
	bind_hash(&q, spki_sha256);
	return approval_read_one(&q, clock_now(&s->clock), a, out, err);
}

bool
store_approval_list(struct store *s, enum approval_state state,
    const char *after, unsigned limit, struct arena *a, struct approval **out,
    size_t *n, struct err *err)
{
	AUTO_ROWS rows = { .size = sizeof(struct approval) };
	int64_t now = clock_now(&s->clock);
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " APPROVAL_COLUMNS " FROM approval WHERE seq < "
	    "coalesce((SELECT seq FROM approval WHERE id = ?1), "
	    "9223372036854775807) AND (?3 = 0 OR ?3 = CASE WHEN state IN (1, "
	    "2) AND expires_at <= ?4 THEN 5 ELSE state END) ORDER BY seq DESC "
	    "LIMIT ?2");

	bind_text(&q, after);
	bind_int(&q, limit);
	bind_int(&q, state);
	bind_int(&q, now);
	for (;;) {
		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			break;
		approval_read(&q, now, a, rows_add(&rows));
	}
	*n = rows.n;
	*out = rows_take(&rows, a);
	return true;
}

static bool
count_waiting(struct db *db, const char *requester, int64_t now, uint64_t *out,
    struct err *err)
{
	AUTO_QUERY q = query(db,
	    "SELECT count(*) FROM approval WHERE state = 1 AND expires_at > "
	    "?2 AND (?1 IS NULL OR requester = ?1)");
	bool row;

	bind_text(&q, requester);
	bind_int(&q, now);
	if (!query_next(&q, &row, err))
		return false;
	*out = row ? (uint64_t)column_int(&q) : 0;
	return true;
}

bool
store_approval_count_pending(struct store *s, uint64_t *out, struct err *err)
{
	AUTO_LEASE r = { 0 };

	return store_read(s, &r, err) &&
	    count_waiting(r.db, NULL, clock_now(&s->clock), out, err);
}

/* ---- a new request ---- */

struct approval_submit {
	const struct approval *row;
	const struct approval_limits *limits;
	struct arena *arena;
	const char *id;
};

static bool
approval_check_room(
    struct db *db, const struct approval_submit *c, struct err *err)
{
	int64_t now = c->row->created_at;
	uint64_t all, own;

	if (!count_waiting(db, NULL, now, &all, err) ||
	    !count_waiting(db, c->row->requester, now, &own, err))
		return false;
	if (all >= c->limits->pending)
		return fail(err, ERR_BUSY,
		    "%llu requests wait for a decision already",
		    (unsigned long long)all);
	if (own >= c->limits->of_requester)
		return fail(err, ERR_BUSY,
		    "%llu requests of %s wait for a decision already",
		    (unsigned long long)own, c->row->requester);
	return true;
}

static bool
approval_insert(struct db *db, const struct approval *row, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "INSERT INTO approval (id, state, protocol, label, profile, "
	    "requester, client_transaction, subject, names, request_sha256, "
	    "spki_sha256, csr, created_at, expires_at) VALUES (?1, 1, ?2, ?3, "
	    "?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");

	bind_text(&q, row->id);
	bind_text(&q, row->protocol);
	bind_text(&q, row->label);
	bind_text(&q, row->profile);
	bind_text(&q, row->requester);
	bind_text(&q, row->transaction);
	bind_text(&q, row->subject);
	bind_text(&q, row->names);
	bind_hash(&q, row->request_sha256);
	bind_hash(&q, row->spki_sha256);
	bind_bytes(&q, row->csr);
	bind_int(&q, row->created_at);
	bind_int(&q, row->expires_at);
	return query_change(&q, NULL, err);
}

static bool
approval_submit_apply(struct db *db, void *arg, struct err *err)
{
	struct approval_submit *c = arg;
	AUTO_QUERY q = query(db, "SELECT id" SAME_REQUEST);
	bool found;

	bind_request(&q, c->row, c->row->created_at);
	if (!query_next(&q, &found, err))
		return false;
	if (found) {
		c->id = column_text(&q, c->arena);
		return true;
	}
	c->id = c->row->id;
	return approval_check_room(db, c, err) &&
	    approval_insert(db, c->row, err);
}

bool
store_approval_submit(struct store *s, const struct approval *row,
    const struct approval_limits *limits, struct arena *a, const char **id,
    struct err *err)
{
	struct approval_submit c = { .row = row, .limits = limits, .arena = a };

	FAULT("approval.submit.before");
	if (!store_change(s, approval_submit_apply, &c, err))
		return false;
	FAULT("approval.submit.after");
	*id = c.id;
	return true;
}

/* ---- a decision ---- */

struct approval_decide {
	const struct approval_decision *d;
	struct arena *arena;
	struct event event;
};

/* Nothing changed: what stands in the way? */
static bool
fail_decision(struct db *db, const struct approval_decide *c, struct err *err)
{
	AUTO_QUERY q = query(
	    db, "SELECT " APPROVAL_COLUMNS " FROM approval WHERE id = ?1");
	struct approval row;

	bind_text(&q, c->d->id);
	if (!approval_read_one(&q, c->d->at, c->arena, &row, err))
		return false;
	switch (row.state) {
	case APPROVAL_PENDING:
		return fail(err, ERR_CONFLICT,
		    "the request's hash is another: look at it again");
	case APPROVAL_EXPIRED:
		return fail(err, ERR_CONFLICT, "the request has expired");
	case APPROVAL_APPROVED:
	case APPROVAL_REJECTED:
	case APPROVAL_ISSUED:
		break;
	}
	return fail(err, ERR_CONFLICT, "the request is %s already, by %s",
	    row.state == APPROVAL_REJECTED ? "rejected" : "approved",
	    row.decided_by);
}

static bool
approval_decide_apply(struct db *db, void *arg, struct err *err)
{
	const struct approval_decide *c = arg;
	const struct approval_decision *d = c->d;
	unsigned changed;
	AUTO_QUERY q = query(db,
	    "UPDATE approval SET state = ?2, decided_at = ?3, decided_by = ?4, "
	    "reason = ?5 WHERE id = ?1 AND state = 1 AND expires_at > ?3 AND "
	    "request_sha256 = ?6");

	/* Removed since it was asked who acts? */
	if (!operator_check(db, d->by, err))
		return false;
	bind_text(&q, d->id);
	bind_int(&q, d->approve ? APPROVAL_APPROVED : APPROVAL_REJECTED);
	bind_int(&q, d->at);
	bind_text(&q, d->by);
	bind_text(&q, d->reason);
	bind_hash(&q, d->request_sha256);
	if (!query_change(&q, &changed, err))
		return false;
	return changed == 0 ? fail_decision(db, c, err)
			    : event_append(db, &c->event, NULL, err);
}

bool
store_approval_decide(struct store *s, const struct approval_decision *d,
    const struct approval *seen, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct approval_decide c = { .d = d, .arena = a };
	AUTO_EVENT e = event("approval", d->at);

	event_bool(&e, "approved", d->approve);
	event_text(&e, "by", d->by);
	event_text(&e, "id", d->id);
	event_text(&e, "label", seen->label);
	event_text(&e, "names", seen->names);
	event_text(&e, "profile", seen->profile);
	event_text(&e, "protocol", seen->protocol);
	event_text(&e, "reason", d->reason);
	event_hex(&e, "request_sha256", d->request_sha256, 32);
	event_text(&e, "requester", seen->requester);
	event_end(&e);
	c.event = e;
	FAULT("approval.decide.before");
	if (!store_change(s, approval_decide_apply, &c, err))
		return false;
	FAULT("approval.decide.after");
	return true;
}

/* ---- with an intent ---- */

bool
approval_take(struct db *db, const struct cert_row *cert,
    const uint8_t *csr_sha256, struct err *err)
{
	unsigned changed = 0;

	if (cert->approval_id == NULL)
		return true;
	AUTO_QUERY q = query(db,
	    "UPDATE approval SET state = 4, cert_id = ?2 WHERE id = ?1 AND "
	    "state = 2 AND expires_at > ?3 AND profile = ?4 AND "
	    "request_sha256 = ?5");

	bind_text(&q, cert->approval_id);
	bind_text(&q, cert->id);
	bind_int(&q, cert->created_at);
	bind_text(&q, cert->profile);
	bind_bytes(
	    &q, csr_sha256 == NULL ? BYTES_NONE : bytes_of(csr_sha256, 32));
	if (!query_change(&q, &changed, err))
		return false;
	if (changed == 0)
		return fail_detail(err, ERR_UNAUTHORIZED,
		    "the request is not approved, or no longer",
		    "approval %s is not open for this request",
		    cert->approval_id);
	return true;
}

bool
approval_give_back(struct db *db, const char *cert_id, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "UPDATE approval SET state = 2, cert_id = NULL WHERE cert_id = "
	    "?1 AND state = 4");

	bind_text(&q, cert_id);
	return query_change(&q, NULL, err);
}
