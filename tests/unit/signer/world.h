/*
 * A CA for the tests of the signer: keys, limits, a journal in a temporary
 * file, a clock that stands still, and to-be-signed structures that hold all
 * limits until a test changes one thing.
 */
#ifndef UNIT_SIGNER_WORLD_H
#define UNIT_SIGNER_WORLD_H

#include "codec/ocsp.h"
#include "signer/signer.h"
#include "support/unit.h"

#define WORLD_NODE 0x11
#define WORLD_DAY 86400

struct world {
	struct arena *arena;
	struct privkey *ca, *responder, *leaf;
	struct bytes ca_spki, responder_spki, leaf_spki;
	uint8_t issuer[32];
	struct bytes ca_name, ca_ski;
	struct signer_limits limits;
	int64_t now_us;
	struct clock clock;
	char path[64]; /* of the journal */
	uint64_t position; /* the next one */
	uint32_t serials;
};

void world_make(struct world *w);
void world_free(struct world *w);
/* A copy of the CA's key, as a new signer loads it from its file. */
struct privkey *world_key(const struct privkey *key);
/* A core over the journal as it is; with limits. */
struct signer_core *world_core(struct world *w);
int world_journal(const struct world *w);
int64_t world_now(const struct world *w);

/* A leaf and a responder that hold; each call a new serial. */
struct cert_spec world_leaf(struct world *w);
struct cert_spec world_responder(struct world *w);
struct crl_spec world_crl(struct world *w);
struct names world_names(struct world *w, const char *const *tagged, size_t n);
struct bytes world_tbs(struct world *w, const struct cert_spec *spec);
struct bytes world_crl_tbs(struct world *w, const struct crl_spec *spec);
/* The TBSCertificate with one more extension, whole, at its end. */
struct bytes world_with_extension(
    struct world *w, struct bytes tbs, struct bytes extension);
/* An answer for three certificates of the CA: good, revoked, unknown. */
struct ocsp_data world_ocsp(struct world *w);
struct bytes world_cert_id(struct world *w, enum ocsp_hash hash, uint8_t n);
struct bytes world_ocsp_tbs(struct world *w, const struct ocsp_data *data);
/* A request at the next position; an OCSP answer has none. */
struct signer_request world_request(
    struct world *w, enum signer_kind kind, struct bytes tbs);

/* Signs by the core; asserts what comes: NULL, signed; else refused so. */
void world_assert(struct world *w, struct signer_core *core,
    const struct signer_request *req, const char *says);
/* Does the signature hold with the CA's key, or that of an OCSP answer with
 * the responder's? */
void world_assert_signature(
    struct world *w, struct bytes tbs, struct bytes signature);

#endif
