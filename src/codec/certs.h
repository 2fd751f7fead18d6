/*
 * The certificates of a PEM file that an operator wrote: trust anchors,
 * recipients.  Any thread; what is parsed lives in the arena and borrows
 * nothing else.
 */
#ifndef CODEC_CERTS_H
#define CODEC_CERTS_H

#include "codec/cert.h"

#define CERTS_FILE_MAX 64u

/* All of them, in order; of CAs alone, if they are to be.  The path is for
 * sentences.  ERR_CONFIG: none at all, too many, or one that cannot be read. */
bool certs_parse(struct bytes pem, const char *path, bool cas, struct arena *a,
    const struct cert **out, size_t *out_n, struct err *err) MUST_CHECK;

#endif
