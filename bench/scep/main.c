/*
 * Measures; it does not judge.  Prints JSON.
 *
 *	scep-load --url URL --ra RA.pem --ca CA.pem --challenge WORD --pid PID
 *	    [--kind issue|renew|wrong|garbage] [--connections kept|new]
 *	    [--clients N] [--count N] [--warm N]
 *	    [--metrics URL] [--state DIR]
 */
#include <curl/curl.h>
#include <getopt.h>
#include <jansson.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bench/acme/measure.h"
#include "bench/scep/load.h"
#include "crypto/random.h"

#define MAX_PIDS 64u
#define MAX_MESSAGES 200000u
#define OPEN_EACH 8u /* every so many-th reply is opened */

static struct {
	const char *url, *ra, *ca, *challenge, *kind, *connections, *metrics;
	const char *state;
	unsigned long pid, clients, count, warm;
} options = { .kind = "issue",
	.connections = "kept",
	.clients = 16,
	.count = 1000,
	.warm = 50 };

static struct device devices[DEVICES];
static struct message *messages;
static char run[9];

void
die(const char *what, const struct err *err)
{
	fprintf(stderr, "scep-load: %s%s%s %s\n", what, err == NULL ? "" : ": ",
	    err == NULL ? "" : err->shown, err == NULL ? "" : err->detail);
	exit(2);
}

/* ---- preparing ---- */

struct writer {
	struct letterhead head;
	struct message *messages;
	size_t n, first; /* what the first one's number is */
	atomic_size_t next;
};

static void *
write_some(void *arg)
{
	struct writer *w = arg;
	struct lane *lane = lane_new();
	size_t i;

	while ((i = atomic_fetch_add(&w->next, 1)) < w->n)
		message_make(&w->messages[i], lane, &w->head,
		    &devices[(w->first + i) % DEVICES], w->first + i);
	lane_free(lane);
	return NULL;
}

static void
messages_make(struct message *out, size_t n, size_t first,
    const struct cert *to, enum kind kind)
{
	struct writer w = { .head = { to, options.challenge, kind, run },
		.messages = out,
		.n = n,
		.first = first };
	pthread_t threads[2];

	for (size_t i = 0; i < COUNT_OF(threads); i++)
		if (pthread_create(&threads[i], NULL, write_some, &w) != 0)
			die("no thread", NULL);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		pthread_join(threads[i], NULL);
}

static X509 *
x509_read(const char *path)
{
	FILE *f = path == NULL ? NULL : fopen(path, "r");
	X509 *x = f == NULL ? NULL : PEM_read_X509(f, NULL, NULL, NULL);

	if (x == NULL)
		die(path == NULL ? "no certificate was given" : path, NULL);
	fclose(f);
	return x;
}

/* Each device gets a certificate, which it then renews. */
static void
devices_enrol(const struct cert *to, X509 *ca, struct arena *a)
{
	struct message *m = mem_array(DEVICES, sizeof(*m));
	const struct round round = {
		.url = options.url, .clients = 4, .messages = m, .n = DEVICES
	};

	messages_make(m, DEVICES, MAX_MESSAGES, to, KIND_ISSUE);
	(void)round_run(&round);
	for (size_t i = 0; i < DEVICES; i++) {
		/* The one that wrote it. */
		struct device *d = &devices[(MAX_MESSAGES + i) % DEVICES];
		const char *why;
		X509 *cert = reply_open(&m[i], ca, &why);

		if (cert == NULL)
			die(why, NULL);
		snprintf(d->name, sizeof(d->name), "%s", m[i].name);
		device_take(d, cert, a);
		buf_free(&m[i].der);
		buf_free(&m[i].reply);
	}
	free(m);
}

/* ---- what came back ---- */

struct tally {
	size_t before; /* certificates of what was not measured */
	size_t certificates, opened, refused, pending, http_503, http_429,
	    other;
	int fail_info; /* of the last refusal */
	const char *wrong; /* with the last one that did not open */
	size_t unopened;
	double *ms;
};

