#include "ca/core.h"
#include "codec/jose.h"
#include "crypto/secret_text.h"
#include "store/revocation.h"
#include "util/log.h"

void
ca_revoked_add(struct ca *ca, const struct cert_row *row)
{
	ca_status_put(ca, row, CERT_REVOKED);
	/* Every issuer object of the key: one that a reload is just making
	 * may have read the record a moment ago. */
	pthread_mutex_lock(&ca->lock);
	for (struct issuer *i = ca->issuers; i != NULL; i = i->next) {
		if (memcmp(i->key, row->issuer_key, sizeof(i->key)) != 0)
			continue;
		/* The full CRL has no IDP, so it is complete for the CA (RFC
		 * 5280 section 5.2.5); the shard's is the one that the
		 * certificate names. */
		for (unsigned k = 0; k < atomic_load(&i->scopes_n); k++)
			if (k == 0 || k == row->shard)
				crl_state_add(i->scopes[k], row->serial,
				    row->revoked_at, row->reason,
				    row->not_after, true);
	}
	pthread_mutex_unlock(&ca->lock);
	if (responders_withdraw(&ca->responders, row->issuer_key, row->serial))
		log_event(LOG_WARN, "responder-withdrawn");
}

/* The next takes its place now, not with the next round of housekeeping: until
 * then there is nobody to sign. */
static void
replace_responder(struct ca *ca, uint64_t withdrawn)
{
	struct err err = { 0 };

	if (ca_responder_withdrawn(ca) != withdrawn &&
	    !ca_responder_run(ca, &err))
		log_err(LOG_ERROR, "responder", &err);
}

/* RFC 5280 section 5.3.1.  No suspension: hold cannot be taken back here. */
bool
revocation_check_reason(int reason, struct err *err)
{
	if (reason < REASON_UNSPECIFIED || reason > REASON_AA_COMPROMISE ||
	    reason == REASON_HOLD || reason == 7 || reason == REASON_REMOVE)
		return fail(err, ERR_BAD_REASON,
		    "revocation reason %d is not accepted, expected one of "
		    "0 to 5, 9 and 10",
		    reason);
	return true;
}

void
key_blocked(struct ca *ca)
{
	atomic_fetch_add(&ca->blocks, 1);
	atomic_store(&ca->sweep_due, true);
}

/*
 * An account with the key of the certificate belongs to whoever found the key.
 * It goes first: after a crash in between, the revocation was not acknowledged
 * and comes again.
 */
static bool
account_close(struct ca *ca, const struct pubkey *key, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct account_row account;
	struct err why = { 0 };
	struct jwk jwk;

	jwk_of_key(key, a, &jwk);
	if (store_account_get_by_key(
		ca->deps.store, jwk.thumbprint, a, &account, &why)) {
		if (account.status != ACCOUNT_VALID ||
		    store_account_deactivate(ca->deps.store, account.id,
			ca_now(ca), "compromised key", &why))
			return true;
		/* It was closed a moment ago. */
		if (why.kind == ERR_ACCOUNT_DEACTIVATED)
			return true;
	}
	if (why.kind == ERR_NOT_FOUND)
		return true;
	*err = why;
	return false;
}

static bool
account_close_of(struct ca *ca, const struct cert_row *row, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct cert_row full = *row;
	struct cert cert;

	if (row->tbs.n == 0 &&
	    !store_cert_get(ca->deps.store, row->id, a, &full, err))
		return false;
	return cert_parse_tbs(full.tbs, a, &cert, err) &&
	    account_close(ca, &cert.key, err);
}

static bool
fail_already(struct err *err)
{
	return fail(err, ERR_ALREADY_REVOKED, "Certificate already revoked");
}

/*
 * BR 4.9.1.1: what was revoked for another reason and turns out to be
 * compromised is said to be so; the date stays, and it is said once.
 */
static bool
revoke_again(struct ca *ca, const struct cert_row *row, int reason,
    const char *by, bool block_key, struct err *err)
{
	struct cert_row revoked = *row;
	bool blocked = false;

	if (!block_key || reason != REASON_KEY_COMPROMISE)
		return fail_already(err);
	if (row->reason == REASON_KEY_COMPROMISE) {
		/* It was only said so far; the key may be free still. */
		if (!store_key_block(ca->deps.store, row->spki_sha256, row->id,
			ca_now(ca), by, &blocked, err))
			return false;
		if (!blocked)
			return fail_already(err);
		key_blocked(ca);
		return true;
	}
	if (!store_cert_set_compromised(
		ca->deps.store, row->id, ca_now(ca), by, err))
		return false;
	revoked.reason = reason;
	ca_revoked_add(ca, &revoked);
	key_blocked(ca);
	return true;
}

