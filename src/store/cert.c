#include "store/cert.h"
#include "store/parts.h"

void
cert_read(struct query *q, struct arena *a, struct cert_row *out)
{
	out->id = column_text(q, a);
	out->ca = column_text(q, a);
	column_fixed(q, out->issuer_key, sizeof(out->issuer_key));
	column_fixed(q, out->serial, sizeof(out->serial));
	out->status = (enum cert_status)column_int(q);
	out->not_before = column_int(q);
	out->not_after = column_int(q);
	out->created_at = column_int(q);
	out->profile = column_text(q, a);
	column_fixed(q, out->profile_hash, sizeof(out->profile_hash));
	out->account_id = column_text(q, a);
	out->order_id = column_text(q, a);
	out->requester = column_text(q, a);
	column_fixed(q, out->spki_sha256, sizeof(out->spki_sha256));
	out->names = column_text(q, a);
	column_fixed(q, out->evidence_sha256, sizeof(out->evidence_sha256));
	out->replaces = column_text(q, a);
	out->intent_position = (uint64_t)column_int(q);
	out->issued_position = (uint64_t)column_int(q);
	out->revoked_at = column_int(q);
	out->reason = (int)column_int(q);
	out->sig_alg = (unsigned)column_int(q);
	out->shard = (unsigned)column_int(q);
}

void
cert_read_der(struct query *q, struct arena *a, struct cert_row *out)
{
	cert_read(q, a, out);
	out->tbs = column_bytes(q, a);
	out->signature = column_bytes(q, a);
}

bool
cert_read_all(struct query *q, bool der, struct arena *a, struct cert_row **out,
    size_t *n, struct err *err)
{
	AUTO_ROWS rows = { .size = sizeof(struct cert_row) };
	bool row;

	for (;;) {
		if (!query_next(q, &row, err))
			return false;
		if (!row)
			break;
		if (der)
			cert_read_der(q, a, rows_add(&rows));
		else
			cert_read(q, a, rows_add(&rows));
	}
	*n = rows.n;
	*out = rows_take(&rows, a);
	return true;
}

static bool
cert_read_one(
    struct query *q, struct arena *a, struct cert_row *out, struct err *err)
{
	struct cert_row found = { 0 };
	bool row;

	if (!query_next(q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_NOT_FOUND, "there is no such certificate");
	cert_read_der(q, a, &found);
	*out = found;
	return true;
}

bool
store_cert_get(struct store *s, const char *id, struct arena *a,
    struct cert_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(
	    r.db, "SELECT " CERT_DER_COLUMNS CERT_DER_FROM "WHERE c.id = ?1");

	bind_text(&q, id);
	return cert_read_one(&q, a, out, err);
}

bool
store_cert_get_by_serial(struct store *s, const uint8_t *issuer_key,
    struct bytes serial, struct arena *a, struct cert_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	/* Serials are unique among all of our CAs: one index does. */
	AUTO_QUERY q = query(r.db,
	    "SELECT " CERT_DER_COLUMNS CERT_DER_FROM "WHERE c.serial = ?1 AND "
	    "(?2 IS NULL OR c.issuer_key = ?2)");

	bind_bytes(&q, serial);
	bind_bytes(
	    &q, issuer_key == NULL ? BYTES_NONE : bytes_of(issuer_key, 32));
	return cert_read_one(&q, a, out, err);
}

bool
store_cert_list_intents(struct store *s, struct arena *a, struct cert_row **out,
    size_t *n, struct err *err)
{
	AUTO_LEASE r = { 0 };

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT " CERT_DER_COLUMNS CERT_DER_FROM "WHERE c.status = 1 "
	    "ORDER BY c.seq");

	return cert_read_all(&q, true, a, out, n, err);
}
