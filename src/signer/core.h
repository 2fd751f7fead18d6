/*
 * The core for the process and the port in this process: what signer.h does not
 * show.  One thread.
 */
#ifndef SIGNER_CORE_H
#define SIGNER_CORE_H

#include "signer/signer.h"

/* Nothing will be signed any more: the process has to end. */
bool signer_core_is_broken(const struct signer_core *c);
/* SHA-256 of the SPKI of each key that has limits; returns how many. */
size_t signer_core_issuers(
    const struct signer_core *c, uint8_t (*out)[32], size_t max);
/* Requests that one signer_core_sign syncs together. */
#define SIGNER_BATCH 64u

#endif
