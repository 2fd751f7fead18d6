/*
 * The inside of the CA core: what ca.c owns and the other files of this folder
 * work on.  Nothing outside src/ca includes it.
 *
 * Threads.  A configuration gives one `struct state`, immutable; a reload makes
 * another and swaps the pointer.  Old states, issuers and profiles stay until
 * ca_free, because requests, orders and views point at them: they are small,
 * and unchanged parts are shared, so that a reload without a change costs a few
 * arrays.  What changes in an issuer (its CRL, the blobs) has its own lock.
 */
#ifndef CA_CORE_H
#define CA_CORE_H

#include <pthread.h>
#include <stdatomic.h>
#include "ca/artefact.h"
#include "ca/ca.h"
#include "ca/chain.h"
#include "ca/crl_state.h"
#include "ca/profile.h"
#include "ca/responder_set.h"
#include "ca/status.h"

/* A certificate that another CA has issued for an issuer's name and key. */
struct issuer_cross {
	const char *name; /* as it is served: "root-2-by-root" */
	struct cert cert;
	struct artefact der, pem;
};

/* A CA as loaded: certificate, chain, and what is published of it. */
struct issuer {
	struct issuer *next;
	struct arena *arena;
	const char *name;
	bool online; /* its key is at the signer */
	struct chain chain; /* certs[0] is its certificate */
	uint8_t key[32]; /* SHA-256 of its SPKI */
	struct bytes key_id; /* the AKI of what it issues */
	enum sig_alg sig_alg; /* what its key signs with */
	struct bytes chain_pem; /* behind the leaf; without the root */
	/* The cross-certificate of the chain's root that ends chain_pem. */
	struct bytes link;
	struct issuer_cross *cross;
	size_t cross_n;
	struct artefact artefacts[CA_CRL]; /* but the CRL */
	/* The full CRL, then the shards by number; only ever more of them, each
	 * there before scopes_n counts it. */
	struct crl_state *scopes[CRL_SHARDS_MAX + 1];
	atomic_uint scopes_n;
	const char *crl_base; /* of its shards' URIs: "http://…/crl/<ca>/" */
	/* responder.c: which one the log was told of last (NULL: none). */
	bool told;
	const struct known_responder *told_responder;
};

/* A CA in one configuration. */
struct state_ca {
	struct issuer *issuer;
	const char *successor; /* in the state's arena; NULL: none */
	int64_t max_lifetime, max_backdate;
	const char *delta_url; /* where its delta CRL is */
};

struct state {
	struct state *older;
	struct arena *arena;
	struct state_ca *cas;
	struct ca_view *views; /* one for each CA */
	size_t cas_n;
	const struct profile **profiles;
	size_t profiles_n;
	int64_t crl_period, crl_validity;
	int64_t crl_delta; /* period of delta CRLs; 0: none */
	unsigned crl_shards; /* that new certificates are spread over */
	bool crl_next_publish;
};

/* A profile version that this process knows. */
struct known_profile {
	struct known_profile *next;
	struct profile *profile;
};

/* A certificate between intent and its outcome; on the issuing stack. */
struct inflight {
	struct inflight *next, **link;
	const char *id;
};

struct ca {
	struct ca_deps deps;
	_Atomic(struct state *) state;
	pthread_mutex_t reload; /* one reload at a time */
	pthread_mutex_t crl_run; /* one CRL run at a time */
	pthread_mutex_t lock; /* the lists below */
	struct issuer *issuers;
	struct known_profile *profiles;
	struct inflight *inflight;
	struct artefact roots;
	struct responders responders;
	struct status_index *status;
	atomic_bool status_whole; /* it stands for the record */
	_Atomic int64_t status_since; /* nothing that expired before */
	atomic_bool unfinished; /* an intent was left open */
	atomic_bool sweep_due; /* certificates of blocked keys to be revoked */
	atomic_bool bulk_due; /* decisions to be carried out */
	atomic_uint blocks; /* keys that were blocked while we run */
	atomic_ullong issued, refused, revoked, crls;
	atomic_ullong approvals_pending; /* as last measured */
};

static inline int64_t
ca_now(const struct ca *ca)
{
	return clock_now(&ca->deps.clock);
}

/* The configuration that runs now. */
static inline const struct state *
ca_state(struct ca *ca)
{
	return atomic_load(&ca->state);
}

/* NULL if the configuration has no such CA. */
const struct state_ca *state_ca_find(const struct state *s, const char *name);
/* By its key, among all that were ever loaded; NULL if unknown. */
struct issuer *ca_issuer_by_key(struct ca *ca, const uint8_t key[32]);
struct loaded_ca;
/* issuer.c: the issuer that runs already if nothing about it has changed. */
bool issuer_find_or_new(struct ca *ca, const struct loaded_ca *c,
    const struct config *config, struct issuer **out,
    struct err *err) MUST_CHECK;
void issuer_free(struct issuer *i);
/* Adds a version to those known, or frees it and returns the known one. */
const struct profile *ca_profile_keep(struct ca *ca, struct profile *p);

/* Verifies our own signature through the lane's cache of keys. */
bool issuer_verify(struct ca *ca, const struct issuer *issuer, enum sig_alg alg,
    struct bytes tbs, struct bytes signature, struct err *err) MUST_CHECK;

/* cross.c: cross-certificates of an issuer, from those that were loaded. */
bool issuer_take_cross(
    struct issuer *i, const struct loaded_ca *from, struct err *err) MUST_CHECK;
bool issuer_has_cross(const struct issuer *i, const struct loaded_ca *c);
void issuer_free_cross(struct issuer *i);
const char *const *cross_names(const struct issuer *i, struct arena *a);
/* The root's first cross-certificate that is valid now, DER, or nothing. */
struct bytes chain_link(const struct loaded_ca *c, int64_t now);
struct blob *cross_artefact(const struct state *s, const char *name,
    enum ca_artefact what, char etag[ETAG_SIZE], int64_t *last_modified,
    int64_t *expires);

void inflight_begin(struct ca *ca, struct inflight *f, const char *id);
void inflight_end(struct ca *ca, struct inflight *f);

/* crl_load.c: an offline CA's CRL, from a file of the state directory. */
bool issuer_crl_read(
    struct ca *ca, struct issuer *issuer, struct err *err) MUST_CHECK;
/* status.c: fills the index from the record. */
bool ca_status_load(struct ca *ca, struct err *err) MUST_CHECK;
/* status.c: the outcome of a certificate is recorded. */
void ca_status_put(
    struct ca *ca, const struct cert_row *row, enum cert_status now);
/* revoke.c: ERR_BAD_REASON. */
bool revocation_check_reason(int reason, struct err *err) MUST_CHECK;
/* revoke.c: after a key was blocked: what has it goes too (bulk.c). */
void key_blocked(struct ca *ca);
/* revoke.c: a revoked or voided certificate enters the CRLs of its key. */
void ca_revoked_add(struct ca *ca, const struct cert_row *row);

#endif
