#include "store/scep.h"
#include "store/parts.h"

static bool
no_row(struct err *err)
{
	return fail(err, ERR_NOT_FOUND, "no certificate has this transaction");
}

/* Is the transaction another key's? */
static bool
check_key(struct db *db, const char *profile, const char *transaction,
    const uint8_t spki_sha256[32], struct err *err)
{
	AUTO_QUERY q = query(db,
	    "SELECT 1 FROM scep_request r JOIN cert c ON c.id = r.cert_id "
	    "WHERE r.profile = ?1 AND r.client_transaction = ?2 AND "
	    "r.spki_sha256 <> ?3 AND c.status <> 4 LIMIT 1");
	bool row;

	bind_text(&q, profile);
	bind_text(&q, transaction);
	bind_hash(&q, spki_sha256);
	if (!query_next(&q, &row, err))
		return false;
	if (row)
		return fail(err, ERR_CONFLICT,
		    "the transaction is that of another key's request");
	return true;
}

bool
scep_take(struct db *db, const struct cert_row *cert, const uint8_t *csr_sha256,
    struct err *err)
{
	if (cert->scep_transaction == NULL)
		return true;
	if (!check_key(db, cert->scep_profile, cert->scep_transaction,
		cert->spki_sha256, err))
		return false;
	/* What was voided, or has expired, stands in nobody's way. */
	AUTO_QUERY old = query(db,
	    "DELETE FROM scep_request WHERE profile = ?1 AND "
	    "client_transaction = ?2 AND csr_sha256 = ?3 AND (not_after < ?4 "
	    "OR cert_id IN (SELECT id FROM cert WHERE id = cert_id AND "
	    "status = 4))");
	AUTO_QUERY q = query(db,
	    "INSERT INTO scep_request (profile, client_transaction, "
	    "csr_sha256, spki_sha256, cert_id, not_after) VALUES (?1, ?2, ?3, "
	    "?4, ?5, ?6)");

	bind_text(&old, cert->scep_profile);
	bind_text(&old, cert->scep_transaction);
	bind_hash(&old, csr_sha256);
	bind_int(&old, cert->created_at);
	bind_text(&q, cert->scep_profile);
	bind_text(&q, cert->scep_transaction);
	bind_hash(&q, csr_sha256);
	bind_hash(&q, cert->spki_sha256);
	bind_text(&q, cert->id);
	bind_int(&q, cert->not_after);
	return query_change(&old, NULL, err) && query_change(&q, NULL, err);
}

static bool
read_id(struct query *q, struct arena *a, const char **out, struct err *err)
{
	bool row;

	if (!query_next(q, &row, err))
		return false;
	if (!row)
		return no_row(err);
	*out = column_text(q, a);
	return true;
}

bool
store_scep_find(struct store *s, const struct scep_key *key, struct arena *a,
    const char **cert_id, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err) ||
	    !check_key(
		r.db, key->profile, key->transaction, key->spki_sha256, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT r.cert_id FROM scep_request r JOIN cert c ON c.id = "
	    "r.cert_id WHERE r.profile = ?1 AND r.client_transaction = ?2 AND "
	    "r.csr_sha256 = ?3 AND c.status <> 4 AND r.not_after >= ?4");

	bind_text(&q, key->profile);
	bind_text(&q, key->transaction);
	bind_hash(&q, key->csr_sha256);
	bind_int(&q, clock_now(&s->clock));
	return read_id(&q, a, cert_id, err);
}

bool
store_scep_find_key(struct store *s, const char *profile,
    const char *transaction, const uint8_t spki_sha256[32], struct arena *a,
    const char **cert_id, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT r.cert_id FROM scep_request r JOIN cert c ON c.id = "
	    "r.cert_id WHERE r.profile = ?1 AND r.client_transaction = ?2 AND "
	    "r.spki_sha256 = ?3 AND c.status <> 4 AND r.not_after >= ?4 ORDER "
	    "BY c.seq DESC LIMIT 1");

	bind_text(&q, profile);
	bind_text(&q, transaction);
	bind_hash(&q, spki_sha256);
	bind_int(&q, clock_now(&s->clock));
	return read_id(&q, a, cert_id, err);
}

bool
store_scep_profile_of(struct store *s, const char *cert_id, struct arena *a,
    const char **profile, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q =
	    query(r.db, "SELECT profile FROM scep_request WHERE cert_id = ?1");

	bind_text(&q, cert_id);
	return read_id(&q, a, profile, err);
}
