/*
 * The messages between server and signer, one a packet of a SOCK_SEQPACKET
 * pair, and those between supervisor and signer.  Strict both ways; no sockets
 * here.  Numbers are big-endian.
 *
 *   every message  "CS" version(1) type(1) id(8)
 *   SIGN           kind(1) issuer(32) position(8) tbs(1..65536)
 *   SIGN_MEMFD     kind(1) issuer(32) position(8) size(8), and a sealed memfd
 *   PING           nothing
 *   RESPONDER      nothing: which responder key do you hold?
 *   SIGNED         signature(1..2048)
 *   REFUSED FAILED text(0..639), UTF-8: what was found, what was expected
 *   PONG           syncs(8) issuer(32)…
 *   RESPONDER_KEY  SubjectPublicKeyInfo(0..1024); empty: none
 *   HELLO          nothing; id 0: a signer has started, send again
 *   LIMITS         nothing, and a sealed memfd with the JSON
 *   LIMITS_SET     nothing;  LIMITS_REFUSED text
 *
 * No message carries a digest (design section 4).
 */
#ifndef SIGNER_WIRE_H
#define SIGNER_WIRE_H

#include "signer/signer.h"

#define WIRE_INLINE_MAX 65536u
#define WIRE_MEMFD_MAX CRL_MAX
#define WIRE_SIGNATURE_MAX 2048u
#define WIRE_TEXT_MAX 639u
#define WIRE_ISSUERS_MAX 64u
#define WIRE_SPKI_MAX 1024u
#define WIRE_HEADER 12u
#define WIRE_MESSAGE_MAX (WIRE_HEADER + 41u + WIRE_INLINE_MAX)

enum wire_type {
	WIRE_SIGN = 0x01,
	WIRE_SIGN_MEMFD = 0x02,
	WIRE_PING = 0x03,
	WIRE_LIMITS = 0x04,
	WIRE_RESPONDER = 0x05,
	WIRE_SIGNED = 0x81,
	WIRE_REFUSED = 0x82,
	WIRE_FAILED = 0x83,
	WIRE_PONG = 0x84,
	WIRE_HELLO = 0x85,
	WIRE_LIMITS_SET = 0x86,
	WIRE_LIMITS_REFUSED = 0x87,
	WIRE_RESPONDER_KEY = 0x88
};

/* Any message; what its type does not have is zero.  Borrows the packet. */
struct wire_message {
	enum wire_type type;
	uint64_t id;
	struct signer_request request; /* tbs is empty for SIGN_MEMFD */
	uint64_t memfd_size;
	struct bytes signature;
	struct bytes text;
	uint64_t syncs;
	struct bytes issuers; /* n times 32 octets */
	struct bytes spki;
};

/* Appends the message; its lengths are the caller's care. */
void wire_encode(const struct wire_message *m, struct buf *out);
/* ERR_MALFORMED. */
bool wire_decode(
    struct bytes packet, struct wire_message *out, struct err *err) MUST_CHECK;
/* Does a message of this type come with a descriptor? */
bool wire_has_memfd(enum wire_type type);
/* The id of what may not be a message at all; 0 if there is none. */
uint64_t wire_id(struct bytes packet);

#endif
