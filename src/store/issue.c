/*
 * The record of an issuance (design section 3, invariant 4): intent, then
 * issued or void.
 */
#include "store/cert.h"
#include "store/parts.h"
#include "util/fault.h"

/* ---- intent ---- */

struct cert_intent {
	const struct cert_row *row;
	const uint8_t *csr_sha256;
	struct event event;
	/* Reversed names, made in the caller's thread. */
	char **reversed;
	size_t reversed_n;
	uint64_t position;
};

/* RFC 8555 section 7.4: only a ready order is finalized, and only once. */
static bool
order_begin(struct db *db, const struct cert_intent *c, struct err *err)
{
	unsigned changed;
	AUTO_QUERY q = query(db,
	    "UPDATE orders SET status = 3, cert_id = ?2, csr_sha256 = ?3 "
	    "WHERE id = ?1 AND status = 2 AND expires_at > ?4 AND account_id "
	    "IS ?5 AND NOT EXISTS (SELECT 1 FROM order_authz oa JOIN authz z "
	    "ON z.seq = oa.authz_seq WHERE oa.order_seq = orders.seq AND "
	    "(z.status <> 2 OR z.expires_at <= ?4))");

	bind_text(&q, c->row->order_id);
	bind_text(&q, c->row->id);
	bind_bytes(&q,
	    c->csr_sha256 == NULL ? BYTES_NONE : bytes_of(c->csr_sha256, 32));
	bind_int(&q, c->row->created_at);
	bind_text(&q, c->row->account_id);
	if (!query_change(&q, &changed, err))
		return false;
	if (changed == 0)
		return fail(err, ERR_ORDER_NOT_READY,
		    "the order is not ready, or an authorization of it is no "
		    "longer valid");
	return true;
}

static bool
cert_insert(struct db *db, const struct cert_row *row, uint64_t position,
    int64_t *seq, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "INSERT INTO cert (id, ca, issuer_key, serial, status, not_before, "
	    "not_after, created_at, profile, profile_hash, account_id, "
	    "order_id, requester, spki_sha256, names, evidence_sha256, "
	    "replaces, intent_position, sig_alg, secret_sha256, shard) VALUES "
	    "(?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
	    "?15, ?16, ?17, ?18, ?19, ?20)");

	bind_text(&q, row->id);
	bind_text(&q, row->ca);
	bind_hash(&q, row->issuer_key);
	bind_bytes(&q, bytes_of(row->serial, sizeof(row->serial)));
	bind_int(&q, row->not_before);
	bind_int(&q, row->not_after);
	bind_int(&q, row->created_at);
	bind_text(&q, row->profile);
	bind_hash(&q, row->profile_hash);
	bind_text(&q, row->account_id);
	bind_text(&q, row->order_id);
	bind_text(&q, row->requester);
	bind_hash(&q, row->spki_sha256);
	bind_text(&q, row->names);
	bind_hash(&q, row->evidence_sha256);
	bind_text(&q, row->replaces);
	bind_int(&q, (int64_t)position);
	bind_int(&q, row->sig_alg);
	bind_bytes(&q,
	    row->secret_sha256 == NULL ? BYTES_NONE
				       : bytes_of(row->secret_sha256, 32));
	bind_int(&q, row->shard);
	if (!query_change(&q, NULL, err))
		return false;
	*seq = sqlite3_last_insert_rowid(db->sqlite);
	return true;
}

static bool
cert_insert_parts(
    struct db *db, const struct cert_intent *c, int64_t seq, struct err *err)
{
	AUTO_QUERY der =
	    query(db, "INSERT INTO cert_der (cert_seq, tbs) VALUES (?1, ?2)");

	bind_int(&der, seq);
	bind_bytes(&der, c->row->tbs);
	if (!query_change(&der, NULL, err))
		return false;
	for (size_t i = 0; i < c->reversed_n; i++) {
		AUTO_QUERY name = query(db,
		    "INSERT OR IGNORE INTO cert_name (reversed, cert_seq) "
		    "VALUES (?1, ?2)");

		bind_text(&name, c->reversed[i]);
		bind_int(&name, seq);
		if (!query_change(&name, NULL, err))
			return false;
	}
	return true;
}

