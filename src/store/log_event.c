#include <stdlib.h>
#include <string.h>
#include "store/canonical.h"
#include "store/log_event.h"
#include "util/log.h"
#include "util/text.h"

struct event
event(const char *kind, int64_t at)
{
	return (struct event){ .kind = kind, .at = at, .last = "" };
}

static void
put_name(struct event *e, const char *name)
{
	/* A body that is not sorted would be another leaf after a replay. */
	if (strcmp(e->last, name) >= 0) {
		log_event(LOG_ERROR, "event-member-order",
		    LF_STR("member", name), LF_STR("after", e->last));
		abort();
	}
	buf_add_byte(&e->body, e->last[0] == '\0' ? '{' : ',');
	canonical_put_string(&e->body, name, strlen(name));
	buf_add_byte(&e->body, ':');
	e->last = name;
}

/* "at" and "kind", if their turn has come before this name. */
static void
put_fixed(struct event *e, const char *name)
{
	if (strcmp(e->last, "at") < 0 && strcmp(name, "at") > 0) {
		put_name(e, "at");
		buf_printf(&e->body, "%lld", (long long)e->at);
	}
	if (strcmp(e->last, "kind") < 0 && strcmp(name, "kind") > 0) {
		put_name(e, "kind");
		canonical_put_string(&e->body, e->kind, strlen(e->kind));
	}
}

static void
event_member(struct event *e, const char *name)
{
	put_fixed(e, name);
	put_name(e, name);
}

void
event_text(struct event *e, const char *name, const char *s)
{
	if (s == NULL)
		return;
	event_member(e, name);
	canonical_put_string(&e->body, s, strlen(s));
}

void
event_int(struct event *e, const char *name, int64_t v)
{
	event_member(e, name);
	buf_printf(&e->body, "%lld", (long long)v);
}

void
event_bool(struct event *e, const char *name, bool v)
{
	event_member(e, name);
	buf_add_str(&e->body, v ? "true" : "false");
}

void
event_hex(struct event *e, const char *name, const uint8_t *p, size_t n)
{
	bool zero = true;

	for (size_t i = 0; i < n; i++)
		zero = zero && p[i] == 0;
	if (zero)
		return;
	event_member(e, name);
	buf_add_byte(&e->body, '"');
	buf_reserve(&e->body, 2 * n + 1);
	hex_encode(bytes_of(p, n), (char *)e->body.p + e->body.n);
	e->body.n += 2 * n;
	buf_add_byte(&e->body, '"');
}

void
event_base64(struct event *e, const char *name, struct bytes d)
{
	if (d.n == 0)
		return;
	event_member(e, name);
	buf_add_byte(&e->body, '"');
	base64_encode(d, 0, &e->body);
	buf_add_byte(&e->body, '"');
}

bool
event_json(struct event *e, const char *name, const char *json, struct err *err)
{
	event_member(e, name);
	return canonical_put_json(&e->body, json, err);
}

void
event_end(struct event *e)
{
	put_fixed(e, "\x7f");
	buf_add_byte(&e->body, '}');
}

bool
event_append(
    struct db *db, const struct event *e, uint64_t *position, struct err *err)
{
	/*
	 * Rows are never deleted, so the next row id is the last plus one, and
	 * a savepoint that is rolled back gives its ids back.
	 */
	AUTO_QUERY q =
	    query(db, "INSERT INTO log (at, kind, body) VALUES (?1, ?2, ?3)");

	bind_int(&q, e->at);
	bind_text(&q, e->kind);
	bind_bytes(&q, buf_bytes(&e->body));
	if (!query_change(&q, NULL, err))
		return false;
	if (position != NULL)
		*position = (uint64_t)sqlite3_last_insert_rowid(db->sqlite);
	return true;
}
