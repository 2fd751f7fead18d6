#include "ca/issue.h"
#include "store/responder.h"
#include "util/fault.h"
#include "util/log.h"
#include "util/text.h"

/* The signer is asked for its key again, in case that its file was replaced. */
#define ASK_EVERY_US 60000000
#define LOOK_EVERY_US 1000000
/* After a failure; status goes on with what is live. */
#define TRY_AGAIN_US 10000000

/* ---- one certificate ---- */

/*
 * The lifetime is what the CA may give, and ends with the chain: a responder
 * that outlived its CA would be nobody's.
 */
static int64_t
responder_lifetime(const struct state_ca *c)
{
	return MIN_OF(CA_RESPONDER_LIFETIME, c->max_lifetime);
}

static int64_t
chain_end(const struct issuer *issuer)
{
	int64_t end = INT64_MAX;

	for (size_t i = 0; i < issuer->chain.n; i++)
		end = MIN_OF(end, issuer->chain.certs[i].not_after);
	return end;
}

/*
 * As far back as may be (profile.c): a clock that is set back by hours, here or
 * at a relying party, still finds it valid.  Not before its CA.
 */
static int64_t
responder_begin(const struct state_ca *c, const struct profile *p, int64_t now)
{
	/* A minute of the CA's limit is for the signer's clock (spec.c). */
	int64_t most = MAX_OF(c->max_backdate - 60, 0);

	return MAX_OF(now - MIN_OF(p->t.backdate, most),
	    c->issuer->chain.certs[0].not_before);
}

static bool
responder_profile(struct ca *ca, const char *name, const struct state_ca *c,
    struct arena *a, const struct profile **out, struct err *err)
{
	const char *json =
	    profile_encode_responder(name, responder_lifetime(c), a);
	struct profile *fresh;

	if (!profile_new(bytes_str(json), &fresh, err))
		return false;
	/* Recorded like any other version: the certificate names its hash. */
	*out = ca_profile_keep(ca, fresh);
	return store_profile_record(ca->deps.store, (*out)->hash,
	    (*out)->t.name, (*out)->json, ca_now(ca), err);
}

bool
ca_issue_responder(struct ca *ca, const char *name, struct bytes spki,
    const char *requester, struct arena *a, struct ca_issued *out,
    struct err *err)
{
	const struct state_ca *c = state_ca_find(ca_state(ca), name);
	int64_t now = ca_now(ca);
	const struct profile *p;
	struct pubkey key;
	struct issuance i;

	if (c == NULL)
		return fail(err, ERR_REJECTED, "there is no CA %s", name);
	if (!spki_parse(spki, &key, err) ||
	    !responder_profile(ca, name, c, a, &p, err))
		return false;
	i = (struct issuance){ .ca = ca,
		.arena = a,
		.kind = SIGN_RESPONDER,
		.in = { .profile = p,
		    .key = &key,
		    .spki = spki,
		    .now = now,
		    .not_before = responder_begin(c, p, now),
		    .node = ca->deps.node },
		.requester = requester };
	i.in.not_after =
	    MIN_OF(i.in.not_before + p->t.lifetime - 1, chain_end(c->issuer));
	digest_sha256(spki, i.csr_sha256);
	if (issuance_find_ca(&i, err) && issuance_prepare(&i, err) &&
	    issuance_commit(&i, out, err))
		return true;
	atomic_fetch_add(&ca->refused, 1);
	return false;
}

/* ---- what is known ---- */

bool
ca_responder_get(struct ca *ca, const uint8_t issuer_key[32], int64_t now,
    struct responder *out, struct err *err)
{
	const struct known_responder *k;

	pthread_mutex_lock(&ca->responders.lock);
	k = responders_live(ca, issuer_key, now);
	pthread_mutex_unlock(&ca->responders.lock);
	if (k == NULL)
		return fail(err, ERR_NOT_FOUND,
		    "no OCSP responder of this CA has a valid certificate");
	*out = k->r;
	return true;
}

bool
ca_responder_sign(struct ca *ca, const uint8_t issuer_key[32], struct bytes tbs,
    struct buf *signature, struct err *err)
{
	struct signer_request req = { .kind = SIGN_OCSP, .tbs = tbs };
	struct err why = { 0 };

