#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/thread.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench/acme/responder.h"

#define CHALLENGE "/.well-known/acme-challenge/"
#define DNS_HEADER 12u
#define DNS_MAX 1232u

struct responder {
	const struct load *load;
	struct event_base *base;
	struct evhttp *http;
	struct event *dns;
	int dns_fd;
	pthread_t thread;
};

static void
answer_http(struct evhttp_request *req, void *arg)
{
	struct responder *r = arg;
	const char *path = evhttp_request_get_uri(req);
	const char *host =
	    evhttp_find_header(evhttp_request_get_input_headers(req), "Host");
	unsigned client = LOAD_MAX_CLIENTS;
	struct evbuffer *body;

	if (host != NULL && host[0] == 'c')
		client = (unsigned)strtoul(host + 1, NULL, 10);
	if (client >= r->load->options->clients ||
	    strncmp(path, CHALLENGE, strlen(CHALLENGE)) != 0) {
		evhttp_send_error(req, 404, NULL);
		return;
	}
	body = evbuffer_new();
	evbuffer_add_printf(body, "%s.%s", path + strlen(CHALLENGE),
	    r->load->thumbprints[client]);
	evhttp_send_reply(req, 200, "OK", body);
	evbuffer_free(body);
}

/* The end of the question's name, or 0. */
static size_t
name_end(const uint8_t *q, size_t n)
{
	size_t at = DNS_HEADER;

	while (at < n && q[at] != 0 && q[at] <= 63)
		at += 1u + q[at];
	return at + 5 <= n && q[at] == 0 ? at + 1 : 0;
}

/* A: 127.0.0.1; every other type: no data, with a SOA (RFC 2308). */
static size_t
answer_dns(uint8_t *q, size_t n)
{
	static const uint8_t a[] = { 0xc0, DNS_HEADER, 0, 1, 0, 1, 0, 0, 0, 1,
		0, 4, 127, 0, 0, 1 };
	static const uint8_t soa[] = { 0, 0, 6, 0, 1, 0, 0, 0, 1, 0, 22, 0, 0,
		0, 0, 0, 1, 0, 0, 0, 60, 0, 0, 0, 60, 0, 0, 14, 16, 0, 0, 0,
		0 };
	size_t end = n < DNS_HEADER ? 0 : name_end(q, n);
	bool is_a;

	if (end == 0 || end + 4 + sizeof(soa) > DNS_MAX)
		return 0;
	is_a = q[end] == 0 && q[end + 1] == 1;
	q[2] = (uint8_t)(0x84 | (q[2] & 1));
	q[3] = 0x80;
	memset(q + 4, 0, 8);
	q[5] = 1;
	q[is_a ? 7 : 9] = 1;
	end += 4;
	if (is_a)
		memcpy(q + end, a, sizeof(a));
	else
		memcpy(q + end, soa, sizeof(soa));
	return end + (is_a ? sizeof(a) : sizeof(soa));
}

static void
dns_ready(evutil_socket_t fd, short what, void *arg)
{
	struct sockaddr_storage from;
	socklen_t from_n = sizeof(from);
	uint8_t q[DNS_MAX];
	ssize_t n;

	(void)what;
	(void)arg;
	while ((n = recvfrom(fd, q, sizeof(q), MSG_DONTWAIT,
		    (struct sockaddr *)&from, &from_n)) > 0) {
		size_t reply = answer_dns(q, (size_t)n);

		if (reply > 0)
			sendto(
			    fd, q, reply, 0, (struct sockaddr *)&from, from_n);
		from_n = sizeof(from);
	}
}

static bool
dns_begin(struct responder *r, unsigned port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	r->dns_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(r->dns_fd, (struct sockaddr *)&sa, sizeof(sa)) != 0)
		return false;
	r->dns =
	    event_new(r->base, r->dns_fd, EV_READ | EV_PERSIST, dns_ready, r);
	event_add(r->dns, NULL);
	return true;
}

static void *
responder_main(void *arg)
{
	struct responder *r = arg;

	event_base_loop(r->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

static void
responder_release(struct responder *r)
{
	if (r->http != NULL)
		evhttp_free(r->http);
	if (r->dns != NULL)
		event_free(r->dns);
	if (r->dns_fd >= 0)
		close(r->dns_fd);
	event_base_free(r->base);
	free(r);
}

struct responder *
responder_new(const struct load *load)
{
	const struct load_options *o = load->options;
	struct responder *r = mem_alloc(sizeof(*r));

	evthread_use_pthreads();
	r->load = load;
	r->dns_fd = -1;
	r->base = event_base_new();
	if (o->http_port != 0) {
		r->http = evhttp_new(r->base);
		evhttp_set_gencb(r->http, answer_http, r);
	}
	if ((o->http_port != 0 &&
		evhttp_bind_socket(
		    r->http, "127.0.0.1", (uint16_t)o->http_port) != 0) ||
	    (o->dns_port != 0 && !dns_begin(r, o->dns_port))) {
		perror("acme-load: the responder's port");
		responder_release(r);
		return NULL;
	}
	if (pthread_create(&r->thread, NULL, responder_main, r) != 0)
		abort();
	return r;
}

void
responder_free(struct responder *r)
{
	event_base_loopbreak(r->base);
	pthread_join(r->thread, NULL);
	responder_release(r);
}
