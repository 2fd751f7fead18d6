/*
 * What the signer agrees to sign: decisions on a parsed to-be-signed structure,
 * the limits of its key and the clock.  Pure: nothing is read or changed, so
 * every rule is tested by table.  ERR_SIGNER_REFUSED with the reason.
 *
 * Not here: what needs the journal (positions, serials seen, CRL numbers,
 * budgets); that is core.c.  Not lint either: src/ca lints before; this is what
 * holds when src/ca is in an attacker's hands (design section 4).
 */
#ifndef SIGNER_CHECK_H
#define SIGNER_CHECK_H

#include "codec/ocsp.h"
#include "signer/signer.h"

/* Clocks of signer and server may differ by this much (design section 4). */
#define CHECK_SKEW 600

struct check {
	const struct signer_limits *limits;
	enum sig_alg sig_alg; /* that the key signs with */
	int64_t now;
	const struct bytes *own_spkis; /* of every key that the signer holds */
	size_t own_spkis_n;
	const struct bytes *responders; /* those of them that sign no CRL */
	size_t responders_n;
	struct arena *arena;
};

/* Limits, serial form and time, names; for SIGN_LEAF and SIGN_RESPONDER. */
bool check_cert(const struct check *c, enum signer_kind kind,
    const struct cert *cert, struct err *err) MUST_CHECK;
/* Name, key identifier and algorithm are those of the CA. */
bool check_issuer(const struct check *c, struct bytes issuer, struct bytes aki,
    enum sig_alg alg, struct err *err) MUST_CHECK;
/* Which of the CA's CRLs is it?  0: the full one or its delta, else the shard
 * that its IDP names. */
bool check_crl_scope(const struct check *c, const struct crl *crl,
    unsigned *shard, struct err *err) MUST_CHECK;
/* previous, full: the last number signed in this scope, and the last of one
 * that was no delta; 0 for none. */
bool check_crl(const struct check *c, const struct crl *crl, uint64_t previous,
    uint64_t full, struct err *err) MUST_CHECK;

/* An answer of a delegated responder for certificates of one issuer
 * (check_ocsp.c). */
struct check_ocsp {
	const struct signer_limits *limits;
	const struct ocsp_issuer_hashes *issuer;
	bool has_responder; /* byKey is a responder key that the signer holds */
	int64_t now;
};
bool check_ocsp(const struct check_ocsp *c, const struct ocsp_data *data,
    struct err *err) MUST_CHECK;

/* A CN that is one of the SAN, and beside it what a profile writes
 * (check_subject.c). */
bool check_subject(
    const struct check *c, const struct cert *cert, struct err *err) MUST_CHECK;
/* One name, and the SAN (check_names.c). */
bool check_name(
    const struct check *c, const struct name *name, struct err *err) MUST_CHECK;
bool check_names(
    const struct check *c, const struct cert *cert, struct err *err) MUST_CHECK;
/* The name constraints of the CA's certificate (constraints.c). */
bool check_constraints(
    const struct check *c, const struct cert *cert, struct err *err) MUST_CHECK;
/* Is a host at or below a domain?  ".a.example" means below only. */
bool check_host_below(const char *host, const char *domain);
/* The host of a URI in lower case, or NULL; lies in the arena. */
const char *check_uri_host(const char *uri, struct arena *a);

/* The time that a serial of ours carries in its octets 1 to 5. */
int64_t check_serial_time(const uint8_t serial[SERIAL_SIZE]);

#endif
