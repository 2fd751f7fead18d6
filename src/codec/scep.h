/*
 * SCEP messages, RFC 8894 section 3: the attributes that a pkiMessage carries
 * in its SignedData, and the messages inside.  Form only: who may ask for what
 * is src/scep's matter.
 *
 * Any thread; what is parsed borrows the DER and the arena.
 */
#ifndef CODEC_SCEP_H
#define CODEC_SCEP_H

#include "codec/cms.h"

/* 2 MiB is what other servers take; a whole request has a few kilobytes. */
#define SCEP_MESSAGE_MAX (2u << 20)
#define SCEP_TRANSACTION_MAX 255u
#define SCEP_NONCE_MAX 64u
#define SCEP_NONCE_SIZE 16u /* of ours, RFC 8894 section 3.2.1.5 */

/* RFC 8894 section 3.2.1.2.  18 (UpdateReq of drafts) is none of them: a server
 * that let it pass issued without a challenge (CVE-2026-30836). */
enum scep_type {
	SCEP_CERT_REP = 3,
	SCEP_RENEWAL_REQ = 17,
	SCEP_PKCS_REQ = 19,
	SCEP_CERT_POLL = 20,
	SCEP_GET_CERT = 21,
	SCEP_GET_CRL = 22
};
enum scep_status { SCEP_SUCCESS = 0, SCEP_FAILURE = 2, SCEP_PENDING = 3 };
/* RFC 8894 section 3.2.1.4. */
enum scep_fail_info {
	SCEP_BAD_ALG = 0,
	SCEP_BAD_MESSAGE_CHECK = 1,
	SCEP_BAD_REQUEST = 2,
	SCEP_BAD_TIME = 3,
	SCEP_BAD_CERT_ID = 4
};

/* What a request says of itself; nothing is believed before the signature. */
struct scep_request {
	struct cms_signed cms;
	unsigned type; /* as sent: may be none of enum scep_type */
	const char *transaction; /* printable, 1..255 characters */
	struct bytes sender_nonce; /* 1..64 octets */
};

/*
 * From DER (ber_to_der).  ERR_MALFORMED and ERR_UNSUPPORTED: there is nothing
 * to answer in SCEP's own form, for lack of a transaction or nonce.
 */
bool scep_request_parse(struct bytes der, struct arena *a,
    struct scep_request *out, struct err *err) MUST_CHECK;

/* IssuerAndSubject of a CertPoll (section 3.3.3) and IssuerAndSerialNumber of
 * GetCert and GetCRL (sections 3.3.4, 3.3.5); Names whole.  ERR_MALFORMED. */
bool scep_poll_parse(struct bytes der, struct bytes *issuer,
    struct bytes *subject, struct err *err) MUST_CHECK;
bool scep_serial_parse(struct bytes der, struct bytes *issuer,
    struct bytes *serial, struct err *err) MUST_CHECK;

/* A CertRep. */
struct scep_reply {
	enum scep_status status;
	enum scep_fail_info fail_info; /* with SCEP_FAILURE */
	const char *fail_text; /* RFC 8894 section 3.2.1.4; or NULL */
	const char *transaction;
	struct bytes recipient_nonce; /* the request's senderNonce */
	uint8_t sender_nonce[SCEP_NONCE_SIZE]; /* fresh */
	struct bytes envelope; /* with SCEP_SUCCESS: ContentInfo */
	enum digest_alg digest; /* the request's */
};
bool scep_reply_put(struct buf *b, struct lane *lane,
    const struct scep_reply *reply, const struct cert *signer,
    const struct privkey *key, bool with_certificate,
    struct err *err) MUST_CHECK;

#endif
