#include "codec/crl.h"
#include "intune/call.h"
#include "intune/revocation.h"
#include "store/scep.h"
#include "util/log.h"
#include "util/text.h"

/* Of the 500 that may be asked for: a list of them is always far below what
 * an answer may have. */
#define ASKED_FOR 100u
/* Taken if the service minds its own bound rather than ours. */
#define TAKEN_MAX 500u
/* One after the other, if there are more. */
#define ROUNDS_MAX 20u
/* Housekeeping has other things to do. */
#define SLICE_US 100000

/* ---- one certificate ---- */

/* Under which names may Intune know its CA?  As it was told, or as the
 * certificate of the CA or the configuration has it. */
static bool
is_issuer(struct intune *in, const struct tenant *t, const char *ca,
    const char *name, struct arena *a)
{
	const struct ca_view *view = ca_view_find(in->deps.ca, ca);
	const char *cn;

	if (t->issuer_name != NULL && text_equal_nocase(name, t->issuer_name))
		return true;
	if (text_equal_nocase(name, ca))
		return true;
	if (view == NULL)
		return false;
	cn = subject_common_name(a, view->cert.subject);
	return text_equal_nocase(name, subject_text(a, view->cert.subject)) ||
	    (cn != NULL && text_equal_nocase(name, cn));
}

static bool
is_foreign(const struct tenant *t, const char *profile)
{
	for (size_t i = 0; i < t->foreign.n; i++)
		if (strcmp(t->foreign.v[i], profile) == 0)
			return true;
	return false;
}

/* A tenant may revoke what SCEP gave its devices: a serial of ACME's, of an
 * operator's or of another tenant's profile is not there for it. */
static bool
find(struct intune *in, const struct tenant *t, const struct revocation *r,
    struct arena *a, struct cert_row *row, struct err *err)
{
	uint8_t serial[SERIAL_SIZE];
	struct err why = { 0 };
	const char *profile;

	if (!answer_serial_parse(r->serial, serial, err) ||
	    !store_cert_get_by_serial(in->deps.store, NULL,
		bytes_of(serial, sizeof(serial)), a, row, err))
		return false;
	if (strcmp(row->requester, "scep") != 0)
		return fail(err, ERR_NOT_FOUND,
		    "the certificate was not issued by SCEP");
	if (store_scep_profile_of(in->deps.store, row->id, a, &profile, &why) &&
	    is_foreign(t, profile))
		return fail(err, ERR_NOT_FOUND,
		    "the certificate is of another tenant's profile");
	if (why.kind != ERR_NONE && why.kind != ERR_NOT_FOUND) {
		*err = why;
		return false;
	}
	if (r->issuer != NULL && !is_issuer(in, t, row->ca, r->issuer, a))
		return fail(
		    err, ERR_NOT_FOUND, "the certificate has another issuer");
	return true;
}

static enum revocation_error
error_of(const struct err *err)
{
	switch (err->kind) {
	case ERR_NONE:
	/* By us, before a crash or a lost receipt, or by an operator: what
	 * Intune wants is so. */
	case ERR_ALREADY_REVOKED:
		return REVOCATION_DONE;
	case ERR_MALFORMED:
	case ERR_TOO_LARGE:
		return REVOCATION_BAD_SERIAL;
	case ERR_NOT_FOUND:
		return REVOCATION_NOT_FOUND;
	default:
		return REVOCATION_LATER;
	}
}

static void
revoke(struct intune *in, struct tenant *t, const struct revocation *r,
    struct revocation_result *out)
{
	struct revoking *round = &t->revoking;
	AUTO_ARENA *a = arena_new();
	const char *by = arena_printf(a, "intune %s", t->name);
	struct cert_row row = { 0 };
	struct err err = { 0 };

	/* Intune gives no reason, so none is given on. */
	if (find(in, t, r, a, &row, &err) &&
	    ca_revoke(in->deps.ca, &row, REASON_UNSPECIFIED, by, false, &err))
		round->revoked++;
	*out = (struct revocation_result){ .context = r->context,
		.error = error_of(&err) };
	if (out->error == REVOCATION_DONE)
		return;
	out->text = arena_strdup(round->arena, err.shown);
	log_event(LOG_WARN, "intune-revocation", LF_STR("intune", t->name),
	    LF_STR("serial", r->serial), LF_STR("issuer", r->issuer),
	    LF_STR("error", err.shown), LF_STR("detail", err.detail));
}

/* ---- a round ---- */

static void
set_step(struct intune *in, struct tenant *t, enum revoking_step step)
{
	pthread_mutex_lock(&in->lock);
	t->revoking.step = step;
	pthread_mutex_unlock(&in->lock);
}

static void
end_round(struct intune *in, struct tenant *t, const char *trouble)
{
	struct revoking *round = &t->revoking;

	if (trouble != NULL)
		log_event(LOG_WARN, "intune-revocations",
		    LF_STR("intune", t->name), LF_STR("trouble", trouble));
	else if (round->n > 0)
		log_event(LOG_INFO, "intune-revocations",
		    LF_STR("intune", t->name), LF_INT("asked", round->n),
		    LF_INT("revoked", round->revoked));
	pthread_mutex_lock(&in->lock);
	round->again = trouble == NULL && round->n >= ASKED_FOR &&
	    round->rounds < ROUNDS_MAX;
	round->rounds = round->again ? round->rounds + 1 : 0;
	round->step = REVOKING_NOTHING;
	pthread_mutex_unlock(&in->lock);
}