static void
reply_count(const struct message *m, size_t i, X509 *ca, struct tally *t)
{
	int status = -1, fail_info = -1;

	t->ms[i] = m->ms;
	if (m->http == 200)
		reply_status(buf_bytes(&m->reply), &status, &fail_info);
	if (status == SCEP_SUCCESS) {
		t->certificates++;
		if (i % OPEN_EACH == 0) {
			const char *why = NULL;
			AUTO(X509) *cert = reply_open(m, ca, &why);

			t->opened += cert != NULL;
			if (cert == NULL) {
				t->unopened++;
				t->wrong = why;
			}
		}
	} else if (status == SCEP_FAILURE) {
		t->refused++;
		t->fail_info = fail_info;
	} else if (status == SCEP_PENDING) {
		t->pending++;
	} else if (m->http == 503) {
		t->http_503++;
	} else if (m->http == 429) {
		t->http_429++;
	} else {
		t->other++;
	}
}

static size_t
certificates_of(const struct message *m, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		int status, fail_info;

		reply_status(buf_bytes(&m[i].reply), &status, &fail_info);
		found += m[i].http == 200 && status == SCEP_SUCCESS;
	}
	return found;
}

static json_t *
durability(const struct measure_counters *b, const struct measure_counters *e,
    double n)
{
	if (options.state == NULL || !b->known || !e->known)
		return json_pack("{sb}", "claimed", 0);
	return json_pack("{sbsfsf}", "claimed", 1, "fsyncs_each",
	    (e->commits + e->syncs - b->commits - b->syncs) / n,
	    "store_commits_each", (e->commits - b->commits) / n);
}

static void
report(const struct tally *t, size_t n, double seconds, double cpu,
    json_t *durable)
{
	double done = (double)(t->certificates != 0 ? t->certificates : n);

	json_t *o = json_pack("{sssssisisisisisisisisisisfsfsfsfsfso}", "kind",
	    options.kind, "connections", options.connections,
	    "certificates_before", (int)t->before, "requests", (int)n,
	    "certificates", (int)t->certificates, "opened", (int)t->opened,
	    "not_as_asked", (int)t->unopened, "refused", (int)t->refused,
	    "pending", (int)t->pending, "http_503", (int)t->http_503,
	    "http_429", (int)t->http_429, "other", (int)t->other, "per_second",
	    (double)t->certificates / seconds, "server_cpu_seconds", cpu,
	    "per_cpu_second", cpu > 0 ? done / cpu : 0.0, "p50_ms",
	    measure_percentile(t->ms, n, 50), "p99_ms",
	    measure_percentile(t->ms, n, 99), "durable", durable);

	if (t->refused != 0)
		json_object_set_new(o, "fail_info", json_integer(t->fail_info));
	if (t->wrong != NULL)
		json_object_set_new(o, "wrong", json_string(t->wrong));
	if (json_dumpf(o, stdout, JSON_REAL_PRECISION(5)) != 0)
		die("nothing can be printed", NULL);
	json_decref(o);
}

/* ---- the run ---- */

static enum kind
kind_of(const char *word)
{
	static const char *const words[] = { [KIND_ISSUE] = "issue",
		[KIND_RENEW] = "renew",
		[KIND_WRONG] = "wrong",
		[KIND_GARBAGE] = "garbage" };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(words[i], word) == 0)
			return (enum kind)i;
	die("no such --kind", NULL);
}

