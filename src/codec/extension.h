/*
 * Extension ::= SEQUENCE { OID, critical DEFAULT FALSE, OCTET STRING }, and the
 * values that more than one parser of this layer reads (RFC 5280 section 4.2).
 */
#ifndef CODEC_EXTENSION_H
#define CODEC_EXTENSION_H

#include "codec/cert.h"

/*
 * Reads one.  X.690 section 11.5 forbids an encoded `critical FALSE`; old
 * tools put it into CSRs all the same, so there, and in OCSP requests, it is
 * let through.
 */
bool extension_read(
    struct der *list, bool allow_false, struct cert_extension *out) MUST_CHECK;
/* Appends one around a value that is complete. */
void extension_put(
    struct buf *b, struct bytes oid, bool critical, struct bytes value);
/* Opens an extension for a value that is appended next. */
struct extension_marks {
	size_t outer, value;
};
struct extension_marks extension_open(
    struct buf *b, struct bytes oid, bool critical);
void extension_close(struct buf *b, struct extension_marks marks);
/* RFC 7633: does the list of TLS features hold status_request? */
bool tls_feature_read(struct bytes value, bool *must_staple) MUST_CHECK;
/* The key identifier of an AuthorityKeyIdentifier; empty if it has none. */
bool aki_read(struct bytes value, struct bytes *key_id) MUST_CHECK;
/* GeneralNames inside their SEQUENCE: the content. */
bool general_names_open(struct bytes value, struct bytes *content) MUST_CHECK;

#endif
