/*
 * An entry of revokedCertificates as the files of this folder read it.
 */
#ifndef CODEC_CRL_ENTRY_H
#define CODEC_CRL_ENTRY_H

#include "codec/crl.h"

struct crl_entry {
	struct bytes serial;
	int64_t revoked_at;
	enum crl_reason reason;
	bool has_unknown; /* an extension that is not critical */
};

/* Any entry that a CRL of ours may have; the reader moves behind it. */
bool crl_entry_read(struct der *d, struct crl_entry *out) MUST_CHECK;

#endif
