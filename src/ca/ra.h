/*
 * The registration authority of SCEP (RFC 8894 section 2.1.2): the server's RSA
 * key, and a certificate for it by each CA that a SCEP profile uses.  Messages
 * are encrypted to these and answers signed with them, so that no CA key ever
 * decrypts what strangers send (CVE-2026-42768).
 *
 * The server issues these certificates itself, through the core like any
 * others, and the next one when a third of the life is left.  Until its own end
 * the one before it still opens what clients encrypted to it, also when the key
 * was replaced at a reload; a restart forgets keys that are no longer handed
 * over.
 *
 * Thread-safe; what is handed out lives until ra_free.
 */
#ifndef CA_RA_H
#define CA_RA_H

#include "ca/ca.h"

#define RA_LIFETIME ((int64_t)365 * 24 * 3600)
/* That are looked at as a message's recipient. */
#define RA_CERTS_MAX 32u

struct ra;

struct ra_cert {
	struct cert cert;
	const struct privkey *key;
};

struct ra_deps {
	struct ca *ca;
	struct store *store;
	struct clock clock;
};

struct ra *ra_new(const struct ra_deps *deps);
void ra_free(struct ra *ra);
/* At start and at a reload: which CAs are used, and the key (NULL: none, then
 * nothing is issued).  The configuration is borrowed, the key outlives ra. */
void ra_configure(
    struct ra *ra, const struct config *config, struct privkey *key);
/* Finds or issues what is missing or due; housekeeping calls it.  Cheap when
 * nothing is.  may_issue false: status-only. */
bool ra_run(struct ra *ra, bool may_issue, struct err *err) MUST_CHECK;
/* The valid ones, newest first: those of this CA, then the others'.  Returns
 * how many; 0: none of this CA's. */
size_t ra_certs(struct ra *ra, const char *ca, int64_t now,
    const struct ra_cert *out[RA_CERTS_MAX]);
/* The CA's certificate, then its chain up to the root, DER. */
bool ra_chain(struct ca *ca, const char *name, bool full, struct arena *a,
    const struct bytes **out, size_t *n, struct err *err) MUST_CHECK;

#endif
