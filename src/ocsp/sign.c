#include "ocsp/sign.h"
#include "crypto/digest.h"

/* A status changes twice in its life; more tries are never needed. */
#define TRIES 4

/* What has been signed, and what it is made of. */
struct signed_answer {
	struct responder responder;
	uint64_t withdrawn; /* ca_responder_withdrawn, read first */
	struct plan plan;
	struct ocsp_data data;
	struct buf der;
};

static void
signed_answer_done(struct signed_answer *s)
{
	buf_free(&s->der);
}
#define AUTO_SIGNED                                                            \
	__attribute__((cleanup(signed_answer_done))) struct signed_answer

static bool
find_responder(struct ocsp *o, const struct question *q, int64_t now,
    struct signed_answer *s, struct err *err)
{
	struct err why = { 0 };
	uint64_t spread;

	if (!ca_responder_get(
		o->deps.ca, q->issuer->key, now, &s->responder, &why))
		/* The client may well find one later. */
		return fail(err,
		    why.kind == ERR_NOT_FOUND ? ERR_SIGNER : why.kind, "%s",
		    why.shown);
	random_fill(&o->deps.random, &spread, sizeof(spread));
	if (!plan_derive(now, q->state->validity,
		MIN_OF(s->responder.not_after, q->issuer->not_after), spread,
		&s->plan))
		return fail(err, ERR_SIGNER,
		    "the responder's certificate is about to expire");
	return true;
}

static void
data_fill(const struct question *q, struct signed_answer *s)
{
	struct ocsp_data *d = &s->data;

	*d =
	    (struct ocsp_data){ .key_hash = bytes_of(s->responder.key_hash, 20),
		    .produced_at = s->plan.this_update,
		    .n = q->request.n,
		    .nonce = q->nonce };
	for (size_t i = 0; i < d->n; i++) {
		struct ocsp_single *single = &d->singles[i];

		single->cert_id = q->request.ids[i].whole;
		single->this_update = s->plan.this_update;
		single->next_update = s->plan.next_update;
		question_single(&q->statuses[i], q->state->unissued, single);
		/* A clock that was stepped back since: revoked is what counts,
		 * and no answer speaks of its own future. */
		single->revoked_at =
		    MIN_OF(single->revoked_at, single->this_update);
		/* RFC 6960 section 4.4.8: MUST be said with such an answer. */
		if (q->statuses[i].kind == STATUS_NOT_ISSUED &&
		    single->status == OCSP_REVOKED)
			d->extended_revoke = true;
	}
}

/*
 * What expired long ago is no longer in memory, and is neither unknown nor
 * revoked: the record is asked before a signature says so.  RFC 9919 section
 * 3.1.1: unauthorized, when the status of what expired is no longer kept.
 */
static bool
check_unissued(struct ocsp *o, const struct question *q, struct err *err)
{
	for (size_t i = 0; i < q->request.n; i++) {
		uint8_t serial[SERIAL_SIZE];
		bool was = false;

		if (q->statuses[i].kind != STATUS_NOT_ISSUED)
			continue;
		ocsp_serial_widen(q->request.ids[i].serial, serial);
		if (!ca_status_was_issued(
			o->deps.ca, q->issuer->key, serial, &was, err))
			return false;
		if (was)
			return fail(err, ERR_NOT_FOUND,
			    "certificate %zu has expired and its status is no "
			    "longer kept",
			    i);
	}
	return true;
}

static bool
sign_once(struct ocsp *o, struct question *q, struct signed_answer *s,
    struct err *err)
{
	int64_t now = clock_now(&o->deps.clock);
	AUTO_BUF tbs = { 0 };
	AUTO_BUF signature = { 0 };

	s->withdrawn = ca_responder_withdrawn(o->deps.ca);
	if (!question_decide(o, q, now, err) || !check_unissued(o, q, err) ||
	    !find_responder(o, q, now, s, err))
		return false;
	data_fill(q, s);
	ocsp_data_put(&tbs, &s->data);
	if (!ca_responder_sign(
		o->deps.ca, q->issuer->key, buf_bytes(&tbs), &signature, err))
		return false;
	s->der.n = 0;
	ocsp_response_put(&s->der, buf_bytes(&tbs), s->responder.sig_alg,
	    buf_bytes(&signature), s->responder.certificate);
	ocsp_count(&o->signed_answers);
	return true;
}

