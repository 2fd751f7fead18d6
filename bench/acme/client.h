/* One ACME client: an account, a connection, a nonce.  One thread. */
#ifndef BENCH_ACME_CLIENT_H
#define BENCH_ACME_CLIENT_H

#include "bench/acme/load.h"

struct client;

struct client *client_new(struct load *load, unsigned index);
void client_free(struct client *c);
/* Directory, nonce, account.  False: c's first error says why. */
bool client_begin(struct client *c);
/* One issuance.  The name is c<index>-<n>.<suffix>. */
bool client_flow(struct client *c, uint64_t n);
struct load_tally *client_tally(struct client *c);

#endif
