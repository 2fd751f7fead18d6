/*
 * The CA core: what may be issued, and the record of it.  Every protocol issues
 * and revokes through here; nothing else reaches the signer for a certificate.
 *
 * Thread-safe.  A `struct ca` is the running core over one configuration; a
 * reload swaps profiles (immutable versions) under it.
 */
#ifndef CA_CA_H
#define CA_CA_H

#include "codec/csr.h"
#include "config/config.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "signer/signer.h"
#include "store/store.h"

struct ca;
struct profile; /* an immutable version (profile.h) */

struct ca_deps {
	struct store *store;
	struct signer signer;
	struct lanes *lanes;
	struct clock clock;
	struct random random;
	uint8_t node;
	/* Reads a file of the state directory (at most max octets). */
	bool (*read_file)(void *ctx, const char *path, size_t max,
	    struct arena *a, struct bytes *out, struct err *err);
	void *read_ctx;
};

/* Loads certificates and chains, compiles profiles, records their versions. */
bool ca_new(const struct ca_deps *deps, const struct config *config,
    struct ca **out, struct err *err) MUST_CHECK;
void ca_free(struct ca *ca);
/* New profiles and limits; running orders keep their version.  All or none. */
bool ca_reload(
    struct ca *ca, const struct config *config, struct err *err) MUST_CHECK;
/* Compiles and checks everything without a store or a signer (`check`). */
bool ca_check_config(const struct config *config,
    bool (*read_file)(void *ctx, const char *path, size_t max, struct arena *a,
	struct bytes *out, struct err *err),
    void *read_ctx, struct config_mistakes *mistakes);

/* ---- profiles ---- */

const struct profile *ca_profile_find(struct ca *ca, const char *name);
/* The version that an order was bound to; also one that is no longer current,
 * as long as this process knows it or the store has it. */
bool ca_profile_by_hash(struct ca *ca, const uint8_t hash[32],
    const struct profile **out, struct err *err) MUST_CHECK;
const char *profile_name(const struct profile *p);
const char *profile_description(const struct profile *p);
const uint8_t *profile_hash(const struct profile *p);
bool profile_has_acme(const struct profile *p);
/* Is the subject of a certificate the CSR's? */
bool profile_takes_subject(const struct profile *p);
/* The current profiles, in configuration order; returns how many it wrote. */
size_t ca_profiles(struct ca *ca, const struct profile **out, size_t max);
/* May this profile certify this name?  ERR_IDENTIFIER_REJECTED says why. */
bool profile_check_name(
    const struct profile *p, const struct name *n, struct err *err) MUST_CHECK;

/* ---- issuing ---- */

struct ca_request {
	const struct profile *profile;
	const struct csr *csr; /* verified here (proof of possession) */
	struct names names; /* what goes in; already authorised */
	int64_t not_before, not_after; /* asked for; 0: the profile's */
	const char *requester; /* "acme", "operator", "self" */
	const char *account_id, *order_id; /* NULL: none */
	const uint8_t *forbidden_spki; /* SHA-256 of the account key's SPKI, or
					  NULL (RFC 8555 section 11.1) */
	struct bytes evidence; /* JSON of the validation evidence */
	const char *replaces; /* certificate id or NULL */
	/* Taken with the intent, in one transaction; NULL: none.  Gone or used
	 * up by then: ERR_UNAUTHORIZED (token.h, approval.h). */
	const char *token_id, *approval_id;
	/* SCEP: who asked, and the client's transaction; or NULL.  Recorded
	 * with the intent: the same request gets the same certificate
	 * (store/scep.h).  ERR_CONFLICT. */
	const char *scep_profile, *scep_transaction;
	/* Who asks is limited in names, so also in what the subject is known
	 * by: where that is the CSR's, its common names, user IDs and e-mail
	 * addresses are among the names. */
	bool subject_named;
	/* The caller can hand out a revocation secret, if the profile has
	 * them. */
	bool wants_secret;
};

struct ca_issued {
	const char *id;
	uint8_t serial[SERIAL_SIZE];
	struct bytes der;
	struct bytes pem_chain; /* leaf first, without the root */
	int64_t not_before, not_after;
	/* Revokes this certificate (ca_revoke_by_secret); only here, the store
	 * has its hash.  NULL: none. */
	const char *revocation_secret;
};

/*
 * Checks (profile, key, names, subject) → TBS → lint → intent (durable) →
 * signer → own verification → issued (durable).  ERR_BAD_CSR, ERR_REJECTED,
 * ERR_IDENTIFIER_REJECTED, ERR_BAD_PUBLIC_KEY, ERR_ORDER_NOT_READY,
 * ERR_SIGNER…, ERR_STORE….  What is in the arena dies with it.
 *
 * With a token, the same request gets the same certificate again for a while
 * (token.h), and ERR_BUSY while that is being issued.
 */
bool ca_issue(struct ca *ca, const struct ca_request *req, struct arena *a,
    struct ca_issued *out, struct err *err) MUST_CHECK;
/* What was issued under this id, for who comes again; its revocation secret is
 * not among it.  ERR_NOT_FOUND (or void), ERR_BUSY (it is being issued),
 * ERR_REJECTED (revoked or expired). */
bool ca_issued_get(struct ca *ca, const char *id, struct arena *a,
    struct ca_issued *out, struct err *err) MUST_CHECK;
/*
 * What an order can be told before anything is proved (RFC 8555 section 7.4).
 * A name: the profile's rules and the name constraints of its CA's chain;
 * ERR_IDENTIFIER_REJECTED.
 */
bool ca_check_name(struct ca *ca, const struct profile *p, const struct name *n,
    struct arena *a, struct err *err) MUST_CHECK;
