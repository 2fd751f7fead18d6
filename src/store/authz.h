/*
 * How a row of authz is read and written, for the files of this folder.
 */
#ifndef STORE_AUTHZ_H
#define STORE_AUTHZ_H

#include "store/db.h"
#include "store/store.h"

#define AUTHZ_COLUMNS                                                          \
	"id, account_id, name_type, name, wildcard, status, expires_at, "      \
	"created_at, token, offered, chosen, processing, attempts, "           \
	"validated_at, error_json, records_json"

/* Reads AUTHZ_COLUMNS; pending and valid rows past `now` are expired. */
void authz_read(
    struct query *q, struct arena *a, int64_t now, struct authz_row *out);

#endif
