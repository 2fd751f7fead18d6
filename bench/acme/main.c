/* acme-load: the command line, the threads, and the figures as JSON. */
#include <curl/curl.h>
#include <getopt.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "bench/acme/client.h"
#include "bench/acme/measure.h"
#include "bench/acme/responder.h"
#include "util/own.h"
#include "util/times.h"

#define MAX_FAILURES 20u

OWN_DEFINE(json_t, json_decref)

struct worker {
	struct load *load;
	struct client *client;
	pthread_t thread;
	pthread_barrier_t *barrier;
	bool ready;
};

static const char usage[] =
    "usage: acme-load --directory URL [--cacert FILE] [--clients N]\n"
    "  [--alg ES256|RS256] [--connections kept|new] [--skip-poll]\n"
    "  [--flows N | --seconds S] [--rate FLOWS_PER_SECOND] [--warmup N]\n"
    "  [--suffix bench.test] [--http-port P] [--dns-port P] [--poll-ms N]\n"
    "  [--contact ADDRESS] [--pid N]... [--metrics URL] [--state DIR]\n"
    "\n"
    "Names are c<client>-<n>.<suffix>. --http-port is where the server under\n"
    "test looks for http-01; --dns-port answers DNS on 127.0.0.1 (UDP).\n"
    "--pid counts the CPU time of a process and its descendants. Durability\n"
    "figures need --metrics and a --state directory that is not on tmpfs.\n";

enum {
	OPT_DIRECTORY = 1,
	OPT_CACERT,
	OPT_CLIENTS,
	OPT_ALG,
	OPT_CONNECTIONS,
	OPT_SKIP_POLL,
	OPT_FLOWS,
	OPT_SECONDS,
	OPT_RATE,
	OPT_WARMUP,
	OPT_SUFFIX,
	OPT_HTTP_PORT,
	OPT_DNS_PORT,
	OPT_POLL_MS,
	OPT_CONTACT,
	OPT_PID,
	OPT_METRICS,
	OPT_STATE
};

static const struct option long_options[] = {
	{ "directory", required_argument, NULL, OPT_DIRECTORY },
	{ "cacert", required_argument, NULL, OPT_CACERT },
	{ "clients", required_argument, NULL, OPT_CLIENTS },
	{ "alg", required_argument, NULL, OPT_ALG },
	{ "connections", required_argument, NULL, OPT_CONNECTIONS },
	{ "skip-poll", no_argument, NULL, OPT_SKIP_POLL },
	{ "flows", required_argument, NULL, OPT_FLOWS },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "warmup", required_argument, NULL, OPT_WARMUP },
	{ "suffix", required_argument, NULL, OPT_SUFFIX },
	{ "http-port", required_argument, NULL, OPT_HTTP_PORT },
	{ "dns-port", required_argument, NULL, OPT_DNS_PORT },
	{ "poll-ms", required_argument, NULL, OPT_POLL_MS },
	{ "contact", required_argument, NULL, OPT_CONTACT },
	{ "pid", required_argument, NULL, OPT_PID },
	{ "metrics", required_argument, NULL, OPT_METRICS },
	{ "state", required_argument, NULL, OPT_STATE },
	{ NULL, 0, NULL, 0 },
};

static bool
text_option(struct load_options *o, int option, const char *value)
{
	switch (option) {
	case OPT_DIRECTORY:
		o->directory = value;
		return true;
	case OPT_CACERT:
		o->cacert = value;
		return true;
	case OPT_ALG:
		o->rsa = strcmp(value, "RS256") == 0;
		return o->rsa || strcmp(value, "ES256") == 0;
	case OPT_CONNECTIONS:
		o->new_connections = strcmp(value, "new") == 0;
		return o->new_connections || strcmp(value, "kept") == 0;
	case OPT_SKIP_POLL:
		o->skip_poll = true;
		return true;
	case OPT_SUFFIX:
		o->suffix = value;
		return true;
	case OPT_CONTACT:
		o->contact = value;
		return true;
	case OPT_METRICS:
		o->metrics = value;
		return true;
	case OPT_STATE:
		o->state = value;
		return true;
	default:
		return false;
	}
}

static bool
number_option(struct load_options *o, int option, const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || value < 0)
		return false;
	switch (option) {
	case OPT_CLIENTS:
		o->clients = (unsigned)value;
		return value >= 1 && value <= LOAD_MAX_CLIENTS;
	case OPT_FLOWS:
		o->flows = (uint64_t)value;
		return true;
	case OPT_SECONDS:
		o->seconds = value;
		return true;
	case OPT_RATE:
		o->rate = value;
		return true;
	case OPT_WARMUP:
		o->warmup = (uint64_t)value;
		return true;
	case OPT_HTTP_PORT:
		o->http_port = (unsigned)value;
		return value < 65536;
	case OPT_DNS_PORT:
		o->dns_port = (unsigned)value;
		return value < 65536;
	case OPT_POLL_MS:
		o->poll_ms = (unsigned)value;
		return true;
	case OPT_PID:
		if (o->pids_n == LOAD_MAX_PIDS)
			return false;
		o->pids[o->pids_n++] = (int)value;
		return true;
	default:
		return false;
	}
}

