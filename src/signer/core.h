/*
 * The core for the process and the port in this process: what signer.h does not
 * show.  One thread.
 */
#ifndef SIGNER_CORE_H
#define SIGNER_CORE_H

#include "signer/signer.h"

/* One OCSP answer: nothing of it is recorded, so it waits for no disk.  The
 * error tells the outcome, too, as in signer_core_sign. */
bool signer_core_answer(struct signer_core *c, const struct signer_request *req,
    struct buf *signature, struct err *err);
/* The SPKI of the responder key that the core holds; empty: none. */
struct bytes signer_core_responder(const struct signer_core *c);
/* Nothing will be signed any more: the process has to end. */
bool signer_core_is_broken(const struct signer_core *c);
/* SHA-256 of the SPKI of each key that has limits; returns how many. */
size_t signer_core_issuers(
    const struct signer_core *c, uint8_t (*out)[32], size_t max);
/* Requests that one signer_core_sign syncs together. */
#define SIGNER_BATCH 64u

#endif
