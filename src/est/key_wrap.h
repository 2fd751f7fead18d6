/*
 * To whom a generated key is encrypted (RFC 7030 sections 4.4.1.1 and 4.4.1.2):
 * what the CSR's attributes name, found among what this label knows.  A pure
 * decision.
 */
#ifndef EST_KEY_WRAP_H
#define EST_KEY_WRAP_H

#include "codec/envelope.h"
#include "codec/csr.h"
#include "est/label.h"

struct key_wrap {
	bool asked; /* else the key goes as it is */
	struct envelope_recipient to;
	enum envelope_cipher cipher;
};

/* client: the certificate of the TLS connection; NULL: none.  ERR_BAD_CSR for
 * attributes that are not of their form, ERR_REJECTED when nobody fits. */
bool est_key_wrap_decide(const struct csr *csr, const struct est_label *label,
    const struct cert *client, struct key_wrap *out,
    struct err *err) MUST_CHECK;

#endif
