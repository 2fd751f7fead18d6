/*
 * SignedData in the name of this server: who made a key says so (RFC 7030
 * section 4.4.2).
 */
#ifndef EST_SIGN_H
#define EST_SIGN_H

#include "codec/envelope.h"
#include "est/server.h"

/* Appends SignedData of a content of this type (dotted), by the key that
 * est_set_signer gave. */
bool est_sign(struct est *est, struct lane *lane, const char *type,
    struct bytes content, struct buf *out, struct err *err) MUST_CHECK;

#endif
