/*
 * From a CSR's octets to a released certificate, through the whole core on a
 * real disk: parse, proof of possession, profile, lint, intent, signer, own
 * verification, issued, PEM chain.  Many callers, as the server's workers are.
 *
 *	bench_issue [--dir DIR] [--threads N] [--count N] [--key TYPE]
 *	    [--ca-key TYPE] [--signer process|local]
 *
 * Prints one JSON object.  Refuses tmpfs, where an fsync is free.
 */
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "codec/csr.h"
#include "issue/house.h"
#include "util/text.h"

#define THREADS_MAX 256
/* Each thread goes round these, so that no key is always in the cache. */
#define REQUESTS 8

struct options {
	const char *parent;
	unsigned threads, count;
	enum key_alg alg;
	unsigned bits;
	struct house_options house;
};

struct caller {
	struct house *h;
	pthread_t thread;
	struct bytes csrs[REQUESTS];
	atomic_uint *left;
	uint32_t *latencies_us; /* of the one array, by position */
	unsigned failed;
	struct err err;
};

/* ---- requests ---- */

/* CertificationRequestInfo with one SAN, RFC 2986; signed by the key. */
static struct bytes
make_csr(struct privkey *key, const char *dns, struct arena *a)
{
	struct name name = { NAME_DNS, dns };
	size_t info, attributes, one, set, list, ext, octets, san;
	AUTO_BUF b = { 0 };
	AUTO_BUF signature = { 0 };
	AUTO_BUF out = { 0 };
	struct err err = { 0 };

	info = der_open(&b, DER_SEQUENCE);
	der_put_small(&b, 0);
	der_close(&b, der_open(&b, DER_SEQUENCE));
	der_put_raw(&b, privkey_spki(key));
	attributes = der_open(&b, DER_CONTEXT_CONSTRUCTED(0));
	one = der_open(&b, DER_SEQUENCE);
	der_put_oid(&b, "1.2.840.113549.1.9.14");
	set = der_open(&b, DER_SET);
	list = der_open(&b, DER_SEQUENCE);
	ext = der_open(&b, DER_SEQUENCE);
	der_put_oid(&b, "2.5.29.17");
	octets = der_open(&b, DER_OCTET_STRING);
	san = der_open(&b, DER_SEQUENCE);
	name_put_general(&b, &name);
	der_close(&b, san);
	der_close(&b, octets);
	der_close(&b, ext);
	der_close(&b, list);
	der_close(&b, set);
	der_close(&b, one);
	der_close(&b, attributes);
	der_close(&b, info);
	house_need(privkey_sign(key, buf_bytes(&b), &signature, &err), &err);
	cert_put(
	    &out, buf_bytes(&b), privkey_sig_alg(key), buf_bytes(&signature));
	return arena_take_buf(a, &out);
}

static void
make_requests(
    struct caller *c, const struct options *o, unsigned number, struct arena *a)
{
	for (unsigned i = 0; i < REQUESTS; i++) {
		AUTO_PRIVKEY *key = NULL;
		struct err err = { 0 };

		house_need(privkey_generate(o->alg, o->bits, &key, &err), &err);
		c->csrs[i] = make_csr(key,
		    arena_printf(a, "host%u-%u.example.net", number, i), a);
	}
}

/* ---- callers ---- */

static bool
issue_one(struct caller *c, struct bytes der, struct arena *a)
{
	struct csr csr;
	struct ca_request req = {
		.profile = ca_profile_find(c->h->ca, "default"),
		.csr = &csr,
		.requester = "operator",
	};
	struct ca_issued out;

	if (!csr_parse(der, a, &csr, &c->err))
		return false;
	req.names = csr.names;
	return ca_issue(c->h->ca, &req, a, &out, &c->err);
}

static void *
caller_main(void *arg)
{
	struct caller *c = arg;
	struct arena *a = arena_new();
	unsigned turn = 0, left;

	/* Each takes one of what is left, until none is. */
	while ((left = atomic_load(c->left)) > 0) {
		int64_t from;

		if (!atomic_compare_exchange_weak(c->left, &left, left - 1))
			continue;
		from = clock_monotonic_us();
		if (!issue_one(c, c->csrs[turn++ % REQUESTS], a)) {
			c->failed++;
			break;
		}
		c->latencies_us[left - 1] =
		    (uint32_t)(clock_monotonic_us() - from);
		arena_reset(a);
	}
	arena_free(a);
	return NULL;
}

static void
run(struct caller *callers, unsigned n, unsigned count, uint32_t *latencies_us)
{
	atomic_uint left = count;

	for (unsigned i = 0; i < n; i++) {
		callers[i].left = &left;
		callers[i].latencies_us = latencies_us;
		if (pthread_create(&callers[i].thread, NULL, caller_main,
			&callers[i]) != 0) {
			perror("pthread_create");
			exit(1);
		}
	}
	for (unsigned i = 0; i < n; i++) {
		pthread_join(callers[i].thread, NULL);
		house_need(callers[i].failed == 0, &callers[i].err);
	}
}

/* ---- figures ---- */

struct figures {
	double wall, server, signer;
	uint64_t fsyncs_store, fsyncs_signer;
};

static struct figures
figures_now(struct house *h)
{
	return (struct figures){
		.wall = (double)clock_monotonic_us() / 1e6,
		.server = house_cpu_server(),
		.signer = house_cpu_signer(h),
		.fsyncs_store = house_fsyncs_store(h),
		.fsyncs_signer = house_fsyncs_signer(h),
	};
}

