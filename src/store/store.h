/*
 * The store: the only place with SQL.  One writer thread commits every change
 * in groups (each change in its own savepoint, so that one bad row never sinks
 * its neighbours); everybody else reads through query_only connections, one per
 * thread that asks.  Preconditions are in the SQL: a change made on a stale
 * read fails with ERR_CONFLICT and does no harm.
 *
 * A change returns after its group's COMMIT with synchronous=FULL: when it says
 * true, it is durable.  Rows that are read lie in the caller's arena.  Nothing
 * above knows SQL, row ids or files.
 *
 * Next to the tables stands the issuance log (log_event.h): every change that
 * is a leaf appends its event in the same transaction and gets its position.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "util/arena.h"
#include "util/times.h"

struct store;

struct store_options {
	const char *path; /* db/chancery.db, relative to the cwd allowed */
	unsigned queue; /* changes waiting for the writer */
	bool create; /* init only: made if it is missing */
	struct clock clock; /* by which rows read as expired; {0}: system */
};

/* Refuses a schema that is newer than this program.  Migrates older ones. */
bool store_open(const struct store_options *o, struct store **out,
    struct err *err) MUST_CHECK;
/* Stops the writer after what is queued. */
void store_close(struct store *s);
/* Is a probe write possible?  For /readyz and after a failed COMMIT. */
bool store_check_writable(struct store *s, struct err *err) MUST_CHECK;
/*
 * Called once, from the writer or the checkpoint thread, when a COMMIT or fsync
 * failed for a cause other than a full disk: the process must stop (invariant
 * 7).  It is never retried as if it had worked.
 */
void store_on_broken(struct store *s,
    void (*broken)(void *ctx, const struct err *err), void *ctx);
/* Opens for reading only: every change is ERR_BUSY (status-only mode). */
void store_set_status_only(struct store *s, bool on);

struct store_counters {
	uint64_t commits, changes, failed_changes, queue_depth, full_disk;
	int64_t last_commit_us;
	uint64_t fsyncs; /* of this process */
};
void store_counters_get(const struct store *s, struct store_counters *out);

/* Hold the writer between groups, so that what waits for it can be seen. */
void store_pause(struct store *s);
void store_resume(struct store *s);

/* ---- the file, for offline commands: nothing is migrated or changed ---- */

struct store_file_info {
	int64_t schema, newest; /* the file's; what this program knows */
	uint8_t node;
	uint64_t positions; /* of the log */
	uint64_t signed_position; /* the last one that was signed for */
	uint64_t certificates;
};
/* Works while a server runs.  With a newer schema only schema and newest are
 * filled; `whole` walks the file (integrity_check): ERR_STORE. */
bool store_file_inspect(const char *path, bool whole,
    struct store_file_info *out, struct err *err) MUST_CHECK;
/*
 * A consistent copy beside a running server, in three steps: between begin and
 * go_on no change can be committed, so that what is measured then (the length
 * of the signer's journal) belongs to the state that is copied.
 */
struct store_snapshot;
bool store_snapshot_begin(
    const char *path, struct store_snapshot **out, struct err *err) MUST_CHECK;
void store_snapshot_go_on(struct store_snapshot *s);
bool store_snapshot_copy(
    struct store_snapshot *s, const char *to_path, struct err *err) MUST_CHECK;
void store_snapshot_end(struct store_snapshot *s);

/* ---- accounts (RFC 8555 section 7.1.2) ---- */

enum account_status { ACCOUNT_VALID = 1, ACCOUNT_DEACTIVATED, ACCOUNT_REVOKED };
/* The word of RFC 8555 section 7.1.6. */
const char *account_status_name(enum account_status status);

struct account_row {
	const char *id;
	uint8_t thumbprint[32];
	const char *jwk; /* canonical JSON (codec/jose.h) */
	enum account_status status;
	const char *contacts; /* JSON array text */
	int64_t terms_agreed_at; /* 0: not */
	int64_t created_at;
	const char *created_from; /* peer address */
};

bool store_account_get(struct store *s, const char *id, struct arena *a,
    struct account_row *out, struct err *err) MUST_CHECK;
bool store_account_get_by_key(struct store *s, const uint8_t thumbprint[32],
    struct arena *a, struct account_row *out, struct err *err) MUST_CHECK;
/* ERR_CONFLICT when the key has an account already. */
bool store_account_insert(
    struct store *s, const struct account_row *row, struct err *err) MUST_CHECK;
