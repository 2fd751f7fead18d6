#include "net/stats.h"

static const enum listener_kind kinds[NET_LISTENER_KINDS] = { LISTENER_HTTPS,
	LISTENER_EST, LISTENER_HTTP, LISTENER_OPS, LISTENER_CONTROL };
static const char *const protocols[NET_PROTOCOLS] = { "1.0", "1.1", "2" };
static const char *const places[NET_PLACES] = { "loop", "worker" };
static const char *const refusals[NET_REFUSALS] = { "total", "address", "peer",
	"system" };
static const char *const timeouts[NET_TIMEOUTS] = { "handshake", "header",
	"body", "idle", "send" };
/* Upper bounds in microseconds; the last bucket has none. */
static const uint32_t bounds[NET_LATENCY_BUCKETS - 1] = { 100, 250, 500, 1000,
	2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000,
	5000000, 25000000 };

unsigned
stats_kind(enum listener_kind kind)
{
	unsigned i = 0;

	while (i < NET_LISTENER_KINDS - 1 && kinds[i] != kind)
		i++;
	return i;
}

void
stats_request(struct stats *s, unsigned http_version, int status,
    bool on_worker, int64_t us, size_t sent)
{
	unsigned protocol = http_version == 20 ? 2 : http_version == 10 ? 0 : 1;
	unsigned class = status < 200 ? 0 : (unsigned)status / 100 - 1;
	unsigned place = on_worker ? 1 : 0, bucket = 0;

	if (us < 0)
		us = 0;
	while (bucket < NET_LATENCY_BUCKETS - 1 && us > bounds[bucket])
		bucket++;
	if (class >= NET_STATUS_CLASSES)
		class = NET_STATUS_CLASSES - 1;
	stats_add(&s->requests[protocol][class], 1);
	stats_add(&s->latency[place][bucket], 1);
	stats_add(&s->latency_us[place], (uint64_t)us);
	stats_add(&s->sent, sent);
}

static void
add(uint64_t *sum, const _Atomic uint64_t *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum[i] += atomic_load_explicit(&c[i], memory_order_relaxed);
}

void
stats_sum(const struct stats *s, struct net_stats *sum)
{
	add(sum->accepted, s->accepted, NET_LISTENER_KINDS);
	add(&sum->closed, &s->closed, 1);
	add(sum->refused, s->refused, NET_REFUSALS);
	for (size_t i = 0; i < NET_PROTOCOLS; i++)
		add(sum->requests[i], s->requests[i], NET_STATUS_CLASSES);
	for (size_t i = 0; i < NET_PLACES; i++)
		add(sum->latency[i], s->latency[i], NET_LATENCY_BUCKETS);
	add(sum->latency_us, s->latency_us, NET_PLACES);
	add(sum->timeouts, s->timeouts, NET_TIMEOUTS);
	add(&sum->tls_ok, &s->tls_ok, 1);
	add(&sum->tls_failed, &s->tls_failed, 1);
	add(&sum->h2_abuse, &s->h2_abuse, 1);
	add(&sum->faults, &s->faults, 1);
	add(&sum->queue_full, &s->queue_full, 1);
	add(&sum->sent, &s->sent, 1);
}

