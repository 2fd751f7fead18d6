#include "ca/core.h"
#include "ca/crl_gate.h"
#include "util/fault.h"

struct crl_job {
	const struct crl_plan *plan;
	struct crl_live *live; /* what it replaces */
	uint64_t position;
	struct buf bytes;
	size_t from; /* of the TBS */
	struct bytes tbs;
	uint8_t tbs_sha256[32];
	uint32_t *ends; /* of the new one */
	size_t ends_n;
	struct blob *blob;
	struct crl view;
};

/* ---- the to-be-signed bytes ---- */

static struct crl_spec
job_spec(const struct crl_job *job)
{
	const struct crl_plan *p = job->plan;
	const struct state_ca *sc = state_ca_find(p->state, p->issuer->name);
	struct crl_spec spec = { .sig_alg = p->issuer->sig_alg,
		.issuer = p->issuer->chain.certs[0].subject,
		.aki = p->issuer->key_id,
		.this_update = p->this_update,
		.next_update = p->next_update,
		.number = p->number,
		.idp_uri = p->crl->uri,
		.is_delta = p->is_delta };

	if (p->is_delta)
		spec.base = p->crl->full.view.number;
	else if (p->crl->shard == 0 && p->state->crl_delta != 0)
		/* RFC 5280 section 5.2.6: where the delta is. */
		spec.freshest_uri = sc->delta_url;
	if (p->state->crl_next_publish)
		spec.next_publish = MIN_OF(p->fresh_until, p->next_update);
	return spec;
}

/* Once in memory, around the entries: a CRL may have tens of megabytes. */
static bool
job_encode(struct crl_job *job, struct err *err)
{
	const struct crl_plan *p = job->plan;
	const struct crl_state *c = p->crl;
	const struct crl_spec spec = job_spec(job);
	const struct crl_list base = { c->full.view.entries, c->ends,
		c->ends_n };
	const struct crl_list nothing = { BYTES_NONE, NULL, 0 };

	job->bytes.n = 0;
	buf_reserve(&job->bytes, crl_headroom(&spec));
	job->bytes.n = crl_headroom(&spec);
	crl_merge(p->is_delta || !c->is_ours ? &nothing : &base, &c->since,
	    &job->bytes, &job->ends, &job->ends_n);
	crl_wrap_tbs(&job->bytes, &spec, &job->from);
	job->tbs = bytes_of(job->bytes.p + job->from, job->bytes.n - job->from);
	if (job->tbs.n > CRL_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "the CRL of CA %s has %zu octets, at most %u are signed",
		    p->issuer->name, job->tbs.n, CRL_MAX);
	return true;
}

/* ---- signature ---- */

static struct crl_row
job_row(const struct crl_job *job)
{
	const struct crl_plan *p = job->plan;
	struct crl_row row = { .ca = p->issuer->name,
		.shard = p->crl->shard,
		.is_delta = p->is_delta,
		.number = p->number,
		.position = job->position,
		.base = p->is_delta ? p->crl->full.view.number : 0,
		.previous = job->live->stored,
		.this_update = p->this_update,
		.next_update = p->next_update };

	memcpy(row.issuer_key, p->issuer->key, sizeof(row.issuer_key));
	return row;
}

static bool
job_sign(struct crl_job *job, struct err *err)
{
	const struct crl_plan *p = job->plan;
	struct crl_row row = job_row(job);
	struct signer_request req = { .kind = SIGN_CRL, .tbs = job->tbs };
	AUTO_BUF signature = { 0 };
	size_t from;

	/* The one digest of these octets that this process makes. */
	digest_sha256(job->tbs, job->tbs_sha256);
	memcpy(row.tbs_sha256, job->tbs_sha256, sizeof(row.tbs_sha256));
	memcpy(req.issuer, p->issuer->key, sizeof(req.issuer));
	if (!store_crl_intent(p->ca->deps.store, &row, &job->position, err))
		return false;
	p->crl->last_number = p->number;
	req.position = job->position;
	FAULT("crl.sign.before");
	if (!signer_sign(&p->ca->deps.signer, &req, &signature, err))
		return false;
	FAULT("crl.sign.after");
	crl_wrap(&job->bytes, job->from, p->issuer->sig_alg,
	    buf_bytes(&signature), &from);
	/* It may have moved. */
	job->tbs.p = job->bytes.p + job->from;
	job->blob = blob_adopt(&job->bytes, from);
	return true;
}

