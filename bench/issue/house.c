#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "ca/ceremony.h"
#include "codec/pem.h"
#include "issue/house.h"

#define DAY ((int64_t)24 * 3600)

static const char yaml[] =
    "base_url: https://ca.example.net:8443\n"
    "http_base_url: http://ca.example.net:8080\n"
    "cas:\n"
    "  root: {key: null, certificate: certs/root.pem}\n"
    "  issuing: {key: keys/issuing.key, certificate: certs/issuing.pem,\n"
    "    hourly_budget: 100000000}\n"
    "profiles: {default: {ca: issuing}}\n";

void
house_need(bool ok, const struct err *err)
{
	if (ok)
		return;
	fprintf(stderr, "bench_issue: %s: %s %s\n", err_kind_name(err->kind),
	    err->shown, err->detail);
	exit(1);
}

static void
need_sys(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

const char *
house_filesystem(const char *dir)
{
	struct statfs s;

	need_sys(statfs(dir, &s) == 0, dir);
	switch (s.f_type) {
	case 0xef53:
		return "ext4";
	case 0x58465342:
		return "xfs";
	case 0x9123683e:
		return "btrfs";
	case 0x01021994:
		return "tmpfs";
	case (long)0x858458f6:
		return "ramfs";
	case 0x794c7630:
		return "overlayfs";
	default:
		return "other";
	}
}

static char *
path_in(struct house *h, const char *name)
{
	return arena_printf(h->a, "%s/%s", h->o.dir, name);
}

static bool
read_file(void *ctx, const char *path, size_t max, struct arena *a,
    struct bytes *out, struct err *err)
{
	struct house *h = ctx;
	FILE *f = fopen(path_in(h, path), "r");
	uint8_t *p = arena_alloc(a, 65536);
	size_t n;

	if (f == NULL)
		return fail_errno(err, ERR_NOT_FOUND, "no file %s", path);
	n = fread(p, 1, 65536, f);
	fclose(f);
	if (n > max || n == 65536)
		return fail(err, ERR_TOO_LARGE, "%s is too large", path);
	*out = bytes_of(p, n);
	return true;
}

static void
write_pem(struct house *h, const char *name, struct bytes der)
{
	FILE *f = fopen(path_in(h, name), "w");
	AUTO_BUF pem = { 0 };

	pem_put(&pem, "CERTIFICATE", der);
	need_sys(
	    f != NULL && fwrite(pem.p, 1, pem.n, f) == pem.n && fclose(f) == 0,
	    name);
}

static void
make_certificates(struct house *h, struct privkey *key)
{
	struct ceremony c = { .common_name = "Bench Root",
		.now = (int64_t)time(NULL) - DAY,
		.lifetime = 3650 * DAY,
		.random = random_system(),
		.node = 1 };
	struct cert *root = arena_alloc(h->a, sizeof(*root));
	AUTO_PRIVKEY *root_key = NULL;
	AUTO_BUF root_der = { 0 };
	AUTO_BUF der = { 0 };
	struct err err = { 0 };

	house_need(privkey_generate(KEY_EC_P256, 0, &root_key, &err), &err);
	house_need(ca_ceremony_root(&c, root_key, &root_der, &err), &err);
	house_need(cert_parse(buf_bytes(&root_der), h->a, root, &err), &err);
	c.common_name = "Bench Issuing";
	house_need(
	    ca_ceremony_sub(&c, privkey_spki(key), root, root_key, "root",
		"http://ca.example.net:8080", BYTES_NONE, &der, &err),
	    &err);
	write_pem(h, "certs/root.pem", buf_bytes(&root_der));
	write_pem(h, "certs/issuing.pem", buf_bytes(&der));
}

static void
make_core(struct house *h, struct privkey *key)
{
	int fd = open(path_in(h, "keys/signer.journal"),
	    O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	struct err err = { 0 };

	need_sys(fd >= 0, "signer.journal");
	house_need(signer_core_new(fd, clock_system(0), &h->core, &err), &err);
	signer_core_add_key(h->core, key);
}

/* The signer's process, forked before there is a second thread. */
static void
fork_signer(struct house *h, struct privkey *key)
{
	int requests[2], control[2];

	need_sys(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
		     requests) == 0 &&
		socketpair(
		    AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) == 0,
	    "socketpair");
	h->signer = fork();
	need_sys(h->signer >= 0, "fork");
	if (h->signer == 0) {
		close(requests[0]);
		close(control[0]);
		make_core(h, key);
		_exit(signer_process_run(h->core, requests[1], control[1]));
	}
	privkey_free(key);
	close(requests[1]);
	close(control[1]);
	h->remote = signer_remote_new(requests[0]);
	h->control_fd = control[0];
}

static void
set_limits(struct house *h)
{
	struct signer_limits *limits;
	struct bytes json;
	struct err err = { 0 };
	uint8_t node;
	size_t n;

	house_need(store_node_get(h->store, &node, &err), &err);
	house_need(
	    ca_signer_limits(h->config, node, read_file, h, h->a, &json, &err),
	    &err);
	if (h->remote != NULL) {
		house_need(
		    signer_control_set_limits(h->control_fd, json, &err), &err);
		return;
	}
	house_need(signer_limits_decode(json, h->a, &limits, &n, &err), &err);
	house_need(signer_core_set_limits(h->core, limits, n, &err), &err);
}

static void
open_core(struct house *h)
{
	struct store_options o = { .path = path_in(h, "db/chancery.db"),
		.queue = h->o.queue,
		.create = true };
	struct ca_deps deps = { .clock = clock_system(0),
		.random = random_system(),
		.read_file = read_file,
		.read_ctx = h };
	struct err err = { 0 };

	h->lanes = lanes_new(0);
	house_need(store_open(&o, &h->store, &err), &err);
	set_limits(h);
	deps.store = h->store;
	deps.lanes = h->lanes;
	deps.signer = h->remote != NULL ? signer_remote_port(h->remote)
					: signer_local_port(h->local);
	house_need(store_node_get(h->store, &deps.node, &err), &err);
	house_need(ca_new(&deps, h->config, &h->ca, &err), &err);
}

void
house_open(struct house *h, const struct house_options *o)
{
	static const char *const folders[] = { "certs", "keys", "db", "crl" };
	struct config_mistakes m = { 0 };
	struct privkey *key;
	struct err err = { 0 };

	*h = (struct house){ .o = *o, .a = arena_new() };
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		need_sys(mkdir(path_in(h, folders[i]), 0700) == 0, folders[i]);
	house_need(privkey_generate(o->ca_alg, o->ca_bits, &key, &err), &err);
	make_certificates(h, key);
	house_need(
	    config_load("bench.yaml", bytes_str(yaml), &h->config, &m), &err);
	if (o->signer_process) {
		fork_signer(h, key);
	} else {
		make_core(h, key);
		h->local = signer_local_new(h->core);
	}
	open_core(h);
}

void
house_close(struct house *h)
{
	ca_free(h->ca);
	store_close(h->store);
	lanes_free(h->lanes);
	if (h->remote != NULL)
		signer_remote_free(h->remote);
	if (h->signer > 0) {
		/* Both of its sockets are closed now: it leaves by itself. */
		close(h->control_fd);
		waitpid(h->signer, NULL, 0);
	}
	if (h->local != NULL)
		signer_local_free(h->local);
	config_free(h->config);
	arena_free(h->a);
}

static double
clock_seconds(clockid_t id)
{
	struct timespec t;

	need_sys(clock_gettime(id, &t) == 0, "clock_gettime");
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double
house_cpu_server(void)
{
	return clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double
house_cpu_signer(const struct house *h)
{
	clockid_t id;

	if (h->signer == 0)
		return 0;
	need_sys(clock_getcpuclockid(h->signer, &id) == 0, "signer");
	return clock_seconds(id);
}

uint64_t
house_fsyncs_store(const struct house *h)
{
	struct store_counters c;

	store_counters_get(h->store, &c);
	return c.fsyncs;
}

uint64_t
house_fsyncs_signer(struct house *h)
{
	struct err err = { 0 };

	if (h->remote == NULL)
		return signer_core_syncs(h->core);
	house_need(signer_remote_ping(h->remote, 1000, &err), &err);
	return signer_remote_syncs(h->remote);
}
