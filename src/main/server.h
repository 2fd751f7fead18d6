/*
 * The server process: everything that child_server.c received, wired together.
 * The only place where protocols, core, store and network meet.
 */
#ifndef MAIN_SERVER_H
#define MAIN_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "acme/acme.h"
#include "api/api.h"
#include "est/est.h"
#include "intune/intune.h"
#include "main/boot.h"
#include "main/health.h"
#include "net/net.h"
#include "net/outgoing.h"
#include "net/probe.h"
#include "ocsp/ocsp.h"
#include "publish/publish.h"
#include "ca/ra.h"
#include "revoke/revoke.h"
#include "scep/scep.h"

/* A file that the configuration names, as the supervisor read it. */
struct server_file {
	const char *path;
	struct bytes content;
};

#define SERVER_FILES_MAX 256u

/* One handed-over configuration with its files and keys; once any part of
 * the server has seen it, it is kept until the process ends, because running
 * requests may still look at it. */
struct server_setup {
	struct arena *arena;
	struct config *config;
	struct secret *passphrase; /* of the key below; only while taken */
	struct privkey *tls_key;
	struct privkey *ra_key; /* NULL: no SCEP */
	struct privkey *ra_previous; /* NULL: it was not replaced */
	struct secret *seal;
	struct server_file files[SERVER_FILES_MAX];
	size_t files_n;
	struct server_setup *next;
};

struct server {
	/* What counts now; all that were ever in use. */
	_Atomic(struct server_setup *) setup;
	struct server_setup *setups;
	/* What is being received, seen by the main thread alone. */
	struct server_setup *incoming;
	int db, signer_socket;
	struct net_listener listeners[34];
	size_t listeners_n;
	uint8_t node;
	bool testing, status_only;
	/* Bound ports, for base URLs that say :0; 0: none. */
	int64_t https_port, http_port;

	struct clock clock;
	struct random random;
	struct store *store;
	struct lanes *lanes;
	struct signer_remote *signer;
	struct ca *ca;
	struct tlog *log; /* NULL: it is damaged */
	struct acme *acme;
	struct est *est;
	struct ra *ra;
	struct lane *legacy; /* with single DES; NULL: nobody wants it */
	struct intune *intune;
	struct scep *scep;
	struct api *api;
	struct ocsp *ocsp;
	struct publish publish;
	struct revoke *revoke;
	struct health health;
	struct http_routes *routes;
	struct http_waits *waits;
	struct probes *probes;
	struct outgoing *outgoing;
	struct net *net;
	/* The main thread installs, housekeeping renews: one at a time. */
	pthread_mutex_t own_tls_lock;
	int64_t tls_renew_at;
	struct housekeeping *housekeeping;
};

static inline const struct config *
server_config(const struct server *s)
{
	return atomic_load(&s->setup)->config;
}

/* read_file of ca.h over the files that were handed over; ctx: the server. */
bool server_read_file(void *ctx, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err);
/* Opens, recovers, wires and starts everything; ready when it returns. */
bool server_start(struct server *s, struct err *err) MUST_CHECK;
/* Swaps in another setup, or leaves everything as it was. */
bool server_reload(
    struct server *s, struct server_setup *setup, struct err *err) MUST_CHECK;
/* Finishes what runs, at most ms, and stops everything. */
void server_stop(struct server *s, int64_t ms);

#endif
