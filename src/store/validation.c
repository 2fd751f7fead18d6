#include <stdlib.h>
#include "store/parts.h"
#include "util/fault.h"

/* ---- start ---- */

struct challenge_start {
	const char *authz_id, *account_id;
	enum challenge_type type;
	int64_t now;
	int64_t lease_until; /* 0: it waits to be claimed */
	bool started;
};

/* Nothing changed: is it not theirs, not offered, or under way? */
static bool
challenge_check(struct db *db, const struct challenge_start *c, struct err *err)
{
	AUTO_QUERY q = query(
	    db, "SELECT offered FROM authz WHERE id = ?1 AND account_id = ?2");
	bool row;

	bind_text(&q, c->authz_id);
	bind_text(&q, c->account_id);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(
		    err, ERR_NOT_FOUND, "there is no such authorization");
	if ((column_int(&q) & c->type) == 0)
		return fail(err, ERR_NOT_FOUND,
		    "the authorization does not offer this challenge");
	return true;
}

static bool
challenge_start_apply(struct db *db, void *arg, struct err *err)
{
	struct challenge_start *c = arg;
	unsigned changed;
	AUTO_QUERY q = query(db,
	    "UPDATE authz SET processing = 1, chosen = ?3, attempts = 0 WHERE "
	    "id = ?1 AND account_id = ?2 AND status = 1 AND processing = 0 "
	    "AND (offered & ?3) <> 0 AND expires_at > ?4");
	AUTO_QUERY job = query(db,
	    "INSERT INTO job (authz_seq, type, due_at, lease_until, attempts) "
	    "SELECT seq, ?2, ?3, ?4, ?4 > 0 FROM authz WHERE id = ?1");

	bind_text(&q, c->authz_id);
	bind_text(&q, c->account_id);
	bind_int(&q, c->type);
	bind_int(&q, c->now);
	if (!query_change(&q, &changed, err))
		return false;
	c->started = changed == 1;
	if (!c->started)
		return challenge_check(db, c, err);
	bind_text(&job, c->authz_id);
	bind_int(&job, c->type);
	bind_int(&job, c->now);
	bind_int(&job, c->lease_until);
	return query_change(&job, NULL, err);
}

bool
store_challenge_start(struct store *s, const char *authz_id,
    const char *account_id, enum challenge_type type, int64_t now,
    bool *started, struct err *err)
{
	return store_challenge_start_leased(
	    s, authz_id, account_id, type, now, 0, started, err);
}

bool
store_challenge_start_leased(struct store *s, const char *authz_id,
    const char *account_id, enum challenge_type type, int64_t now,
    int64_t lease_until, bool *started, struct err *err)
{
	struct challenge_start c = { authz_id, account_id, type, now,
		lease_until, false };

	if (!store_change(s, challenge_start_apply, &c, err))
		return false;
	FAULT("challenge.start.after");
	*started = c.started;
	return true;
}

/* ---- claim ---- */

struct validation_claim {
	const char *authz_id; /* NULL: any */
	int64_t now, lease_until;
	unsigned limit;
	/* The caller waits, so its arena is ours meanwhile. */
	struct arena *a;
	struct validation_job *jobs;
	size_t n;
};

/* Jobs of authorizations that expired meanwhile: nobody waits for them. */
static bool
job_drop_expired(struct db *db, int64_t now, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "DELETE FROM job WHERE max(due_at, lease_until) <= ?1 AND "
	    "authz_seq IN (SELECT seq FROM authz WHERE expires_at <= ?1)");

	bind_int(&q, now);
	return query_change(&q, NULL, err);
}

/* The row ids that were leased. */
static bool
job_lease(struct db *db, const struct validation_claim *c, struct rows *seqs,
    struct err *err)
{
	AUTO_QUERY q = query(db,
	    c->authz_id == NULL
		? "UPDATE job SET lease_until = ?2, attempts = attempts + 1 "
		  "WHERE "
		  "authz_seq IN (SELECT authz_seq FROM job WHERE max(due_at, "
		  "lease_until) <= ?1 ORDER BY max(due_at, lease_until) LIMIT "
		  "?3) "
		  "RETURNING authz_seq"
		: "UPDATE job SET lease_until = ?2, attempts = attempts + 1 "
		  "WHERE "
		  "max(due_at, lease_until) <= ?1 AND ?3 > 0 AND "
		  "authz_seq = (SELECT seq FROM authz WHERE id = ?4) "
		  "RETURNING authz_seq");
	bool row;

