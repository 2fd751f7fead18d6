#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/unit.h"
#include "support/acme_world_state.h"
#include "ca/ceremony.h"
#include "codec/pem.h"

#define YEAR (INT64_C(365) * 86400)

static const char config_text[] =
    "base_url: " WORLD_BASE "\n"
    "http_base_url: http://ca.test:8080\n"
    "cas:\n"
    "  root: {certificate: certs/root.pem}\n"
    "  issuing: {key: keys/issuing.key, certificate: certs/issuing.pem}\n"
    "profiles:\n"
    "  default: {ca: issuing, lifetime: 90d, description: The usual, "
    "subject_cn: first_name}\n"
    "  short: {ca: issuing, lifetime: 6d, dns_deny: [denied.test]}\n"
    "  inner: {ca: issuing, lifetime: 1d, acme: false}\n";

void
need(bool ok, const struct err *err)
{
	if (!ok)
		fail_msg("%s: %s (%s)", err_kind_name(err->kind), err->shown,
		    err->detail);
}

static int64_t
world_clock(void *ctx)
{
	struct world *w = ctx;

	return atomic_load(&w->now) * 1000000;
}

/* Tests draw from several threads. */
static void
world_random(void *ctx, uint8_t *out, size_t n)
{
	struct world *w = ctx;

	pthread_mutex_lock(&w->lock);
	random_fill(&w->seeded, out, n);
	pthread_mutex_unlock(&w->lock);
}

static bool
world_read_file(void *ctx, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err)
{
	struct world *w = ctx;

	(void)max;
	(void)a;
	if (strcmp(path, "certs/root.pem") == 0)
		*out = w->root_pem;
	else if (strcmp(path, "certs/issuing.pem") == 0)
		*out = w->issuing_pem;
	else
		return fail(err, ERR_NOT_FOUND, "there is no %s", path);
	return true;
}

static struct bytes
pem_of(struct arena *a, struct bytes der)
{
	struct buf b = { 0 };

	pem_put(&b, "CERTIFICATE", der);
	return arena_take_buf(a, &b);
}

/* Root and issuing CA; the signer gets the issuing key. */
static void
world_ceremony(struct world *w)
{
	struct ceremony ceremony = { .common_name = "Test Root",
		.now = WORLD_START - 86400,
		.lifetime = 20 * YEAR,
		.random = w->random,
		.node = 1 };
	struct privkey *root_key = NULL;
	struct buf der = { 0 };
	struct err err = { 0 };
	struct bytes root_der;
	struct cert root;

	need(privkey_generate(KEY_EC_P256, 0, &root_key, &err), &err);
	need(privkey_generate(KEY_EC_P256, 0, &w->issuing_key, &err), &err);
	need(ca_ceremony_root(&ceremony, root_key, &der, &err), &err);
	root_der = arena_take_buf(w->arena, &der);
	need(cert_parse(root_der, w->arena, &root, &err), &err);
	w->root_pem = pem_of(w->arena, root_der);
	ceremony.common_name = "Test Issuing";
	ceremony.lifetime = 10 * YEAR;
	need(ca_ceremony_sub(&ceremony, privkey_spki(w->issuing_key), &root,
		 root_key, "root", "http://ca.test:8080", BYTES_NONE, &der,
		 &err),
	    &err);
	w->issuing_pem = pem_of(w->arena, arena_take_buf(w->arena, &der));
	privkey_free(root_key);
}

/* The port of the signer, which can be made to be gone. */
static bool
world_sign(void *ctx, const struct signer_request *req, struct buf *signature,
    struct err *err)
{
	struct world *w = ctx;
	struct signer port = signer_local_port(w->signer);

	if (atomic_load(&w->signer_gone))
		return fail(err, ERR_SIGNER, "the signer does not answer");
	return signer_sign(&port, req, signature, err);
}

