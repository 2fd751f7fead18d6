/*
 * What is made with a CA key in the hand of an operator and never online:
 * root and issuing certificates, the request for an issuing certificate that
 * another root signs, and a root's CRL.  The caller holds the keys, writes the
 * files and the log; here is only what goes into them.
 *
 * Leaf and OCSP responder certificates are made by ca_issue and
 * ca_issue_responder, through the signer and its journal.
 *
 * Any thread; every signature is verified before it is returned.
 */
#ifndef CA_CEREMONY_H
#define CA_CEREMONY_H

#include "codec/cert.h"
#include "codec/crl.h"
#include "crypto/random.h"
#include "util/times.h"

struct ceremony {
	/* of the subject; NULL: none */
	const char *common_name, *organization, *organizational_unit, *country;
	struct bytes subject; /* a Name, whole, instead of them; or empty */
	int64_t now;
	int64_t lifetime; /* of a certificate, seconds */
	struct random random;
	uint8_t node; /* serial prefix, 01-7f */
};

/* A self-signed root, DER: cA, keyCertSign and cRLSign, no pointers. */
bool ca_ceremony_root(const struct ceremony *c, struct privkey *key,
    struct buf *der, struct err *err) MUST_CHECK;

/*
 * An issuing CA's certificate, DER, for the key in spki: cA, pathLen 0,
 * anyPolicy, pointers to the root's certificate and CRL under http_base_url
 * ("/ca/<root_name>.cer", "/crl/<root_name>.crl"; NULL: none).  The lifetime
 * is refused when it goes beyond the root's.  name_constraints: the
 * extension's value, or empty.
 */
bool ca_ceremony_sub(const struct ceremony *c, struct bytes spki,
    const struct cert *root, struct privkey *root_key, const char *root_name,
    const char *http_base_url, struct bytes name_constraints, struct buf *der,
    struct err *err) MUST_CHECK;

/*
 * The mirror of a CA's certificate by another CA, or by the same one for a
 * renewal: name, key, key identifier, path length, policies and name
 * constraints are those of `own`; issuer, serial, dates and pointers are new.
 * by and its key may be own and its key: then it is self-signed.  What `by` may
 * not sign is refused.
 */
bool ca_ceremony_mirror(const struct ceremony *c, const struct cert *own,
    const struct cert *by, struct privkey *by_key, const char *by_name,
    const char *http_base_url, struct buf *der, struct err *err) MUST_CHECK;
/* The Name with another common name; BYTES_NONE if it is no Name. */
struct bytes ca_ceremony_rename(
    struct bytes name, const char *common_name, struct arena *a);

/* PKCS#10, DER, for an issuing certificate that another CA signs. */
bool ca_ceremony_csr(const struct ceremony *c, struct privkey *key,
    struct buf *der, struct err *err) MUST_CHECK;

/*
 * A CA's CRL, signed with the key itself.  entries are encoded, in the order
 * of serials (codec/crl.h); number above the last one's.
 */
bool ca_ceremony_crl(const struct cert *issuer, struct privkey *key,
    int64_t this_update, int64_t next_update, uint64_t number,
    struct bytes entries, struct buf *der, struct err *err) MUST_CHECK;

#endif