/* ---- the gate ---- */

static bool
may_leave(void *ctx, struct bytes serial, int64_t prev_update, struct err *err)
{
	const struct crl_plan *p = ctx;
	AUTO_ARENA *a = arena_new();
	struct cert_row row;

	if (!store_cert_get_by_serial(
		p->ca->deps.store, p->issuer->key, serial, a, &row, err))
		return false;
	/* RFC 5280 section 3.3: only after it was on a CRL issued beyond the
	 * certificate's validity, and the predecessor is that one. */
	if (row.not_after >= prev_update)
		return fail(err, ERR_INTERNAL,
		    "the certificate had not expired when the published CRL "
		    "was issued");
	return true;
}

/* Parses what was made, verifies it and holds it against its predecessor. */
static bool
job_review(struct crl_job *job, struct err *err)
{
	const struct crl_plan *p = job->plan;
	const struct crl_state *c = p->crl;
	const struct crl *prev = job->live->has_view ? &job->live->view : NULL;
	const struct crl_gate gate = { p->now, may_leave,
		(void *)(uintptr_t)p };

	if (!crl_check_hashed(p->ca, p->issuer, blob_bytes(job->blob), job->tbs,
		job->tbs_sha256, &job->view, err))
		return false;
	/* HARICA, 2024: what is published has the times that were meant. */
	if (job->view.number != p->number ||
	    job->view.entries_n != job->ends_n ||
	    job->view.this_update != p->this_update ||
	    job->view.next_update != p->next_update)
		return fail(err, ERR_INTERNAL,
		    "the CRL that was read back has %zu entries and number "
		    "%llu, expected %zu and %llu, or other times",
		    job->view.entries_n, (unsigned long long)job->view.number,
		    job->ends_n, (unsigned long long)p->number);
	/* RFC 5280 section 5.2.5; substitution by another shard's. */
	if (job->view.has_idp != (c->uri != NULL) ||
	    (c->uri != NULL &&
		!bytes_equal(job->view.idp_uri, bytes_str(c->uri))))
		return fail(err, ERR_INTERNAL,
		    "the CRL that was read back is not for shard %u", c->shard);
	return p->is_delta
	    ? crl_gate_check_delta(&gate, &c->full.view, prev, &job->view, err)
	    : crl_gate_check(&gate, prev, &job->view, err);
}

/* ---- publication ---- */

static bool
job_record(struct crl_job *job, struct err *err)
{
	struct crl_row row = job_row(job);

	row.der = blob_bytes(job->blob);
	memcpy(row.tbs_sha256, job->tbs_sha256, sizeof(row.tbs_sha256));
	FAULT("crl.publish.before");
	if (!store_crl_publish(job->plan->ca->deps.store, &row, err))
		return false;
	FAULT("crl.publish.after");
	return true;
}

/* The full one is the new base: nothing waits for it any more. */
static void
full_is_out(struct crl_job *job)
{
	const struct crl_plan *p = job->plan;
	struct crl_state *c = p->crl;

	if (p->scheduled) {
		c->scheduled_at = p->this_update;
		for (size_t i = 0; i < job->ends_n; i++)
			if (job->ends[i] != UINT32_MAX &&
			    job->ends[i] < p->this_update)
				job->ends[i] = CRL_SETTLED;
	}
	free(c->ends);
	c->ends = TAKE(job->ends);
	c->ends_n = job->ends_n;
	c->is_ours = job->view.is_uniform;
	crl_set_free(&c->since);
}

bool
crl_make(const struct crl_plan *plan, struct err *err)
{
	struct crl_job job = { .plan = plan,
		.live = plan->is_delta ? &plan->crl->delta : &plan->crl->full };
	bool ok = job_encode(&job, err) && job_sign(&job, err) &&
	    job_review(&job, err) && job_record(&job, err);

	if (ok) {
		crl_live_set(plan->crl, plan->is_delta, TAKE(job.blob),
		    &job.view, job.tbs_sha256, plan->fresh_until);
		if (!plan->is_delta)
			full_is_out(&job);
	}
	buf_free(&job.bytes);
	blob_unref(job.blob);
	free(job.ends);
	return ok;
}
