#include <pthread.h>

#include "ca/approval.h"
#include "ca/bulk.h"
#include "ca/crl.h"
#include "ca/responder.h"
#include "ca/status.h"
#include "main/housekeeping.h"
#include "main/own_tls.h"
#include "util/log.h"

#define TICK_MS 200
#define PING_EVERY_MS 1000
#define PING_WAIT_MS 500
/* A probe write costs an fsync: rare while it holds, each second when not. */
#define PROBE_EVERY_MS 10000
#define PROBE_BROKEN_MS 1000
#define CLEAN_EVERY_MS 60000
#define CLEAN_LIMIT 1000
/* A look at the clock; a renewal that failed is tried again later. */
#define TLS_EVERY_MS 1000
#define TLS_FAILED_MS 60000
#define RECOVER_EVERY_MS 1000
#define APPROVALS_EVERY_MS 1000
/* Ten thousand and more between two CRLs, and the signer is still asked in
 * time whether it lives. */
#define BULK_MS 1000

struct housekeeping {
	struct server *server;
	pthread_t thread, compressor, logger;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
	int64_t ping_at, probe_at, clean_at, tls_at, recover_at,
	    approvals_at; /* monotonic ms */
};

static int64_t
now_ms(void)
{
	return clock_monotonic_us() / 1000;
}

static void
measure_store(struct server *s)
{
	struct err err = { 0 };
	bool writable = store_check_writable(s->store, &err);

	if (writable != atomic_exchange(&s->health.store_writable, writable) &&
	    !writable)
		log_err(LOG_ERROR, "store-not-writable", &err);
	if (writable && atomic_exchange(&s->health.status_only, false)) {
		store_set_status_only(s->store, false);
		log_event(LOG_INFO, "store-writable-again",
		    LF_STR("means", "status-only is over"));
	}
}

static void
measure_signer(struct server *s)
{
	struct err err = { 0 };
	bool answers = signer_remote_ping(s->signer, PING_WAIT_MS, &err);

	if (answers != atomic_exchange(&s->health.signer_answers, answers) &&
	    !answers)
		log_err(LOG_ERROR, "signer-does-not-answer", &err);
}

void
housekeeping_measure(struct server *s)
{
	measure_store(s);
	measure_signer(s);
	atomic_store(&s->health.crls_current,
	    ca_crl_current(s->ca, clock_now(&s->clock)));
}

static void
measure_approvals(struct server *s)
{
	struct err err = { 0 };

	if (!ca_approval_measure(s->ca, &err))
		log_err(LOG_WARN, "approvals", &err);
}

static bool
is_due(int64_t *at, int64_t every)
{
	int64_t now = now_ms();

	if (now < *at)
		return false;
	*at = now + every;
	return true;
}

static void
clean(struct server *s)
{
	struct err err = { 0 };
	uint64_t removed;

	if (!store_clean(
		s->store, clock_now(&s->clock), CLEAN_LIMIT, &removed, &err))
		log_err(LOG_WARN, "clean", &err);
	else if (removed > 0)
		log_event(LOG_DEBUG, "clean", LF_INT("removed", removed));
}

/* Intents that a failing signer or store left open while we ran. */
static void
recover(struct server *s)
{
	unsigned finished = 0, voided = 0;
	struct err err = { 0 };

	if (!ca_recover(s->ca, &finished, &voided, &err))
		log_err(LOG_ERROR, "recover", &err);
	if (finished + voided > 0)
		log_event(LOG_WARN, "recovered", LF_INT("finished", finished),
		    LF_INT("voided", voided));
}

/* Before the CRL, which then tells them all. */
static void
revoke_many(struct server *s)
{
	struct err err = { 0 };
	bool more;

	if (!ca_bulk_run(s->ca, BULK_MS, &more, &err))
		log_err(LOG_ERROR, "bulk-revocation", &err);
}

static void
report(bool done, const char *event, struct err *err)
{
	if (!done)
		log_err(LOG_ERROR, event, err);
	err_clear(err);
}

