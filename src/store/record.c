/*
 * What the record knows beside certificates: profile versions, operators' acts,
 * the log itself, and the node.
 */
#include "store/parts.h"

#define LIMIT_MAX 10000u
#define KIND_MAX 32u

struct profile_record {
	const uint8_t *hash;
	const char *name, *json;
	int64_t now;
	struct event event;
};

static bool
profile_record_apply(struct db *db, void *arg, struct err *err)
{
	const struct profile_record *c = arg;
	unsigned changed;
	AUTO_QUERY q = query(db,
	    "INSERT INTO profile (hash, name, json, created_at) VALUES (?1, "
	    "?2, ?3, ?4) ON CONFLICT DO NOTHING");

	bind_hash(&q, c->hash);
	bind_text(&q, c->name);
	bind_text(&q, c->json);
	bind_int(&q, c->now);
	if (!query_change(&q, &changed, err))
		return false;
	return changed == 0 || event_append(db, &c->event, NULL, err);
}

bool
store_profile_record(struct store *s, const uint8_t hash[32], const char *name,
    const char *json, int64_t now, struct err *err)
{
	struct profile_record c = {
		.hash = hash,
		.name = name,
		.json = json,
		.now = now,
	};
	AUTO_EVENT e = event("profile", now);

	event_hex(&e, "hash", hash, 32);
	event_text(&e, "json", json);
	event_text(&e, "name", name);
	event_end(&e);
	c.event = e;
	return store_change(s, profile_record_apply, &c, err);
}

bool
store_profile_get(struct store *s, const uint8_t hash[32], struct arena *a,
    const char **name, const char **json, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q =
	    query(r.db, "SELECT name, json FROM profile WHERE hash = ?1");

	bind_hash(&q, hash);
	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_NOT_FOUND,
		    "this version of a profile was never recorded");
	*name = column_text(&q, a);
	*json = column_text(&q, a);
	return true;
}

/* ---- the log ---- */

struct log_append {
	struct event event;
	uint64_t position;
};

static bool
log_append_apply(struct db *db, void *arg, struct err *err)
{
	struct log_append *c = arg;

	return event_append(db, &c->event, &c->position, err);
}

/* Kinds of the store's own changes come with a change of its tables. */
static bool
kind_check(const char *kind, struct err *err)
{
	static const char *const own[] = { "account", "account-deactivated",
		"approval", "bulk-revocation", "cert-compromised",
		"cert-intent", "cert-issued", "cert-revoked", "cert-voided",
		"crl", "crl-intent", "key-blocked", "operator-added",
		"operator-removed", "profile", "token", "token-revoked" };
	size_t n = strlen(kind);

	if (n == 0 || n > KIND_MAX ||
	    strspn(kind, "abcdefghijklmnopqrstuvwxyz-") != n)
		return fail(err, ERR_INTERNAL,
		    "\"%.40s\" is not the kind of an event", kind);
	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (strcmp(kind, own[i]) == 0)
			return fail(err, ERR_INTERNAL,
			    "events of kind %s are the store's own", kind);
	return true;
}

bool
store_event_append(struct store *s, const char *kind, const char *json,
    int64_t now, uint64_t *position, struct err *err)
{
	struct log_append c = { .position = 0 };
	AUTO_EVENT e = event(kind, now);

	if (!kind_check(kind, err) || !event_json(&e, "data", json, err))
		return false;
	event_end(&e);
	c.event = e;
	if (!store_change(s, log_append_apply, &c, err))
		return false;
	if (position != NULL)
		*position = c.position;
	return true;
}

bool
store_log_list(struct store *s, uint64_t from, unsigned limit, struct arena *a,
    struct log_row **out, size_t *n, struct err *err)
{
	AUTO_ROWS rows = { .size = sizeof(struct log_row) };
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db,
	    "SELECT position, at, kind, body FROM log WHERE position >= ?1 "
	    "ORDER BY position LIMIT ?2");

	bind_int(&q, (int64_t)MIN_OF(from, (uint64_t)INT64_MAX));
	bind_int(&q, MIN_OF(limit, LIMIT_MAX));
	for (;;) {
		struct log_row *l;

		if (!query_next(&q, &row, err))
			return false;
		if (!row)
			break;
		l = rows_add(&rows);
		l->position = (uint64_t)column_int(&q);
		l->at = column_int(&q);
		l->kind = column_text(&q, a);
		l->body = column_bytes(&q, a);
	}
	*n = rows.n;
	*out = rows_take(&rows, a);
	return true;
}

bool
store_node_get(struct store *s, uint8_t *node, struct err *err)
{
	AUTO_LEASE r = { 0 };
	bool row;

	if (!store_read(s, &r, err))
		return false;
	AUTO_QUERY q = query(r.db, "SELECT value FROM meta WHERE key = 'node'");

	if (!query_next(&q, &row, err))
		return false;
	if (!row)
		return fail(err, ERR_STORE, "the database names no node");
	*node = (uint8_t)column_int(&q);
	return true;
}