	bind_int(&q, c->now);
	bind_int(&q, c->lease_until);
	bind_int(&q, c->limit);
	if (c->authz_id != NULL)
		bind_text(&q, c->authz_id);
	for (;;) {
		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			return true;
		*(int64_t *)rows_add(seqs) = column_int(&q);
	}
}

static bool
job_read(struct db *db, int64_t seq, struct arena *a,
    struct validation_job *out, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "SELECT z.id, j.type, j.attempts, z.name_type, z.name, z.token, "
	    "z.wildcard, a.thumbprint FROM job j JOIN authz z ON z.seq = "
	    "j.authz_seq JOIN account a ON a.id = z.account_id WHERE "
	    "j.authz_seq = ?1");
	bool row;

	bind_int(&q, seq);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_INTERNAL,
		    "a validation has no authorization or no account");
	out->authz_id = column_text(&q, a);
	out->type = (enum challenge_type)column_int(&q);
	out->attempt = (unsigned)column_int(&q);
	out->name_type = (unsigned)column_int(&q);
	out->name = column_text(&q, a);
	out->token = column_text(&q, a);
	out->wildcard = column_int(&q) != 0;
	column_fixed(&q, out->thumbprint, sizeof(out->thumbprint));
	return true;
}

static bool
validation_claim_apply(struct db *db, void *arg, struct err *err)
{
	AUTO_ROWS seqs = { .size = sizeof(int64_t) };
	struct validation_claim *c = arg;

	if (!job_drop_expired(db, c->now, err) || !job_lease(db, c, &seqs, err))
		return false;
	c->jobs = arena_array(c->a, seqs.n, sizeof(*c->jobs));
	for (c->n = 0; c->n < seqs.n; c->n++)
		if (!job_read(db, ((int64_t *)seqs.v)[c->n], c->a,
			&c->jobs[c->n], err))
			return false;
	return true;
}

bool
store_validation_claim(struct store *s, int64_t now, int64_t lease_until,
    unsigned limit, struct arena *a, struct validation_job **out, size_t *n,
    struct err *err)
{
	struct validation_claim c = {
		.now = now,
		.lease_until = lease_until,
		.limit = limit,
		.a = a,
	};

	if (!store_change(s, validation_claim_apply, &c, err))
		return false;
	*out = c.jobs;
	*n = c.n;
	return true;
}

bool
store_validation_claim_one(struct store *s, const char *authz_id, int64_t now,
    int64_t lease_until, struct arena *a, struct validation_job *out,
    struct err *err)
{
	struct validation_claim c = {
		.authz_id = authz_id,
		.now = now,
		.lease_until = lease_until,
		.limit = 1,
		.a = a,
	};

	if (!store_change(s, validation_claim_apply, &c, err))
		return false;
	if (c.n == 0)
		return fail(err, ERR_NOT_FOUND,
		    "no validation of this authorization is due");
	*out = c.jobs[0];
	return true;
}

bool
store_validation_next_due(struct store *s, int64_t *at, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT max(due_at, lease_until) FROM job ORDER BY max(due_at, "
	    "lease_until) LIMIT 1");

	if (!query_next(&q, &row, err))
		return false;
	*at = row ? column_int(&q) : 0;
	return true;
}

/* ---- finish ---- */

/* An outcome that waits for the writer, with copies of its texts. */
struct validation_finish {
	struct change change;
	struct validation_outcome o;
	void (*done)(void *arg, const struct err *err);
	void *arg;
	char *authz_id, *record_json, *error_json;
};

static void
validation_finish_free(struct validation_finish *f)
{
	free(f->authz_id);
	free(f->record_json);
	free(f->error_json);
	free(f);
}