static bool
cert_intent_apply(struct db *db, void *arg, struct err *err)
{
	struct cert_intent *c = arg;
	int64_t seq = 0;

	return (c->row->order_id == NULL || order_begin(db, c, err)) &&
	    token_take(db, c->row, c->csr_sha256, err) &&
	    approval_take(db, c->row, c->csr_sha256, err) &&
	    scep_take(db, c->row, c->csr_sha256, err) &&
	    event_append(db, &c->event, &c->position, err) &&
	    cert_insert(db, c->row, c->position, &seq, err) &&
	    cert_insert_parts(db, c, seq, err);
}

static void
cert_intent_event(
    const struct cert_row *row, const uint8_t *csr_sha256, struct event *e)
{
	event_text(e, "account", row->account_id);
	event_text(e, "approval", row->approval_id);
	event_text(e, "ca", row->ca);
	if (csr_sha256 != NULL)
		event_hex(e, "csr_sha256", csr_sha256, 32);
	event_hex(e, "evidence_sha256", row->evidence_sha256, 32);
	event_text(e, "id", row->id);
	event_hex(e, "issuer_key", row->issuer_key, 32);
	event_text(e, "names", row->names);
	event_int(e, "not_after", row->not_after);
	event_int(e, "not_before", row->not_before);
	event_text(e, "order", row->order_id);
	event_text(e, "profile", row->profile);
	event_hex(e, "profile_hash", row->profile_hash, 32);
	event_text(e, "replaces", row->replaces);
	event_text(e, "requester", row->requester);
	if (row->secret_sha256 != NULL)
		event_hex(e, "secret_sha256", row->secret_sha256, 32);
	event_hex(e, "serial", row->serial, sizeof(row->serial));
	if (row->shard != 0)
		event_int(e, "shard", row->shard);
	event_int(e, "sig_alg", row->sig_alg);
	event_hex(e, "spki_sha256", row->spki_sha256, 32);
	event_base64(e, "tbs", row->tbs);
	event_text(e, "token", row->token_id);
	event_end(e);
}

/* Lines of "type:name". */
static void
cert_intent_names(struct cert_intent *c, struct arena *a)
{
	const char *s = c->row->names;
	size_t lines = 1;

	for (const char *p = s; *p != '\0'; p++)
		lines += *p == '\n';
	c->reversed = arena_array(a, lines, sizeof(*c->reversed));
	while (*s != '\0') {
		size_t n = strcspn(s, "\n");

		if (n > 0)
			c->reversed[c->reversed_n++] =
			    cert_name_reversed(a, bytes_of(s, n));
		s += n + (s[n] == '\n');
	}
}

bool
store_cert_intent(struct store *s, const struct cert_row *row,
    const uint8_t csr_sha256[32], uint64_t *position, struct err *err)
{
	struct cert_intent c = { .row = row, .csr_sha256 = csr_sha256 };
	AUTO_EVENT e = event("cert-intent", row->created_at);
	AUTO_ARENA *a = arena_new();

	if (row->tbs.n == 0)
		return fail(err, ERR_INTERNAL, "an intent has no TBS");
	cert_intent_event(row, csr_sha256, &e);
	cert_intent_names(&c, a);
	c.event = e;
	FAULT("issue.intent.before");
	if (!store_change(s, cert_intent_apply, &c, err))
		return false;
	FAULT("issue.intent.after");
	*position = c.position;
	return true;
}

/* ---- outcome ---- */

struct cert_outcome {
	const char *id, *error_json;
	struct bytes signature;
	int64_t now;
	struct event event;
};

struct cert_state {
	int64_t seq;
	enum cert_status status;
};

static bool
cert_find(
    struct db *db, const char *id, struct cert_state *out, struct err *err)
{
	AUTO_QUERY q = query(db, "SELECT seq, status FROM cert WHERE id = ?1");
	bool row;

	bind_text(&q, id);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_NOT_FOUND, "there is no such certificate");
	out->seq = column_int(&q);
	out->status = (enum cert_status)column_int(&q);
	return true;
}

