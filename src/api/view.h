/* Rows as JSON: times in RFC 3339, hashes in hex, statuses by name. */
#ifndef API_VIEW_H
#define API_VIEW_H

#include "api/server.h"
#include "codec/json.h"

/* Adds a member; a time of 0 and a NULL text are null. */
void view_time(json_t *o, const char *key, int64_t t);
void view_text(json_t *o, const char *key, const char *s);
void view_hex(json_t *o, const char *key, struct bytes d);
void view_count(json_t *o, const char *key, uint64_t n);
/* "dns:a\ndns:b" as a list. */
void view_lines(json_t *o, const char *key, const char *text);
/* A text of our own that is JSON; null if it is NULL. */
void view_json(json_t *o, const char *key, const char *text);

/* One page under its key; next: the last id when there may be more, or NULL. */
json_t *view_page(const char *key, json_t *list, const char *next);
/* One line of a list. */
json_t *view_cert(const struct cert_row *row, int64_t now);
json_t *view_account(const struct account_row *row, struct arena *a);
json_t *view_order(const struct order_row *row);
json_t *view_authz(const struct authz_row *row);
/* What a certificate says, for people and programs. */
void view_cert_content(json_t *o, const struct cert *cert, struct arena *a);

#endif
