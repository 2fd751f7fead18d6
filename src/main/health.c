#include <inttypes.h>

#include "ca/crl.h"
#include "ca/responder.h"
#include "ca/status.h"
#include "ca/tlog.h"
#include "main/health.h"

static void
answer(struct http_resp *resp, int status, const char *type, struct bytes body)
{
	resp->status = status;
	http_resp_header(resp, "Content-Type", type);
	http_resp_header(resp, "Cache-Control", "no-store");
	resp->body = body;
}

/* Alive: the loop that answers runs. */
static void
get_healthz(void *ctx, struct http_req *req, struct http_resp *resp)
{
	const struct health *h = ctx;

	answer(resp, 200, "text/plain",
	    bytes_str(h->testing ? "ok testing\n" : "ok\n"));
	(void)req;
}

/* Ready: store writable, signer answers, CRLs current (interfaces). */
static void
get_readyz(void *ctx, struct http_req *req, struct http_resp *resp)
{
	const struct health *h = ctx;
	bool store = atomic_load(&h->store_writable);
	bool signer = atomic_load(&h->signer_answers);
	bool crls = atomic_load(&h->crls_current);
	bool ready = store && signer && crls && !atomic_load(&h->draining);

	answer(resp, ready ? 200 : 503, "text/plain",
	    bytes_str(arena_printf(req->arena,
		"%s\nstore %s\nsigner %s\ncrls %s\n%s%s",
		ready ? "ready" : "not ready",
		store ? "writable" : "not writable",
		signer ? "answers" : "does not answer",
		crls ? "current" : "not current",
		atomic_load(&h->status_only) ? "status only\n" : "",
		atomic_load(&h->draining) ? "draining\n" : "")));
}

static void
counter(struct buf *b, const char *name, const char *help, uint64_t value)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s counter\n%s %" PRIu64 "\n", name,
	    help, name, name, value);
}

static void
gauge(struct buf *b, const char *name, const char *help, uint64_t value)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s gauge\n%s %" PRIu64 "\n", name,
	    help, name, name, value);
}

/* What ends: certificates of CAs, and CRLs, whoever makes them. */
static void
cas_print(struct health *h, int64_t now, struct buf *b)
{
	const struct ca_view *cas;
	size_t n = ca_list(h->ca, &cas);

	buf_printf(b,
	    "# HELP chancery_ca_expires_seconds Until a CA's certificate "
	    "ends.\n# TYPE chancery_ca_expires_seconds gauge\n");
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "chancery_ca_expires_seconds{ca=\"%s\"} %lld\n",
		    cas[i].name, (long long)(cas[i].cert.not_after - now));
	buf_printf(b,
	    "# HELP chancery_crl_expires_seconds Until a CA's CRL ends.\n"
	    "# TYPE chancery_crl_expires_seconds gauge\n");
	for (size_t i = 0; i < n; i++) {
		int64_t expires = 0;
		struct blob *crl = ca_artefact(
		    h->ca, cas[i].name, CA_CRL, NULL, NULL, &expires);

		if (crl == NULL)
			continue;
		blob_unref(crl);
		buf_printf(b, "chancery_crl_expires_seconds{ca=\"%s\"} %lld\n",
		    cas[i].name, (long long)(expires - now));
	}
}

/* Of every CRL that should be there: what an alarm at a fraction of its life is
 * made of.  None yet has ended, and is as old as can be. */
static void
crls_print(struct buf *b, struct ca *ca, int64_t now)
{
	static const char *const names[] = { "chancery_crl_age_seconds",
		"chancery_crl_left_seconds", "chancery_crl_entries" };
	static const char *const helps[] = { "Since thisUpdate.",
		"Until nextUpdate; negative: it has passed.",
		"Revoked certificates on it." };
	AUTO_ARENA *a = arena_new();
	struct ca_crl_view *v;
	size_t n = ca_crl_list(ca, NULL, a, &v);

	for (size_t k = 0; k < COUNT_OF(names); k++) {
		buf_printf(b, "# HELP %s %s\n# TYPE %s gauge\n", names[k],
		    helps[k], names[k]);
		for (size_t i = 0; i < n; i++) {
			const int64_t values[] = { now - v[i].this_update,
				v[i].next_update - now, (int64_t)v[i].entries };

			buf_printf(b, "%s{path=\"%s\"} %lld\n", names[k],
			    v[i].path, (long long)values[k]);
		}
	}
}

