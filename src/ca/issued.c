/*
 * What was issued, for who asks for it, also for a second time because the
 * first answer was lost on its way.
 */
#include "ca/issue.h"
#include "ca/token.h"
#include "codec/pem.h"
#include "store/token.h"

bool
ca_cert_chain(struct ca *ca, const struct cert_row *row, struct arena *a,
    struct bytes *pem, struct bytes *der, struct err *err)
{
	const struct issuer *issuer = ca_issuer_by_key(ca, row->issuer_key);
	AUTO_BUF whole = { 0 };
	AUTO_BUF text = { 0 };
	struct cert_row full = *row;

	if (row->tbs.n == 0 &&
	    !store_cert_get(ca->deps.store, row->id, a, &full, err))
		return false;
	/* Invariant 4: what is not recorded as issued does not leave. */
	if (full.status == CERT_INTENT || full.status == CERT_VOIDED ||
	    full.signature.n == 0)
		return fail(err, ERR_NOT_FOUND,
		    "there is no issued certificate %s", row->id);
	cert_put(&whole, full.tbs, (enum sig_alg)full.sig_alg, full.signature);
	pem_put(&text, "CERTIFICATE", buf_bytes(&whole));
	if (issuer != NULL)
		buf_add_bytes(&text, issuer->chain_pem);
	*der = arena_take_buf(a, &whole);
	*pem = arena_take_buf(a, &text);
	return true;
}

static bool
check_standing(struct ca *ca, const struct cert_row *row, struct err *err)
{
	switch (row->status) {
	case CERT_INTENT:
		/* Its own thread or the recovery finishes it. */
		return fail(err, ERR_BUSY, "the certificate is being issued");
	case CERT_ISSUED:
		if (row->not_after >= ca_now(ca))
			return true;
		return fail(err, ERR_REJECTED, "the certificate is expired");
	case CERT_REVOKED:
		return fail(err, ERR_REJECTED, "the certificate was revoked");
	case CERT_VOIDED:
		break;
	}
	return fail(
	    err, ERR_NOT_FOUND, "there is no issued certificate %s", row->id);
}

static bool
issued_of_row(struct ca *ca, const struct cert_row *row, struct arena *a,
    struct ca_issued *out, struct err *err)
{
	struct ca_issued issued = { .id = row->id,
		.not_before = row->not_before,
		.not_after = row->not_after };

	memcpy(issued.serial, row->serial, sizeof(issued.serial));
	if (!check_standing(ca, row, err) ||
	    !ca_cert_chain(ca, row, a, &issued.pem_chain, &issued.der, err))
		return false;
	*out = issued;
	return true;
}

bool
ca_issued_get(struct ca *ca, const char *id, struct arena *a,
    struct ca_issued *out, struct err *err)
{
	struct cert_row row;

	return store_cert_get(ca->deps.store, id, a, &row, err) &&
	    issued_of_row(ca, &row, a, out, err);
}

bool
issuance_repeat(
    struct issuance *i, bool *again, struct ca_issued *out, struct err *err)
{
	const struct profile *p = i->in.profile;
	struct err why = { 0 };
	struct cert_row row;

	*again = i->token_id != NULL && p != NULL &&
	    store_token_use_find(i->ca->deps.store, i->token_id, i->csr_sha256,
		p->t.name, i->in.now - TOKEN_REPEAT, i->arena, &row, &why) &&
	    issued_of_row(i->ca, &row, i->arena, out, &why);
	/* Nothing, or nothing that is still good: a request like others. */
	if (why.kind == ERR_NONE || why.kind == ERR_NOT_FOUND ||
	    why.kind == ERR_REJECTED)
		return true;
	*err = why;
	return false;
}
