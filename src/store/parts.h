/*
 * What a struct store is made of, for the files of this folder, and how they
 * read and change:
 *
 *	AUTO_LEASE r = { 0 };
 *	if (!store_read(s, &r, err))
 *		return false;
 *	AUTO_QUERY q = query(r.db, "SELECT …");
 */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include "store/log_event.h"
#include "store/reader.h"
#include "store/store.h"
#include "store/writer.h"

struct store {
	struct writer *writer;
	struct checkpoint *checkpoint;
	struct readers *readers;
	struct clock clock;
	char *path;
};

static inline bool MUST_CHECK
store_read(struct store *s, struct lease *r, struct err *err)
{
	return reader_borrow(s->readers, r, err);
}

/* Runs a change on the writer thread and waits until it is durable. */
static inline bool MUST_CHECK
store_change(struct store *s, change_fn *apply, void *arg, struct err *err)
{
	return writer_run(s->writer, apply, arg, WRITER_PLAIN, err);
}

/* ---- orders follow what happens to others (order.c); inside a change ---- */

/* Pending orders of this authorization whose last one it was become ready. */
bool order_follow_valid(
    struct db *db, int64_t authz_seq, int64_t now, struct err *err) MUST_CHECK;
/* Orders that still need this authorization become invalid. */
bool order_follow_invalid(struct db *db, int64_t authz_seq,
    const char *error_json, struct err *err) MUST_CHECK;

/* ---- what an intent takes; inside its change (token.c) ---- */

/* A use of cert->token_id, if there is one, for these bytes (or NULL).
 * ERR_UNAUTHORIZED. */
bool token_take(struct db *db, const struct cert_row *cert,
    const uint8_t *csr_sha256, struct err *err) MUST_CHECK;
/* The certificate is void: what it took can be used again. */
bool token_give_back(
    struct db *db, const char *cert_id, struct err *err) MUST_CHECK;
/* cert->approval_id, if it is of these bytes (approval.c).  ERR_UNAUTHORIZED.
 */
bool approval_take(struct db *db, const struct cert_row *cert,
    const uint8_t *csr_sha256, struct err *err) MUST_CHECK;
bool approval_give_back(
    struct db *db, const char *cert_id, struct err *err) MUST_CHECK;
/* The request of cert->scep_transaction has this certificate now, if there is
 * one (scep.c).  ERR_CONFLICT. */
bool scep_take(struct db *db, const struct cert_row *cert,
    const uint8_t *csr_sha256, struct err *err) MUST_CHECK;
/* A current operator?  ERR_UNAUTHORIZED (operator.c). */
bool operator_check(
    struct db *db, const char *name, struct err *err) MUST_CHECK;

#endif
