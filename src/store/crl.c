#include "store/crl.h"
#include "store/parts.h"

struct crl_change {
	const struct crl_row *row;
	struct event event;
	uint64_t position;
};

static bool
number_read(struct db *db, const char *sql, const struct crl_row *row,
    int64_t *out, struct err *err)
{
	AUTO_QUERY q = query(db, sql);
	bool some;

	bind_hash(&q, row->issuer_key);
	bind_int(&q, row->shard);
	bind_int(&q, row->is_delta);
	if (!query_next(&q, &some, err))
		return false;
	*out = some ? column_int(&q) : 0;
	return true;
}

/* RFC 5280 section 5.2.3: numbers rise, over full CRLs and deltas together. */
static bool
crl_check_announced(struct db *db, const struct crl_row *row, struct err *err)
{
	int64_t last = 0;

	if (!number_read(db,
		"SELECT max(number) FROM crl WHERE issuer_key = ?1 AND shard = "
		"?2 AND ?3 >= 0",
		row, &last, err))
		return false;
	if (row->number == 0 || row->number > INT64_MAX ||
	    (int64_t)row->number <= last)
		return fail(err, ERR_CONFLICT,
		    "CRL number %llu does not rise above %lld",
		    (unsigned long long)row->number, (long long)last);
	return true;
}

/*
 * Two writers (boulder#7590) each compare theirs with what they believe to be
 * published; only the one who is right replaces it.
 */
static bool
crl_check_previous(struct db *db, const struct crl_row *row, struct err *err)
{
	int64_t last = 0, base = 0;

	if (!number_read(db,
		"SELECT max(number) FROM crl WHERE issuer_key = ?1 AND shard = "
		"?2 AND delta = ?3 AND der IS NOT NULL",
		row, &last, err) ||
	    !number_read(db,
		"SELECT max(number) FROM crl WHERE issuer_key = ?1 AND shard = "
		"?2 AND delta = 0 AND ?3 >= 0 AND der IS NOT NULL",
		row, &base, err))
		return false;
	if (last != (int64_t)row->previous || (int64_t)row->number <= last)
		return fail(err, ERR_CONFLICT,
		    "CRL number %llu would replace %llu, but %lld is published",
		    (unsigned long long)row->number,
		    (unsigned long long)row->previous, (long long)last);
	if (row->is_delta && base != (int64_t)row->base)
		return fail(err, ERR_CONFLICT,
		    "the delta's base is %llu, but %lld is published",
		    (unsigned long long)row->base, (long long)base);
	return true;
}

static bool
crl_put(struct db *db, const struct crl_row *row, uint64_t position,
    struct err *err)
{
	AUTO_QUERY q = query(db,
	    "INSERT INTO crl (issuer_key, number, ca, position, this_update, "
	    "next_update, der, shard, delta, base) VALUES (?1, ?2, ?3, ?4, ?5, "
	    "?6, ?7, ?8, ?9, ?10) ON CONFLICT (issuer_key, shard, number) DO "
	    "UPDATE SET der = excluded.der RETURNING seq");
	int64_t seq;
	bool some;

	bind_hash(&q, row->issuer_key);
	bind_int(&q, (int64_t)row->number);
	bind_text(&q, row->ca);
	bind_int(&q, (int64_t)position);
	bind_int(&q, row->this_update);
	bind_int(&q, row->next_update);
	/* Published, it may have tens of megabytes. */
	if (row->der.n == 0)
		bind_bytes(&q, BYTES_NONE);
	else
		bind_room(&q, row->der.n);
	bind_int(&q, row->shard);
	bind_int(&q, row->is_delta);
	bind_int(&q, (int64_t)row->base);
	if (!query_next(&q, &some, err))
		return false;
	seq = column_int(&q);
	/* To its end, before its column is opened. */
	if (!query_next(&q, &some, err))
		return false;
	return row->der.n == 0 || db_fill(db, "crl", "der", seq, row->der, err);
}

