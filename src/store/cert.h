/*
 * How a row of cert is read, for the files of this folder.
 */
#ifndef STORE_CERT_H
#define STORE_CERT_H

#include "store/log_event.h"
#include "store/store.h"

#define CERT_COLUMNS                                                           \
	"c.id, c.ca, c.issuer_key, c.serial, c.status, c.not_before, "         \
	"c.not_after, c.created_at, c.profile, c.profile_hash, c.account_id, " \
	"c.order_id, c.requester, c.spki_sha256, c.names, c.evidence_sha256, " \
	"c.replaces, c.intent_position, c.issued_position, c.revoked_at, "     \
	"c.reason, c.sig_alg, c.shard"

/* Reads CERT_COLUMNS. */
void cert_read(struct query *q, struct arena *a, struct cert_row *out);
/* The same, then d.tbs and d.signature. */
#define CERT_DER_COLUMNS CERT_COLUMNS ", d.tbs, d.signature"
#define CERT_DER_FROM " FROM cert c JOIN cert_der d ON d.cert_seq = c.seq "
void cert_read_der(struct query *q, struct arena *a, struct cert_row *out);
/* Reads all rows of q. */
bool cert_read_all(struct query *q, bool der, struct arena *a,
    struct cert_row **out, size_t *n, struct err *err) MUST_CHECK;

/* The members of a revocation's event; cause (NULL: none) is the certificate
 * whose compromised key is also this one's. */
void cert_revoked_event(struct event *e, const struct cert_row *row, int reason,
    const char *by, const char *cause, bool block_key);
/* In a change; cert_id NULL: none. */
bool key_block_insert(struct db *db, const uint8_t spki_sha256[32], int64_t now,
    const char *cert_id, unsigned *changed, struct err *err) MUST_CHECK;

/* Lists: what a filter demands, behind " FROM cert c WHERE 1", and its values.
 */
void cert_filter_sql(const struct cert_filter *f, struct buf *sql);
void cert_filter_bind(
    const struct cert_filter *f, struct arena *a, struct query *q);

/* "dns:a.example" spelt backwards without its type: "elpmaxe.a". */
char *cert_name_reversed(struct arena *a, struct bytes tagged);

#endif