static void
responders(struct buf *b, struct ca *ca, int64_t now)
{
	static const char name[] = "chancery_ocsp_responder_not_after_seconds";
	const struct ca_view *cas;
	size_t n = ca_list(ca, &cas);

	buf_printf(b,
	    "# HELP %s End of the responder's certificate that signs now; 0: "
	    "none.\n# TYPE %s gauge\n",
	    name, name);
	for (size_t i = 0; i < n; i++) {
		struct err ignored = { 0 };
		struct responder r;
		bool live;

		if (!cas[i].online)
			continue;
		live = ca_responder_get(ca, cas[i].key, now, &r, &ignored);
		buf_printf(b, "%s{ca=\"%s\"} %" PRId64 "\n", name, cas[i].name,
		    live ? r.not_after : 0);
	}
}

static void
ocsp_metrics(struct health *h, int64_t now, struct buf *b)
{
	static const char *const hashes[OCSP_HASHES] = { "sha1", "sha256",
		"other" };
	static const char name[] = "chancery_ocsp_requests_total";
	struct ocsp_counters c;

	ocsp_counters_get(h->ocsp, &c);
	buf_printf(b,
	    "# HELP %s Answered, by status and the hash of the CertID.\n"
	    "# TYPE %s counter\n",
	    name, name);
	for (size_t i = 0; i < OCSP_OUTCOMES; i++)
		for (size_t k = 0; k < OCSP_HASHES; k++)
			buf_printf(b,
			    "%s{status=\"%s\",hash=\"%s\"} %" PRIu64 "\n", name,
			    ocsp_outcome_name((enum ocsp_outcome)i), hashes[k],
			    c.requests[i][k]);
	counter(b, "chancery_ocsp_nonces_total", "Requests with a nonce.",
	    c.nonces);
	counter(b, "chancery_ocsp_cache_hits_total", "Answered from the cache.",
	    c.hits);
	counter(b, "chancery_ocsp_signed_total", "Answers signed.",
	    c.signed_answers);
	counter(b, "chancery_ocsp_refreshed_total",
	    "Of them, signed ahead of time.", c.refreshed);
	counter(b, "chancery_ocsp_shed_total",
	    "tryLater because too many were being signed.", c.shed);
	gauge(b, "chancery_ocsp_cached", "Answers in the cache.", c.cached);
	gauge(b, "chancery_ocsp_cached_bytes", "Memory of the cache.",
	    c.cached_octets);
	gauge(b, "chancery_ocsp_oldest_seconds",
	    "Age of the oldest cached answer.",
	    c.oldest == 0 || c.oldest > now ? 0 : (uint64_t)(now - c.oldest));
}

static void
scep_metrics(struct health *h, int64_t now, struct buf *b)
{
	static const char name[] = "chancery_scep_messages_total",
			  until[] = "chancery_scep_certificate_not_after_"
				    "seconds";
	const struct scep_counts *c = scep_counts(h->scep);
	const struct ra_cert *certs[RA_CERTS_MAX];
	const struct ca_view *cas;
	size_t n = ca_list(h->ca, &cas);

	buf_printf(b,
	    "# HELP %s Answered, by type and outcome; refused is by HTTP.\n"
	    "# TYPE %s counter\n",
	    name, name);
	for (size_t i = 0; i < SCEP_KINDS; i++)
		for (size_t k = 0; k < SCEP_OUTCOMES; k++)
			buf_printf(b,
			    "%s{type=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
			    name, scep_kind_name(i), scep_outcome_name(k),
			    (uint64_t)atomic_load(&c->n[i][k]));
	buf_printf(b,
	    "# HELP %s End of the server's certificate that GetCACert gives.\n"
	    "# TYPE %s gauge\n",
	    until, until);
	for (size_t i = 0; i < n; i++)
		if (ra_certs(h->ra, cas[i].name, now, certs) > 0)
			buf_printf(b, "%s{ca=\"%s\"} %" PRId64 "\n", until,
			    cas[i].name, certs[0]->cert.not_after);
	/* Not a part of /readyz: other profiles and protocols go on. */
	scep_service_metrics(h->scep, b);
}

static void
status_metrics(struct health *h, struct buf *b)
{
	size_t certificates, octets;

	ca_status_usage(h->ca, &certificates, &octets);
	gauge(b, "chancery_status_certificates",
	    "Certificates whose status is in memory.", certificates);
	gauge(b, "chancery_status_bytes", "Memory for them.", octets);
}

/* Not a part of /readyz: a log that is not signed stops nothing. */
static void
log_metrics(struct tlog *log, int64_t now, struct buf *b)
{
	struct blob *checkpoint;
	int64_t at = now;

	if (log == NULL)
		return;
	checkpoint = tlog_checkpoint(log, NULL, &at);
	if (checkpoint != NULL)
		blob_unref(checkpoint);
	gauge(b, "chancery_log_entries", "Entries of the newest checkpoint.",
	    tlog_size(log));
	gauge(b, "chancery_log_checkpoint_age_seconds",
	    "Age of the newest checkpoint; rises while nothing is logged.",
	    checkpoint == NULL || at > now ? 0 : (uint64_t)(now - at));
	gauge(b, "chancery_log_waiting",
	    "Entries that no checkpoint covers yet.", tlog_waiting(log));
}