static int
latency_compare(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return a < b ? -1 : a > b;
}

static void
print(const struct options *o, struct house *h, const struct figures *from,
    const struct figures *to, uint32_t *latencies_us)
{
	double n = o->count, wall = to->wall - from->wall;
	double server = (to->server - from->server) * 1e6 / n;
	double signer = (to->signer - from->signer) * 1e6 / n;
	double store_syncs =
	    (double)(to->fsyncs_store - from->fsyncs_store) / n;
	double signer_syncs =
	    (double)(to->fsyncs_signer - from->fsyncs_signer) / n;

	qsort(latencies_us, o->count, sizeof(*latencies_us), latency_compare);
	printf("{\"bench\": \"issue\", \"threads\": %u, \"issued\": %u, "
	       "\"ca_key\": \"%s\", \"key\": \"%s\", \"signer\": \"%s\", "
	       "\"filesystem\": \"%s\",\n",
	    o->threads, o->count, key_alg_name(o->house.ca_alg),
	    key_alg_name(o->alg), o->house.signer_process ? "process" : "local",
	    house_filesystem(h->o.dir));
	printf(" \"seconds\": %.3f, \"certificates_per_second\": %.0f, "
	       "\"certificates_per_cpu_second\": %.0f,\n",
	    wall, n / wall, 1e6 / (server + signer));
	printf(" \"cpu_us\": {\"server\": %.1f, \"signer\": %.1f, "
	       "\"total\": %.1f},\n",
	    server, signer, server + signer);
	printf(" \"fsyncs_per_certificate\": {\"store\": %.3f, "
	       "\"signer\": %.3f, \"total\": %.3f},\n",
	    store_syncs, signer_syncs, store_syncs + signer_syncs);
	printf(" \"latency_ms\": {\"p50\": %.2f, \"p99\": %.2f, "
	       "\"max\": %.2f}}\n",
	    latencies_us[o->count / 2] / 1e3,
	    latencies_us[o->count - 1 - o->count / 100] / 1e3,
	    latencies_us[o->count - 1] / 1e3);
}

/* ---- command line ---- */

static void
usage(void)
{
	fputs("usage: bench_issue [--dir DIR] [--threads N] [--count N] "
	      "[--key TYPE] [--ca-key TYPE] [--signer process|local]\n",
	    stderr);
	exit(2);
}

static unsigned
number(const char *s, int64_t max)
{
	struct err err = { 0 };
	int64_t v;

	if (!text_parse_int(s, 1, max, &v, &err))
		usage();
	return (unsigned)v;
}

static void
option(struct options *o, int c, const char *value)
{
	switch (c) {
	case 'd':
		o->parent = value;
		return;
	case 't':
		o->threads = number(value, THREADS_MAX);
		return;
	case 'n':
		o->count = number(value, 10000000);
		return;
	case 'k':
		if (key_alg_parse(value, &o->alg, &o->bits))
			return;
		break;
	case 'c':
		if (key_alg_parse(value, &o->house.ca_alg, &o->house.ca_bits))
			return;
		break;
	case 's':
		o->house.signer_process = strcmp(value, "process") == 0;
		if (o->house.signer_process || strcmp(value, "local") == 0)
			return;
		break;
	}
	usage();
}

static void
options_read(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ "threads", required_argument, NULL, 't' },
		{ "count", required_argument, NULL, 'n' },
		{ "key", required_argument, NULL, 'k' },
		{ "ca-key", required_argument, NULL, 'c' },
		{ "signer", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
		option(o, c, optarg);
	if (optind != argc)
		usage();
}

static char *
directory_make(const char *parent)
{
	const char *type = house_filesystem(parent);
	char *dir = mem_printf("%s/bench-issue.XXXXXX", parent);

	if (strcmp(type, "tmpfs") == 0 || strcmp(type, "ramfs") == 0) {
		fprintf(stderr,
		    "bench_issue: %s is %s, where an fsync costs nothing; "
		    "give --dir on a real disk\n",
		    parent, type);
		exit(1);
	}
	if (mkdtemp(dir) == NULL) {
		perror(dir);
		exit(1);
	}
	return dir;
}

int
main(int argc, char **argv)
{
	struct options o = { .parent = ".",
		.threads = 32,
		.count = 20000,
		.alg = KEY_EC_P256,
		.house = { .ca_alg = KEY_EC_P256,
		    .signer_process = true,
		    .queue = 4096 } };
	struct figures from, to;
	struct caller *callers;
	struct house h;
	uint32_t *latencies_us;
	AUTO_STR *dir = NULL, *command = NULL;

	options_read(&o, argc, argv);
	o.house.dir = dir = directory_make(o.parent);
	house_open(&h, &o.house);
	callers = mem_array(o.threads, sizeof(*callers));
	latencies_us = mem_array(o.count, sizeof(*latencies_us));
	for (unsigned i = 0; i < o.threads; i++) {
		callers[i].h = &h;
		make_requests(&callers[i], &o, i, h.a);
	}
	/* Connections, caches and the WAL first. */
	run(callers, o.threads, MIN_OF(o.count, 500u), latencies_us);
	from = figures_now(&h);
	run(callers, o.threads, o.count, latencies_us);
	to = figures_now(&h);
	print(&o, &h, &from, &to, latencies_us);
	house_close(&h);
	free(callers);
	free(latencies_us);
	command = mem_printf("rm -rf '%s'", dir);
	return system(command) == 0 ? 0 : 1;
}