	memcpy(req.issuer, issuer_key, sizeof(req.issuer));
	if (signer_sign(&ca->deps.signer, &req, signature, &why))
		return true;
	/* It may hold another key by now. */
	if (why.kind == ERR_SIGNER_REFUSED) {
		pthread_mutex_lock(&ca->responders.lock);
		ca->responders.ask_at = 0;
		pthread_mutex_unlock(&ca->responders.lock);
	}
	return fail_detail(err, why.kind, why.shown, "%s", why.detail);
}

uint64_t
ca_responder_withdrawn(struct ca *ca)
{
	return atomic_load_explicit(
	    &ca->responders.withdrawn, memory_order_acquire);
}

/* Which key does the signer hold? */
static bool
ask_signer(struct ca *ca, struct err *err)
{
	struct responders *s = &ca->responders;
	AUTO_BUF spki = { 0 };
	char hex[65];
	bool changed;

	if (!signer_responder(&ca->deps.signer, &spki, err))
		return false;
	pthread_mutex_lock(&s->lock);
	s->ask_at = clock_monotonic_us() + ASK_EVERY_US;
	changed = responders_set_key(s, buf_bytes(&spki));
	hex_encode(bytes_of(s->spki_sha256, 32), hex);
	pthread_mutex_unlock(&s->lock);
	if (changed && spki.n == 0)
		log_event(LOG_ERROR, "responder-key-missing",
		    LF_STR("means",
			"the signer has no keys/ocsp.key: no status is told by "
			"OCSP"));
	else if (changed)
		log_event(LOG_INFO, "responder-key", LF_STR("spki", hex));
	return true;
}

/* What the record has of one CA; *open: an intent waits for its outcome. */
static bool
read_record(struct ca *ca, const uint8_t key[32], bool *open, struct err *err)
{
	struct responders *s = &ca->responders;
	AUTO_ARENA *a = arena_new();
	struct cert_row *rows;
	bool ok = true;
	size_t n;

	*open = false;
	if (!store_responder_list(
		ca->deps.store, key, ca_now(ca), a, &rows, &n, err))
		return false;
	pthread_mutex_lock(&s->lock);
	/* The oldest first: the list grows at the front. */
	while (ok && n-- > 0) {
		AUTO_BUF der = { 0 };

		if (rows[n].status == CERT_INTENT)
			*open = true;
		if (rows[n].status != CERT_ISSUED)
			continue;
		cert_put(&der, rows[n].tbs, (enum sig_alg)rows[n].sig_alg,
		    rows[n].signature);
		ok = responders_add(s, key, buf_bytes(&der), err);
	}
	pthread_mutex_unlock(&s->lock);
	return ok;
}

/* ---- rotation ---- */

/* At two thirds of its life, while a longer one can be had. */
static bool
is_due(
    const struct known_responder *k, const struct issuer *issuer, int64_t now)
{
	int64_t life = k->r.not_after - k->r.not_before;

	return k->r.not_after < chain_end(issuer) &&
	    now - k->r.not_before >= life / 3 * 2;
}

static bool
needs_one(struct ca *ca, const struct issuer *issuer, int64_t now)
{
	const struct known_responder *k;
	bool due;

	pthread_mutex_lock(&ca->responders.lock);
	k = responders_live(ca, issuer->key, now);
	due = ca->responders.has_key && (k == NULL || is_due(k, issuer, now));
	pthread_mutex_unlock(&ca->responders.lock);
	return due;
}

static void
tell_live(struct ca *ca, struct issuer *issuer, int64_t now)
{
	AUTO_ARENA *a = arena_new();
	const struct known_responder *k;
	const char *why = NULL;

	pthread_mutex_lock(&ca->responders.lock);
	k = responders_live(ca, issuer->key, now);
	if (k == NULL)
		why = responders_why_none(ca, issuer->key, now, a);
	pthread_mutex_unlock(&ca->responders.lock);
	if (k == issuer->told_responder && issuer->told)
		return;
	issuer->told = true;
	issuer->told_responder = k;
	if (k == NULL) {
		log_event(LOG_ERROR, "responder-none",
		    LF_STR("ca", issuer->name), LF_STR("reason", why));
	} else {
		char serial[2 * SERIAL_SIZE + 1], end[TIME_RFC3339_SIZE];

		hex_encode(bytes_of(k->serial, SERIAL_SIZE), serial);
		time_format_rfc3339(k->r.not_after, end);
		log_event(LOG_INFO, "responder-live",
		    LF_STR("ca", issuer->name), LF_STR("serial", serial),
		    LF_STR("until", end));
	}
}

