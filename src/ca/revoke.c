#include "ca/core.h"

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
		pthread_mutex_lock(&i->crl.lock);
		crl_set_add(&i->crl.pending, row->serial, row->revoked_at,
		    row->reason, row->not_after);
		i->crl.dirty = true;
		pthread_mutex_unlock(&i->crl.lock);
	}
	pthread_mutex_unlock(&ca->lock);
}

/* RFC 5280 section 5.3.1.  No suspension: hold cannot be taken back here. */
static bool
check_reason(int reason, struct err *err)
{
	if (reason < REASON_UNSPECIFIED || reason > REASON_AA_COMPROMISE ||
	    reason == REASON_HOLD || reason == 7 || reason == REASON_REMOVE)
		return fail(err, ERR_BAD_REASON,
		    "revocation reason %d is not accepted, expected one of "
		    "0 to 5, 9 and 10",
		    reason);
	return true;
}

bool
ca_revoke(struct ca *ca, const struct cert_row *row, int reason, const char *by,
    bool block_key, struct err *err)
{
	struct cert_row revoked = *row;

	revoked.revoked_at = ca_now(ca);
	revoked.reason = reason;
	if (!check_reason(reason, err) ||
	    !store_cert_revoke(ca->deps.store, row->id, reason,
		revoked.revoked_at, by, block_key, err))
		return false;
	ca_revoked_add(ca, &revoked);
	atomic_fetch_add(&ca->revoked, 1);
	return true;
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
