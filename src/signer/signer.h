/*
 * The signer, as its clients see it: the whole to-be-signed structure goes in,
 * a signature comes out.  Two makes of the same port: signer_remote (the
 * process, over SOCK_SEQPACKET) and signer_local (the same core in this
 * process, for `init`, offline commands and tests).
 *
 * Thread-safe: any number of workers call signer_sign at once.
 */
#ifndef SIGNER_SIGNER_H
#define SIGNER_SIGNER_H

#include "codec/cert.h"
#include "codec/crl.h"
#include "util/times.h"

enum signer_kind {
	SIGN_LEAF = 1, /* TBSCertificate of an end entity */
	SIGN_RESPONDER = 2, /* TBSCertificate of an OCSP responder */
	SIGN_CRL = 3, /* TBSCertList */
	SIGN_OCSP = 4, /* ResponseData; signed by a responder's key */
	SIGN_LOG = 5 /* the log's tree that has grown (growth.h) */
};
/* Is it one of these? */
static inline bool
signer_kind_is(unsigned v)
{
	return v == SIGN_LEAF || v == SIGN_RESPONDER || v == SIGN_CRL ||
	    v == SIGN_OCSP || v == SIGN_LOG;
}

struct signer_request {
	enum signer_kind kind;
	uint8_t issuer[32]; /* SHA-256 of the issuing key's SPKI; SIGN_LOG:
			       not looked at */
	/* In the issuance log; used once.  An OCSP answer has none: it is no
	 * act that the log records. */
	uint64_t position;
	struct bytes tbs; /* the whole of what is signed */
};

/* The named port. */
struct signer {
	/* ERR_SIGNER_REFUSED: against the limits, final.  ERR_SIGNER: not
	 * reachable within 10 s; the same request may be sent again. */
	bool (*sign)(void *ctx, const struct signer_request *req,
	    struct buf *signature, struct err *err);
	void *ctx;
	/* The SPKI of the responder key that the signer holds; nothing if it
	 * holds none.  NULL: this make does not tell. */
	bool (*responder)(void *ctx, struct buf *spki, struct err *err);
};

static inline bool MUST_CHECK
signer_responder(const struct signer *s, struct buf *spki, struct err *err)
{
	return s->responder == NULL || s->responder(s->ctx, spki, err);
}

static inline bool MUST_CHECK
signer_sign(const struct signer *s, const struct signer_request *req,
    struct buf *signature, struct err *err)
{
	return s->sign(s->ctx, req, signature, err);
}

struct signer_strings {
	const char *const *v;
	size_t n;
};

/* What the signer is told of each key, by the supervisor only. */
struct signer_limits {
	const char *ca; /* for messages */
	uint8_t issuer[32]; /* SHA-256 of the CA key's SPKI */
	struct bytes issuer_name; /* Name, whole: the CA's subject */
	struct bytes key_id; /* the CA's SKI */
	int64_t ca_not_after;
	int64_t max_lifetime, max_backdate;
	int64_t hourly_budget;
	int64_t crl_validity; /* longest nextUpdate - thisUpdate */
	const char *crl_base; /* "http://…/crl/<ca>/", before a shard's number;
				 empty: no shards */
	const char *delta_url; /* of the delta CRL; empty: there is none */
	int64_t responder_lifetime;
	int64_t ocsp_validity; /* longest nextUpdate - thisUpdate */
	struct signer_strings eku_allowed; /* dotted; any other is refused */
	/* The union of the CA's profiles; an empty list of a type that is
	 * allowed means any name of the type. */
	bool dns, ip, email, uri, upn, wildcards;
	struct signer_strings dns_allow, email_allow, uri_allow, upn_allow;
	struct signer_strings ip_allow; /* CIDR texts */
	/* What subjects have beside the common name: Names, base64url. */
	struct signer_strings subjects;
	/* Some profile takes the subject of the request, of these types of
	 * attribute; an empty list: of all that are known. */
	bool subject_request;
	struct signer_strings subject_attributes;
	struct bytes name_constraints; /* of the CA's certificate; or empty */
	uint8_t node; /* serial prefix, 01-7f */
};
/* Canonical JSON both ways: how limits travel and how tests write them. */
struct bytes signer_limits_encode(
    const struct signer_limits *l, size_t n, struct arena *a);
bool signer_limits_decode(struct bytes json, struct arena *a,
    struct signer_limits **out, size_t *n, struct err *err) MUST_CHECK;

