#include <unistd.h>

#include "main/child.h"
#include "main/housekeeping.h"
#include "main/own_tls.h"
#include "ca/responder.h"
#include "main/server.h"
#include "util/log.h"

#define STORE_QUEUE 4096u
/* Each issues one certificate at a time; the writer groups them. */
#define SCEP_RUNNERS 4u

bool
server_read_file(void *ctx, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err)
{
	const struct server *server = ctx;
	const struct server_setup *setup = atomic_load(&server->setup);

	for (size_t i = 0; i < setup->files_n; i++) {
		if (strcmp(setup->files[i].path, path) != 0)
			continue;
		if (setup->files[i].content.n > max)
			return fail(err, ERR_TOO_LARGE,
			    "%zu octets, at most %zu are read",
			    setup->files[i].content.n, max);
		*out = arena_bytes(a, setup->files[i].content);
		return true;
	}
	return fail(err, ERR_NOT_FOUND, "no such file");
}

/* Invariant 7: a COMMIT that failed is never retried as if it had worked. */
static void
store_broke(void *ctx, const struct err *err)
{
	(void)ctx;
	log_err(LOG_ERROR, "store-broken", err);
	_exit(EXIT_STORE_BROKEN);
}

static bool
open_store(struct server *s, struct err *err)
{
	const struct store_options o = {
		.path = "chancery.db", .queue = STORE_QUEUE, .clock = s->clock
	};
	uint8_t node;

	if (!store_open(&o, &s->store, err) ||
	    !store_node_get(s->store, &node, err))
		return false;
	store_on_broken(s->store, store_broke, s);
	if (node != s->node)
		return fail(err, ERR_CONFIG,
		    "keys/node says %u and the store %u: the state directory "
		    "is put together from two",
		    s->node, node);
	if (s->status_only) {
		store_set_status_only(s->store, true);
		atomic_store(&s->health.status_only, true);
		log_event(LOG_WARN, "status-only",
		    LF_STR("means",
			"the last server's store broke: only "
			"status until a write holds"));
	}
	return true;
}

/* Without a responder no status is told by OCSP, but all else goes on;
 * housekeeping tries again. */
static void
open_responders(struct server *s)
{
	struct err err = { 0 };

	if (!(s->status_only ? ca_responder_look(s->ca, &err)
			     : ca_responder_run(s->ca, &err)))
		log_err(LOG_ERROR, "responder", &err);
}

static bool
open_core(struct server *s, struct err *err)
{
	const struct ca_deps deps = { .store = s->store,
		.signer = signer_remote_port(s->signer),
		.lanes = s->lanes,
		.clock = s->clock,
		.random = s->random,
		.node = s->node,
		.read_file = server_read_file,
		.read_ctx = s };
	unsigned finished = 0, voided = 0;

	if (!ca_new(&deps, server_config(s), &s->ca, err))
		return false;
	if (s->status_only) {
		open_responders(s);
		return true;
	}
	if (!ca_recover(s->ca, &finished, &voided, err))
		return false;
	if (finished + voided > 0)
		log_event(LOG_WARN, "recovered", LF_INT("finished", finished),
		    LF_INT("voided", voided));
	open_responders(s);
	return ca_crl_run(s->ca, err);
}

/* Without its certificates SCEP says 503, but all else goes on; housekeeping
 * tries again. */
static void
configure_ra(struct server *s)
{
	const struct server_setup *setup = atomic_load(&s->setup);
	struct err err = { 0 };

	ra_configure(s->ra, setup->config, setup->ra_key, setup->ra_previous);
	if (!ra_run(s->ra, !s->status_only, &err))
		log_err(LOG_ERROR, "scep-certificate", &err);
}

static void
open_ra(struct server *s)
{
	const struct ra_deps deps = {
		.ca = s->ca, .store = s->store, .clock = s->clock
	};

	s->ra = ra_new(&deps);
	configure_ra(s);
}

/* The log's tree serves auditors: a damaged one stops neither issuance nor
 * status, and is told. */
static void
open_log(struct server *s)
{
	const struct tlog_deps deps = { .store = s->store,
		.signer = signer_remote_port(s->signer),
		.lanes = s->lanes,
		.clock = s->clock };
	struct err err = { 0 };

	if (!tlog_new(&deps, &s->log, &err))
		log_err(LOG_ERROR, "log-not-opened", &err);
}

/* With the services that decide its requests. */
static bool
open_scep(struct server *s, const struct config *c, struct err *err)
{
	const struct intune_deps intune = { .outgoing =
						*outgoing_port(s->outgoing),
		.store = s->store,
		.ca = s->ca,
		.clock = s->clock,
		.random = s->random,
		.read_file = server_read_file,
		.read_ctx = s };

	if (!intune_new(&intune, c, &s->intune, err))
		return false;
	const struct scep_deps scep = { .store = s->store,
		.ca = s->ca,
		.ra = s->ra,
		.legacy = s->legacy,
		.clock = s->clock,
		.random = s->random,
		.workers = (unsigned)c->workers,
		.read_file = server_read_file,
		.read_ctx = s,
		.outgoing = *outgoing_port(s->outgoing),
		.intune = { s->intune, intune_validate, intune_notify_success,
		    intune_notify_failure },
		.waits = s->waits,
		.seal = atomic_load(&s->setup)->seal,
		.runners = SCEP_RUNNERS };

	return scep_new(&scep, c, &s->scep, err);
}

