#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "bench/scep/load.h"
#include "util/times.h"

#define CLIENTS_MAX 256u

struct run {
	const struct round *round;
	atomic_size_t next;
};

static size_t
take(char *p, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;

	if (b->n + size * n > SCEP_MESSAGE_MAX)
		return CURL_WRITEFUNC_ERROR;
	buf_add(b, p, size * n);
	return size * n;
}

static CURL *
handle_new(const struct round *r, struct curl_slist *headers)
{
	CURL *e = curl_easy_init();

	curl_easy_setopt(e, CURLOPT_URL, r->url);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_TIMEOUT, 60L);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take);
	if (r->fresh) {
		curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	}
	return e;
}

static void
send_one(CURL *e, struct message *m)
{
	int64_t began = clock_monotonic_us();

	m->reply.n = 0;
	curl_easy_setopt(e, CURLOPT_WRITEDATA, &m->reply);
	curl_easy_setopt(e, CURLOPT_POSTFIELDS, m->der.p);
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)m->der.n);
	if (curl_easy_perform(e) == CURLE_OK)
		curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &m->http);
	m->ms = (double)(clock_monotonic_us() - began) / 1000;
}

static void *
client_run(void *arg)
{
	struct run *run = arg;
	struct curl_slist *headers = curl_slist_append(
	    curl_slist_append(NULL, "Content-Type: application/x-pki-message"),
	    "Expect:");
	CURL *e = handle_new(run->round, headers);
	size_t i;

	while ((i = atomic_fetch_add(&run->next, 1)) < run->round->n)
		send_one(e, &run->round->messages[i]);
	curl_easy_cleanup(e);
	curl_slist_free_all(headers);
	return NULL;
}

double
round_run(const struct round *r)
{
	unsigned n = MIN_OF(r->clients, CLIENTS_MAX);
	pthread_t threads[CLIENTS_MAX];
	struct run run = { .round = r };
	int64_t began = clock_monotonic_us();

	for (unsigned i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, client_run, &run) != 0)
			die("no thread", NULL);
	for (unsigned i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return (double)(clock_monotonic_us() - began) / 1e6;
}
