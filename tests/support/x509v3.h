/*
 * OpenSSL's x509v3.h without its KU_ macros, whose names are constants of ours
 * (codec/cert.h) with other values.
 */
#ifndef SUPPORT_X509V3_H
#define SUPPORT_X509V3_H

#include <openssl/x509v3.h>

#undef KU_DIGITAL_SIGNATURE
#undef KU_NON_REPUDIATION
#undef KU_KEY_ENCIPHERMENT
#undef KU_DATA_ENCIPHERMENT
#undef KU_KEY_AGREEMENT
#undef KU_KEY_CERT_SIGN
#undef KU_CRL_SIGN
#undef KU_ENCIPHER_ONLY
#undef KU_DECIPHER_ONLY

#endif
