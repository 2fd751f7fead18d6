/*
 * CRLs, RFC 5280 section 5: encoded straight as DER from entries kept encoded,
 * and a parser that checks what was made before it is published: full ones,
 * those of a shard (IDP) and deltas.  It is not a reader of everybody's CRLs:
 * indirect ones, suspension and numbers of more than 64 bits are refused.
 *
 * Any thread; a parsed CRL borrows its DER.
 */
#ifndef CODEC_CRL_H
#define CODEC_CRL_H

#include "codec/cert.h"

/* RFC 5280 section 5.3.1; values are those of the standard. */
enum crl_reason {
	REASON_UNSPECIFIED = 0,
	REASON_KEY_COMPROMISE = 1,
	REASON_CA_COMPROMISE = 2,
	REASON_AFFILIATION_CHANGED = 3,
	REASON_SUPERSEDED = 4,
	REASON_CESSATION = 5,
	REASON_HOLD = 6, /* refused: no suspension */
	REASON_REMOVE = 8, /* delta CRLs only */
	REASON_PRIVILEGE_WITHDRAWN = 9,
	REASON_AA_COMPROMISE = 10
};
const char *crl_reason_name(enum crl_reason r); /* "keyCompromise" */
bool crl_reason_parse(const char *s, enum crl_reason *out);

/* One revokedCertificates entry, appended encoded.  Unspecified: no reason. */
void crl_entry_put(struct buf *b, struct bytes serial, int64_t revoked_at,
    enum crl_reason reason);

/*
 * The octets of a run of entries in the one shape that crl_entry_put gives a
 * serial of 20 octets and a time before 2050; 0: there is none at p.  The
 * serial begins at p + CRL_SERIAL_AT.
 */
#define CRL_SERIAL_AT 4u
size_t crl_entry_size(const uint8_t *p, size_t left);

struct crl_spec {
	enum sig_alg sig_alg;
	struct bytes issuer; /* Name, whole */
	struct bytes aki;
	int64_t this_update, next_update;
	uint64_t number;
	struct bytes entries; /* encoded, in order; may be empty */
	bool only_ca_certs; /* critical IDP, for a root's CRL if asked */
	/* A critical IDP with this URI alone: a shard's CRL.  Or NULL. */
	const char *idp_uri;
	const char *freshest_uri; /* where the delta CRL is; or NULL */
	bool is_delta; /* critical: since the full CRL numbered base */
	uint64_t base;
	int64_t next_publish; /* Microsoft's extension; 0: none */
};
void crl_tbs_put(struct buf *b, const struct crl_spec *spec);
/* tbs + algorithm + signature. */
void crl_put(
    struct buf *b, struct bytes tbs, enum sig_alg alg, struct bytes signature);

/*
 * The same without a copy, for CRLs of tens of megabytes: the entries lie in b
 * behind crl_headroom octets that nobody has written (spec->entries is not
 * looked at).  crl_wrap_tbs completes the TBS around them, crl_wrap the CRL
 * around that; both tell at which offset of b it begins, and it ends with b.
 */
size_t crl_headroom(const struct crl_spec *spec);
void crl_wrap_tbs(struct buf *b, const struct crl_spec *spec, size_t *from);
void crl_wrap(struct buf *b, size_t tbs_from, enum sig_alg alg,
    struct bytes signature, size_t *from);

struct crl {
	struct bytes der, tbs; /* der is empty for a bare TBS */
	enum sig_alg sig_alg;
	struct bytes issuer; /* Name, whole */
	int64_t this_update, next_update;
	uint64_t number;
	struct bytes aki;
	struct bytes entries; /* content of revokedCertificates */
	size_t entries_n;
	/* Every entry has the shape of crl_entry_size, serials ascend. */
	bool is_uniform;
	bool has_idp, only_ca_certs;
	struct bytes idp_uri; /* empty: none, or not one URI alone */
	bool is_delta;
	uint64_t base; /* of a delta */
	bool has_freshest;
	struct bytes freshest_uri; /* empty: none, or not one URI alone */
	int64_t next_publish; /* 0: none */
	bool has_unknown; /* an extension, of it or of an entry */
	struct bytes signature;
};
/*
 * Whole CRL or (crl_parse_tbs) bare TBSCertList; entries checked one by one:
 * a positive serial, a time, and at most a reason and an invalidity date.
 * ERR_MALFORMED, ERR_UNSUPPORTED, ERR_TOO_LARGE.
 */
#define CRL_MAX (256u << 20)
bool crl_parse(struct bytes der, struct crl *out, struct err *err) MUST_CHECK;
bool crl_parse_tbs(
    struct bytes tbs, struct crl *out, struct err *err) MUST_CHECK;
/* Walks entries: call until it returns false; *pos starts at 0. */
bool crl_entry_next(const struct crl *c, size_t *pos, struct bytes *serial,
    int64_t *revoked_at, enum crl_reason *reason);
/* ERR_BAD_SIGNATURE. */
bool crl_verify(struct lane *lane, const struct crl *crl,
    const struct pubkey *issuer, struct err *err) MUST_CHECK;
/* The same when SHA-256 of the TBS is known. */
bool crl_verify_hashed(struct lane *lane, const struct crl *crl,
    const uint8_t tbs_sha256[32], const struct pubkey *issuer,
    struct err *err) MUST_CHECK;

/* The URI of a shard's CRL, in certificates and in its IDP: base, the shard's
 * number from 1, ".crl".  False: no such URI. */
#define CRL_SHARDS_MAX 256u
const char *crl_shard_uri(struct arena *a, const char *base, unsigned shard);
bool crl_shard_of_uri(struct bytes uri, const char *base, unsigned *shard);

/* IssuingDistributionPoint, RFC 5280 section 5.2.5. */
struct crl_idp {
	bool has_name;
	struct bytes uri; /* of the name: one URI alone, else empty */
	bool only_user_certs, only_ca_certs;
};
/* Indirect ones, and those for some reasons or attribute certificates, are
 * ERR_UNSUPPORTED. */
bool crl_idp_parse(
    struct bytes value, struct crl_idp *out, struct err *err) MUST_CHECK;
void crl_idp_put(struct buf *b, const struct crl_idp *idp);
/* CRLDistributionPoints of one point whose name is one URI: the pointer of a
 * certificate, and freshestCRL.  False: malformed, or names that are no URIs;
 * empty: several URIs. */
void crl_points_put(struct buf *b, const char *uri);
bool crl_points_parse(struct bytes value, struct bytes *uri) MUST_CHECK;

#endif
