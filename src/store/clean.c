#include "store/parts.h"

/*
 * An order is kept for a week after it expired, so that an operator sees why it
 * failed; for a month when it led to a certificate.  An authorization goes when
 * its last order has gone.  Log and certificates are never cleaned.
 */
#define KEEP_FAILED (int64_t)(7 * 86400)
/* Tokens and requests of the approval queue, so that who made or decided them
 * can still be looked up; the log keeps that for good. */
#define KEEP_ENROLMENT (int64_t)(90 * 86400)
/* What a service said of a request: of what led to nothing, and of what led to
 * a certificate, which scep_request knows beyond it. */
#define KEEP_REFUSED (int64_t)86400
#define KEEP_INQUIRY (int64_t)(7 * 86400)
#define KEEP_ISSUED (int64_t)(30 * 86400)

struct clean {
	int64_t now;
	unsigned limit;
	uint64_t removed;
};

static bool
clean_run(struct db *db, struct clean *c, const char *sql, int64_t before,
    struct err *err)
{
	AUTO_QUERY q = query(db, sql);
	unsigned changed;

	if (c->removed >= c->limit)
		return true;
	bind_int(&q, before);
	bind_int(&q, (int64_t)(c->limit - c->removed));
	if (!query_change(&q, &changed, err))
		return false;
	c->removed += changed;
	return true;
}

/* Orders that may go, with their links. */
static bool
clean_orders(struct db *db, struct clean *c, const char *sql, int64_t before,
    struct err *err)
{
	AUTO_ROWS seqs = { .size = sizeof(int64_t) };
	AUTO_QUERY q = query(db, sql);
	bool row;

	bind_int(&q, before);
	bind_int(&q, (int64_t)(c->limit - c->removed));
	for (;;) {
		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			break;
		*(int64_t *)rows_add(&seqs) = column_int(&q);
	}
	for (size_t i = 0; i < seqs.n; i++) {
		AUTO_QUERY links =
		    query(db, "DELETE FROM order_authz WHERE order_seq = ?1");
		AUTO_QUERY order =
		    query(db, "DELETE FROM orders WHERE seq = ?1");

		bind_int(&links, ((int64_t *)seqs.v)[i]);
		bind_int(&order, ((int64_t *)seqs.v)[i]);
		if (!query_change(&links, NULL, err) ||
		    !query_change(&order, NULL, err))
			return false;
	}
	c->removed += seqs.n;
	return true;
}

static bool
clean_apply(struct db *db, void *arg, struct err *err)
{
	struct clean *c = arg;

	return clean_orders(db, c,
		   "SELECT seq FROM orders WHERE cert_id IS NULL AND "
		   "expires_at <= ?1 LIMIT ?2",
		   c->now - KEEP_FAILED, err) &&
	    clean_orders(db, c,
		"SELECT seq FROM orders WHERE cert_id IS NOT NULL AND "
		"expires_at <= ?1 LIMIT ?2",
		c->now - KEEP_ISSUED, err) &&
	    clean_run(db, c,
		"DELETE FROM job WHERE authz_seq IN (SELECT j.authz_seq "
		"FROM job j JOIN authz z ON z.seq = j.authz_seq WHERE "
		"z.expires_at <= ?1 LIMIT ?2)",
		c->now, err) &&
	    clean_run(db, c,
		"DELETE FROM authz WHERE seq IN (SELECT seq FROM authz z "
		"WHERE expires_at <= ?1 AND NOT EXISTS (SELECT 1 FROM "
		"order_authz WHERE authz_seq = z.seq) AND NOT EXISTS (SELECT "
		"1 FROM job WHERE authz_seq = z.seq) LIMIT ?2)",
		c->now - KEEP_FAILED, err) &&
	    clean_run(db, c,
		"DELETE FROM token_use WHERE cert_id IN (SELECT u.cert_id FROM "
		"token t JOIN token_use u ON u.token_id = t.id WHERE "
		"t.expires_at <= ?1 LIMIT ?2)",
		c->now - KEEP_ENROLMENT, err) &&
	    clean_run(db, c,
		"DELETE FROM token WHERE seq IN (SELECT seq FROM token t "
		"WHERE expires_at <= ?1 AND NOT EXISTS (SELECT 1 FROM "
		"token_use WHERE token_id = t.id) LIMIT ?2)",
		c->now - KEEP_ENROLMENT, err) &&
	    clean_run(db, c,
		"DELETE FROM approval WHERE seq IN (SELECT seq FROM approval "
		"WHERE expires_at <= ?1 LIMIT ?2)",
		c->now - KEEP_ENROLMENT, err) &&
	    clean_run(db, c,
		"DELETE FROM scep_request WHERE cert_id IN (SELECT cert_id "
		"FROM scep_request WHERE not_after <= ?1 LIMIT ?2)",
		c->now, err) &&
	    clean_run(db, c,
		"DELETE FROM inquiry WHERE seq IN (SELECT seq FROM inquiry i "
		"WHERE due_at = 0 AND state IN (5, 6) AND moved_at <= ?1 AND "
		"NOT EXISTS (SELECT 1 FROM scep_request r WHERE r.profile = "
		"i.profile AND r.client_transaction = i.client_transaction AND "
		"r.csr_sha256 = i.csr_sha256) LIMIT ?2)",
		c->now - KEEP_REFUSED, err) &&
	    /* A withdrawn one stays between its certificate and the client as
	     * long as the certificate is there. */
	    clean_run(db, c,
		"DELETE FROM inquiry WHERE seq IN (SELECT seq FROM inquiry "
		"WHERE due_at = 0 AND state = 4 AND moved_at <= ?1 LIMIT ?2)",
		c->now - KEEP_INQUIRY, err) &&
	    clean_run(db, c,
		"DELETE FROM inquiry WHERE seq IN (SELECT i.seq FROM inquiry i "
		"JOIN cert c ON c.id = i.cert_id WHERE i.due_at = 0 AND "
		"c.not_after <= ?1 LIMIT ?2)",
		c->now, err);
}

bool
store_clean(struct store *s, int64_t now, unsigned limit, uint64_t *removed,
    struct err *err)
{
	struct clean c = { .now = now, .limit = limit };

	if (!store_change(s, clean_apply, &c, err))
		return false;
	*removed = c.removed;
	return true;
}