static bool
open_protocols(struct server *s, struct err *err)
{
	const struct config *c = server_config(s);
	const struct acme_deps acme = { .store = s->store,
		.ca = s->ca,
		.lanes = s->lanes,
		.clock = s->clock,
		.random = s->random,
		.waits = s->waits,
		.probes = *probes_port(s->probes),
		.node = s->node,
		.reject_nonces_percent = s->testing
		    ? (unsigned)c->testing.reject_nonces_percent
		    : 0 };
	const struct ocsp_deps ocsp = { .ca = s->ca,
		.lanes = s->lanes,
		.clock = s->clock,
		.random = s->random };
	const struct api_deps api = {
		.store = s->store, .ca = s->ca, .ra = s->ra, .clock = s->clock
	};

	const struct est_deps est = { .store = s->store,
		.ca = s->ca,
		.lanes = s->lanes,
		.clock = s->clock,
		.random = s->random,
		.workers = (unsigned)c->workers,
		.read_file = server_read_file,
		.read_ctx = s };

	s->acme = acme_new(&acme, c);
	s->api = api_new(&api, c);
	if (!est_new(&est, c, &s->est, err) || !open_scep(s, c, err))
		return false;
	s->ocsp = ocsp_new(&ocsp, c);
	s->publish.ca = s->ca;
	s->publish.log = s->log;
	s->revoke = revoke_new(s->ca, s->store);
	s->health.testing = s->testing;
	s->health.store = s->store;
	s->health.ca = s->ca;
	s->health.acme = s->acme;
	s->health.ocsp = s->ocsp;
	s->health.ra = s->ra;
	s->health.scep = s->scep;
	s->health.log = s->log;
	s->health.signer = s->signer;
	s->health.outgoing = s->outgoing;
	s->routes = http_routes_new();
	acme_routes(s->acme, s->routes);
	est_routes(s->est, s->routes);
	scep_routes(s->scep, s->routes);
	api_routes(s->api, s->routes);
	revoke_routes(s->revoke, s->routes);
	ocsp_routes(s->ocsp, s->routes);
	publish_routes(&s->publish, s->routes);
	publish_crl_routes(&s->publish, s->routes);
	publish_log_routes(&s->publish, s->routes);
	health_routes(&s->health, s->routes);
	return true;
}

static bool
open_network(struct server *s, struct err *err)
{
	const struct config *c = server_config(s);
	const struct net_settings settings = { .loops = (unsigned)c->loops,
		.workers = (unsigned)c->workers,
		.limits = &c->limits,
		.routes = s->routes,
		.waits = s->waits,
		.listeners = s->listeners,
		.listeners_n = s->listeners_n,
		.trusted_proxies = &c->trusted_proxies,
		.clock = s->clock };

	s->net = net_new(&settings, err);
	if (s->net == NULL)
		return false;
	atomic_store(&s->health.net, s->net);
	return own_tls_install(s, err) && net_start(s->net, err);
}

bool
server_start(struct server *s, struct err *err)
{
	const struct config *c = server_config(s);
	const struct outgoing_deps outgoing = { .read_file = server_read_file,
		.read_ctx = s };

	if (!open_store(s, err))
		return false;
	s->lanes = lanes_new(0);
	s->signer = signer_remote_new(s->signer_socket);
	s->waits = http_waits_new((size_t)c->limits.held_replies);
	s->probes = probes_new(&c->validation, err);
	if (s->probes == NULL)
		return false;
	s->outgoing = outgoing_new(&outgoing, c, err);
	if (s->outgoing == NULL || !open_core(s, err))
		return false;
	open_log(s);
	open_ra(s);
	if (!open_protocols(s, err))
		return false;
	housekeeping_measure(s);
	if (!open_network(s, err))
		return false;
	s->housekeeping = housekeeping_start(s);
	return true;
}

/* What may refuse; each of them takes all of it or nothing. */
static bool
take_setup(struct server *s, struct server_setup *setup, struct err *err)
{
	const struct config *c = setup->config;

	atomic_store(&s->setup, setup);
	return probes_reload(s->probes, &c->validation, err) &&
	    outgoing_reload(s->outgoing, c, err) && ca_reload(s->ca, c, err) &&
	    est_reload(s->est, c, err) && intune_reload(s->intune, c, err) &&
	    scep_reload(s->scep, c, err) && own_tls_install(s, err);
}

bool
server_reload(struct server *s, struct server_setup *setup, struct err *err)
{
	struct server_setup *old = atomic_load(&s->setup);
	const struct config *c = setup->config;
	struct err again = { 0 };

	setup->next = s->setups;
	s->setups = setup;
	if (!take_setup(s, setup, err)) {
		if (!take_setup(s, old, &again))
			log_err(LOG_ERROR, "reload-not-taken-back", &again);
		return false;
	}
	acme_reload(s->acme, c);
	api_reload(s->api, c);
	ocsp_reload(s->ocsp, c);
	configure_ra(s);
	net_set_limits(s->net, &c->limits);
	log_set_level(c->log.level);
	return true;
}

void
server_stop(struct server *s, int64_t ms)
{
	atomic_store(&s->health.draining, true);
	net_drain(s->net, ms);
	housekeeping_stop(s->housekeeping);
	/* Workers that outlived the drain may still start a probe or a call. */
	net_free(s->net);
	probes_free(s->probes);
	scep_stop(s->scep);
	outgoing_free(s->outgoing);
	store_close(s->store);
	acme_free(s->acme);
	est_free(s->est);
	scep_free(s->scep);
	intune_free(s->intune);
	ra_free(s->ra);
	lane_free(s->legacy);
	api_free(s->api);
	revoke_free(s->revoke);
	ocsp_free(s->ocsp);
	ca_free(s->ca);
	tlog_free(s->log);
	http_routes_free(s->routes);
	http_waits_free(s->waits);
	signer_remote_free(s->signer);
	lanes_free(s->lanes);
}
