/*
 * The structure of a Name (RFC 5280 section 4.1.2.4), for the parsers of this
 * layer; how others make and print one is in cert.h.
 */
#ifndef CODEC_SUBJECT_H
#define CODEC_SUBJECT_H

#include "codec/der.h"

/* A Name with nothing behind it; may be empty.  ERR_MALFORMED. */
bool subject_check(struct bytes name, struct err *err) MUST_CHECK;
/* The last attribute of a type, of a Name that was checked; false if none. */
bool subject_find(struct bytes name, struct bytes oid, int *tag,
    struct bytes *value) MUST_CHECK;

#endif
