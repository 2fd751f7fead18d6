#include <stdlib.h>
#include "crypto/digest.h"
#include "signer/check.h"
#include "signer/core.h"
#include "signer/core_state.h"
#include "util/log.h"

/* Ten a second, of each scope: more of them would only fill the disk with the
 * journal. */
#define CRLS_HOURLY 36000u
#define REFUSE(...) fail(err, ERR_SIGNER_REFUSED, __VA_ARGS__)

/* A request on its way through a batch. */
struct item {
	enum {
		ITEM_DONE, /* refused, or an OCSP answer */
		ITEM_NEW,
		ITEM_AGAIN,
		ITEM_AGAIN_IN_BATCH
	} what;
	struct issuer *issuer;
	struct journal_record record;
};

/* Was this position used for other bytes, or not at all? */
static bool
position_compare(const struct journal_record *r, uint8_t kind,
    const uint8_t issuer[32], const uint8_t tbs_sha256[32], struct err *err)
{
	if (kind != (uint8_t)r->kind || memcmp(issuer, r->issuer, 32) != 0 ||
	    memcmp(tbs_sha256, r->tbs_sha256, 32) != 0)
		return REFUSE("log position %llu was used for other bytes",
		    (unsigned long long)r->position);
	return true;
}

/* Positions that memory has forgotten: only recovery asks for such. */
static bool
position_in_file(const struct signer_core *c, const struct journal_record *r,
    bool *found, struct err *err)
{
	struct journal_reader *reader = mem_alloc(sizeof(*reader));
	struct journal_record seen;
	bool end = false, ok = true;

	*found = false;
	journal_reader_init(reader, c->journal.fd);
	while (!*found && !end && ok) {
		ok = journal_reader_next(reader, &seen, &end, err);
		if (ok && !end && seen.kind != SIGN_LOG &&
		    seen.position == r->position)
			*found = true;
	}
	free(reader);
	if (!ok || !*found)
		return ok;
	return position_compare(
	    r, (uint8_t)seen.kind, seen.issuer, seen.tbs_sha256, err);
}

static bool
position_find(const struct signer_core *c, const struct item *batch, size_t n,
    struct item *item, struct err *err)
{
	const struct journal_record *r = &item->record;
	const struct index_position *p;
	bool found;

	for (size_t i = 0; i < n; i++) {
		const struct journal_record *b = &batch[i].record;

		if (batch[i].what != ITEM_NEW || b->kind == SIGN_LOG ||
		    b->position != r->position)
			continue;
		item->what = ITEM_AGAIN_IN_BATCH;
		return position_compare(
		    r, (uint8_t)b->kind, b->issuer, b->tbs_sha256, err);
	}
	p = index_find(c->index, r->position);
	if (p != NULL) {
		item->what = ITEM_AGAIN;
		return position_compare(
		    r, (uint8_t)p->kind, p->issuer, p->tbs_sha256, err);
	}
	item->what = ITEM_NEW;
	if (!index_has_forgotten(c->index, r->position))
		return true;
	if (!position_in_file(c, r, &found, err))
		return false;
	if (found)
		item->what = ITEM_AGAIN;
	return true;
}

static bool
check_serial_unseen(const struct signer_core *c, const struct item *batch,
    size_t n, const uint8_t serial[SERIAL_SIZE], struct err *err)
{
	bool seen = index_has_serial(c->index, serial);

	for (size_t i = 0; i < n; i++)
		seen = seen ||
		    (batch[i].what == ITEM_NEW &&
			batch[i].record.kind != SIGN_CRL &&
			memcmp(batch[i].record.serial, serial, SERIAL_SIZE) ==
			    0);
	if (seen)
		return REFUSE("serial was used before");
	return true;
}

static bool
check_budget(const struct item *batch, size_t n, const struct issuer *is,
    bool crls, int64_t now, struct err *err)
{
	uint64_t used = core_budget_used(crls ? &is->crls : &is->certs, now);
	uint64_t most = crls
	    ? (uint64_t)CRLS_HOURLY * MAX_OF(is->pasts_n, (size_t)1)
	    : (uint64_t)MAX_OF(is->limits->hourly_budget, 0);

	for (size_t i = 0; i < n; i++)
		if (batch[i].what == ITEM_NEW && batch[i].issuer == is &&
		    (batch[i].record.kind == SIGN_CRL) == crls)
			used++;
	if (used >= most)
		return REFUSE("CA %s has signed %llu %s within the hour, "
			      "expected at most %llu",
		    is->limits->ca, (unsigned long long)used,
		    crls ? "CRLs" : "certificates", (unsigned long long)most);
	return true;
}