/* Told a second time: true if it says the same. */
static bool
cert_issued_again(struct db *db, const struct cert_outcome *c,
    const struct cert_state *cert, struct err *err)
{
	AUTO_QUERY q = query(db,
	    "SELECT 1 FROM cert_der WHERE cert_seq = ?1 AND signature = ?2");
	bool row;

	bind_int(&q, cert->seq);
	bind_bytes(&q, c->signature);
	if (!query_next(&q, &row, err))
		return false;
	if (!row || cert->status == CERT_VOIDED)
		return fail(err, ERR_CONFLICT,
		    "the certificate has an outcome already, another one");
	return true;
}

static bool
cert_issued_apply(struct db *db, void *arg, struct err *err)
{
	const struct cert_outcome *c = arg;
	struct cert_state cert = { 0 };
	uint64_t position = 0;

	if (!cert_find(db, c->id, &cert, err))
		return false;
	if (cert.status != CERT_INTENT)
		return cert_issued_again(db, c, &cert, err);
	if (!event_append(db, &c->event, &position, err))
		return false;
	AUTO_QUERY q = query(db,
	    "UPDATE cert SET status = 2, issued_position = ?2 WHERE seq = ?1 "
	    "AND status = 1");
	AUTO_QUERY der =
	    query(db, "UPDATE cert_der SET signature = ?2 WHERE cert_seq = ?1");
	AUTO_QUERY order = query(db,
	    "UPDATE orders SET status = 4 WHERE id = (SELECT order_id FROM "
	    "cert WHERE seq = ?1) AND status = 3");

	bind_int(&q, cert.seq);
	bind_int(&q, (int64_t)position);
	bind_int(&der, cert.seq);
	bind_bytes(&der, c->signature);
	bind_int(&order, cert.seq);
	return query_change(&q, NULL, err) && query_change(&der, NULL, err) &&
	    query_change(&order, NULL, err);
}

bool
store_cert_issued(struct store *s, const char *id, struct bytes signature,
    int64_t now, struct err *err)
{
	struct cert_outcome c = { .id = id, .signature = signature };
	AUTO_EVENT e = event("cert-issued", now);

	if (signature.n == 0)
		return fail(err, ERR_INTERNAL, "a signature is empty");
	event_text(&e, "id", id);
	event_base64(&e, "signature", signature);
	event_end(&e);
	c.event = e;
	FAULT("issue.issued.before");
	if (!store_change(s, cert_issued_apply, &c, err))
		return false;
	FAULT("issue.issued.after");
	return true;
}

static bool
cert_void_apply(struct db *db, void *arg, struct err *err)
{
	const struct cert_outcome *c = arg;
	struct cert_state cert = { 0 };

	if (!cert_find(db, c->id, &cert, err))
		return false;
	if (cert.status == CERT_VOIDED)
		return true;
	if (cert.status != CERT_INTENT)
		return fail(err, ERR_CONFLICT,
		    "the certificate is issued and cannot be voided");
	AUTO_QUERY q = query(
	    db, "UPDATE cert SET status = 4, revoked_at = ?2 WHERE seq = ?1");
	AUTO_QUERY order = query(db,
	    "UPDATE orders SET status = 5, error_json = ?2 WHERE id = (SELECT "
	    "order_id FROM cert WHERE seq = ?1) AND status = 3");

	bind_int(&q, cert.seq);
	bind_int(&q, c->now);
	bind_int(&order, cert.seq);
	bind_text(&order, c->error_json);
	return query_change(&q, NULL, err) && query_change(&order, NULL, err) &&
	    token_give_back(db, c->id, err) &&
	    approval_give_back(db, c->id, err) &&
	    event_append(db, &c->event, NULL, err);
}

bool
store_cert_void(struct store *s, const char *id, const char *error_json,
    int64_t now, struct err *err)
{
	struct cert_outcome c = {
		.id = id,
		.error_json = error_json,
		.now = now,
	};
	AUTO_EVENT e = event("cert-voided", now);

	event_text(&e, "error", error_json);
	event_text(&e, "id", id);
	event_end(&e);
	c.event = e;
	return store_change(s, cert_void_apply, &c, err);
}