/* Only a valid outcome moves the time at which the authorization expires. */
static bool
finish_authz(struct db *db, const struct validation_outcome *o, int64_t *seq,
    struct err *err)
{
	static const enum authz_status becomes[] = {
		[VALIDATION_VALID] = AUTHZ_VALID,
		[VALIDATION_INVALID] = AUTHZ_INVALID,
		[VALIDATION_RETRY] = AUTHZ_PENDING,
	};
	bool valid = o->what == VALIDATION_VALID, row, more;
	AUTO_QUERY q = query(db,
	    "UPDATE authz SET status = ?3, processing = ?4, validated_at = "
	    "?5, expires_at = iif(?6 = 0, expires_at, ?6), error_json = ?7, "
	    "attempts = (SELECT attempts FROM job WHERE authz_seq = seq), "
	    "records_json = json_insert(coalesce(records_json, '[]'), '$[#]', "
	    "json(?8)) WHERE id = ?1 AND status = 1 AND processing = 1 AND "
	    "expires_at > ?2 RETURNING seq");

	bind_text(&q, o->authz_id);
	bind_int(&q, o->at);
	bind_int(&q, becomes[o->what]);
	bind_int(&q, o->what == VALIDATION_RETRY);
	bind_int(&q, valid ? o->at : 0);
	bind_int(&q, valid ? o->expires_at : 0);
	bind_text(&q, valid ? NULL : o->error_json);
	bind_text(&q, o->record_json);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_CONFLICT,
		    "the authorization no longer waits for a validation");
	*seq = column_int(&q);
	return query_next(&q, &more, err);
}

static bool
finish_job(struct db *db, const struct validation_outcome *o, int64_t seq,
    struct err *err)
{
	AUTO_QUERY again = query(db,
	    "UPDATE job SET due_at = ?2, lease_until = 0 WHERE authz_seq = ?1");
	AUTO_QUERY gone = query(db, "DELETE FROM job WHERE authz_seq = ?1");
	struct query *q = o->what == VALIDATION_RETRY ? &again : &gone;

	bind_int(q, seq);
	if (o->what == VALIDATION_RETRY)
		bind_int(q, o->next_at);
	return query_change(q, NULL, err);
}

static bool
validation_finish_apply(struct db *db, void *arg, struct err *err)
{
	const struct validation_finish *f = arg;
	const struct validation_outcome *o = &f->o;
	int64_t seq = 0;

	FAULT("validation.finish.before");
	if (!finish_authz(db, o, &seq, err) || !finish_job(db, o, seq, err))
		return false;
	switch (o->what) {
	case VALIDATION_VALID:
		return order_follow_valid(db, seq, o->at, err);
	case VALIDATION_INVALID:
		return order_follow_invalid(db, seq, o->error_json, err);
	case VALIDATION_RETRY:
		break;
	}
	return true;
}

static void
validation_finish_done(struct change *c, const struct err *err)
{
	struct validation_finish *f = c->arg;

	if (err == NULL)
		FAULT("validation.finish.after");
	if (f->done != NULL)
		f->done(f->arg, err);
	validation_finish_free(f);
}

static char *
copy_text(const char *s)
{
	return s == NULL ? NULL : mem_strdup(s);
}

bool
store_validation_post(struct store *s, const struct validation_outcome *o,
    void (*done)(void *arg, const struct err *err), void *arg, struct err *err)
{
	struct validation_finish *f;

	/* No authorization is valid without a stored probe record. */
	if (o->record_json == NULL || o->record_json[0] == '\0')
		return fail(
		    err, ERR_INTERNAL, "a validation's outcome has no record");
	if (o->what < VALIDATION_VALID || o->what > VALIDATION_RETRY)
		return fail(err, ERR_INTERNAL, "a validation's outcome is %d",
		    (int)o->what);
	f = mem_alloc(sizeof(*f));
	f->o = *o;
	f->o.authz_id = f->authz_id = mem_strdup(o->authz_id);
	f->o.record_json = f->record_json = mem_strdup(o->record_json);
	f->o.error_json = f->error_json = copy_text(o->error_json);
	f->done = done;
	f->arg = arg;
	f->change = (struct change){
		.apply = validation_finish_apply,
		.arg = f,
		.done = validation_finish_done,
	};
	if (writer_post(s->writer, &f->change, err))
		return true;
	validation_finish_free(f);
	return false;
}
