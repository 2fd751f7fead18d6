/* The inside of support/acme_world.h, for its own files alone. */
#ifndef SUPPORT_ACME_WORLD_STATE_H
#define SUPPORT_ACME_WORLD_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include "support/acme_world.h"

struct world_probe;

struct world {
	char *dir;
	struct arena *arena;
	pthread_mutex_t lock;
	_Atomic int64_t now;
	struct clock clock;
	struct random seeded, random;
	struct config *config, *reloaded;
	struct privkey *issuing_key; /* the signer's from world_signer on */
	struct bytes root_pem, issuing_pem;
	struct store *store;
	struct signer_local *signer;
	atomic_bool signer_gone;
	struct lanes *lanes;
	struct ca *ca;
	struct http_waits *waits;
	struct acme *acme;
	struct http_routes *routes;
	uint8_t node;
	struct arena **arenas;
	size_t arenas_n;
	struct acme_client **clients;
	size_t clients_n;

	/* acme_network.c, under network_lock */
	pthread_mutex_t network_lock;
	pthread_cond_t network_wakes;
	enum world_network how;
	struct world_answer *answers;
	size_t answers_n;
	struct world_probe *first, **last;
	size_t probes;
	bool stopping, thread_runs;
	pthread_t thread;
};

void need(bool ok, const struct err *err);
void network_new(struct world *w);
/* No probe is asked or answered any more. */
void network_stop(struct world *w);
void network_free(struct world *w);
struct probe_port network_port(struct world *w);

#endif
