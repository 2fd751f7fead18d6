/*
 * The registration authority of SCEP (RFC 8894 section 2.1.2): the server's RSA
 * key, and a certificate for it by each CA that a SCEP profile uses.  Messages
 * are encrypted to these and answers signed with them, so that no CA key ever
 * decrypts what strangers send (CVE-2026-42768).
 *
 * The server issues these certificates itself, through the core like any
 * others, and the next one when a third of the life is left.  Until its own end
 * the one before it still opens what clients encrypted to it.  So does a
 * certificate of the previous key, as long as that one is handed over too:
 * `ra rotate` keeps it, `ra retire` ends it (cli/ra.c).
 *
 * Thread-safe; what is handed out lives until ra_free.
 */
#ifndef CA_RA_H
#define CA_RA_H

#include "ca/ca.h"

/* The key, the one before it, and one that is not in use yet. */
#define RA_KEY_PATH "keys/ra.key"
#define RA_PREVIOUS_PATH "keys/ra.previous.key"
#define RA_NEXT_PATH "keys/ra.next.key"

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
/* At start and at a reload: which CAs are used, the key (NULL: none, then
 * nothing is issued) and the one before it (NULL: none, or it is retired).  The
 * configuration is borrowed, the keys outlive ra. */
void ra_configure(struct ra *ra, const struct config *config,
    struct privkey *key, struct privkey *previous);
/* Finds or issues what is missing or due; housekeeping calls it.  Cheap when
 * nothing is.  may_issue false: status-only. */
bool ra_run(struct ra *ra, bool may_issue, struct err *err) MUST_CHECK;
/* The valid ones, newest first: the one of this CA that is given out, then all
 * that messages may still be encrypted to.  Returns how many; 0: none of this
 * CA's. */
size_t ra_certs(struct ra *ra, const char *ca, int64_t now,
    const struct ra_cert *out[RA_CERTS_MAX]);
/* What there is, for operators. */
struct ra_key {
	uint8_t spki_sha256[32];
	struct {
		const char *ca;
		const struct cert *cert;
	} certs[RA_CERTS_MAX]; /* unexpired, newest first */
	size_t n;
};
/* false: there is no such key. */
bool ra_key_get(struct ra *ra, bool previous, int64_t now, struct ra_key *out);
/* The CA's certificate, then its chain up to the root, DER. */
bool ra_chain(struct ca *ca, const char *name, bool full, struct arena *a,
    const struct bytes **out, size_t *n, struct err *err) MUST_CHECK;

#endif