static void
print_head(
    struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
print_one(struct buf *out, const char *name, const char *type, const char *help,
    uint64_t v)
{
	print_head(out, name, type, help);
	buf_printf(out, "%s %llu\n", name, (unsigned long long)v);
}

static void
print_labelled(struct buf *out, const char *name, const char *label,
    const char *const *values, const uint64_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s{%s=\"%s\"} %llu\n", name, label, values[i],
		    (unsigned long long)v[i]);
}

static void
print_latency(struct buf *out, const struct net_stats *s)
{
	static const char name[] = "chancery_http_request_seconds";

	print_head(out, name, "histogram",
	    "Time from the whole head to the answer, by where it was made.");
	for (size_t p = 0; p < NET_PLACES; p++) {
		uint64_t sum = 0;

		for (size_t i = 0; i < NET_LATENCY_BUCKETS - 1; i++) {
			sum += s->latency[p][i];
			buf_printf(out,
			    "%s_bucket{place=\"%s\",le=\"%g\"} %llu\n", name,
			    places[p], bounds[i] / 1e6,
			    (unsigned long long)sum);
		}
		sum += s->latency[p][NET_LATENCY_BUCKETS - 1];
		buf_printf(out, "%s_bucket{place=\"%s\",le=\"+Inf\"} %llu\n",
		    name, places[p], (unsigned long long)sum);
		buf_printf(out, "%s_sum{place=\"%s\"} %.6f\n", name, places[p],
		    (double)s->latency_us[p] / 1e6);
		buf_printf(out, "%s_count{place=\"%s\"} %llu\n", name,
		    places[p], (unsigned long long)sum);
	}
}

static void
print_connections(struct buf *out, const struct net_stats *s)
{
	const char *names[NET_LISTENER_KINDS];

	for (unsigned i = 0; i < NET_LISTENER_KINDS; i++)
		names[i] = net_listener_name(kinds[i]);
	print_one(out, "chancery_connections_open", "gauge",
	    "Connections that are open.", s->open);
	print_head(out, "chancery_connections_accepted_total", "counter",
	    "Connections accepted, by listener.");
	print_labelled(out, "chancery_connections_accepted_total", "listener",
	    names, s->accepted, NET_LISTENER_KINDS);
	print_head(out, "chancery_connections_refused_total", "counter",
	    "Connections refused, by limit.");
	print_labelled(out, "chancery_connections_refused_total", "reason",
	    refusals, s->refused, NET_REFUSALS);
	print_head(out, "chancery_connections_timeouts_total", "counter",
	    "Connections ended by a time limit.");
	print_labelled(out, "chancery_connections_timeouts_total", "what",
	    timeouts, s->timeouts, NET_TIMEOUTS);
	print_head(
	    out, "chancery_tls_handshakes_total", "counter", "TLS handshakes.");
	buf_printf(out,
	    "chancery_tls_handshakes_total{result=\"ok\"} %llu\n"
	    "chancery_tls_handshakes_total{result=\"failed\"} %llu\n",
	    (unsigned long long)s->tls_ok, (unsigned long long)s->tls_failed);
}

void
net_metrics_print(struct net *n, struct buf *out)
{
	struct net_stats s;

	net_stats(n, &s);
	print_connections(out, &s);
	print_head(out, "chancery_http_requests_total", "counter",
	    "Requests answered, by protocol version and status class.");
	for (size_t p = 0; p < NET_PROTOCOLS; p++)
		for (size_t c = 0; c < NET_STATUS_CLASSES; c++)
			buf_printf(out,
			    "chancery_http_requests_total{protocol=\"%s\","
			    "class=\"%zuxx\"} %llu\n",
			    protocols[p], c + 1,
			    (unsigned long long)s.requests[p][c]);
	print_latency(out, &s);
	print_one(out, "chancery_http_sent_bytes_total", "counter",
	    "Octets of response bodies.", s.sent);
	print_one(out, "chancery_http_faults_total", "counter",
	    "Input that was not a valid request.", s.faults);
	print_one(out, "chancery_h2_abuse_total", "counter",
	    "HTTP/2 connections ended with ENHANCE_YOUR_CALM.", s.h2_abuse);
	print_one(out, "chancery_worker_queue_depth", "gauge",
	    "Requests waiting for a worker.", s.queue_depth);
	print_one(out, "chancery_worker_queue_full_total", "counter",
	    "Requests answered 503 because the queue was full.", s.queue_full);
	print_one(out, "chancery_held_replies", "gauge",
	    "Replies held for a job to finish.", s.held);
	print_one(out, "chancery_log_lines_dropped_total", "counter",
	    "Request lines not written because the log was too slow.",
	    s.log_dropped);
}
