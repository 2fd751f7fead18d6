/*
 * What `init` has in its hands, and how the first certificates go through the
 * core: recorded in the store and the signer's journal like every later one.
 */
#ifndef MAIN_INIT_ISSUE_H
#define MAIN_INIT_ISSUE_H

#include "crypto/random.h"
#include "main/init.h"

struct init {
	struct arena *arena;
	struct state state;
	struct random random;
	int64_t now;
	struct secret *passphrase, *root_passphrase;
	bool kept, root_kept;		/* in keys/, because none was given */
	struct privkey *root, *issuing, *responder, *tls;
	struct bytes root_der, root_crl, issuing_der;
	struct config *config;
};

/* Makes store, node and journal; records the keys; issues the server's TLS
 * certificate and the OCSP responder's (not with --sub-ca: no CA yet). */
bool init_record(const struct init_options *o, struct init *in,
    struct err *err) MUST_CHECK;

#endif
