/*
 * A load generator for EST's simpleenroll: N clients that post prepared
 * requests, over kept connections or a new one each, with a password or a
 * client certificate.  It measures; it does not judge.
 *
 *	est-load URL CACERT CLIENTS SECONDS kept|new PID BODY… [-u U:P | -c CERT
 *KEY]
 *
 * Prints JSON.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/acme/measure.h"
#include "util/file.h"
#include "util/times.h"

#define MAX_CLIENTS 256u
#define MAX_BODIES 1024u
#define MAX_PIDS 64u
#define MAX_LATENCIES 200000u

static const char *url, *cacert, *userpwd, *cert, *key;
static bool fresh;
static struct bytes bodies[MAX_BODIES];
static size_t bodies_n;
static atomic_bool measuring, over;

struct client {
	pthread_t thread;
	unsigned index;
	uint64_t done, failed;
	double *latency_ms;
	size_t latencies;
	char first_error[256];
};

static size_t
swallow(char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	(void)arg;
	return size * n;
}

static CURL *
handle_new(struct curl_slist *headers, char *error)
{
	CURL *e = curl_easy_init();

	curl_easy_setopt(e, CURLOPT_URL, url);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_CAINFO, cacert);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, swallow);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	if (userpwd != NULL)
		curl_easy_setopt(e, CURLOPT_USERPWD, userpwd);
	if (cert != NULL) {
		curl_easy_setopt(e, CURLOPT_SSLCERT, cert);
		curl_easy_setopt(e, CURLOPT_SSLKEY, key);
	}
	if (fresh) {
		curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	}
	return e;
}

static void
count(
    struct client *c, CURLcode code, long status, double ms, const char *error)
{
	if (!atomic_load(&measuring))
		return;
	if (code == CURLE_OK && status == 200) {
		c->done++;
		if (c->latencies < MAX_LATENCIES)
			c->latency_ms[c->latencies++] = ms;
		return;
	}
	if (c->failed++ == 0)
		snprintf(c->first_error, sizeof(c->first_error), "%ld %s",
		    status, error);
}

static void *
client_run(void *arg)
{
	struct client *c = arg;
	char error[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers =
	    curl_slist_append(NULL, "Content-Type: application/pkcs10");
	CURL *e = handle_new(headers, error);
	size_t next = c->index;

	while (!atomic_load(&over)) {
		struct bytes body = bodies[next++ % bodies_n];
		int64_t began = clock_monotonic_us();
		long status = 0;
		CURLcode code;

		curl_easy_setopt(e, CURLOPT_POSTFIELDS, body.p);
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)body.n);
		code = curl_easy_perform(e);
		curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
		count(c, code, status,
		    (double)(clock_monotonic_us() - began) / 1000, error);
	}
	curl_easy_cleanup(e);
	curl_slist_free_all(headers);
	return NULL;
}

static void
report(struct client *clients, unsigned n, double seconds, double cpu)
{
	static double all[MAX_CLIENTS * 4096];
	uint64_t done = 0, failed = 0;
	const char *error = "";
	size_t k = 0;

	for (unsigned i = 0; i < n; i++) {
		done += clients[i].done;
		failed += clients[i].failed;
		if (clients[i].first_error[0] != '\0')
			error = clients[i].first_error;
		for (size_t j = 0; j < clients[i].latencies &&
		     k < sizeof(all) / sizeof(all[0]);
		     j++)
			all[k++] = clients[i].latency_ms[j];
	}
	printf("{\"enrolments\": %llu, \"failed\": %llu, \"first_error\": "
	       "\"%s\", \"per_second\": %.1f, \"server_cpu_seconds\": %.2f, "
	       "\"per_cpu_second\": %.1f, \"p50_ms\": %.2f, \"p99_ms\": "
	       "%.2f}\n",
	    (unsigned long long)done, (unsigned long long)failed, error,
	    (double)done / seconds, cpu, cpu > 0 ? (double)done / cpu : 0,
	    measure_percentile(all, k, 50), measure_percentile(all, k, 99));
}

static bool
arguments(int argc, char **argv, struct arena *a)
{
	struct err err = { 0 };

	for (int i = 7; i < argc; i++) {
		if (strcmp(argv[i], "-u") == 0 && i + 1 < argc) {
			userpwd = argv[++i];
		} else if (strcmp(argv[i], "-c") == 0 && i + 2 < argc) {
			cert = argv[++i];
			key = argv[++i];
		} else if (bodies_n == MAX_BODIES ||
		    !file_read(argv[i], 65536, a, &bodies[bodies_n++], &err)) {
			fprintf(
			    stderr, "est-load: %s: %s\n", argv[i], err.shown);
			return false;
		}
	}
	return bodies_n > 0;
}

int
main(int argc, char **argv)
{
	static struct client clients[MAX_CLIENTS];
	struct arena *a = arena_new();
	int pids[MAX_PIDS];
	unsigned n;
	double seconds, cpu;
	int64_t began;
	size_t pids_n;

	if (argc < 8 || !arguments(argc, argv, a)) {
		fprintf(stderr,
		    "usage: est-load URL CACERT CLIENTS SECONDS kept|new PID "
		    "BODY... [-u USER:PASSWORD | -c CERT KEY]\n");
		return 2;
	}
	url = argv[1];
	cacert = argv[2];
	n = (unsigned)MIN_OF(strtoul(argv[3], NULL, 10), MAX_CLIENTS);
	seconds = strtod(argv[4], NULL);
	fresh = strcmp(argv[5], "new") == 0;
	pids[0] = atoi(argv[6]);
	pids_n = measure_descendants(pids, 1, MAX_PIDS);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	for (unsigned i = 0; i < n; i++) {
		clients[i].index = i;
		clients[i].latency_ms =
		    mem_array(MAX_LATENCIES, sizeof(double));
		if (pthread_create(
			&clients[i].thread, NULL, client_run, &clients[i]) != 0)
			abort();
	}
	usleep(500000);
	cpu = measure_cpu(pids, pids_n);
	began = clock_monotonic_us();
	atomic_store(&measuring, true);
	usleep((useconds_t)(seconds * 1e6));
	atomic_store(&measuring, false);
	cpu = measure_cpu(pids, pids_n) - cpu;
	seconds = (double)(clock_monotonic_us() - began) / 1e6;
	atomic_store(&over, true);
	for (unsigned i = 0; i < n; i++)
		pthread_join(clients[i].thread, NULL);
	report(clients, n, seconds, cpu);
	curl_global_cleanup();
	arena_free(a);
	return 0;
}
