#include "ca/bulk.h"
#include "ca/core.h"
#include "codec/json.h"
#include "util/log.h"
#include "util/text.h"

static const char set_prefix[] = "chancery bulk revocation 1";

/* ---- the decision ---- */

static bool
request_check(const struct bulk_request *req, struct err *err)
{
	const struct cert_filter *f = &req->filter;

	if (f->account_id == NULL && f->profile == NULL && f->ca == NULL &&
	    f->name_pattern == NULL && f->created_from == 0 &&
	    f->created_before == 0)
		return fail(err, ERR_MALFORMED,
		    "no criterion; expected a profile, an account, a CA, a "
		    "name pattern or a time of issuance");
	return revocation_check_reason(req->reason, err);
}

/* The reason belongs to what is confirmed, the order of serials is fixed. */
static void
set_hash(int reason, struct bytes serials, uint8_t out[32])
{
	AUTO_BUF b = { 0 };

	buf_printf(&b, "%s %d\n", set_prefix, reason);
	buf_add_bytes(&b, serials);
	digest_sha256(buf_bytes(&b), out);
}

bool
ca_bulk_plan(struct ca *ca, const struct bulk_request *req, struct arena *a,
    struct bulk_plan *out, struct err *err)
{
	struct cert_filter newest = req->filter;
	struct bulk_plan plan = { 0 };
	AUTO_BUF serials = { 0 };

	newest.status = CERT_ISSUED;
	newest.unexpired = true;
	newest.limit = BULK_SAMPLE;
	if (!request_check(req, err) ||
	    !store_bulk_select(
		ca->deps.store, &req->filter, a, &serials, err) ||
	    !store_cert_list(
		ca->deps.store, &newest, a, &plan.sample, &plan.sample_n, err))
		return false;
	plan.count = serials.n / SERIAL_SIZE;
	set_hash(req->reason, buf_bytes(&serials), plan.set_sha256);
	*out = plan;
	return true;
}

static void
put_time(json_t *o, const char *key, int64_t t)
{
	char text[TIME_RFC3339_SIZE];

	if (t == 0)
		return;
	time_format_rfc3339(t, text);
	json_object_set_new(o, key, json_string(text));
}

static const char *
filter_json(const struct cert_filter *f, struct arena *a)
{
	json_t *o = json_object();

	arena_adopt(a, json_t, o);
	if (f->account_id != NULL)
		json_object_set_new(o, "account", json_string(f->account_id));
	if (f->ca != NULL)
		json_object_set_new(o, "ca", json_string(f->ca));
	put_time(o, "issued_from", f->created_from);
	put_time(o, "issued_before", f->created_before);
	if (f->name_pattern != NULL)
		json_object_set_new(o, "name", json_string(f->name_pattern));
	if (f->profile != NULL)
		json_object_set_new(o, "profile", json_string(f->profile));
	return arena_str(a, json_print_compact(o, a));
}

bool
ca_bulk_begin(struct ca *ca, const struct bulk_request *req,
    const uint8_t set_sha256[32], struct arena *a, struct bulk_row *out,
    struct err *err)
{
	char *id = arena_alloc(a, OBJECT_ID_SIZE);
	struct bulk_row row = {
		.id = id, .at = ca_now(ca), .by = req->by, .reason = req->reason
	};
	AUTO_BUF serials = { 0 };

	if (!request_check(req, err) ||
	    !store_bulk_select(ca->deps.store, &req->filter, a, &serials, err))
		return false;
	set_hash(req->reason, buf_bytes(&serials), row.set_sha256);
	if (memcmp(row.set_sha256, set_sha256, sizeof(row.set_sha256)) != 0)
		return fail(err, ERR_CONFLICT,
		    "the hash is not that of the %zu certificates found now "
		    "and this reason: look at them again",
		    serials.n / SERIAL_SIZE);
	if (serials.n == 0)
		return fail(
		    err, ERR_NOT_FOUND, "there is nothing to be revoked");
	random_object_id(&ca->deps.random, row.at, id);
	row.filter_json = filter_json(&req->filter, a);
	row.total = serials.n / SERIAL_SIZE;
	if (!store_bulk_begin(ca->deps.store, &row, buf_bytes(&serials), err))
		return false;
	atomic_store(&ca->bulk_due, true);
	*out = row;
	return true;
}

