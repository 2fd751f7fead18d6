/*
 * The object identifiers that this layer knows, as content octets in string
 * literals: OID(COMMON_NAME) is their struct bytes.
 */
#ifndef CODEC_OID_H
#define CODEC_OID_H

#include "codec/der.h"

#define OID(name) bytes_of(OID_##name, sizeof(OID_##name) - 1)

/* Keys: RFC 3279, RFC 5480, RFC 8410. */
#define OID_RSA "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define OID_EC_PUBLIC_KEY "\x2a\x86\x48\xce\x3d\x02\x01"
#define OID_P256 "\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define OID_P384 "\x2b\x81\x04\x00\x22"
#define OID_P521 "\x2b\x81\x04\x00\x23"
#define OID_ED25519 "\x2b\x65\x70"

/* Signatures: RFC 4055, RFC 5758. */
#define OID_RSA_SHA1 "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"
#define OID_RSA_SHA256 "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"
#define OID_RSA_SHA384 "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"
#define OID_RSA_SHA512 "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"
#define OID_ECDSA_SHA256 "\x2a\x86\x48\xce\x3d\x04\x03\x02"
#define OID_ECDSA_SHA384 "\x2a\x86\x48\xce\x3d\x04\x03\x03"
#define OID_ECDSA_SHA512 "\x2a\x86\x48\xce\x3d\x04\x03\x04"

/* Attributes of a Name: RFC 4519, RFC 2985, X.520. */
#define OID_COMMON_NAME "\x55\x04\x03"
#define OID_SURNAME "\x55\x04\x04"
#define OID_SERIAL_NUMBER "\x55\x04\x05"
#define OID_COUNTRY "\x55\x04\x06"
#define OID_LOCALITY "\x55\x04\x07"
#define OID_STATE "\x55\x04\x08"
#define OID_STREET "\x55\x04\x09"
#define OID_ORGANIZATION "\x55\x04\x0a"
#define OID_ORGANIZATIONAL_UNIT "\x55\x04\x0b"
#define OID_TITLE "\x55\x04\x0c"
#define OID_GIVEN_NAME "\x55\x04\x2a"
#define OID_DOMAIN_COMPONENT "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"
#define OID_USER_ID "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"
#define OID_EMAIL_ADDRESS "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"

/* Attributes of a CSR: RFC 2985, and Microsoft's. */
#define OID_CHALLENGE_PASSWORD "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07"
#define OID_EXTENSION_REQUEST "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"
#define OID_MS_CERT_EXTENSIONS "\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e"

/* Attributes of EST: RFC 4108, RFC 6402, RFC 7030, RFC 8551, RFC 9908. */
#define OID_DECRYPT_KEY_ID "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x25"
#define OID_ASYMM_DECRYPT_KEY_ID "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x36"
#define OID_CHANGE_SUBJECT_NAME "\x2b\x06\x01\x05\x05\x07\x07\x24"
#define OID_SMIME_CAPABILITIES "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0f"
#define OID_REQUEST_TEMPLATE "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x3d"
#define OID_EXTENSION_TEMPLATE "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x3e"

/* Extensions: RFC 5280, RFC 7633, RFC 6960. */
#define OID_SKI "\x55\x1d\x0e"
#define OID_KEY_USAGE "\x55\x1d\x0f"
#define OID_SUBJECT_ALT_NAME "\x55\x1d\x11"
#define OID_BASIC_CONSTRAINTS "\x55\x1d\x13"
#define OID_CRL_NUMBER "\x55\x1d\x14"
#define OID_CRL_REASON "\x55\x1d\x15"
#define OID_INVALIDITY_DATE "\x55\x1d\x18"
#define OID_DELTA_CRL "\x55\x1d\x1b"
#define OID_ISSUING_DISTRIBUTION_POINT "\x55\x1d\x1c"
#define OID_NAME_CONSTRAINTS "\x55\x1d\x1e"
#define OID_CRL_DISTRIBUTION_POINTS "\x55\x1d\x1f"
#define OID_CERTIFICATE_POLICIES "\x55\x1d\x20"
#define OID_AKI "\x55\x1d\x23"
#define OID_EXT_KEY_USAGE "\x55\x1d\x25"
#define OID_AUTHORITY_INFO "\x2b\x06\x01\x05\x05\x07\x01\x01"
#define OID_TLS_FEATURE "\x2b\x06\x01\x05\x05\x07\x01\x18"
#define OID_OCSP_NOCHECK "\x2b\x06\x01\x05\x05\x07\x30\x01\x05"

/* Access methods: RFC 5280 section 4.2.2.1. */
#define OID_AD_OCSP "\x2b\x06\x01\x05\x05\x07\x30\x01"
#define OID_AD_CA_ISSUERS "\x2b\x06\x01\x05\x05\x07\x30\x02"

/* OCSP: RFC 6960 appendix B. */
#define OID_OCSP_BASIC "\x2b\x06\x01\x05\x05\x07\x30\x01\x01"
#define OID_OCSP_NONCE "\x2b\x06\x01\x05\x05\x07\x30\x01\x02"
#define OID_OCSP_RESPONSE_TYPES "\x2b\x06\x01\x05\x05\x07\x30\x01\x04"
#define OID_OCSP_EXTENDED_REVOKE "\x2b\x06\x01\x05\x05\x07\x30\x01\x09"

/* Digests: RFC 3279, RFC 5754. */
#define OID_SHA1 "\x2b\x0e\x03\x02\x1a"
#define OID_SHA256 "\x60\x86\x48\x01\x65\x03\x04\x02\x01"

/* CMS: RFC 5652. */
#define OID_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define OID_SIGNED_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"

static inline void
oid_put(struct buf *b, struct bytes oid)
{
	der_put(b, DER_OID, oid);
}

#endif
