/* The certificates of OCSP responders among those that we issued. */
#ifndef STORE_RESPONDER_H
#define STORE_RESPONDER_H

#include "store/store.h"

/* Those of a key that have not ended before `since`, whatever became of them,
 * with their bytes; the newest first. */
bool store_responder_list(struct store *s, const uint8_t issuer_key[32],
    int64_t since, struct arena *a, struct cert_row **out, size_t *n,
    struct err *err) MUST_CHECK;

#endif
