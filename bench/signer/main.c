/*
 * OCSP answers through the signer process: threads of this process ask over the
 * socket as the server's do, one request each at a time.  Counts the CPU of
 * both processes.  With CERTS threads that have leaves signed at the same time,
 * for the rate and the waits of the two beside each other.
 *
 * bench_signer [THREADS [SECONDS [CERTS]]]
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "crypto/digest.h"
#include "codec/ocsp.h"
#include "signer/signer.h"
#include "util/times.h"

#define DAY INT64_C(86400)
#define WAITS_MAX (1u << 20)

static void
need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_signer: %s\n", what);
	exit(1);
}

struct bench {
	struct arena *arena;
	struct privkey *ca, *responder, *leaf;
	uint8_t issuer[32], ski[20], key_hash[20];
	struct bytes name;
	struct ocsp_issuer_hashes hashes;
	struct clock clock;
	char journal[64];
	struct signer port;
	atomic_bool stop;
	_Atomic uint64_t position;
};

struct worker {
	struct bench *b;
	pthread_t thread;
	bool certs;
	unsigned n;
	uint64_t done;
	uint32_t *waits; /* microseconds */
	size_t waits_n;
};

static struct privkey *
generate(void)
{
	struct privkey *key;

	need(privkey_generate(KEY_EC_P256, 0, &key, NULL), "no key");
	return key;
}

static void
make(struct bench *b)
{
	const struct subject s = { .common_name = "Bench CA" };
	struct buf name = { 0 };
	struct pubkey key;

	b->arena = arena_new();
	b->clock = clock_system(0);
	b->ca = generate();
	b->responder = generate();
	b->leaf = generate();
	subject_put(&name, &s);
	b->name = arena_take_buf(b->arena, &name);
	need(spki_parse(privkey_spki(b->responder), &key, NULL), "no SPKI");
	ocsp_key_hash(&key, b->key_hash);
	need(spki_parse(privkey_spki(b->ca), &key, NULL), "no SPKI");
	ocsp_issuer_hash(b->name, &key, &b->hashes);
	key_identifier(&key, b->ski);
	digest_sha256(privkey_spki(b->ca), b->issuer);
	atomic_store(&b->position, 1);
	snprintf(b->journal, sizeof(b->journal), "bench-signer-%d.journal",
	    (int)getpid());
}

static struct signer_limits
limits(const struct bench *b)
{
	static const char *const eku[] = { "1.3.6.1.5.5.7.3.1" };
	static const char *const subjects[] = { "MAA" };
	struct signer_limits l = { .ca = "bench",
		.issuer_name = b->name,
		.key_id = bytes_of(b->ski, sizeof(b->ski)),
		.ca_not_after = clock_now(&b->clock) + 1000 * DAY,
		.max_lifetime = 90 * DAY,
		.max_backdate = 3600,
		.hourly_budget = 1000000000,
		.crl_validity = 7 * DAY,
		.responder_lifetime = 90 * DAY,
		.ocsp_validity = 7 * DAY,
		.eku_allowed = { eku, 1 },
		.dns = true,
		.subjects = { subjects, 1 },
		.node = 1 };

	memcpy(l.issuer, b->issuer, sizeof(l.issuer));
	return l;
}

