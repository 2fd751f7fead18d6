/*
 * A CSR signed again with RSASSA-PSS, as `openssl req -sigopt
 * rsa_padding_mode:pss` writes it.
 */
#ifndef SUPPORT_PSS_H
#define SUPPORT_PSS_H

#include <openssl/evp.h>
#include "util/arena.h"

/* PKCS#10 in and out, in the arena; a salt as long as the digest, or the
 * longest (max_salt), which is OpenSSL 3.0's default. */
struct bytes pss_signed(struct arena *a, struct bytes csr, EVP_PKEY *key,
    const EVP_MD *md, bool max_salt);

#endif
