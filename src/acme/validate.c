#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>
#include "acme/authz.h"
#include "acme/caa.h"
#include "acme/compare.h"
#include "acme/problem.h"
#include "acme/reply.h"
#include "acme/validate.h"
#include "util/times.h"

/* Beyond the probes' own time-outs: queueing, the store. */
#define LEASE_MARGIN 5
#define BACKOFF_MAX 60
#define CLAIM_MAX 64u
/* So long a CAA lookup counts. */
#define CAA_LIFETIME (8 * 3600)

enum step { STEP_CAA, STEP_CHALLENGE };

/* One try of one job.  One thread at a time. */
struct validation {
	TAILQ_ENTRY(validation) link; /* while it waits for room */
	struct acme *acme;
	const struct acme_state *state;
	struct arena *arena;
	const char *authz_id, *account_url;
	unsigned attempt;
	bool wildcard;
	int64_t lease_until, started_us;
	struct expectation expected;
	enum step step;
	struct probe_request challenge, caa, *request;
	struct json_out record;
	_Atomic uint64_t *counter; /* of the outcome; NULL: not final */
};

TAILQ_HEAD(validation_list, validation);

struct validator {
	pthread_mutex_t lock;
	struct validation_list waiting; /* the probe queue was full */
	_Atomic int64_t running;
	_Atomic uint64_t ok, failed;
	/* For the probe loop alone: it waits for no other. */
	pthread_mutex_t lane_lock;
	struct lane *lane;
};

struct validator *
validator_new(void)
{
	struct validator *v = mem_alloc(sizeof(*v));

	pthread_mutex_init(&v->lock, NULL);
	pthread_mutex_init(&v->lane_lock, NULL);
	TAILQ_INIT(&v->waiting);
	v->lane = lane_new();
	return v;
}

static void
validation_free(struct validation *v)
{
	buf_free(&v->record.text);
	atomic_fetch_sub(&v->acme->validator->running, 1);
	arena_free(v->arena);
}