/* The signer; its keys are copies of the fork. */
static int
serve(struct bench *b, int requests, int control)
{
	int fd =
	    open(b->journal, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	const struct signer_limits l = limits(b);
	struct signer_core *core = NULL;

	need(fd >= 0, "no journal");
	need(signer_core_new(fd, b->clock, &core, NULL), "no signer");
	signer_core_add_key(core, b->ca);
	signer_core_add_responder(core, b->responder);
	need(signer_core_set_limits(core, &l, 1, NULL), "limits refused");
	return signer_process_run(core, requests, control);
}

static void
answer_make(struct bench *b, uint64_t serial, struct buf *id, struct buf *tbs)
{
	int64_t now = clock_now(&b->clock);
	struct ocsp_data d = { .key_hash = bytes_of(b->key_hash, 20),
		.produced_at = now,
		.n = 1 };

	id->n = tbs->n = 0;
	ocsp_cert_id_put(
	    id, OCSP_SHA1, &b->hashes, bytes_of(&serial, sizeof(serial)));
	d.singles[0] = (struct ocsp_single){ .cert_id = buf_bytes(id),
		.reason = -1,
		.this_update = now,
		.next_update = now + 7 * DAY };
	ocsp_data_put(tbs, &d);
}

static void
leaf_make(struct bench *b, const struct worker *w, struct buf *tbs)
{
	static struct name name = { NAME_DNS, "www.bench.example" };
	static const char *const eku[] = { "1.3.6.1.5.5.7.3.1" };
	int64_t now = clock_now(&b->clock);
	struct cert_spec s = { .sig_alg = privkey_sig_alg(b->leaf),
		.issuer = b->name,
		.subject = bytes_of("\x30\x00", 2),
		.not_before = now - 60,
		.not_after = now + 80 * DAY,
		.spki = privkey_spki(b->leaf),
		.path_length = -1,
		.key_usage = KU_DIGITAL_SIGNATURE,
		.eku = eku,
		.eku_n = 1,
		.names = { &name, 1 },
		.names_critical = true,
		.aki = bytes_of(b->ski, sizeof(b->ski)) };

	s.serial[0] = 1;
	for (int i = 0; i < 5; i++)
		s.serial[1 + i] = (uint8_t)((uint64_t)now >> (32 - 8 * i));
	memcpy(s.serial + 6, &w->n, sizeof(w->n));
	memcpy(s.serial + 12, &w->done, sizeof(w->done));
	tbs->n = 0;
	cert_tbs_put(tbs, &s);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct bench *b = w->b;
	struct buf id = { 0 }, tbs = { 0 }, sig = { 0 };

	while (!atomic_load(&b->stop)) {
		struct signer_request req = { .kind = w->certs ? SIGN_LEAF
							       : SIGN_OCSP };
		struct err err = { 0 };
		int64_t start;

		memcpy(req.issuer, b->issuer, sizeof(req.issuer));
		if (w->certs) {
			leaf_make(b, w, &tbs);
			req.position = atomic_fetch_add(&b->position, 1);
		} else
			answer_make(b, w->done + 1, &id, &tbs);
		req.tbs = buf_bytes(&tbs);
		sig.n = 0;
		start = clock_monotonic_us();
		if (!signer_sign(&b->port, &req, &sig, &err)) {
			fprintf(stderr, "bench_signer: %s\n", err.shown);
			exit(1);
		}
		if (w->waits_n < WAITS_MAX)
			w->waits[w->waits_n++] =
			    (uint32_t)(clock_monotonic_us() - start);
		w->done++;
	}
	buf_free(&id);
	buf_free(&tbs);
	buf_free(&sig);
	return NULL;
}

static double
cpu_of(const struct rusage *r)
{
	return (double)(r->ru_utime.tv_sec + r->ru_stime.tv_sec) +
	    (double)(r->ru_utime.tv_usec + r->ru_stime.tv_usec) / 1e6;
}

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void
print(const char *what, struct worker *workers, unsigned n, bool certs,
    double seconds)
{
	uint32_t *all = mem_alloc(sizeof(*all));
	uint64_t done = 0;
	size_t k = 0;

	for (unsigned i = 0; i < n; i++) {
		struct worker *w = &workers[i];

		if (w->certs != certs)
			continue;
		done += w->done;
		all = mem_grow(all, k + w->waits_n + 1, sizeof(*all));
		memcpy(all + k, w->waits, w->waits_n * sizeof(*all));
		k += w->waits_n;
	}
	if (k == 0)
		return;
	qsort(all, k, sizeof(*all), by_size);
	printf("  \"%s\": {\"done\": %llu, \"per_second\": %.0f, "
	       "\"p50_us\": %u, \"p99_us\": %u, \"max_us\": %u},\n",
	    what, (unsigned long long)done, (double)done / seconds, all[k / 2],
	    all[k * 99 / 100], all[k - 1]);
	free(all);
}

int
main(int argc, char **argv)
{
	unsigned threads = argc > 1 ? (unsigned)atoi(argv[1]) : 32;
	unsigned seconds = argc > 2 ? (unsigned)atoi(argv[2]) : 3;
	unsigned certs = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
	unsigned n = threads + certs;
	struct worker *workers;
	struct bench b = { 0 };
	struct rusage own, child;
	struct signer_remote *remote;
	int requests[2], control[2];
	uint64_t done = 0;
	double cpu;
	pid_t pid;

	need(threads > 0 && seconds > 0 && n <= 256, "bad arguments");
	make(&b);
	need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, requests) ==
		    0 &&
		socketpair(
		    AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) == 0,
	    "no sockets");
	pid = fork();
	if (pid == 0)
		_exit(serve(&b, requests[1], control[1]));
	remote = signer_remote_new(requests[0]);
	b.port = signer_remote_port(remote);
	need(signer_remote_ping(remote, 10000, NULL), "no signer");
	workers = mem_grow(NULL, n, sizeof(*workers));
	memset(workers, 0, n * sizeof(*workers));
	for (unsigned i = 0; i < n; i++) {
		struct worker *w = &workers[i];

		w->b = &b;
		w->n = i;
		w->certs = i >= threads;
		w->waits = mem_grow(NULL, WAITS_MAX, sizeof(*w->waits));
		need(pthread_create(&w->thread, NULL, work, w) == 0,
		    "no thread");
	}
	sleep(seconds);
	atomic_store(&b.stop, true);
	for (unsigned i = 0; i < n; i++)
		pthread_join(workers[i].thread, NULL);
	getrusage(RUSAGE_SELF, &own);
	kill(pid, SIGTERM);
	need(wait4(pid, NULL, 0, &child) == pid, "signer lost");
	unlink(b.journal);
	for (unsigned i = 0; i < n; i++)
		done += workers[i].done;
	cpu = cpu_of(&own) + cpu_of(&child);
	printf("{\n  \"threads\": %u,\n", threads);
	print("answers", workers, n, false, seconds);
	print("certificates", workers, n, true, seconds);
	printf("  \"cpu_s\": {\"server\": %.2f, \"signer\": %.2f},\n"
	       "  \"signatures_per_cpu_s\": %.0f\n}\n",
	    cpu_of(&own), cpu_of(&child), (double)done / cpu);
	signer_remote_free(remote);
	return 0;
}
