/*
 * CRLs, RFC 5280 section 5: encoded straight as DER from entries kept encoded,
 * and a parser that checks what was made before it is published.  It is not a
 * reader of everybody's CRLs: indirect ones, suspension and numbers of more
 * than 64 bits are refused.
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

struct crl_spec {
	enum sig_alg sig_alg;
	struct bytes issuer; /* Name, whole */
	struct bytes aki;
	int64_t this_update, next_update;
	uint64_t number;
	struct bytes entries; /* encoded, in order; may be empty */
	bool only_ca_certs; /* critical IDP, for a root's CRL if asked */
};
void crl_tbs_put(struct buf *b, const struct crl_spec *spec);
/* tbs + algorithm + signature. */
void crl_put(
    struct buf *b, struct bytes tbs, enum sig_alg alg, struct bytes signature);

struct crl {
	struct bytes der, tbs; /* der is empty for a bare TBS */
	enum sig_alg sig_alg;
	struct bytes issuer; /* Name, whole */
	int64_t this_update, next_update;
	uint64_t number;
	struct bytes aki;
	struct bytes entries; /* content of revokedCertificates */
	size_t entries_n;
	bool has_idp, only_ca_certs, is_delta;
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

#endif