static bool
crl_intent_apply(struct db *db, void *arg, struct err *err)
{
	struct crl_change *c = arg;
	struct crl_row row = *c->row;

	row.der = BYTES_NONE;
	return crl_check_announced(db, &row, err) &&
	    event_append(db, &c->event, &c->position, err) &&
	    crl_put(db, &row, c->position, err);
}

/* What it replaces, and what was announced before it, are history. */
static bool
crl_drop_older(struct db *db, const struct crl_row *row, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "DELETE FROM crl WHERE issuer_key = ?1 AND shard = ?2 AND number < "
	    "?3 AND (delta = ?4 OR der IS NULL)");

	bind_hash(&q, row->issuer_key);
	bind_int(&q, row->shard);
	bind_int(&q, (int64_t)row->number);
	bind_int(&q, row->is_delta);
	return query_change(&q, NULL, err);
}

static bool
crl_publish_apply(struct db *db, void *arg, struct err *err)
{
	struct crl_change *c = arg;

	return crl_check_previous(db, c->row, err) &&
	    event_append(db, &c->event, &c->position, err) &&
	    crl_put(db, c->row,
		c->row->position != 0 ? c->row->position : c->position, err) &&
	    crl_drop_older(db, c->row, err);
}

static void
crl_event(const struct crl_row *row, struct event *e)
{
	if (row->is_delta)
		event_int(e, "base", (int64_t)row->base);
	event_text(e, "ca", row->ca);
	event_hex(e, "issuer_key", row->issuer_key, 32);
	event_int(e, "next_update", row->next_update);
	event_int(e, "number", (int64_t)row->number);
	if (row->shard != 0)
		event_int(e, "shard", row->shard);
	if (row->der.n > 0)
		event_int(e, "size", (int64_t)row->der.n);
	/* As in the signer's journal. */
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
store_crl_get(struct store *s, const uint8_t issuer_key[32], unsigned shard,
    bool is_delta, struct arena *a, struct crl_row *out, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT ca, number, position, this_update, next_update, der, base "
	    "FROM crl WHERE issuer_key = ?1 AND shard = ?2 AND delta = ?3 AND "
	    "der IS NOT NULL ORDER BY number DESC LIMIT 1");

	bind_hash(&q, issuer_key);
	bind_int(&q, shard);
	bind_int(&q, is_delta);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(
		    err, ERR_NOT_FOUND, "this CA has not published such a CRL");
	*out = (struct crl_row){ .shard = shard, .is_delta = is_delta };
	memcpy(out->issuer_key, issuer_key, sizeof(out->issuer_key));
	out->ca = column_text(&q, a);
	out->number = (uint64_t)column_int(&q);
	out->position = (uint64_t)column_int(&q);
	out->this_update = column_int(&q);
	out->next_update = column_int(&q);
	out->der = column_bytes(&q, a);
	out->base = (uint64_t)column_int(&q);
	return true;
}

bool
store_crl_last_number(struct store *s, const uint8_t issuer_key[32],
    unsigned shard, uint64_t *out, struct err *err)
{
	AUTO_LEASE r = { 0 };
	struct crl_row row = { .shard = shard };
	int64_t last = 0;

	memcpy(row.issuer_key, issuer_key, sizeof(row.issuer_key));
	if (!store_read(s, &r, err) ||
	    !number_read(r.db,
		"SELECT max(number) FROM crl WHERE issuer_key = ?1 AND shard = "
		"?2 AND ?3 >= 0",
		&row, &last, err))
		return false;
	*out = (uint64_t)last;
	return true;
}

bool
store_shard_highest(struct store *s, const uint8_t issuer_key[32],
    unsigned above, int64_t now, unsigned *out, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT shard FROM cert WHERE issuer_key = ?1 AND shard > ?2 AND "
	    "shard > 0 AND not_after >= ?3 ORDER BY shard DESC LIMIT 1");

	bind_hash(&q, issuer_key);
	bind_int(&q, above);
	bind_int(&q, now);
	if (!query_next(&q, &row, err))
		return false;
	*out = row ? (unsigned)column_int(&q) : above;
	return true;
}