/* A key that was reported as compromised gets no new certificate. */
static bool
check_key_not_blocked(struct ca *ca, const uint8_t sum[32], struct err *err)
{
	bool blocked;

	if (!store_key_is_blocked(ca->deps.store, sum, &blocked, err))
		return false;
	if (blocked)
		return fail(err, ERR_REJECTED,
		    "the responder's key was reported as compromised: replace "
		    "keys/ocsp.key and restart");
	return true;
}

static bool
issue_one(struct ca *ca, struct issuer *issuer, struct err *err)
{
	struct responders *s = &ca->responders;
	AUTO_ARENA *a = arena_new();
	struct ca_issued issued;
	uint8_t sum[32];
	struct bytes spki;
	bool ok;

	/* What lies in the arena of the set stays. */
	pthread_mutex_lock(&s->lock);
	spki = s->spki;
	memcpy(sum, s->spki_sha256, sizeof(sum));
	pthread_mutex_unlock(&s->lock);
	if (!check_key_not_blocked(ca, sum, err))
		return false;
	FAULT("responder.issue.before");
	if (!ca_issue_responder(
		ca, issuer->name, spki, "self", a, &issued, err))
		return false;
	FAULT("responder.issue.after");
	pthread_mutex_lock(&s->lock);
	ok = responders_add(s, issuer->key, issued.der, err);
	pthread_mutex_unlock(&s->lock);
	return ok;
}

/* The record decides: what was issued before a crash is found there, and an
 * open intent is left to recovery. */
static bool
rotate(struct ca *ca, struct issuer *issuer, bool may_issue, struct err *err)
{
	int64_t now = ca_now(ca);
	bool open, ok = true;

	if (needs_one(ca, issuer, now)) {
		ok = read_record(ca, issuer->key, &open, err);
		if (ok && may_issue && !open && needs_one(ca, issuer, now))
			ok = issue_one(ca, issuer, err);
	}
	tell_live(ca, issuer, ca_now(ca));
	return ok;
}

static bool
rotate_all(struct ca *ca, bool may_issue, struct err *err)
{
	const struct state *st = ca_state(ca);
	struct err why = { 0 };
	bool ok = true;

	for (size_t i = 0; i < st->cas_n; i++) {
		struct issuer *issuer = st->cas[i].issuer;

		if (!issuer->online || rotate(ca, issuer, may_issue, &why))
			continue;
		/* One that cannot be had keeps nobody else from theirs. */
		if (ok)
			(void)fail_detail(err, why.kind, why.shown,
			    "responder of CA %s: %s", issuer->name, why.detail);
		ok = false;
		err_clear(&why);
	}
	return ok;
}

static bool
run(struct ca *ca, bool may_issue, struct err *err)
{
	struct responders *s = &ca->responders;
	int64_t now = clock_monotonic_us();
	bool ask, ok = true;

	if (now < atomic_load(&s->look_at))
		return true;
	atomic_store(&s->look_at, now + LOOK_EVERY_US);
	pthread_mutex_lock(&s->lock);
	ask = now >= s->ask_at;
	pthread_mutex_unlock(&s->lock);
	if (ask)
		ok = ask_signer(ca, err);
	ok = ok && rotate_all(ca, may_issue, err);
	if (!ok)
		atomic_store(&s->look_at, clock_monotonic_us() + TRY_AGAIN_US);
	return ok;
}

static bool
run_alone(struct ca *ca, bool may_issue, struct err *err)
{
	bool ok = true;

	if (pthread_mutex_trylock(&ca->responders.run) != 0)
		return true;
	ok = run(ca, may_issue, err);
	pthread_mutex_unlock(&ca->responders.run);
	return ok;
}

bool
ca_responder_run(struct ca *ca, struct err *err)
{
	return run_alone(ca, true, err);
}

bool
ca_responder_look(struct ca *ca, struct err *err)
{
	return run_alone(ca, false, err);
}
