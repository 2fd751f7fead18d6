#include "store/draining.h"
#include "store/migrate.h"
#include "store/parts.h"

/* Intents (1) may still be issued; revoked (3) and voided ones are on the full
 * CRL, but for those of a shard, whose URL ends with the CA. */
static bool
read_certs(struct db *db, const uint8_t issuer_key[32], int64_t now,
    struct store_draining *out, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "SELECT count(*), max(not_after) FROM cert WHERE issuer_key = ?1 "
	    "AND not_after >= ?2 AND (status IN (1, 2) OR (status = 3 AND "
	    "shard > 0)) "
	    "AND profile NOT IN "
	    "('ocsp-responder', 'scep-ra')");
	bool row;

	bind_hash(&q, issuer_key);
	bind_int(&q, now);
	if (!query_next(&q, &row, err))
		return false;
	if (row) {
		out->unexpired = (uint64_t)column_int(&q);
		out->until = column_int(&q);
	}
	return true;
}

static bool
read_crl(struct db *db, const uint8_t issuer_key[32], struct arena *a,
    struct store_draining *out, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "SELECT number, CASE WHEN shard = 0 AND delta = 0 THEN der END "
	    "FROM crl WHERE issuer_key = ?1 ORDER BY number");
	bool row;

	bind_hash(&q, issuer_key);
	for (;;) {
		struct bytes der;

		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			return true;
		out->crl_number = (uint64_t)column_int(&q);
		der = column_bytes(&q, a);
		if (der.n > 0)
			out->crl = der;
	}
}

bool
store_file_draining(const char *path, const uint8_t issuer_key[32], int64_t now,
    struct arena *a, struct store_draining *out, struct err *err)
{
	struct store_draining d = { 0 };
	int64_t schema;
	struct db *db;
	bool ok;

	if (!db_open(path, DB_READ, &db, err))
		return false;
	ok = migrate_version(db, &schema, err);
	if (ok && schema != migrate_newest())
		ok = fail(err, ERR_CONFLICT,
		    "the database has schema %lld, this program %lld: start "
		    "the server once",
		    (long long)schema, (long long)migrate_newest());
	ok = ok && read_certs(db, issuer_key, now, &d, err) &&
	    read_crl(db, issuer_key, a, &d, err);
	db_close(db);
	if (ok)
		*out = d;
	return ok;
}