void
validator_free(struct validator *v)
{
	struct validation *w;

	if (v == NULL)
		return;
	while ((w = TAILQ_FIRST(&v->waiting)) != NULL) {
		TAILQ_REMOVE(&v->waiting, w, link);
		validation_free(w);
	}
	lane_free(v->lane);
	pthread_mutex_destroy(&v->lane_lock);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

int64_t
validation_backoff(unsigned attempt)
{
	int64_t seconds = 1;

	while (attempt-- > 1 && seconds < BACKOFF_MAX)
		seconds *= 3;
	return MIN_OF(seconds, BACKOFF_MAX);
}

static void
validation_log(
    const struct validation *v, const char *outcome, const struct err *why)
{
	log_event(LOG_INFO, "validation", LF_STR("authorization", v->authz_id),
	    LF_STR("type", challenge_type_name(v->expected.type)),
	    LF_STR("name", v->expected.name.text),
	    LF_INT("attempt", v->attempt), LF_STR("outcome", outcome),
	    LF_STR("error", why->kind == ERR_NONE ? NULL : why->shown),
	    LF_INT("ms", (clock_monotonic_us() - v->started_us) / 1000));
}

/* Writer thread: the outcome is committed, or will never be. */
static void
validation_posted(void *arg, const struct err *err)
{
	struct validation *v = arg;

	/* A job whose authorization was given up meanwhile is no fault; any
	 * other comes up again when its lease is over. */
	if (err != NULL && err->kind != ERR_CONFLICT)
		log_err(LOG_WARN, "validation-not-stored", err);
	else if (err == NULL && v->counter != NULL)
		atomic_fetch_add(v->counter, 1);
	http_waits_signal(v->acme->deps.waits, v->authz_id);
	validation_free(v);
}

static json_t *
error_json(const struct err *why)
{
	return problem_json(problem_validation_type(why->kind), why->shown,
	    problem_validation_status(why->kind));
}

/* The try's record, as the store keeps it and the client sees it. */
static const char *
record_text(struct validation *v, int64_t now, const char *outcome,
    const struct err *why)
{
	AUTO(json_t) *error = why->kind == ERR_NONE ? NULL : error_json(why);

	json_out_time(&v->record, "at", now);
	json_out_text(&v->record, "outcome", outcome);
	if (error != NULL)
		json_out_tree(&v->record, "error", error);
	json_out_close(&v->record, '}');
	return (const char *)json_out_compact(&v->record, v->arena).p;
}

/* RFC 8659 section 4.1 wants CAA looked at before issuance; the Baseline
 * Requirements (section 4.2.2.1) say how long before. */
static int64_t
proof_lifetime(const struct validation *v)
{
	int64_t lifetime = v->state->config->acme.authz_lifetime;

	return v->caa.name != NULL ? MIN_OF(lifetime, CAA_LIFETIME) : lifetime;
}

/* why: ERR_NONE for a proof. */
static void
validation_end(struct validation *v, const struct err *why, bool transient)
{
	const struct config *c = v->state->config;
	struct validation_outcome o = {
		.authz_id = v->authz_id,
		.at = clock_now(&v->acme->deps.clock),
	};
	struct err err = { 0 };
	const char *text;

	if (why->kind == ERR_NONE) {
		o.what = VALIDATION_VALID;
		o.expires_at = o.at + proof_lifetime(v);
		v->counter = &v->acme->validator->ok;
		text = "valid";
	} else {
		AUTO(json_t) *error = error_json(why);

		o.error_json =
		    (const char *)json_print_compact(error, v->arena).p;
		if (transient && v->attempt < c->validation.attempts) {
			o.what = VALIDATION_RETRY;
			o.next_at = o.at + validation_backoff(v->attempt);
			text = "retry";
		} else {
			o.what = VALIDATION_INVALID;
			v->counter = &v->acme->validator->failed;
			text = "invalid";
		}
	}
	o.record_json = record_text(v, o.at, text, why);
	validation_log(v, text, why);
	if (!store_validation_post(
		v->acme->deps.store, &o, validation_posted, v, &err))
		validation_posted(v, &err);
}

static void validation_probe(struct validation *v);

static bool
caa_decide(
    const struct validation *v, const struct probe_result *res, struct err *err)
{
	const struct config_strings *us =
	    &v->state->config->acme.caa_identities;
	const struct caa_question q = {
		.identities = us->v,
		.identities_n = us->n,
		.account_url = v->account_url,
		.method = challenge_type_name(v->expected.type),
		.wildcard = v->wildcard,
	};

	if (!res->ok)
		return fail(err, ERR_CAA, "CAA of %s cannot be known: %s",
		    v->expected.name.text, res->err.shown);
	return caa_check(res->caa, res->caa_n, &q, err);
}

static bool
challenge_decide(
    struct validation *v, const struct probe_result *res, struct err *err)
{
	struct validator *validator = v->acme->validator;
	bool ok;

	pthread_mutex_lock(&validator->lane_lock);
	ok = expectation_check(
	    &v->expected, res, validator->lane, v->arena, err);
	pthread_mutex_unlock(&validator->lane_lock);
	return ok;
}

/* Probe loop: nothing here waits. */
static void
validation_probed(void *arg, const struct probe_result *res)
{
	struct validation *v = arg;
	bool caa = v->step == STEP_CAA;
	struct err err = { 0 };

	json_out_raw(&v->record, caa ? "caa" : "probe", res->record_json);
	if (!(caa ? caa_decide(v, res, &err)
		  : challenge_decide(v, res, &err))) {
		validation_end(v, &err, !res->ok && res->transient);
		return;
	}
	if (!caa) {
		validation_end(v, &err, false);
		return;
	}
	v->step = STEP_CHALLENGE;
	v->request = &v->challenge;
	validation_probe(v);
}

static void
validation_probe(struct validation *v)
{
	const struct probe_port *port = &v->acme->deps.probes;
	struct validator *validator = v->acme->validator;
	struct err err = { 0 };

	if (port->start(port->ctx, v->request, validation_probed, v, &err))
		return;
	/* No room: it stays leased and is tried again by validation_run. */
	pthread_mutex_lock(&validator->lock);
	TAILQ_INSERT_TAIL(&validator->waiting, v, link);
	pthread_mutex_unlock(&validator->lock);
}

static bool
caa_is_checked(const struct config *c, const struct validation_job *job)
{
	/* RFC 8659 is about domain names; an address has no CAA. */
	return c->validation.caa == CAA_CHECK && job->name_type == NAME_DNS;
}

/* The record's head; the probes' own records follow. */
static void
record_begin(struct validation *v)
{
	json_out_open(&v->record, NULL, '{');
	json_out_text(
	    &v->record, "type", challenge_type_name(v->expected.type));
	json_out_int(&v->record, "attempt", v->attempt);
}

/* account_id: whose authorization it is, if that is known; NULL: not. */
static bool
validation_begin(struct acme *acme, const struct validation_job *job,
    const char *account_id, int64_t lease_until, struct err *err)
{
	const struct acme_state *state = acme_state(acme);
	bool caa = caa_is_checked(state->config, job);
	struct arena *a = arena_new();
	struct validation *v = arena_alloc(a, sizeof(*v));
	struct authz_row row;

	atomic_fetch_add(&acme->validator->running, 1);
	v->acme = acme;
	v->state = state;
	v->arena = a;
	v->authz_id = arena_strdup(a, job->authz_id);
	v->attempt = job->attempt;
	v->wildcard = job->wildcard;
	v->lease_until = lease_until;
	v->started_us = clock_monotonic_us();
	expectation_make(job, a, &v->expected, &v->challenge);
	record_begin(v);
	v->step = caa ? STEP_CAA : STEP_CHALLENGE;
	v->request = caa ? &v->caa : &v->challenge;
	if (caa && account_id == NULL) {
		/* RFC 8657 wants to know whose request it is. */
		if (!store_authz_get(
			acme->deps.store, v->authz_id, a, &row, err)) {
			validation_free(v);
			return false;
		}
		account_id = row.account_id;
	}
	if (caa) {
		v->account_url = acme_account_url(state, a, account_id);
		v->caa = (struct probe_request){ .kind = PROBE_CAA,
			.name = v->expected.name.text };
	}
	validation_probe(v);
	return true;
}

static int64_t
lease_end(const struct acme_state *s, int64_t now)
{
	const struct config_validation *c = &s->config->validation;
	int64_t probes = c->caa == CAA_CHECK ? 2 : 1;

	return now + probes * c->timeout + LEASE_MARGIN;
}

bool
validation_start(struct acme *acme, const struct authz_row *authz,
    enum challenge_type type, const uint8_t thumbprint[32], int64_t now,
    bool *started, struct err *err)
{
	int64_t until = lease_end(acme_state(acme), now);
	struct validation_job job = { .authz_id = authz->id,
		.type = type,
		.attempt = 1,
		.name_type = authz->name_type,
		.name = authz->name,
		.token = authz->token,
		.wildcard = authz->wildcard };

	if (!store_challenge_start_leased(acme->deps.store, authz->id,
		authz->account_id, type, now, until, started, err))
		return false;
	if (!*started)
		return true;
	memcpy(job.thumbprint, thumbprint, sizeof(job.thumbprint));
	return validation_begin(acme, &job, authz->account_id, until, err);
}

/* Those that found the probe queue full; one whose lease is over is somebody
 * else's. */
static void
waiting_run(struct validator *validator, int64_t now)
{
	struct validation_list list = TAILQ_HEAD_INITIALIZER(list);
	struct validation *v;

	pthread_mutex_lock(&validator->lock);
	TAILQ_CONCAT(&list, &validator->waiting, link);
	pthread_mutex_unlock(&validator->lock);
	while ((v = TAILQ_FIRST(&list)) != NULL) {
		TAILQ_REMOVE(&list, v, link);
		if (now >= v->lease_until)
			validation_free(v);
		else
			validation_probe(v);
	}
}

bool
validation_run(struct acme *acme, struct err *err)
{
	const struct acme_state *s = acme_state(acme);
	int64_t now = clock_now(&acme->deps.clock), due;
	int64_t room = s->config->validation.max_concurrent -
	    atomic_load(&acme->validator->running);
	struct validation_job *jobs;
	AUTO_ARENA *a = NULL;
	size_t n;

	waiting_run(acme->validator, now);
	if (room <= 0)
		return true;
	/* A read, so that an idle server commits nothing. */
	if (!store_validation_next_due(acme->deps.store, &due, err))
		return false;
	if (due == 0 || due > now)
		return true;
	a = arena_new();
	if (!store_validation_claim(acme->deps.store, now, lease_end(s, now),
		(unsigned)MIN_OF(room, CLAIM_MAX), a, &jobs, &n, err))
		return false;
	/* One that cannot be begun comes up again when its lease is over. */
	for (size_t i = 0; i < n; i++) {
		struct err why = { 0 };

		if (!validation_begin(
			acme, &jobs[i], NULL, lease_end(s, now), &why))
			log_err(LOG_WARN, "validation-not-started", &why);
	}
	return true;
}

void
validation_counters(const struct acme *acme, uint64_t *ok, uint64_t *failed)
{
	*ok = atomic_load(&acme->validator->ok);
	*failed = atomic_load(&acme->validator->failed);
}
