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
	bool kept, root_kept; /* in keys/, because none was given */
	struct privkey *root, *issuing, *responder, *tls;
	struct config *config;
	struct store *store;
	uint8_t node; /* serial prefix, drawn by the store */
};

/* Makes the store, which draws the node, and keys/node. */
bool init_store(struct init *in, struct err *err)
    MUST_CHECK; /* Makes the journal; records the keys; issues the server's TLS
		 * certificate and the OCSP responder's (not with --sub-ca: no
		 * CA yet). */
bool init_record(
    const struct init_options *o, struct init *in, struct err *err) MUST_CHECK;

#endif