bool
ca_revoke(struct ca *ca, const struct cert_row *row, int reason, const char *by,
    bool block_key, struct err *err)
{
	uint64_t withdrawn = ca_responder_withdrawn(ca);
	struct cert_row revoked = *row;

	revoked.revoked_at = ca_now(ca);
	revoked.reason = reason;
	if (!revocation_check_reason(reason, err) ||
	    (block_key && !account_close_of(ca, row, err)))
		return false;
	if (row->status == CERT_REVOKED)
		return revoke_again(ca, row, reason, by, block_key, err);
	if (!store_cert_revoke(ca->deps.store, row->id, reason,
		revoked.revoked_at, by, block_key, err))
		return false;
	ca_revoked_add(ca, &revoked);
	if (block_key)
		key_blocked(ca);
	atomic_fetch_add(&ca->revoked, 1);
	replace_responder(ca, withdrawn);
	return true;
}

bool
ca_key_block(struct ca *ca, const struct csr *proof, const char *by,
    bool *blocked, struct err *err)
{
	uint8_t sum[32];
	bool now;

	{
		AUTO_LANE loan = lane_lend(ca->deps.lanes);

		/* RFC 2986 section 3: whoever signed it has the key. */
		if (!csr_verify(loan.lane, proof, err))
			return false;
	}
	digest_sha256(proof->spki, sum);
	if (ca_issuer_by_key(ca, sum) != NULL)
		return fail(err, ERR_REJECTED,
		    "this is the key of a CA: revoke the CA's certificate "
		    "with its issuer");
	if (!account_close(ca, &proof->key, err) ||
	    !store_key_block(
		ca->deps.store, sum, NULL, ca_now(ca), by, &now, err))
		return false;
	if (now)
		key_blocked(ca);
	*blocked = now;
	return true;
}

bool
ca_revoke_by_secret(struct ca *ca, const struct cert_row *row,
    struct bytes secret, int reason, struct err *err)
{
	uint8_t hash[32] = { 0 };
	bool has = false, matches;

	if (!store_cert_secret(ca->deps.store, row->id, hash, &has, err))
		return false;
	/* Compared in any case: the time tells nothing. */
	matches = secret_text_matches(secret, hash);
	if (!has || !matches || !secret_text_has_form(secret))
		return fail(err, ERR_UNAUTHORIZED,
		    "no certificate with this serial and secret");
	return ca_revoke(ca, row, reason, "revocation secret", false, err);
}

static bool
row_is_cert(const struct cert_row *row, struct bytes der)
{
	AUTO_BUF whole = { 0 };

	if ((row->status != CERT_ISSUED && row->status != CERT_REVOKED) ||
	    row->signature.n == 0)
		return false;
	cert_put(&whole, row->tbs, (enum sig_alg)row->sig_alg, row->signature);
	return bytes_equal(buf_bytes(&whole), der);
}

bool
ca_find_cert(struct ca *ca, struct bytes der, struct arena *a,
    struct cert_row *row, struct cert *cert, struct err *err)
{
	struct cert *parsed = arena_alloc(a, sizeof(*parsed));
	struct cert_row found;
	struct err why = { 0 };

	if (!cert_parse(der, a, parsed, err))
		return false;
	/* Our serials have 20 octets; any issuer, also one that is no longer
	 * configured.  The octets must agree, not the serial alone. */
	if (parsed->serial.n == SERIAL_SIZE &&
	    store_cert_get_by_serial(
		ca->deps.store, NULL, parsed->serial, a, &found, &why) &&
	    row_is_cert(&found, der)) {
		*row = found;
		*cert = *parsed;
		return true;
	}
	if (why.kind != ERR_NONE && why.kind != ERR_NOT_FOUND)
		return fail(err, why.kind, "%s", why.shown);
	return fail(err, ERR_NOT_FOUND, "this certificate was not issued here");
}
