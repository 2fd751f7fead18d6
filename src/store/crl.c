#include "store/parts.h"

struct crl_change {
	const struct crl_row *row;
	struct event event;
	uint64_t position;
};

/* RFC 5280 section 5.2.3: numbers rise. */
static bool
crl_check_number(
    struct db *db, const struct crl_row *row, bool published, struct err *err)
{
	AUTO_QUERY q = query(db,
	    published ? "SELECT max(number) FROM crl WHERE issuer_key = ?1 AND "
			"der IS NOT "
			"NULL"
		      : "SELECT max(number) FROM crl WHERE issuer_key = ?1");
	int64_t last;
	bool some;

	bind_hash(&q, row->issuer_key);
	if (!query_next(&q, &some, err))
		return false;
	last = some ? column_int(&q) : 0;
	if (row->number == 0 || row->number > INT64_MAX ||
	    (int64_t)row->number <= last)
		return fail(err, ERR_CONFLICT,
		    "CRL number %llu does not rise above %lld",
		    (unsigned long long)row->number, (long long)last);
	return true;
}

static bool
crl_put(struct db *db, const struct crl_row *row, uint64_t position,
    struct err *err)
{
	AUTO_QUERY q = query(db,
	    "INSERT INTO crl (issuer_key, number, ca, position, this_update, "
	    "next_update, der) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT "
	    "(issuer_key, number) DO UPDATE SET der = excluded.der");

	bind_hash(&q, row->issuer_key);
	bind_int(&q, (int64_t)row->number);
	bind_text(&q, row->ca);
	bind_int(&q, (int64_t)position);
	bind_int(&q, row->this_update);
	bind_int(&q, row->next_update);
	bind_bytes(&q, row->der);
	return query_change(&q, NULL, err);
}

static bool
crl_intent_apply(struct db *db, void *arg, struct err *err)
{
	struct crl_change *c = arg;
	struct crl_row row = *c->row;

	row.der = BYTES_NONE;
	return crl_check_number(db, &row, false, err) &&
	    event_append(db, &c->event, &c->position, err) &&
	    crl_put(db, &row, c->position, err);
}

/* The published one and what was announced before it are history. */
static bool
crl_drop_older(struct db *db, const struct crl_row *row, struct err *err)
{
	AUTO_QUERY q =
	    query(db, "DELETE FROM crl WHERE issuer_key = ?1 AND number < ?2");

	bind_hash(&q, row->issuer_key);
	bind_int(&q, (int64_t)row->number);
	return query_change(&q, NULL, err);
}

static bool
crl_publish_apply(struct db *db, void *arg, struct err *err)
{
	struct crl_change *c = arg;

	return crl_check_number(db, c->row, true, err) &&
	    event_append(db, &c->event, &c->position, err) &&
	    crl_put(db, c->row,
		c->row->position != 0 ? c->row->position : c->position, err) &&
	    crl_drop_older(db, c->row, err);
}

static void
crl_event(const struct crl_row *row, struct event *e)
{
	event_text(e, "ca", row->ca);
	event_hex(e, "issuer_key", row->issuer_key, 32);
	event_int(e, "next_update", row->next_update);
	event_int(e, "number", (int64_t)row->number);
	if (row->der.n > 0) {
		event_hex(e, "sha256", row->sha256, 32);
		event_int(e, "size", (int64_t)row->der.n);
	}
	event_hex(e, "tbs_sha256", row->tbs_sha256, 32);
	event_int(e, "this_update", row->this_update);
	event_end(e);
}

bool
store_crl_intent(struct store *s, const struct crl_row *row, uint64_t *position,
    struct err *err)
{
	struct crl_change c = { .row = row };
	struct crl_row announced = *row;
	AUTO_EVENT e = event("crl-intent", row->this_update);

	announced.der = BYTES_NONE;
	crl_event(&announced, &e);
	c.event = e;
	if (!store_change(s, crl_intent_apply, &c, err))
		return false;
	*position = c.position;
	return true;
}

bool
store_crl_publish(struct store *s, const struct crl_row *row, struct err *err)
{
	struct crl_change c = { .row = row };
	AUTO_EVENT e = event("crl", row->this_update);

	if (row->der.n == 0)
		return fail(err, ERR_INTERNAL, "a published CRL is empty");
	crl_event(row, &e);
	c.event = e;
	return store_change(s, crl_publish_apply, &c, err);
}

bool
store_crl_get(struct store *s, const uint8_t issuer_key[32], struct arena *a,
    struct crl_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT ca, number, position, this_update, next_update, der FROM "
	    "crl WHERE issuer_key = ?1 AND der IS NOT NULL ORDER BY number "
	    "DESC LIMIT 1");

	bind_hash(&q, issuer_key);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(
		    err, ERR_NOT_FOUND, "this CA has not published a CRL");
	*out = (struct crl_row){ 0 };
	memcpy(out->issuer_key, issuer_key, sizeof(out->issuer_key));
	out->ca = column_text(&q, a);
	out->number = (uint64_t)column_int(&q);
	out->position = (uint64_t)column_int(&q);
	out->this_update = column_int(&q);
	out->next_update = column_int(&q);
	out->der = column_bytes(&q, a);
	return true;
}