/* ---- steps ---- */

static void
step_tell(struct ca *ca, const struct revoke_item *items, size_t n, int64_t now)
{
	for (size_t i = 0; i < n; i++) {
		struct cert_row row = *items[i].row;

		if (!items[i].revoked)
			continue;
		row.status = CERT_REVOKED;
		row.revoked_at = now;
		ca_revoked_add(ca, &row);
		atomic_fetch_add(&ca->revoked, 1);
	}
}

/* *n: what is left to be looked at is more than this. */
static bool
compromised_step(struct ca *ca, size_t *n, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	int64_t now = ca_now(ca);
	struct compromised_row *rows;
	struct revoke_item *items;

	if (!store_compromised_list(
		ca->deps.store, now, BULK_STEP, a, &rows, n, err))
		return false;
	if (*n == 0)
		return true;
	items = arena_array(a, *n, sizeof(*items));
	for (size_t i = 0; i < *n; i++) {
		rows[i].cert.reason = REASON_KEY_COMPROMISE;
		items[i].row = &rows[i].cert;
		items[i].by = "compromised key";
		items[i].cause = rows[i].cause;
	}
	if (!store_revoke_step(ca->deps.store, items, *n, REASON_KEY_COMPROMISE,
		false, now, err))
		return false;
	step_tell(ca, items, *n, now);
	log_event(LOG_WARN, "compromised-key", LF_INT("revoked", *n),
	    LF_STR("cause", rows[0].cause));
	return true;
}

static bool
bulk_step(struct ca *ca, struct bulk_step *step, struct arena *a,
    bool *finished, struct err *err)
{
	struct revoke_item *items = arena_array(a, step->n, sizeof(*items));
	int64_t now = ca_now(ca);
	bool block = step->reason == REASON_KEY_COMPROMISE;
	const char *by = arena_printf(a, "%s, bulk %s", step->by, step->id);

	for (size_t i = 0; i < step->n; i++) {
		step->rows[i].reason = step->reason;
		items[i].row = &step->rows[i];
		items[i].by = by;
	}
	/* Before the key is seen as blocked (issue.c). */
	if (!store_bulk_step(
		ca->deps.store, step, items, block, now, finished, err))
		return false;
	step_tell(ca, items, step->n, now);
	if (block)
		key_blocked(ca);
	return true;
}

/* One step of the oldest decision; *any is false when none runs. */
static bool
bulk_next(struct ca *ca, bool *any, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct bulk_step step;
	struct err why = { 0 };
	bool finished = false;

	*any = store_bulk_next(ca->deps.store, a, &step, &why);
	if (!*any) {
		if (why.kind == ERR_NOT_FOUND)
			return true;
		*err = why;
		return false;
	}
	if (!bulk_step(ca, &step, a, &finished, err))
		return false;
	if (finished)
		log_event(LOG_WARN, "bulk-revocation-finished",
		    LF_STR("id", step.id), LF_STR("by", step.by));
	return true;
}

/* The flag is lowered first: what comes meanwhile raises it again. */
static bool
run_some(struct ca *ca, bool *more, struct err *err)
{
	bool any = false;
	size_t n = 0;

	if (atomic_exchange(&ca->sweep_due, false)) {
		if (!compromised_step(ca, &n, err)) {
			atomic_store(&ca->sweep_due, true);
			return false;
		}
		if (n == BULK_STEP)
			atomic_store(&ca->sweep_due, true);
	} else if (atomic_exchange(&ca->bulk_due, false)) {
		if (!bulk_next(ca, &any, err)) {
			atomic_store(&ca->bulk_due, true);
			return false;
		}
		if (any)
			atomic_store(&ca->bulk_due, true);
	}
	*more = atomic_load(&ca->sweep_due) || atomic_load(&ca->bulk_due);
	return true;
}

bool
ca_bulk_run(struct ca *ca, int64_t ms, bool *more, struct err *err)
{
	int64_t end = clock_monotonic_us() + ms * 1000;

	do {
		if (!run_some(ca, more, err))
			return false;
	} while (*more && clock_monotonic_us() < end);
	return true;
}
