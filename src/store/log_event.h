/*
 * Events of the issuance log (design section 5): rows that are only ever
 * appended, positions without gaps from 1.  A body is canonical JSON (members
 * sorted, no white space, integers only) with "at" and "kind" in it; these
 * bytes are the leaf that the tree of the log hashes (leaf index: position -
 * 1).  Binary values are base64 (der, signatures) or lower-case hex (hashes,
 * serials).  Together the bodies rebuild the tables of accounts' keys,
 * certificates, revocations, profiles and blocked keys.
 *
 * A body is made in the thread of the caller; the writer only inserts it.
 */
#ifndef STORE_LOG_EVENT_H
#define STORE_LOG_EVENT_H

#include "store/db.h"

struct event {
	struct buf body;
	const char *kind;
	const char *last; /* member written last: they are sorted */
	int64_t at;
};

static inline void
event_free(struct event *e)
{
	buf_free(&e->body);
}
#define AUTO_EVENT __attribute__((cleanup(event_free))) struct event

struct event event(const char *kind, int64_t at);
/* Members in the order of their names (else it aborts); "at" and "kind" come by
 * themselves.  A NULL string, no bytes and a zero hash leave the member out. */
void event_text(struct event *e, const char *name, const char *s);
void event_int(struct event *e, const char *name, int64_t v);
void event_bool(struct event *e, const char *name, bool v);
void event_hex(struct event *e, const char *name, const uint8_t *p, size_t n);
void event_base64(struct event *e, const char *name, struct bytes d);
/* JSON text of an object, made canonical.  ERR_MALFORMED. */
bool event_json(struct event *e, const char *name, const char *json,
    struct err *err) MUST_CHECK;
void event_end(struct event *e);

/* In a change: the row and its position. */
bool event_append(struct db *db, const struct event *e, uint64_t *position,
    struct err *err) MUST_CHECK;

#endif