bool store_account_set_contacts(struct store *s, const char *id,
    const char *contacts, struct err *err) MUST_CHECK;
/* Only from valid.  Pending and ready orders of it become invalid. */
bool store_account_deactivate(struct store *s, const char *id, int64_t now,
    const char *by, struct err *err) MUST_CHECK;
bool store_account_list(struct store *s, const char *after, unsigned limit,
    struct arena *a, struct account_row **out, size_t *n,
    struct err *err) MUST_CHECK;

/* ---- authorizations (RFC 8555 section 7.1.4) ---- */

enum authz_status {
	AUTHZ_PENDING = 1,
	AUTHZ_VALID,
	AUTHZ_INVALID,
	AUTHZ_DEACTIVATED,
	AUTHZ_EXPIRED, /* derived by expires when read */
	AUTHZ_REVOKED
};
/* The word of RFC 8555 section 7.1.6. */
const char *authz_status_name(enum authz_status status);

/* Bits: which challenges it offers. */
enum challenge_type {
	CHALLENGE_HTTP_01 = 1,
	CHALLENGE_DNS_01 = 2,
	CHALLENGE_TLS_ALPN_01 = 4
};

struct authz_row {
	const char *id;
	const char *account_id;
	unsigned name_type; /* enum name_type of codec/name.h */
	const char *name; /* normal form, without "*." */
	bool wildcard;
	enum authz_status status;
	int64_t expires_at;
	int64_t created_at;
	const char *token; /* base64url of 32 octets */
	unsigned offered; /* enum challenge_type bits */
	unsigned chosen; /* 0 until a challenge was answered */
	bool processing; /* a validation runs or waits for its next try */
	unsigned attempts;
	int64_t validated_at; /* 0: not */
	const char *error_json; /* problem of the chosen challenge, or NULL */
	const char *records_json; /* validation records, or NULL */
};

bool store_authz_get(struct store *s, const char *id, struct arena *a,
    struct authz_row *out, struct err *err) MUST_CHECK;
/* A valid one of this account for this name that lasts beyond `until`. */
bool store_authz_find_valid(struct store *s, const char *account_id,
    unsigned name_type, const char *name, bool wildcard, int64_t until,
    struct arena *a, struct authz_row *out, struct err *err) MUST_CHECK;
/* RFC 8555 section 7.5.2, from pending or valid; orders that wait for it become
 * invalid. */
bool store_authz_deactivate(struct store *s, const char *id,
    const char *account_id, int64_t now, struct err *err) MUST_CHECK;
/* The account holds a valid authorization for each of these names. */
bool store_authz_covers(struct store *s, const char *account_id,
    const unsigned *types, const char *const *names, const bool *wildcards,
    size_t n, int64_t now, bool *covers, struct err *err) MUST_CHECK;

/*
 * Starts a validation: pending, unexpired, not processing → processing with
 * this challenge, and a job row due at once, in one change.  *started is false
 * (and the call true) when it was already processing or decided: a challenge
 * POST is idempotent (reference rule 24).
 */
bool store_challenge_start(struct store *s, const char *authz_id,
    const char *account_id, enum challenge_type type, int64_t now,
    bool *started, struct err *err) MUST_CHECK;
/* The same, and its first try is leased to the caller in the same change. */
bool store_challenge_start_leased(struct store *s, const char *authz_id,
    const char *account_id, enum challenge_type type, int64_t now,
    int64_t lease_until, bool *started, struct err *err) MUST_CHECK;

struct validation_job {
	const char *authz_id;
	enum challenge_type type;
	unsigned attempt; /* 1, 2, … */
	unsigned name_type;
	const char *name, *token;
	bool wildcard;
	uint8_t thumbprint[32]; /* of the account key, for the authorization */
};
/* Leases jobs that are due (lease_until > now), at most `limit`. */
bool store_validation_claim(struct store *s, int64_t now, int64_t lease_until,
    unsigned limit, struct arena *a, struct validation_job **out, size_t *n,
    struct err *err) MUST_CHECK;
/* The same for one authorization, right after store_challenge_start. */
bool store_validation_claim_one(struct store *s, const char *authz_id,
    int64_t now, int64_t lease_until, struct arena *a,
    struct validation_job *out, struct err *err) MUST_CHECK;
/* When the next job is due; 0 if none waits. */
bool store_validation_next_due(
    struct store *s, int64_t *at, struct err *err) MUST_CHECK;

