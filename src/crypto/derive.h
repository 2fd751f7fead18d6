/*
 * A passphrase made from another by HMAC-SHA256 with a fixed label: what holds
 * it learns nothing of the first (docs/adr/0002-two-passphrases.md).
 */
#ifndef CRYPTO_DERIVE_H
#define CRYPTO_DERIVE_H

#include "util/secret.h"

/* The server's own keys: TLS and RA. */
#define DERIVE_SERVER_KEYS "chancery server keys v1"

/* 43 base64url characters; NULL of NULL. */
struct secret *passphrase_derive(const struct secret *from, const char *label);

#endif
