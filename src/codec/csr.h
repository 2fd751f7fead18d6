/*
 * PKCS#10, RFC 2986: parsed strictly, proof of possession checked.  What a
 * client asks for in other extensions is kept raw: profiles decide, not CSRs.
 *
 * Tolerated, because tools in use write it: attributes left out altogether
 * (`openssl req -asn1-kludge`), an encoded `critical FALSE` in an extension,
 * Microsoft's OID for the extension request (beside PKCS#9's, if both say the
 * same), its pairs of name and value each in an attribute of its own, NULL
 * parameters of ECDSA.
 *
 * Any thread; what is parsed borrows the DER and the arena.
 */
#ifndef CODEC_CSR_H
#define CODEC_CSR_H

#include "codec/name.h"
#include "codec/spki.h"

#define CSR_MAX 32768u

struct csr {
	struct bytes der;
	struct bytes info; /* CertificationRequestInfo, whole */
	struct bytes subject; /* Name, whole; may be empty SEQUENCE */
	const char *common_name; /* NULL if none; the last CN */
	struct bytes spki; /* whole */
	struct pubkey key;
	struct names names; /* SAN, normalised, in sent order */
	bool must_staple; /* TLS feature 5 asked for */
	struct bytes extensions; /* content of the ExtensionRequest */
	struct bytes attributes; /* content of [0], all DER; see below */
	const char *challenge_password; /* NULL if none (SCEP) */
	enum sig_alg sig_alg;
	size_t pss_salt;
	struct bytes signature;
};

/* Borrows der, which must live as long as the arena.  ERR_BAD_CSR; a key that
 * cannot be read is ERR_BAD_PUBLIC_KEY. */
bool csr_parse(struct bytes der, struct arena *a, struct csr *out,
    struct err *err) MUST_CHECK;
/* The same of a CSR whose key and signature count for nothing, and may be of
 * any kind (RFC 7030 section 4.4.1): key and sig_alg are not set. */
bool csr_parse_unsigned(struct bytes der, struct arena *a, struct csr *out,
    struct err *err) MUST_CHECK;
/* What it asks for: its subjectAltName or, where it has none, its common name
 * if that is a DNS name or an IP address.  ERR_BAD_CSR if it is neither. */
bool csr_names(const struct csr *csr, struct arena *a, struct names *out,
    struct err *err) MUST_CHECK;
/* The value of an attribute, whole; false if it is not there or has more than
 * one value.  For those that only one protocol knows. */
bool csr_attribute(
    const struct csr *csr, struct bytes oid, struct bytes *value) MUST_CHECK;
/* RFC 2986 section 3: the signature proves possession of the key. */
bool csr_verify(
    struct lane *lane, const struct csr *csr, struct err *err) MUST_CHECK;

#endif
