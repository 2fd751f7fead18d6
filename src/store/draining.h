/*
 * What an issuing CA has left to do, asked of the database file by an offline
 * command (`ca retire`): nothing is migrated or changed, a server may run.
 */
#ifndef STORE_DRAINING_H
#define STORE_DRAINING_H

#include "util/arena.h"

struct store_draining {
	/* Certificates by this key that are not expired, nor an OCSP
	 * responder's, nor on its full CRL; until when the last one lives. */
	uint64_t unexpired;
	int64_t until;
	/* The highest CRL number, and the published full CRL (in the arena). */
	uint64_t crl_number;
	struct bytes crl;
};

bool store_file_draining(const char *path, const uint8_t issuer_key[32],
    int64_t now, struct arena *a, struct store_draining *out,
    struct err *err) MUST_CHECK;

#endif
