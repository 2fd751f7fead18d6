/*
 * One label of a DNS name: LDH (RFC 5890 section 2.3.1), and if it begins with
 * "xn--", Punycode (RFC 3492) of something that needs it.  The tables of IDNA
 * (which code points are allowed) are not ours: registries hold them.
 */
#ifndef CODEC_LABEL_H
#define CODEC_LABEL_H

#include "util/bytes.h"

#define LABEL_MAX 63u

/* NULL if it is good, else why not, as the end of a sentence.  Lower case. */
const char *label_check(struct bytes label);

#endif