static bool
sign(struct ocsp *o, struct question *q, struct signed_answer *s,
    struct err *err)
{
	for (int i = 0; i < TRIES; i++) {
		if (!sign_once(o, q, s, err))
			return false;
		if (question_is_current(o, q) &&
		    s->withdrawn == ca_responder_withdrawn(o->deps.ca))
			return true;
	}
	return fail(err, ERR_BUSY, "the status changes all the time");
}

bool
ocsp_sign_live(
    struct ocsp *o, struct question *q, struct buf *der, struct err *err)
{
	AUTO_SIGNED s = { 0 };

	if (!sign(o, q, &s, err))
		return false;
	*der = s.der;
	s.der = (struct buf){ 0 };
	return true;
}

/* ---- what is kept ---- */

static bool
single_is(const struct ocsp_single *a, const struct ocsp_single *b)
{
	return bytes_equal(a->cert_id, b->cert_id) && a->status == b->status &&
	    a->revoked_at == b->revoked_at && a->reason == b->reason &&
	    a->this_update == b->this_update &&
	    a->next_update == b->next_update;
}

/*
 * Before an answer is kept and sent many times over: is it what was meant, and
 * does its signature hold?  (MozBug 1577014: a CA served one-octet bodies.)
 */
static bool
verify(struct ocsp *o, const struct signed_answer *s, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct ocsp_response r;
	struct cert cert;
	uint8_t key[32];

	if (!ocsp_response_parse(buf_bytes(&s->der), &r, err) ||
	    !cert_parse(r.certificate, a, &cert, err))
		return false;
	if (r.data.n != 1 || r.data.nonce.n != 0 ||
	    r.data.extended_revoke != s->data.extended_revoke ||
	    r.data.produced_at != s->data.produced_at ||
	    !single_is(&r.data.singles[0], &s->data.singles[0]))
		return fail(err, ERR_INTERNAL,
		    "an OCSP answer does not say what was meant");
	digest_sha256(cert.spki, key);
	AUTO_LANE loan = lane_lend(o->deps.lanes);

	return pubkey_verify_cached(
	    loan.lane, key, &cert.key, r.sig_alg, r.tbs, r.signature, err);
}

bool
ocsp_sign_cached(
    struct ocsp *o, struct question *q, struct cached *out, struct err *err)
{
	const struct ocsp_cert_id *id = &q->request.ids[0];
	AUTO_SIGNED s = { 0 };
	struct cached made = { 0 };
	struct err why = { 0 };

	if (!sign(o, q, &s, err))
		return false;
	if (!verify(o, &s, &why))
		return fail_detail(err, ERR_SIGNER,
		    "a signed answer does not hold", "%s: %s", why.shown,
		    why.detail);
	cached_make(&made, buf_bytes(&s.der), &s.plan);
	made.made_by = q->state;
	made.withdrawn = s.withdrawn;
	made.status = s.data.singles[0].status;
	made.hash = id->hash;
	made.issuer_key = q->issuer->key;
	ocsp_serial_widen(id->serial, made.serial);
	made.version = question_version(&q->statuses[0], q->state->unissued);
	/* A change since then is no matter: the version has changed with it. */
	cache_put(o->cache, id->whole, &made);
	*out = made;
	return true;
}

static bool
still_counts(struct ocsp *o, const struct cached *c, int64_t now)
{
	const struct ocsp_state *state = atomic_load(&o->state);
	struct err err = { 0 };
	struct status st;

	return plan_holds(&c->plan, now) &&
	    c->withdrawn == ca_responder_withdrawn(o->deps.ca) &&
	    (c->made_by == state ||
		ocsp_issuer_by_key(state, c->issuer_key) != NULL) &&
	    ca_status_get(o->deps.ca, c->issuer_key, c->serial, &st, &err) &&
	    question_version(&st, state->unissued) == c->version;
}

bool
ocsp_find_cached(
    struct ocsp *o, struct bytes cert_id, int64_t now, struct cached *out)
{
	struct cached c;

	if (!cache_get(o->cache, cert_id, &c))
		return false;
	if (!still_counts(o, &c, now)) {
		blob_unref(c.blob);
		return false;
	}
	*out = c;
	return true;
}