static void
told(struct call *c, const struct call_result *r)
{
	struct err err = { 0 };

	if (!r->ok)
		end_round(c->in, c->tenant, r->text);
	else if (!answer_receipt_check(r->body, c->arena, &err))
		end_round(c->in, c->tenant,
		    arena_printf(c->arena, "%s: %s", r->text, err.shown));
	else
		end_round(c->in, c->tenant, NULL);
}

static void
list_take(struct revoking *round, const struct revocation *list, size_t n)
{
	round->list = arena_array(round->arena, n, sizeof(*list));
	round->results = arena_array(round->arena, n, sizeof(*round->results));
	for (size_t i = 0; i < n; i++)
		round->list[i] = (struct revocation){
			.context = arena_strdup(round->arena, list[i].context),
			.serial = arena_strdup(round->arena, list[i].serial),
			.issuer = list[i].issuer == NULL
			    ? NULL
			    : arena_strdup(round->arena, list[i].issuer),
		};
	round->n = n;
}

static void
listed(struct call *c, const struct call_result *r)
{
	struct revoking *round = &c->tenant->revoking;
	struct err err = { 0 };
	struct revocation *list;
	size_t n, left_out;

	if (!r->ok) {
		end_round(c->in, c->tenant, r->text);
		return;
	}
	if (!answer_revocations_parse(
		r->body, TAKEN_MAX, c->arena, &list, &n, &left_out, &err)) {
		end_round(c->in, c->tenant,
		    arena_printf(c->arena, "%s: %s", r->text, err.shown));
		return;
	}
	if (left_out > 0)
		log_event(LOG_WARN, "intune-revocations",
		    LF_STR("intune", c->tenant->name),
		    LF_INT("without_context", left_out));
	list_take(round, list, n);
	if (n == 0)
		end_round(c->in, c->tenant, NULL);
	else
		set_step(c->in, c->tenant, REVOKING_LISTED);
}

static struct call *
open_call(struct intune *in, struct tenant *t, const char *action,
    void (*finish)(struct call *c, const struct call_result *r))
{
	struct call *c;

	pthread_mutex_lock(&in->lock);
	c = call_new(in, t);
	pthread_mutex_unlock(&in->lock);
	c->service = SERVICE_REVOCATION;
	c->action = action;
	c->finish = finish;
	return c;
}

/* Nothing is on its way, so the round is housekeeping's. */
static bool
ask(struct intune *in, struct tenant *t, struct err *err)
{
	struct revoking *round = &t->revoking;
	struct call *c = open_call(in, t,
	    "CertificateAuthorityRequests/downloadRevocationRequests", listed);

	if (round->arena == NULL)
		round->arena = arena_new();
	arena_reset(round->arena);
	round->n = round->at = round->revoked = 0;
	round->began = clock_now(&in->deps.clock);
	round->again = false;
	c->body = message_download(ASKED_FOR, t->issuer_name, c->arena);
	set_step(in, t, REVOKING_ASKED);
	if (call_start(c, err))
		return true;
	set_step(in, t, REVOKING_NOTHING);
	return false;
}

static bool
tell(struct intune *in, struct tenant *t, struct err *err)
{
	struct revoking *round = &t->revoking;
	struct call *c = open_call(in, t,
	    "CertificateAuthorityRequests/uploadRevocationResults", told);

	c->body = message_results(round->results, round->n, c->arena);
	set_step(in, t, REVOKING_TOLD);
	if (call_start(c, err))
		return true;
	/* The next round finds them revoked. */
	set_step(in, t, REVOKING_NOTHING);
	return false;
}

static bool
carry_out(struct intune *in, struct tenant *t, struct err *err)
{
	struct revoking *round = &t->revoking;
	int64_t until = clock_monotonic_us() + SLICE_US;

	while (round->at < round->n) {
		revoke(
		    in, t, &round->list[round->at], &round->results[round->at]);
		round->at++;
		if (clock_monotonic_us() >= until)
			return true;
	}
	return tell(in, t, err);
}

/* Also if the clock stepped back. */
static bool
is_due(const struct intune *in, const struct tenant *t)
{
	int64_t passed = clock_now(&in->deps.clock) - t->revoking.began;

	return t->revoking.again || passed < 0 ||
	    passed >= t->revocation_period;
}

bool
revocation_run(struct intune *in, struct tenant *t, struct err *err)
{
	enum revoking_step step;
	bool due;

	pthread_mutex_lock(&in->lock);
	step = t->revoking.step;
	due = is_due(in, t);
	pthread_mutex_unlock(&in->lock);
	if (step == REVOKING_NOTHING && due)
		return ask(in, t, err);
	if (step == REVOKING_LISTED)
		return carry_out(in, t, err);
	return true;
}