static bool
fail_form(struct err *err, const char *what, const struct err *why)
{
	return REFUSE("not a %s: %s", what, why->shown);
}

static bool
check_new_cert(const struct signer_core *c, const struct item *batch, size_t n,
    struct item *item, const struct check *check,
    const struct signer_request *req, struct err *err)
{
	struct err why = { 0 };
	struct cert cert;

	if (!cert_parse_tbs(req->tbs, c->arena, &cert, &why))
		return fail_form(err, "TBSCertificate", &why);
	if (!check_cert(check, req->kind, &cert, err) ||
	    !check_serial_unseen(c, batch, n, cert.serial.p, err) ||
	    !check_budget(batch, n, item->issuer, false, check->now, err))
		return false;
	memcpy(item->record.serial, cert.serial.p, SERIAL_SIZE);
	return true;
}

static bool
check_new_crl(const struct item *batch, size_t n, struct item *item,
    const struct check *check, const struct signer_request *req,
    struct err *err)
{
	struct journal_crl scope;
	struct err why = { 0 };
	struct crl_past past;
	struct crl crl;

	if (!crl_parse_tbs(req->tbs, &crl, &why))
		return fail_form(err, "TBSCertList", &why);
	if (!check_crl_scope(check, &crl, &scope.shard, err))
		return false;
	scope.number = crl.number;
	scope.is_delta = crl.is_delta;
	past = core_crl_past(item->issuer, scope.shard);
	for (size_t i = 0; i < n; i++) {
		struct journal_crl before;

		if (batch[i].what != ITEM_NEW ||
		    batch[i].issuer != item->issuer ||
		    batch[i].record.kind != SIGN_CRL)
			continue;
		before = journal_crl_read(&batch[i].record);
		if (before.shard == scope.shard)
			core_crl_past_add(&past, &before);
	}
	if (!check_crl(check, &crl, past.number, past.full, err) ||
	    !check_budget(batch, n, item->issuer, true, check->now, err))
		return false;
	journal_crl_write(&scope, &item->record);
	return true;
}

static bool
check_new(const struct signer_core *c, const struct item *batch, size_t n,
    struct item *item, const struct signer_request *req, struct err *err)
{
	const struct check check = { .limits = item->issuer->limits,
		.sig_alg = privkey_sig_alg(item->issuer->key),
		.now = clock_now(&c->clock),
		.own_spkis = c->spkis,
		.own_spkis_n = c->spkis_n,
		.responders = c->responders,
		.responders_n = c->responders_n,
		.arena = c->arena };

	item->record.at_us = clock_now_us(&c->clock);
	switch (req->kind) {
	case SIGN_LEAF:
	case SIGN_RESPONDER:
		return check_new_cert(c, batch, n, item, &check, req, err);
	case SIGN_CRL:
		return check_new_crl(batch, n, item, &check, req, err);
	case SIGN_LOG:
		break;
	case SIGN_OCSP:
		break; /* answer.c: never in a journal */
	}
	return REFUSE("kind %d is not one that is signed", (int)req->kind);
}

/* One growth of the log a batch: the next one builds on what it has signed. */
static bool
decide_log(const struct signer_core *c, struct item *batch, size_t n,
    const struct signer_request *req, struct err *err)
{
	struct journal_record *r = &batch[n].record;
	bool again;

	if (!core_log_decide(c, req, r, &again, err))
		return false;
	batch[n].what = again ? ITEM_AGAIN : ITEM_NEW;
	for (size_t i = 0; i < n && !again; i++) {
		const struct journal_record *b = &batch[i].record;

		if (batch[i].what != ITEM_NEW || b->kind != SIGN_LOG)
			continue;
		if (b->position != r->position ||
		    memcmp(b->tbs_sha256, r->tbs_sha256, 32) != 0)
			return fail(err, ERR_SIGNER,
			    "another checkpoint is just being signed");
		batch[n].what = ITEM_AGAIN_IN_BATCH;
	}
	return true;
}