struct validation_outcome {
	const char *authz_id;
	enum {
		VALIDATION_VALID = 1,
		VALIDATION_INVALID,
		VALIDATION_RETRY
	} what;
	int64_t at;
	int64_t expires_at; /* valid: of the authorization */
	int64_t next_at; /* retry */
	const char *record_json; /* appended to records; never NULL */
	const char *error_json; /* invalid; also the last one of a retry */
};
/*
 * Asynchronous (the probe loop must not block): copies the outcome, returns at
 * once; done(arg, err) is called on the writer thread after the commit, err is
 * NULL when it holds.  Orders move with it: all authorizations valid → ready,
 * one invalid → invalid, in the same transaction.  A valid outcome without a
 * record is refused.
 */
bool store_validation_post(struct store *s, const struct validation_outcome *o,
    void (*done)(void *arg, const struct err *err), void *arg,
    struct err *err) MUST_CHECK;

/* ---- orders (RFC 8555 section 7.1.3) ---- */

enum order_status {
	ORDER_PENDING = 1,
	ORDER_READY,
	ORDER_PROCESSING,
	ORDER_VALID,
	ORDER_INVALID
};
/* The word of RFC 8555 section 7.1.6. */
const char *order_status_name(enum order_status status);

struct order_row {
	const char *id;
	const char *account_id;
	enum order_status status; /* expired ones read as invalid */
	int64_t expires_at, created_at;
	const char *names_json; /* identifiers as sent, JSON array text */
	const char *profile; /* name */
	uint8_t profile_hash[32]; /* fixed at newOrder */
	int64_t not_before, not_after; /* asked for; 0: none */
	const char *error_json; /* or NULL */
	const char *cert_id; /* set from processing on; or NULL */
	uint8_t csr_sha256[32]; /* of the finalize that was accepted */
	const char *const *authz_ids; /* in the order of names_json */
	size_t authz_n;
};

/* Inserts the order with new authorizations (authz_n_new rows) and existing
 * ones (row->authz_ids lists all).  Status pending, or ready when all are
 * valid already. */
bool store_order_insert(struct store *s, const struct order_row *row,
    const struct authz_row *new_authz, size_t new_n,
    struct err *err) MUST_CHECK;
bool store_order_get(struct store *s, const char *id, int64_t now,
    struct arena *a, struct order_row *out, struct err *err) MUST_CHECK;
/* account_id NULL: all.  Newest first; `after` is the last id of the page. */
bool store_order_list(struct store *s, const char *account_id,
    const char *after, unsigned limit, int64_t now, struct arena *a,
    struct order_row **out, size_t *n, struct err *err) MUST_CHECK;

/* ---- certificates ---- */

enum cert_status {
	CERT_INTENT = 1, /* recorded, not (known to be) signed */
	CERT_ISSUED,
	CERT_REVOKED,
	CERT_VOIDED /* never released; serial revoked */
};

struct cert_row {
	const char *id;
	const char *ca; /* name in the configuration */
	uint8_t issuer_key[32]; /* SHA-256 of the issuing SPKI */
	uint8_t serial[20];
	enum cert_status status;
	int64_t not_before, not_after, created_at;
	const char *profile;
	uint8_t profile_hash[32];
	const char *account_id; /* NULL: an operator */
	const char *order_id; /* NULL: none */
	const char *requester; /* "acme", "operator", "self", … */
	uint8_t spki_sha256[32];
	const char *names; /* "dns:a.example\ndns:b.example" */
	uint8_t
	    evidence_sha256[32]; /* of the validation evidence; zero: none */
	const char *replaces; /* id of the certificate it replaces */
	uint64_t intent_position, issued_position;
	int64_t revoked_at;
	int reason; /* enum crl_reason; -1: none */
	unsigned sig_alg; /* enum sig_alg of codec */
	unsigned shard; /* whose CRL it names; 0: the full one's */
	struct bytes tbs, signature; /* filled by _get, not by _list */
	/* Taken with the intent; not read back. */
	const char *token_id, *approval_id;
	const char *scep_profile, *scep_transaction;
	/* Hash of its revocation secret, NULL: none; written with the intent,
	 * read by store_cert_secret (revocation.h) alone. */
	const uint8_t *secret_sha256;
};