static void
outgoing_metrics(struct outgoing *o, struct buf *b)
{
	struct outgoing_counts c = outgoing_count(o);

	counter(b, "chancery_outgoing_answered_total",
	    "Calls to services that brought an HTTP answer.", c.answered);
	counter(b, "chancery_outgoing_failed_total", "Calls that brought none.",
	    c.failed);
	counter(b, "chancery_outgoing_refused_total",
	    "Calls not made because too many waited.", c.refused);
	gauge(b, "chancery_outgoing_running", "Calls that run.", c.running);
	gauge(b, "chancery_outgoing_waiting", "Calls that wait.", c.waiting);
}

static void
get_metrics(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct health *h = ctx;
	struct net *net = atomic_load(&h->net);
	struct store_counters st;
	struct ca_counters ca;
	struct acme_counters acme;
	struct buf b = { 0 };

	store_counters_get(h->store, &st);
	ca_counters_get(h->ca, &ca);
	acme_counters_get(h->acme, &acme);
	counter(&b, "chancery_store_commits_total",
	    "Commits, each one fsync of the write-ahead log.", st.commits);
	counter(&b, "chancery_store_changes_total", "Changes committed.",
	    st.changes);
	counter(&b, "chancery_store_failed_changes_total", "Changes refused.",
	    st.failed_changes);
	counter(&b, "chancery_store_full_total", "Groups lost to a full disk.",
	    st.full_disk);
	gauge(&b, "chancery_store_queue", "Changes waiting.", st.queue_depth);
	counter(&b, "chancery_journal_syncs_total",
	    "fdatasyncs of the signer's journal.",
	    signer_remote_syncs(h->signer));
	counter(&b, "chancery_certificates_issued_total", "Issued.", ca.issued);
	counter(
	    &b, "chancery_certificates_refused_total", "Refused.", ca.refused);
	counter(
	    &b, "chancery_certificates_revoked_total", "Revoked.", ca.revoked);
	gauge(&b, "chancery_approvals_pending",
	    "Requests that wait for an operator.", ca.approvals_pending);
	counter(&b, "chancery_crls_total", "CRLs published.", ca.crls);
	responders(&b, h->ca, req->now);
	counter(&b, "chancery_acme_validations_ok_total", "Held.",
	    acme.validations_ok);
	counter(&b, "chancery_acme_validations_failed_total", "Failed.",
	    acme.validations_failed);
	counter(&b, "chancery_acme_nonces_issued_total", "Nonces given.",
	    acme.nonces_issued);
	counter(&b, "chancery_acme_nonces_refused_total", "badNonce answers.",
	    acme.nonces_refused);
	cas_print(h, req->now, &b);
	gauge(&b, "chancery_ready", "1 when /readyz says so.",
	    atomic_load(&h->store_writable) &&
		atomic_load(&h->signer_answers) &&
		atomic_load(&h->crls_current));
	crls_print(&b, h->ca, req->now);
	ocsp_metrics(h, req->now, &b);
	scep_metrics(h, req->now, &b);
	status_metrics(h, &b);
	log_metrics(h->log, req->now, &b);
	outgoing_metrics(h->outgoing, &b);
	if (net != NULL)
		net_metrics_print(net, &b);
	answer(resp, 200, "text/plain; version=0.0.4",
	    arena_take_buf(req->arena, &b));
}

void
health_routes(struct health *h, struct http_routes *routes)
{
	static const unsigned all = LISTENER_HTTPS | LISTENER_EST |
	    LISTENER_HTTP | LISTENER_OPS | LISTENER_CONTROL;
	const struct http_route rows[] = {
		{ .methods = HTTP_GET,
		    .pattern = "/healthz",
		    .handler = get_healthz,
		    .ctx = h,
		    .place = ON_LOOP,
		    .listeners = all },
		{ .methods = HTTP_GET,
		    .pattern = "/readyz",
		    .handler = get_readyz,
		    .ctx = h,
		    .place = ON_LOOP,
		    .listeners = all },
		{ .methods = HTTP_GET,
		    .pattern = "/metrics",
		    .handler = get_metrics,
		    .ctx = h,
		    .place = ON_LOOP,
		    .listeners = LISTENER_OPS | LISTENER_CONTROL },
	};

	http_routes_add(routes, rows, COUNT_OF(rows));
}
