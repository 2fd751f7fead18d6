/*
 * Requests of SCEP that an outside service decides, as rows: what was asked,
 * how far it is, and when something is to be done for it next.  A row is a job:
 * whoever works at it has a lease, and another server, or this one after a
 * crash, goes on when the lease is over.
 *
 * The request lies sealed in its row as long as there is something to be done
 * (it has the client's password in it); here it is octets.
 */
#ifndef STORE_INQUIRY_H
#define STORE_INQUIRY_H

#include "store/store.h"

enum inquiry_state {
	INQUIRY_ASKING = 1, /* the service has not answered */
	INQUIRY_GRANTED, /* it said yes: to be issued */
	INQUIRY_ISSUED, /* to be confirmed by the service */
	INQUIRY_CLOSED, /* may be handed out */
	INQUIRY_REFUSED, /* it said no */
	INQUIRY_FAILED, /* nobody answered, or nothing could be issued */
	INQUIRY_WITHDRAWN, /* not confirmed: revoked, never handed out */
	INQUIRY_STATES
};
/* "asking", "granted", … */
const char *inquiry_state_name(enum inquiry_state s);

/* Stored as numbers. */
enum inquiry_service { INQUIRY_WEBHOOK = 1, INQUIRY_INTUNE = 2 };

struct inquiry {
	const char *id;
	const char *profile, *transaction;
	uint8_t csr_sha256[32];
	uint8_t spki_sha256[32]; /* of the CSR's key */
	uint8_t signer_sha256[32]; /* of the key that signed the message */
	enum inquiry_service service;
	const char *service_name;
	bool withhold; /* until it is CLOSED; else from ISSUED on */
	enum inquiry_state state;
	struct bytes sealed; /* empty: nothing is to be done */
	int64_t due_at; /* 0: never */
	int64_t lease; /* seconds that one step may take */
	unsigned attempts; /* with the one that is claimed */
	const char *address;
	const char *replaces; /* or NULL */
	int64_t created_at, decided_at, moved_at;
	const char *verdict; /* the service's own word, or NULL */
	const char *reason; /* for the client, or NULL */
	const char *cert_id; /* or NULL */
};

/* ---- inquiry_state.c: decisions ---- */

/* May a row go this way? */
bool inquiry_may_move(enum inquiry_state from, enum inquiry_state to);
/* Is it yet to be known what its client is told? */
bool inquiry_is_running(const struct inquiry *row);
/* May its certificate be handed out? */
bool inquiry_is_released(const struct inquiry *row);

/* ---- inquiry.c ---- */

/* The row of this request, or this one as a new row, leased; *opened tells.  A
 * refusal that is older than again_before is asked about once more.
 * ERR_CONFLICT: the transaction is another key's; ERR_BUSY: max inquiries of
 * the profile run. */
bool store_inquiry_open(struct store *s, const struct inquiry *row,
    int64_t again_before, int64_t max, struct arena *a, struct inquiry *out,
    bool *opened, struct err *err) MUST_CHECK;
/* ERR_NOT_FOUND. */
bool store_inquiry_get(struct store *s, const char *id, struct arena *a,
    struct inquiry *out, struct err *err) MUST_CHECK;
/* That of this very request, signed by this key.  ERR_NOT_FOUND. */
bool store_inquiry_find_request(struct store *s, const struct inquiry *row,
    struct arena *a, struct inquiry *out, struct err *err) MUST_CHECK;
/* The newest with the client's transaction and signing key.  ERR_NOT_FOUND. */
bool store_inquiry_find(struct store *s, const char *profile,
    const char *transaction, const uint8_t signer_sha256[32], struct arena *a,
    struct inquiry *out, struct err *err) MUST_CHECK;
/* That which led to the certificate, as soon as it is recorded: it says whether
 * it may be handed out.  ERR_NOT_FOUND. */
bool store_inquiry_find_cert(struct store *s, const char *cert_id,
    struct arena *a, struct inquiry *out, struct err *err) MUST_CHECK;

/* Leases what is due, at most limit, each for as long as its row says. */
bool store_inquiry_claim(struct store *s, int64_t now, unsigned limit,
    struct arena *a, struct inquiry **out, size_t *n,
    struct err *err) MUST_CHECK;
/* How many have something to be done, by state. */
bool store_inquiry_count(
    struct store *s, uint64_t n[INQUIRY_STATES], struct err *err) MUST_CHECK;
/* When the next one is due; 0: none. */
bool store_inquiry_next_due(
    struct store *s, int64_t *at, struct err *err) MUST_CHECK;

/* One step; from and to may be the same: tried again at due_at. */
struct inquiry_move {
	const char *id;
	enum inquiry_state from, to;
	int64_t at;
	int64_t due_at; /* 0: nothing more is to be done; wipes the request */
	bool decided; /* at is when the service decided */
	const char *verdict, *reason, *cert_id; /* NULL: as it was */
};
/* Without waiting; done is called on the writer thread, err is NULL when it
 * holds.  ERR_CONFLICT: it is not in that state, or is done. */
bool store_inquiry_post(struct store *s, const struct inquiry_move *m,
    void (*done)(void *arg, const struct err *err), void *arg,
    struct err *err) MUST_CHECK;

#endif
