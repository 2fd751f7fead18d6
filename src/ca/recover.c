#include "ca/issue.h"
#include "util/log.h"

void
inflight_begin(struct ca *ca, struct inflight *f, const char *id)
{
	f->id = id;
	pthread_mutex_lock(&ca->lock);
	f->next = ca->inflight;
	f->link = &ca->inflight;
	if (f->next != NULL)
		f->next->link = &f->next;
	ca->inflight = f;
	pthread_mutex_unlock(&ca->lock);
}

void
inflight_end(struct ca *ca, struct inflight *f)
{
	pthread_mutex_lock(&ca->lock);
	*f->link = f->next;
	if (f->next != NULL)
		f->next->link = f->link;
	pthread_mutex_unlock(&ca->lock);
}

static bool
is_inflight(struct ca *ca, const char *id)
{
	bool found = false;

	pthread_mutex_lock(&ca->lock);
	for (const struct inflight *f = ca->inflight; f != NULL; f = f->next)
		found = found || strcmp(f->id, id) == 0;
	pthread_mutex_unlock(&ca->lock);
	return found;
}

/* What kind of request the recorded bytes were: the certificate tells. */
static enum signer_kind
intent_kind(const struct cert_row *row)
{
	return strcmp(row->profile, PROFILE_RESPONDER) == 0 ? SIGN_RESPONDER
							    : SIGN_LEAF;
}

enum recovery { RECOVERY_ISSUED, RECOVERY_VOIDED, RECOVERY_FAILED };

static enum recovery
intent_recover(struct ca *ca, const struct cert_row *row, struct err *err)
{
	const struct issuer *issuer = ca_issuer_by_key(ca, row->issuer_key);
	struct err why = { 0 };
	AUTO_BUF signature = { 0 };

	if (issuer == NULL || !issuer->online) {
		(void)fail(&why, ERR_SIGNER_REFUSED,
		    "the CA of this certificate is no longer online");
		return intent_void(ca, row, &why, err) ? RECOVERY_VOIDED
						       : RECOVERY_FAILED;
	}
	if (intent_finish(ca, issuer, intent_kind(row), row,
		row->intent_position, &signature, &why)) {
		atomic_fetch_add(&ca->issued, 1);
		/* Its key may have been blocked since. */
		atomic_store(&ca->sweep_due, true);
		return RECOVERY_ISSUED;
	}
	if (why.kind == ERR_SIGNER_REFUSED)
		return RECOVERY_VOIDED;
	if (err->kind == ERR_NONE)
		*err = why;
	return RECOVERY_FAILED;
}

static bool
intent_is_open(struct ca *ca, const char *id, bool *open, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct cert_row row;

	if (!store_cert_get(ca->deps.store, id, a, &row, err))
		return false;
	*open = row.status == CERT_INTENT;
	return true;
}

bool
ca_recover(struct ca *ca, unsigned *finished, unsigned *voided, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	unsigned done[RECOVERY_FAILED + 1] = { 0 };
	struct cert_row *rows;
	size_t n;

	atomic_store(&ca->unfinished, false);
	if (!store_cert_list_intents(ca->deps.store, a, &rows, &n, err)) {
		atomic_store(&ca->unfinished, true);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		enum recovery r;
		bool open;

		if (is_inflight(ca, rows[i].id))
			continue;
		/* Its thread may have finished since the list was read; an id
		 * leaves the flight after its outcome, so this is final. */
		if (!intent_is_open(ca, rows[i].id, &open, err)) {
			done[RECOVERY_FAILED]++;
			break;
		}
		if (!open)
			continue;
		r = intent_recover(ca, &rows[i], err);
		done[r]++;
		if (r == RECOVERY_FAILED)
			break;
		log_event(LOG_INFO, "recover",
		    LF_STR("certificate", rows[i].id),
		    LF_STR(
			"outcome", r == RECOVERY_ISSUED ? "issued" : "voided"));
	}
	*finished = done[RECOVERY_ISSUED];
	*voided = done[RECOVERY_VOIDED];
	if (done[RECOVERY_FAILED] != 0)
		atomic_store(&ca->unfinished, true);
	return done[RECOVERY_FAILED] == 0;
}

bool
ca_recover_due(const struct ca *ca)
{
	return atomic_load(&ca->unfinished);
}
