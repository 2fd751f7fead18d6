/*
 * Certificates, RFC 5280: a view of a parsed one, and the encoder of the
 * to-be-signed bytes.  What is encoded here is linted and signed byte for byte.
 * No policy: what a certificate may hold is decided in src/ca and the signer.
 *
 * Any thread; a parsed certificate borrows its DER, lists lie in the arena.
 */
#ifndef CODEC_CERT_H
#define CODEC_CERT_H

#include "codec/name.h"
#include "codec/spki.h"

#define CERT_MAX 65536u
#define SERIAL_SIZE 20u

/* Key usage bits, RFC 5280 section 4.2.1.3: bit 0 is digitalSignature.  Macros
 * of openssl/x509v3.h have these names and other values: never use them
 * together. */
enum key_usage {
	KU_DIGITAL_SIGNATURE = 1 << 0,
	KU_NON_REPUDIATION = 1 << 1,
	KU_KEY_ENCIPHERMENT = 1 << 2,
	KU_DATA_ENCIPHERMENT = 1 << 3,
	KU_KEY_AGREEMENT = 1 << 4,
	KU_KEY_CERT_SIGN = 1 << 5,
	KU_CRL_SIGN = 1 << 6,
	KU_ENCIPHER_ONLY = 1 << 7,
	KU_DECIPHER_ONLY = 1 << 8
};
/* "digitalSignature" … → the bit; 0 if unknown. */
unsigned key_usage_parse(const char *name);
/* "serverAuth" or a dotted OID → dotted; NULL if neither. */
const char *eku_oid(const char *name);

struct cert_extension {
	struct bytes oid; /* content octets */
	bool critical;
	struct bytes value; /* content of the OCTET STRING */
};

#define CERT_EXTENSIONS_MAX 32u
#define CERT_EKU_MAX 32u
#define CERT_URLS_MAX 8u
#define CERT_POLICIES_MAX 32u

/* A view; borrows the DER, decoded lists are in the arena. */
struct cert {
	struct bytes der; /* whole; empty for a bare TBS */
	struct bytes tbs; /* whole */
	unsigned version; /* 1, 2 or 3 */
	struct bytes serial; /* magnitude, 1..20 octets, > 0 */
	enum sig_alg tbs_sig_alg;
	struct bytes issuer, subject; /* Names, whole */
	int64_t not_before, not_after; /* both inclusive */
	struct bytes spki;
	struct pubkey key;
	struct cert_extension extensions[CERT_EXTENSIONS_MAX];
	size_t extensions_n;
	/* decoded, absent ones zero */
	bool has_basic_constraints, is_ca, has_path_length;
	unsigned path_length;
	bool has_key_usage, key_usage_critical;
	unsigned key_usage;
	const char *eku[CERT_EKU_MAX]; /* dotted */
	size_t eku_n;
	bool eku_critical;
	struct names names;
	bool has_names, names_critical;
	bool other_names; /* some that `names` leaves out */
	struct bytes ski, aki; /* key identifiers */
	const char *crl_urls[CERT_URLS_MAX];
	size_t crl_urls_n;
	const char *ocsp_url, *ca_issuers_url;
	struct bytes name_constraints; /* extension value */
	const char *policies[CERT_POLICIES_MAX];
	size_t policies_n;
	bool must_staple, ocsp_nocheck;
	bool unknown_critical; /* one that we do not process */
	enum sig_alg sig_alg; /* of the outer SEQUENCE */
	size_t pss_salt;
	struct bytes signature;
};

/*
 * Anybody's certificate, so with tolerance where the standard's reader may have
 * it: versions 1 to 3, unique identifiers, a serial of zero (one zero octet)
 * or of up to 64 octets (certmonger 0.79.17), names that we do not do
 * (other_names), more URLs and policies than there is room for, key usage with
 * trailing zero bits, GeneralizedTime before 2050.  Else DER is strict, and an
 * encoded `critical FALSE` is refused.  RSASSA-PSS may have signed it.
 * ERR_MALFORMED, ERR_TOO_LARGE;
 * ERR_UNSUPPORTED and ERR_BAD_PUBLIC_KEY for algorithms and keys.
 */
bool cert_parse(struct bytes der, struct arena *a, struct cert *out,
    struct err *err) MUST_CHECK;
/* The same view of a bare TBSCertificate that we are about to sign: none of
 * that tolerance, version 3, names in their normal form.  Extensions that are
 * not known here are in the list: whether they may be there the caller decides.
 */
bool cert_parse_tbs(struct bytes tbs, struct arena *a, struct cert *out,
    struct err *err) MUST_CHECK;
/* Issuer's name and key fit, and its signature holds. */
bool cert_verify(struct lane *lane, const struct cert *cert,
    const struct cert *issuer, struct err *err) MUST_CHECK;
/* Is this extension there?  dotted OID. */
const struct cert_extension *cert_extension_find(
    const struct cert *c, const char *oid);

/* What goes into a to-be-signed certificate. */
struct cert_spec {
	uint8_t serial[SERIAL_SIZE]; /* top bit clear, first octet not 0 */
	enum sig_alg sig_alg;
	struct bytes issuer; /* Name, whole */
	struct bytes subject; /* Name, whole */
	int64_t not_before, not_after;
	struct bytes spki; /* whole */
	bool is_ca;
	int path_length; /* -1: none; only with is_ca */
	bool basic_constraints; /* encode it (CA: always) */
	unsigned key_usage; /* 0: leave out */
	const char *const *eku; /* dotted */
	size_t eku_n;
	struct names names;
	bool names_critical; /* RFC 5280 4.2.1.6: empty subject */
	struct bytes aki, ski; /* empty: leave out */
	const char *crl_url, *ocsp_url, *ca_issuers_url; /* NULL: none */
	const char *const *policies;
	size_t policies_n;
	bool must_staple, ocsp_nocheck;
	struct bytes name_constraints; /* value; empty: none */
};

/* Appends the TBSCertificate; v3, extensions in a fixed order. */
void cert_tbs_put(struct buf *b, const struct cert_spec *spec);
/* tbs + algorithm + signature = the certificate. */
void cert_put(
    struct buf *b, struct bytes tbs, enum sig_alg alg, struct bytes signature);

/* A Name from parts; NULL ones are left out.  UTF8String, C Printable. */
struct subject {
	const char *country, *organization, *organizational_unit, *common_name;
};
void subject_put(struct buf *b, const struct subject *s);
/* "CN=x,O=y" for people; also for logs.  RFC 4514 escapes. */
char *subject_text(struct arena *a, struct bytes name);
/* RFC 5280 section 7.1: are two Names, both checked, the same?  Case, the type
 * of string and the amount of white space make no difference. */
bool subject_equal(struct arena *a, struct bytes x, struct bytes y);
/* The same of the first RDNs of a Name and all of a base: a directoryName
 * constraint (RFC 5280 section 4.2.1.10). */
bool subject_is_within(struct arena *a, struct bytes name, struct bytes base);
/* The last CN, or NULL. */
const char *subject_common_name(struct arena *a, struct bytes name);
/* SHA-1-free key identifier: RFC 7093 section 2 method 1, 20 octets. */
void key_identifier(const struct pubkey *key, uint8_t out[20]);

#endif