/*
 * Invariant 4, first record.  Appends the intent to the log and returns its
 * position.  With order_id: only while that order is ready (→ processing, with
 * this certificate and csr_sha256); ERR_ORDER_NOT_READY otherwise.  A use of
 * token_id and approval_id are taken with it (store/token.h, store/approval.h);
 * ERR_UNAUTHORIZED.
 */
bool store_cert_intent(struct store *s, const struct cert_row *row,
    const uint8_t csr_sha256[32], uint64_t *position,
    struct err *err) MUST_CHECK;
/* Second record; its order becomes valid in the same change.  Idempotent. */
bool store_cert_issued(struct store *s, const char *id, struct bytes signature,
    int64_t now, struct err *err) MUST_CHECK;
/* The signer refused: voided, serial revoked, order invalid with the error. */
bool store_cert_void(struct store *s, const char *id, const char *error_json,
    int64_t now, struct err *err) MUST_CHECK;
/* Intents without an outcome, for recovery at start. */
bool store_cert_list_intents(struct store *s, struct arena *a,
    struct cert_row **out, size_t *n, struct err *err) MUST_CHECK;
bool store_cert_get(struct store *s, const char *id, struct arena *a,
    struct cert_row *out, struct err *err) MUST_CHECK;
/* issuer_key NULL: any issuer. */
bool store_cert_get_by_serial(struct store *s, const uint8_t *issuer_key,
    struct bytes serial, struct arena *a, struct cert_row *out,
    struct err *err) MUST_CHECK;

struct cert_filter {
	enum cert_status status; /* 0: any but intents */
	bool expired, unexpired;
	const char *name_pattern; /* * and ? */
	int64_t expires_before; /* 0: any */
	const char *account_id, *profile, *ca;
	int64_t created_from, created_before; /* 0: any */
	const char *after; /* id, for the next page */
	unsigned limit;
	int64_t now;
};
bool store_cert_list(struct store *s, const struct cert_filter *f,
    struct arena *a, struct cert_row **out, size_t *n,
    struct err *err) MUST_CHECK;

/* ERR_ALREADY_REVOKED; ERR_NOT_FOUND when no such issued certificate.
 * A compromise that was proved also blocks the key (store_key_block). */
bool store_cert_revoke(struct store *s, const char *id, int reason, int64_t now,
    const char *by, bool block_key, struct err *err) MUST_CHECK;
bool store_key_is_blocked(struct store *s, const uint8_t spki_sha256[32],
    bool *blocked, struct err *err) MUST_CHECK;
/* Calls each() in serial order for every revoked or voided certificate of this
 * key with not_after ≥ since. */
bool store_revoked_each(struct store *s, const uint8_t issuer_key[32],
    int64_t since,
    void (*each)(void *ctx, const uint8_t serial[20], int64_t revoked_at,
	int reason, int64_t not_after, unsigned shard),
    void *ctx, struct err *err) MUST_CHECK;
bool store_revoked_count(struct store *s, const uint8_t issuer_key[32],
    uint64_t *out, struct err *err) MUST_CHECK;

/* CRLs: store/crl.h. */

/* ---- the record ---- */

/* A profile version; a known hash is nothing new.  Appends a leaf. */
bool store_profile_record(struct store *s, const uint8_t hash[32],
    const char *name, const char *json, int64_t now,
    struct err *err) MUST_CHECK;
bool store_profile_get(struct store *s, const uint8_t hash[32], struct arena *a,
    const char **name, const char **json, struct err *err) MUST_CHECK;
/* An operator's act or a key's life: kind "operator", "key", …; JSON body. */
bool store_event_append(struct store *s, const char *kind, const char *json,
    int64_t now, uint64_t *position, struct err *err) MUST_CHECK;
struct log_row {
	uint64_t position;
	int64_t at;
	const char *kind;
	struct bytes body; /* canonical JSON: the leaf's bytes */
};
bool store_log_list(struct store *s, uint64_t from, unsigned limit,
    struct arena *a, struct log_row **out, size_t *n,
    struct err *err) MUST_CHECK;
/* The node's serial prefix 01-7f, drawn at init. */
bool store_node_get(struct store *s, uint8_t *node, struct err *err) MUST_CHECK;

/* Removes orders, authorizations, jobs, tokens and approvals long out of use;
 * at most `limit` rows a call, *removed says how many. */
bool store_clean(struct store *s, int64_t now, unsigned limit,
    uint64_t *removed, struct err *err) MUST_CHECK;

#endif
