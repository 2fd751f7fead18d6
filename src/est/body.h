/*
 * Bodies of requests and answers: base64 of DER whatever the headers say (RFC
 * 8951 section 3).  A pure function; also what the fuzzer drives.
 */
#ifndef EST_BODY_H
#define EST_BODY_H

#include "util/arena.h"

/* The largest CSR that is read, in base64 with line breaks and armour. */
#define BODY_MAX 32768u

/*
 * Base64 in one line or several, with LF, CRLF, spaces, or in PEM's armour as
 * users of curl send it (globalsign/est issue 23).  Nothing may stand behind
 * it.  *wrapped: it had line breaks between its characters.  ERR_MALFORMED.
 */
bool est_body_decode(struct bytes body, struct arena *a, struct bytes *der,
    bool *wrapped, struct err *err) MUST_CHECK;
/* Appends base64, in lines of 64 if wrapped, else in one without an end. */
void est_body_encode(struct bytes der, bool wrapped, struct buf *out);

#endif