/* Times that are asked for (0: the profile's), now.  ERR_REJECTED; *until is
 * the last moment at which they can still be had (INT64_MAX: no end). */
bool ca_check_times(struct ca *ca, const struct profile *p, int64_t not_before,
    int64_t not_after, int64_t *until, struct err *err) MUST_CHECK;
/* The notAfter of a certificate that is to be good for so many seconds at most:
 * what the profile's max_lifetime and the CA leave of them.  ERR_REJECTED. */
bool ca_requested_end(struct ca *ca, const struct profile *p, int64_t seconds,
    int64_t *not_after, struct err *err) MUST_CHECK;
/* The checks of a request alone, before anything is recorded. */
bool ca_check_request(struct ca *ca, const struct ca_request *req,
    struct arena *a, struct err *err) MUST_CHECK;
/* Invariant 4 at start: intents without an outcome are signed again or voided.
 */
bool ca_recover(struct ca *ca, unsigned *finished, unsigned *voided,
    struct err *err) MUST_CHECK;
/* Was ca_recover never called, or was an intent left open since (signer or
 * store failed in between)?  Then housekeeping calls it, say once a second;
 * certificates that are being issued are left to their own threads. */
bool ca_recover_due(const struct ca *ca);
/*
 * The certificate of a delegated OCSP responder (RFC 6960 section 4.2.2.2) of
 * this CA for the key: OCSPSigning alone, nocheck, no pointers.  Recorded like
 * any other, under the profile "ocsp-responder".
 */
#define CA_RESPONDER_LIFETIME ((int64_t)90 * 24 * 3600)
bool ca_issue_responder(struct ca *ca, const char *name, struct bytes spki,
    const char *requester, struct arena *a, struct ca_issued *out,
    struct err *err) MUST_CHECK;
/* PEM chain of a stored certificate (no root), and DER. */
bool ca_cert_chain(struct ca *ca, const struct cert_row *row, struct arena *a,
    struct bytes *pem, struct bytes *der, struct err *err) MUST_CHECK;

/* ---- revoking and CRLs ---- */

/*
 * All RFC 5280 reasons but hold and removeFromCRL (ERR_BAD_REASON).  The CRL is
 * made again within a second.
 *
 * block_key: the compromise of the key was proved, or an operator vouches for
 * it.  The key is never certified again, an account that has it is closed, and
 * housekeeping revokes its other unexpired certificates (bulk.h).  Then a
 * certificate that was revoked for another reason gets keyCompromise, with its
 * date; whatever else is revoked already is ERR_ALREADY_REVOKED.
 */
bool ca_revoke(struct ca *ca, const struct cert_row *row, int reason,
    const char *by, bool block_key, struct err *err) MUST_CHECK;
/* The same for a key of which no certificate is at hand: proof is a request
 * that it signed.  *blocked: false if it was already. */
bool ca_key_block(struct ca *ca, const struct csr *proof, const char *by,
    bool *blocked, struct err *err) MUST_CHECK;
/* By the secret that came with the certificate.  ERR_UNAUTHORIZED, always the
 * same; no proof that the key is compromised. */
bool ca_revoke_by_secret(struct ca *ca, const struct cert_row *row,
    struct bytes secret, int reason, struct err *err) MUST_CHECK;
/* Finds our certificate by its DER bytes (ACME revokeCert). */
bool ca_find_cert(struct ca *ca, struct bytes der, struct arena *a,
    struct cert_row *row, struct cert *cert, struct err *err) MUST_CHECK;
/* Makes CRLs that are due (scheduled by nextUpdate, or after a revocation).
 * Called by housekeeping each 200 ms; cheap when nothing is due. */
bool ca_crl_run(struct ca *ca, struct err *err) MUST_CHECK;
/* Are all CRLs current?  For /readyz. */
bool ca_crl_current(struct ca *ca, int64_t now);

/* ---- what is served of a CA (immutable, swapped) ---- */

enum ca_artefact { CA_CERT_DER, CA_CERT_PEM, CA_CHAIN_P7, CA_CRL };
/* One reference, or NULL.  Name of the CA; the root is one too.  expires is a
 * CRL's nextUpdate, 0 for the others; the outputs may be NULL. */
struct blob *ca_artefact(struct ca *ca, const char *name, enum ca_artefact what,
    char etag[67], int64_t *last_modified, int64_t *expires);
/* All roots, PEM. */
struct blob *ca_roots_pem(struct ca *ca, char etag[67]);

struct ca_view {
	const char *name;
	struct cert cert; /* parsed */
	uint8_t key[32]; /* SHA-256 of its SPKI */
	bool online; /* has a key at the signer */
	bool self_signed;
	const char *successor; /* it drains; NULL: it does not */
	/* Its cross-certificates: /ca/<name>.cer and .pem. */
	const char *const *cross;
	size_t cross_n;
};
size_t ca_list(struct ca *ca, const struct ca_view **out);
const struct ca_view *ca_view_find(struct ca *ca, const char *name);

/* The limits for the signer, from the configuration and the CA certificates;
 * used by the supervisor. */
bool ca_signer_limits(const struct config *config, uint8_t node,
    bool (*read_file)(void *ctx, const char *path, size_t max, struct arena *a,
	struct bytes *out, struct err *err),
    void *read_ctx, struct arena *a, struct bytes *limits_json,
    struct err *err) MUST_CHECK;

struct ca_counters {
	uint64_t issued, refused, revoked, crls;
	uint64_t approvals_pending; /* gauge, approval.h */
};
void ca_counters_get(const struct ca *ca, struct ca_counters *out);

#endif