static void
measure(X509 *ca, bool enrolled)
{
	struct round round = { .url = options.url,
		.fresh = strcmp(options.connections, "new") == 0,
		.clients = (unsigned)options.clients,
		.messages = messages,
		.n = options.warm };
	struct tally tally = { .ms = mem_array(options.count, sizeof(double)) };
	struct measure_counters before, after;
	int pids[MAX_PIDS] = { (int)options.pid };
	size_t pids_n = measure_descendants(pids, 1, MAX_PIDS);
	double seconds, cpu;

	(void)round_run(&round);
	round.messages += options.warm;
	round.n = options.count;
	before = measure_counters(options.metrics);
	cpu = measure_cpu(pids, pids_n);
	seconds = round_run(&round);
	cpu = measure_cpu(pids, pids_n) - cpu;
	after = measure_counters(options.metrics);
	tally.before = certificates_of(messages, options.warm);
	if (enrolled)
		tally.before += DEVICES;
	for (size_t i = 0; i < options.count; i++)
		reply_count(&round.messages[i], i, ca, &tally);
	report(&tally, options.count, seconds, cpu,
	    durability(&before, &after, (double)options.count));
	free(tally.ms);
}

static void
arguments(int argc, char **argv)
{
	static const struct option rows[] = {
		{ "url", required_argument, NULL, 'u' },
		{ "ra", required_argument, NULL, 'r' },
		{ "ca", required_argument, NULL, 'c' },
		{ "challenge", required_argument, NULL, 'p' },
		{ "kind", required_argument, NULL, 'k' },
		{ "connections", required_argument, NULL, 'o' },
		{ "clients", required_argument, NULL, 'n' },
		{ "count", required_argument, NULL, 'x' },
		{ "warm", required_argument, NULL, 'w' },
		{ "pid", required_argument, NULL, 'i' },
		{ "metrics", required_argument, NULL, 'm' },
		{ "state", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	char why[512] = "";
	int c;

	while ((c = getopt_long(argc, argv, "", rows, NULL)) != -1) {
		const char **word = c == 'u' ? &options.url
		    : c == 'r'		     ? &options.ra
		    : c == 'c'		     ? &options.ca
		    : c == 'p'		     ? &options.challenge
		    : c == 'k'		     ? &options.kind
		    : c == 'o'		     ? &options.connections
		    : c == 'm'		     ? &options.metrics
		    : c == 's'		     ? &options.state
					     : NULL;
		unsigned long *number = c == 'n' ? &options.clients
		    : c == 'x'			 ? &options.count
		    : c == 'w'			 ? &options.warm
		    : c == 'i'			 ? &options.pid
						 : NULL;

		if (word != NULL)
			*word = optarg;
		else if (number != NULL)
			*number = strtoul(optarg, NULL, 10);
		else
			exit(2);
	}
	if (options.url == NULL || options.pid == 0 || options.count == 0 ||
	    options.warm + options.count > MAX_MESSAGES)
		die("usage: see the head of main.c", NULL);
	if (options.state != NULL &&
	    !measure_is_durable(options.state, why, sizeof(why)))
		die(why, NULL);
}

int
main(int argc, char **argv)
{
	enum kind kind;
	struct arena *a = arena_new();
	struct random random = random_system();
	unsigned char *der = NULL;
	struct err err = { 0 };
	struct cert to;
	uint8_t salt[4];
	X509 *ra, *ca;
	int n;

	arguments(argc, argv);
	kind = kind_of(options.kind);
	/* scepserver encrypts with single DES. */
	(void)OSSL_PROVIDER_load(NULL, "default");
	(void)OSSL_PROVIDER_load(NULL, "legacy");
	curl_global_init(CURL_GLOBAL_DEFAULT);
	random_fill(&random, salt, sizeof(salt));
	snprintf(run, sizeof(run), "%02x%02x%02x%02x", salt[0], salt[1],
	    salt[2], salt[3]);
	ra = x509_read(options.ra);
	ca = x509_read(options.ca);
	n = i2d_X509(ra, &der);
	if (n <= 0 || !cert_parse(bytes_of(der, (size_t)n), a, &to, &err))
		die("the server's certificate is not read", &err);
	devices_make(devices, a);
	if (kind == KIND_RENEW)
		devices_enrol(&to, ca, a);
	messages = mem_array(options.warm + options.count, sizeof(*messages));
	messages_make(messages, options.warm + options.count, 0, &to, kind);
	measure(ca, kind == KIND_RENEW);
	return 0;
}