static void
world_signer(struct world *w)
{
	AUTO_STR *path = mem_printf("%s/signer.journal", w->dir);
	int fd = open(path, O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
	struct signer_core *core;
	struct signer_limits *limits;
	struct err err = { 0 };
	struct bytes json;
	size_t n;

	assert_true(fd >= 0);
	need(signer_core_new(fd, w->clock, &core, &err), &err);
	signer_core_add_key(core, w->issuing_key);
	w->signer = signer_local_new(core);
	need(ca_signer_limits(
		 w->config, w->node, world_read_file, w, w->arena, &json, &err),
	    &err);
	need(signer_limits_decode(json, w->arena, &limits, &n, &err), &err);
	need(signer_core_set_limits(core, limits, n, &err), &err);
}

static struct config *
world_config(const char *more)
{
	struct config *config = NULL;
	AUTO_STR *text =
	    mem_printf("%s%s", config_text, more == NULL ? "" : more);
	struct config_mistakes m = { 0 };
	AUTO_BUF b = { 0 };

	if (config_load("test.yaml", bytes_str(text), &config, &m))
		return config;
	for (size_t i = 0; i < m.n; i++)
		config_mistake_print("test.yaml", &m.v[i], &b);
	config_mistakes_free(&m);
	fail_msg("%s", buf_cstr(&b));
	return NULL;
}

static void
world_stack(struct world *w)
{
	AUTO_STR *path = mem_printf("%s/chancery.db", w->dir);
	const struct store_options o = {
		.path = path, .queue = 256, .create = true, .clock = w->clock
	};
	struct ca_deps deps = { .clock = w->clock,
		.random = w->random,
		.signer = { .sign = world_sign, .ctx = w },
		.read_file = world_read_file,
		.read_ctx = w };
	struct err err = { 0 };

	need(store_open(&o, &w->store, &err), &err);
	need(store_node_get(w->store, &w->node, &err), &err);
	world_signer(w);
	w->lanes = lanes_new(2);
	deps.store = w->store;
	deps.lanes = w->lanes;
	deps.node = w->node;
	need(ca_new(&deps, w->config, &w->ca, &err), &err);
}

static void
world_serve_acme(struct world *w, unsigned percent)
{
	const struct acme_deps deps = { .store = w->store,
		.ca = w->ca,
		.lanes = w->lanes,
		.clock = w->clock,
		.random = w->random,
		.waits = w->waits,
		.probes = network_port(w),
		.node = w->node,
		.reject_nonces_percent = percent };

	w->acme = acme_new(&deps, w->config);
	w->routes = http_routes_new();
	acme_routes(w->acme, w->routes);
}

struct world *
world_new(const char *more)
{
	const char *tmp = getenv("TMPDIR");
	struct world *w = mem_alloc(sizeof(*w));

	pthread_mutex_init(&w->lock, NULL);
	atomic_store(&w->now, WORLD_START);
	log_set_level(LOG_ERROR);
	w->arena = arena_new();
	w->clock = (struct clock){ world_clock, w };
	w->seeded = random_seeded(8555);
	w->random = (struct random){ world_random, w };
	w->dir = mem_printf("%s/acme-XXXXXX", tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(w->dir));
	w->config = world_config(more);
	world_ceremony(w);
	world_stack(w);
	w->waits = http_waits_new(100);
	network_new(w);
	world_serve_acme(w, 0);
	return w;
}

static void
dir_remove(const char *dir)
{
	static const char *const names[] = { "chancery.db", "chancery.db-wal",
		"chancery.db-shm", "signer.journal" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		AUTO_STR *path = mem_printf("%s/%s", dir, names[i]);

		(void)unlink(path);
	}
	(void)rmdir(dir);
}

void
world_free(struct world *w)
{
	if (w == NULL)
		return;
	/* As serve does it: the network, the store, then the protocol. */
	network_stop(w);
	store_close(w->store);
	http_routes_free(w->routes);
	acme_free(w->acme);
	ca_free(w->ca);
	signer_local_free(w->signer);
	http_waits_free(w->waits);
	lanes_free(w->lanes);
	config_free(w->config);
	config_free(w->reloaded);
	network_free(w);
	for (size_t i = 0; i < w->arenas_n; i++)
		arena_free(w->arenas[i]);
	free(w->arenas);
	for (size_t i = 0; i < w->clients_n; i++)
		acme_client_free(w->clients[i]);
	free(w->clients);
	arena_free(w->arena);
	pthread_mutex_destroy(&w->lock);
	dir_remove(w->dir);
	free(w->dir);
	free(w);
}

void
world_restart(struct world *w, unsigned percent)
{
	http_routes_free(w->routes);
	acme_free(w->acme);
	world_serve_acme(w, percent);
}

void
world_reload(struct world *w, const char *more)
{
	struct err err = { 0 };

	assert_null(w->reloaded);
	w->reloaded = world_config(more);
	need(ca_reload(w->ca, w->reloaded, &err), &err);
	acme_reload(w->acme, w->reloaded);
}

void
world_signer_gone(struct world *w, bool gone)
{
	atomic_store(&w->signer_gone, gone);
}

struct acme *
world_acme(struct world *w)
{
	return w->acme;
}

struct store *
world_store(struct world *w)
{
	return w->store;
}

struct ca *
world_ca(struct world *w)
{
	return w->ca;
}

const struct http_routes *
world_routes(struct world *w)
{
	return w->routes;
}

/* One thread's at a time: tests with threads use their own. */
struct arena *
world_arena(struct world *w)
{
	struct arena *a = arena_new();

	pthread_mutex_lock(&w->lock);
	w->arenas = mem_grow(w->arenas, w->arenas_n + 1, sizeof(*w->arenas));
	w->arenas[w->arenas_n++] = a;
	pthread_mutex_unlock(&w->lock);
	return a;
}

int64_t
world_now(struct world *w)
{
	return atomic_load(&w->now);
}

void
world_advance(struct world *w, int64_t seconds)
{
	atomic_fetch_add(&w->now, seconds);
}