/* Decides one request of a batch, of which n items are decided already. */
static bool
decide(const struct signer_core *c, struct item *batch, size_t n,
    const struct signer_request *req, struct err *err)
{
	struct item *item = &batch[n];

	memset(item, 0, sizeof(*item));
	if (req->kind == SIGN_LOG)
		return decide_log(c, batch, n, req, err);
	item->issuer = core_issuer_find(c, req->issuer);
	if (item->issuer == NULL || item->issuer->key == NULL)
		return REFUSE("the signer holds no such key");
	if (item->issuer->limits == NULL)
		return REFUSE("the key has no limits, so it signs nothing");
	/* No row of the log can stand there, so nobody would find it again. */
	if (req->position == 0 || req->position > INT64_MAX)
		return REFUSE("%llu is no position of a log",
		    (unsigned long long)req->position);
	item->record.kind = req->kind;
	item->record.position = req->position;
	memcpy(item->record.issuer, req->issuer, 32);
	digest_sha256(req->tbs, item->record.tbs_sha256);
	if (!position_find(c, batch, n, item, err))
		return false;
	/* RFC or limit may have moved on: these bytes were agreed to once. */
	if (item->what != ITEM_NEW)
		return true;
	arena_reset(c->arena);
	return check_new(c, batch, n, item, req, err);
}

/* Appends the new ones; on failure they, and what hangs on them, fail. */
static bool
commit(struct signer_core *c, struct item *batch, size_t n, struct err *errs)
{
	struct journal_record records[SIGNER_BATCH];
	int64_t now = clock_now(&c->clock);
	struct err why = { 0 };
	size_t k = 0;
	bool ok;

	for (size_t i = 0; i < n; i++)
		if (batch[i].what == ITEM_NEW)
			records[k++] = batch[i].record;
	ok = k == 0 || journal_append(&c->journal, records, k, &why);
	for (size_t i = 0; ok && i < k; i++)
		core_remember(c, &records[i], now);
	for (size_t i = 0; !ok && i < n; i++)
		if (batch[i].what == ITEM_NEW ||
		    batch[i].what == ITEM_AGAIN_IN_BATCH) {
			batch[i].what = ITEM_DONE;
			errs[i] = why;
		}
	if (!ok)
		log_err(LOG_ERROR, "signer-journal-failed", &why);
	return ok;
}

static void
sign_batch(struct signer_core *c, const struct signer_request *reqs, size_t n,
    struct buf *signatures, struct err *errs)
{
	struct item batch[SIGNER_BATCH];

	for (size_t i = 0; i < n; i++) {
		batch[i].what = ITEM_DONE;
		if (reqs[i].kind == SIGN_OCSP)
			(void)signer_core_answer(
			    c, &reqs[i], &signatures[i], &errs[i]);
		else if (!decide(c, batch, i, &reqs[i], &errs[i]))
			batch[i].what = ITEM_DONE;
	}
	(void)commit(c, batch, n, errs);
	for (size_t i = 0; i < n; i++) {
		/* core_remember may have moved the issuers. */
		struct issuer *is = core_issuer_find(c, reqs[i].issuer);
		struct err why = { 0 };

		if (batch[i].what == ITEM_DONE)
			continue;
		if (reqs[i].kind == SIGN_LOG)
			(void)!core_log_sign(
			    c, &batch[i].record, &signatures[i], &errs[i]);
		else if (!privkey_sign_hashed(is->key, reqs[i].tbs,
			     batch[i].record.tbs_sha256, &signatures[i], &why))
			(void)fail_detail(&errs[i], ERR_SIGNER,
			    "the signer could not sign", "%s", why.detail);
	}
}

void
signer_core_sign(struct signer_core *c, const struct signer_request *reqs,
    size_t n, struct buf *signatures, struct err *errs)
{
	for (size_t i = 0; i < n; i++)
		err_clear(&errs[i]);
	for (size_t i = 0; i < n; i += SIGNER_BATCH)
		sign_batch(c, reqs + i, MIN_OF(n - i, (size_t)SIGNER_BATCH),
		    signatures + i, errs + i);
}