static void
tick_writing(struct housekeeping *h)
{
	struct server *s = h->server;
	struct err err = { 0 };

	if (ca_recover_due(s->ca) && is_due(&h->recover_at, RECOVER_EVERY_MS))
		recover(s);
	revoke_many(s);
	report(ca_crl_run(s->ca, &err), "crl", &err);
	report(ca_responder_run(s->ca, &err), "responder", &err);
	report(ra_run(s->ra, true, &err), "scep-certificate", &err);
	report(acme_run(s->acme, &err), "validations", &err);
	report(intune_run(s->intune, &err), "intune-revocations", &err);
	report(scep_run(s->scep, &err), "inquiries", &err);
	if (is_due(&h->tls_at, TLS_EVERY_MS) && !own_tls_renew(s, &err)) {
		h->tls_at = now_ms() + TLS_FAILED_MS;
		report(false, "own-certificate", &err);
	}
	if (is_due(&h->clean_at, CLEAN_EVERY_MS))
		clean(s);
}

static void
tick(struct housekeeping *h)
{
	struct server *s = h->server;
	struct err err = { 0 };

	if (is_due(&h->ping_at, PING_EVERY_MS))
		measure_signer(s);
	if (is_due(&h->approvals_at, APPROVALS_EVERY_MS))
		measure_approvals(s);
	if (is_due(&h->probe_at,
		atomic_load(&s->health.store_writable) ? PROBE_EVERY_MS
						       : PROBE_BROKEN_MS))
		measure_store(s);
	report(ca_status_run(s->ca, &err), "status", &err);
	/* Invariant 7: status-only means that nothing is written. */
	if (atomic_load(&s->health.status_only))
		report(ca_responder_look(s->ca, &err), "responder", &err);
	else
		tick_writing(h);
	ocsp_run(s->ocsp);
	atomic_store(&s->health.crls_current,
	    ca_crl_current(s->ca, clock_now(&s->clock)));
}

static bool
wait_tick(struct housekeeping *h)
{
	struct timespec until;
	bool stopping;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TICK_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_mutex_lock(&h->lock);
	if (!h->stopping)
		pthread_cond_timedwait(&h->wake, &h->lock, &until);
	stopping = h->stopping;
	pthread_mutex_unlock(&h->lock);
	return !stopping;
}

static void *
run(void *arg)
{
	struct housekeeping *h = arg;

	while (wait_tick(h))
		tick(h);
	return NULL;
}

/* A CRL of a million entries takes a second: not in the way of the rest. */
static void *
compress(void *arg)
{
	struct housekeeping *h = arg;

	while (wait_tick(h))
		ca_crl_compress(h->server->ca);
	return NULL;
}

/* A signer that hangs is waited for as long as ever: CRLs and OCSP answers do
 * not stand behind the checkpoints. */
static void *
sign_log(void *arg)
{
	struct housekeeping *h = arg;
	struct server *s = h->server;

	while (wait_tick(h)) {
		struct err err = { 0 };

		if (!atomic_load(&s->health.status_only))
			report(tlog_run(s->log, &err), "log-checkpoint", &err);
	}
	return NULL;
}

struct housekeeping *
housekeeping_start(struct server *s)
{
	struct housekeeping *h = mem_alloc(sizeof(*h));
	pthread_condattr_t attr;

	h->server = s;
	h->clean_at = now_ms() + CLEAN_EVERY_MS;
	h->tls_at = now_ms() + TLS_EVERY_MS;
	h->probe_at = now_ms() + PROBE_EVERY_MS;
	pthread_mutex_init(&h->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&h->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&h->thread, NULL, run, h) != 0 ||
	    pthread_create(&h->compressor, NULL, compress, h) != 0 ||
	    (s->log != NULL &&
		pthread_create(&h->logger, NULL, sign_log, h) != 0))
		abort();
	return h;
}

void
housekeeping_stop(struct housekeeping *h)
{
	if (h == NULL)
		return;
	pthread_mutex_lock(&h->lock);
	h->stopping = true;
	pthread_cond_broadcast(&h->wake);
	pthread_mutex_unlock(&h->lock);
	pthread_join(h->thread, NULL);
	pthread_join(h->compressor, NULL);
	if (h->server->log != NULL)
		pthread_join(h->logger, NULL);
	pthread_cond_destroy(&h->wake);
	pthread_mutex_destroy(&h->lock);
	free(h);
}