/*
 * The core: keys, limits, journal.  `journal_fd` is opened O_APPEND | O_RDWR;
 * it belongs to the core once signer_core_new has succeeded. Reads the journal
 * once (positions, last serials, CRL numbers, budgets); a torn last record is
 * cut off, anything else that is damaged is an error.
 */
struct signer_core;
bool signer_core_new(int journal_fd, struct clock clock,
    struct signer_core **out, struct err *err) MUST_CHECK;
void signer_core_free(struct signer_core *c);
/* Takes the key of a CA.  A key without limits signs nothing. */
void signer_core_add_key(struct signer_core *c, struct privkey *key);
/* Takes a responder's key: it signs OCSP answers for every CA that has limits,
 * and nothing else.  A CA's key never becomes one. */
void signer_core_add_responder(struct signer_core *c, struct privkey *key);
/* A responder key of ours whose private half is elsewhere (`init`). */
void signer_core_know_responder(struct signer_core *c, struct bytes spki);
bool signer_core_set_limits(struct signer_core *c,
    const struct signer_limits *l, size_t n, struct err *err) MUST_CHECK;
/*
 * Takes the log's key (Ed25519) and the origin that its checkpoints name.  For
 * SIGN_LOG the signature is the public key, the checkpoint's signature (32 and
 * 64 octets) and the origin.  ERR_CONFIG.
 */
bool signer_core_set_log(struct signer_core *c, struct privkey *key,
    const char *origin, struct err *err) MUST_CHECK;
/* A batch: every request is checked, one journal append and fdatasync for all
 * that pass, then the signatures.  OCSP answers are signed first: they need no
 * journal.  errs[i].kind tells each outcome. */
void signer_core_sign(struct signer_core *c, const struct signer_request *reqs,
    size_t n, struct buf *signatures, struct err *errs);
/* Number of fdatasyncs so far, for the bench. */
uint64_t signer_core_syncs(const struct signer_core *c);

/* The core as a port, in this process; serialised by a mutex. */
struct signer_local;
struct signer_local *signer_local_new(struct signer_core *core);
void signer_local_free(struct signer_local *s); /* and the core */
struct signer signer_local_port(struct signer_local *s);

/*
 * The client of the signer process.  fd is our end of a SOCK_SEQPACKET pair
 * whose other end the supervisor hands to each new signer, so a restarted
 * signer finds the same socket; unanswered requests are sent again.
 */
struct signer_remote;
struct signer_remote *signer_remote_new(int fd);
void signer_remote_free(struct signer_remote *s);
struct signer signer_remote_port(struct signer_remote *s);
/* A round trip without signing: is it there?  Waits at most ms. */
bool signer_remote_ping(
    struct signer_remote *s, int64_t ms, struct err *err) MUST_CHECK;
/* From the last ping: the signer's fdatasync count and issuer list. */
uint64_t signer_remote_syncs(const struct signer_remote *s);

/*
 * The process: serves requests from `request_fd` until it is closed or
 * SIGTERM; `control_fd` (SEQPACKET, from the supervisor) brings limits.  The
 * caller has loaded keys and limits and entered the sandbox (main does).
 */
int signer_process_run(
    struct signer_core *core, int request_fd, int control_fd);
/* The supervisor's side of control_fd: new limits, waits for the answer. */
bool signer_control_set_limits(
    int control_fd, struct bytes limits_json, struct err *err) MUST_CHECK;

/* Reads a journal (offline commands, backup, tests). */
struct journal_record {
	uint64_t position;
	enum signer_kind kind;
	uint8_t issuer[32];
	uint8_t serial[SERIAL_SIZE]; /* or a CRL's, see below */
	uint8_t tbs_sha256[32]; /* SIGN_LOG: the root, position: the size */
	int64_t at_us;
};
/* What a CRL's record has in place of a serial: 7 octets 0, is it a delta, its
 * shard in 4 octets (0: the full CRL), its number in 8. */
struct journal_crl {
	uint64_t number;
	unsigned shard;
	bool is_delta;
};
struct journal_crl journal_crl_read(const struct journal_record *r);
void journal_crl_write(const struct journal_crl *crl, struct journal_record *r);
bool journal_read(int fd, size_t *offset, struct journal_record *out, bool *end,
    struct err *err) MUST_CHECK;

#endif