static bool
options_parse(int argc, char **argv, struct load_options *o)
{
	int option;

	while (
	    (option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		bool is_text = option == OPT_DIRECTORY ||
		    option == OPT_CACERT || option == OPT_ALG ||
		    option == OPT_CONNECTIONS || option == OPT_SKIP_POLL ||
		    option == OPT_SUFFIX || option == OPT_CONTACT ||
		    option == OPT_METRICS || option == OPT_STATE;

		if (option == '?' ||
		    !(is_text ? text_option(o, option, optarg)
			      : number_option(o, option, optarg)))
			return false;
	}
	if (o->flows == 0 && o->seconds <= 0)
		o->seconds = 10;
	return optind == argc && o->directory != NULL;
}

/* ---- one client's thread ---- */

static void
tally_add(struct load_tally *t, double ms)
{
	if (t->n == t->cap) {
		t->cap = t->cap == 0 ? 1024 : 2 * t->cap;
		t->latency_ms = mem_grow(t->latency_ms, t->cap, sizeof(double));
	}
	t->latency_ms[t->n++] = ms;
}

static void
sleep_until(int64_t us)
{
	struct timespec at = { us / 1000000, us % 1000000 * 1000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* Takes the next flow's number; false when there is none any more. */
static bool
flow_next(const struct worker *w, uint64_t *n, int64_t *due_us)
{
	const struct load_options *o = w->load->options;
	int64_t now = clock_monotonic_us();

	*n = atomic_fetch_add(&w->load->started, 1);
	if (o->flows != 0 && *n >= o->flows)
		return false;
	*due_us = now;
	if (o->rate > 0) {
		/* Open loop: waiting for a free client counts. */
		*due_us =
		    w->load->began_us + (int64_t)((double)*n * 1e6 / o->rate);
		if (*due_us > now)
			sleep_until(*due_us);
	}
	return o->flows != 0 ||
	    (double)(*due_us - w->load->began_us) < o->seconds * 1e6;
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	struct load_tally *t = client_tally(w->client);
	int64_t due;
	uint64_t n;

	w->ready = client_begin(w->client);
	for (uint64_t i = 0; w->ready && i < w->load->options->warmup; i++)
		w->ready = client_flow(w->client, UINT32_MAX - i);
	t->signed_requests = t->bad_nonces = 0;
	/* Everybody is warm; the main thread reads the counters between. */
	pthread_barrier_wait(w->barrier);
	pthread_barrier_wait(w->barrier);
	while (w->ready && flow_next(w, &n, &due)) {
		if (client_flow(w->client, n))
			tally_add(
			    t, (double)(clock_monotonic_us() - due) / 1000.0);
		else if (++t->failed >= MAX_FAILURES)
			break;
	}
	return NULL;
}

/* ---- the figures ---- */

struct figures {
	double seconds, cpu;
	struct measure_counters before, after;
	struct load_tally sum;
	unsigned not_ready;
};

static void
figures_sum(struct figures *f, struct worker *workers, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct load_tally *t = client_tally(workers[i].client);

		for (size_t j = 0; j < t->n; j++)
			tally_add(&f->sum, t->latency_ms[j]);
		f->sum.failed += t->failed;
		f->sum.signed_requests += t->signed_requests;
		f->sum.bad_nonces += t->bad_nonces;
		f->not_ready += workers[i].ready ? 0 : 1;
		if (f->sum.first_error[0] == '\0')
			memcpy(f->sum.first_error, t->first_error,
			    sizeof(t->first_error));
	}
}

static void
set_real(json_t *o, const char *key, double v)
{
	/* Four digits are more than a run repeats. */
	char text[32];

	snprintf(text, sizeof(text), "%.4g", v);
	json_object_set_new(o, key, json_real(strtod(text, NULL)));
}

static json_t *
latency_json(struct load_tally *t)
{
	json_t *o = json_object();

	set_real(o, "p50", measure_percentile(t->latency_ms, t->n, 50));
	set_real(o, "p90", measure_percentile(t->latency_ms, t->n, 90));
	set_real(o, "p99", measure_percentile(t->latency_ms, t->n, 99));
	set_real(o, "max", measure_percentile(t->latency_ms, t->n, 100));
	return o;
}

static json_t *
cpu_json(const struct load_options *o, const struct figures *f)
{
	json_t *server = json_object(), *pids = json_array();

	for (size_t i = 0; i < o->pids_n; i++)
		json_array_append_new(pids, json_integer(o->pids[i]));
	json_object_set_new(server, "pids", pids);
	set_real(server, "cpu_seconds", f->cpu);
	if (f->sum.n > 0 && f->cpu > 0) {
		set_real(server, "cpu_us_per_issuance",
		    f->cpu * 1e6 / (double)f->sum.n);
		set_real(server, "issuances_per_cpu_second",
		    (double)f->sum.n / f->cpu);
	}
	return server;
}

static json_t *
durability_json(const struct load_options *o, const struct figures *f)
{
	json_t *d = json_object();
	double commits = f->after.commits - f->before.commits;
	double syncs = f->after.syncs - f->before.syncs;
	double n = (double)f->sum.n;
	char why[512];

	if (!measure_is_durable(o->state, why, sizeof(why))) {
		json_object_set_new(d, "claimed", json_false());
		json_object_set_new(d, "why", json_string(why));
	} else if (!f->before.known || !f->after.known || f->sum.n == 0) {
		json_object_set_new(d, "claimed", json_false());
		json_object_set_new(d, "why",
		    json_string("no --metrics with the counters of commits "
				"and journal syncs"));
	} else {
		json_object_set_new(d, "claimed", json_true());
		set_real(d, "store_commits_per_issuance", commits / n);
		set_real(d, "journal_syncs_per_issuance", syncs / n);
		set_real(d, "fsyncs_per_issuance", (commits + syncs) / n);
	}
	return d;
}

static void
figures_print(const struct load_options *o, struct figures *f)
{
	AUTO(json_t) *out = json_object();
	double n = (double)f->sum.n;
	AUTO_STR *text = NULL;

	json_object_set_new(out, "directory", json_string(o->directory));
	json_object_set_new(out, "clients", json_integer(o->clients));
	json_object_set_new(
	    out, "alg", json_string(o->rsa ? "RS256" : "ES256"));
	json_object_set_new(out, "connections",
	    json_string(o->new_connections ? "new" : "kept"));
	json_object_set_new(
	    out, "loop", json_string(o->rate > 0 ? "open" : "closed"));
	if (o->rate > 0)
		set_real(out, "rate_asked", o->rate);
	json_object_set_new(
	    out, "issuances", json_integer((json_int_t)f->sum.n));
	json_object_set_new(out, "failed",
	    json_integer((json_int_t)f->sum.failed + f->not_ready));
	set_real(out, "seconds", f->seconds);
	set_real(
	    out, "issuances_per_second", f->seconds > 0 ? n / f->seconds : 0);
	json_object_set_new(out, "latency_ms", latency_json(&f->sum));
	set_real(out, "signed_requests_per_flow",
	    n > 0 ? (double)f->sum.signed_requests / n : 0);
	json_object_set_new(
	    out, "bad_nonces", json_integer((json_int_t)f->sum.bad_nonces));
	if (o->pids_n > 0)
		json_object_set_new(out, "server", cpu_json(o, f));
	json_object_set_new(out, "durability", durability_json(o, f));
	if (f->sum.first_error[0] != '\0')
		json_object_set_new(
		    out, "first_error", json_string(f->sum.first_error));
	text = json_dumps(out, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	puts(text);
}

/* ---- the run ---- */

static void
workers_run(struct load *load, struct worker *workers, struct figures *f)
{
	struct load_options *o = (struct load_options *)load->options;
	pthread_barrier_t barrier;
	double cpu;

	pthread_barrier_init(&barrier, NULL, o->clients + 1);
	for (unsigned i = 0; i < o->clients; i++) {
		workers[i].load = load;
		workers[i].barrier = &barrier;
		if (pthread_create(&workers[i].thread, NULL, worker_main,
			&workers[i]) != 0)
			abort();
	}
	pthread_barrier_wait(&barrier);
	o->pids_n = measure_descendants(o->pids, o->pids_n, LOAD_MAX_PIDS);
	f->before = measure_counters(o->metrics);
	cpu = measure_cpu(o->pids, o->pids_n);
	load->began_us = clock_monotonic_us();
	pthread_barrier_wait(&barrier);
	for (unsigned i = 0; i < o->clients; i++)
		pthread_join(workers[i].thread, NULL);
	f->seconds = (double)(clock_monotonic_us() - load->began_us) / 1e6;
	f->cpu = measure_cpu(o->pids, o->pids_n);
	f->cpu = cpu < 0 || f->cpu < 0 ? -1 : f->cpu - cpu;
	f->after = measure_counters(o->metrics);
	pthread_barrier_destroy(&barrier);
}

int
main(int argc, char **argv)
{
	struct load_options o = {
		.suffix = "bench.test", .clients = 8, .poll_ms = 20, .warmup = 2
	};
	struct load load = { .options = &o };
	struct responder *responder;
	struct worker *workers;
	struct figures f = { 0 };
	bool good;

	if (!options_parse(argc, argv, &o)) {
		fputs(usage, stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	load.thumbprints = mem_array(o.clients, sizeof(*load.thumbprints));
	responder = responder_new(&load);
	if (responder == NULL)
		return 1;
	workers = mem_array(o.clients, sizeof(*workers));
	for (unsigned i = 0; i < o.clients; i++)
		workers[i].client = client_new(&load, i);
	workers_run(&load, workers, &f);
	figures_sum(&f, workers, o.clients);
	figures_print(&o, &f);
	good = f.sum.n > 0 && f.sum.failed == 0 && f.not_ready == 0;
	for (unsigned i = 0; i < o.clients; i++)
		client_free(workers[i].client);
	responder_free(responder);
	free(workers);
	free(f.sum.latency_ms);
	free(load.thumbprints);
	curl_global_cleanup();
	return good ? 0 : 1;
}
