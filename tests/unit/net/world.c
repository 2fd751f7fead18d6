#include <arpa/inet.h>
#include <errno.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>
#include "crypto/own.h"
#include "unit/net/world.h"
#include "util/text.h"

static void
serve_blob(void *ctx, struct http_req *req, struct http_resp *resp)
{
	resp->status = 200;
	resp->blob = blob_ref(*(struct blob **)ctx);
	http_resp_header(resp, "Content-Type", "application/octet-stream");
	http_resp_header(resp, "Replay-Nonce", "abc");
	http_conditional(req, resp, "v1", 784111777);
}

static void
serve_echo(void *ctx, struct http_req *req, struct http_resp *resp)
{
	(void)ctx;
	resp->status = 200;
	resp->body = req->body;
	req->log_note = "echo";
}

static void
serve_slow(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct world *w = ctx;

	(void)req;
	sem_post(&w->entered);
	sem_wait(&w->go);
	resp->status = 200;
	resp->body = bytes_str("slow");
}

static void
serve_secret(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct world *w = ctx;

	(void)req;
	strcpy(w->secret, "a secret");
	resp->status = 200;
	resp->body = bytes_str(w->secret);
	resp->secret = true;
}

/* "loop" is answered here, anything else by /slow's handler. */
static void
serve_first(void *ctx, struct http_req *req, struct http_resp *resp)
{
	if (strcmp(req->capture[0], "loop") != 0) {
		http_hand_on(resp, serve_slow, ctx);
		return;
	}
	resp->status = 200;
	resp->body = bytes_str("first");
}

static void
hold_over(void *ctx, struct http_req *req, struct http_resp *resp)
{
	(void)ctx;
	(void)req;
	resp->status = 200;
	resp->body = bytes_str("second half");
}

static void
serve_hold(void *ctx, struct http_req *req, struct http_resp *resp)
{
	struct world *w = ctx;
	struct http_ticket *t = http_ticket_new(w->waits, "job");

	if (t == NULL) {
		resp->status = 200;
		resp->body = bytes_str("at once");
	} else {
		http_wait(resp, t, atoi(req->capture[0]), hold_over, w);
	}
	sem_post(&w->entered);
}

static void
serve_peer(void *ctx, struct http_req *req, struct http_resp *resp)
{
	(void)ctx;
	resp->status = 200;
	resp->body = bytes_str(http_peer_text(req));
}

static void
serve_cert(void *ctx, struct http_req *req, struct http_resp *resp)
{
	(void)ctx;
	resp->status = 200;
	resp->body = req->client_cert;
}

static void
refuse(void *ctx, struct http_req *req, struct http_resp *resp, int status,
    const char *why)
{
	(void)ctx;
	http_problem(req, resp, status, "urn:x", why);
	http_resp_header(resp, "Replay-Nonce", "refused");
}

#define ALL                                                                    \
	(LISTENER_HTTP | LISTENER_HTTPS | LISTENER_EST | LISTENER_OPS |        \
	    LISTENER_CONTROL)

static void
add_routes(struct world *w)
{
	const struct http_route rows[] = {
		{ HTTP_GET | HTTP_POST, "/blob", serve_blob, &w->blob, ON_LOOP,
		    4096, NULL, ALL, NULL },
		{ HTTP_GET, "/big", serve_blob, &w->big, ON_LOOP, 0, NULL, ALL,
		    NULL },
		{ HTTP_POST, "/echo", serve_echo, w, ON_WORKER, 100000, NULL,
		    ALL, NULL },
		{ HTTP_POST, "/short", serve_echo, w, ON_WORKER, 10,
		    "application/x-test", ALL, refuse },
		{ HTTP_GET, "/slow", serve_slow, w, ON_WORKER, 0, NULL, ALL,
		    refuse },
		{ HTTP_GET, "/hold/{ms}", serve_hold, w, ON_WORKER, 0, NULL,
		    ALL, NULL },
		{ HTTP_GET, "/first/{what}", serve_first, w, ON_LOOP, 0, NULL,
		    ALL, refuse },
		{ HTTP_GET, "/secret", serve_secret, w, ON_WORKER, 0, NULL, ALL,
		    NULL },
		{ HTTP_GET, "/peer", serve_peer, w, ON_WORKER, 0, NULL, ALL,
		    NULL },
		{ HTTP_GET, "/cert", serve_cert, w, ON_WORKER, 0, NULL,
		    LISTENER_EST, NULL },
	};

	w->routes = http_routes_new();
	http_routes_add(w->routes, rows, COUNT_OF(rows));
	http_routes_add_refusal(w->routes, "/x/", refuse, NULL);
}

void
world_init(struct world *w)
{
	*w = (struct world){ .loops = 2, .workers = 4 };
	w->limits = (struct config_limits){ .max_connections = 1000,
		.max_connections_per_address = 1000,
		.max_streams = 100,
		.handshake_timeout = 10,
		.header_timeout = 10,
		.body_timeout = 10,
		.idle_timeout = 10,
		.queue = 100,
		.held_replies = 100 };
}

static void
listen_tcp(struct world *w, unsigned at, enum listener_kind kind)
{
	struct config_listen l = { .kind = kind,
		.address = "[::]:0",
		.sa_len = sizeof(struct sockaddr_in6) };
	char address[NET_ADDRESS_SIZE];
	struct err err = { 0 };

	l.sa.ss_family = AF_INET6;
	w->listeners[at].kind = kind;
	w->listeners[at].tls_min = kind == LISTENER_HTTPS ? 0x0304
	    : kind == LISTENER_EST			  ? 0x0303
							  : 0;
	assert_true(net_listen_open(&l, &w->listeners[at].fd, &err));
	net_listen_address(w->listeners[at].fd, address);
	w->ports[at] = (unsigned)atoi(strrchr(address, ':') + 1);
	assert_int_not_equal(w->ports[at], 0);
}

static void
listen_control(struct world *w)
{
	struct err err = { 0 };

	snprintf(w->control_dir, sizeof(w->control_dir), "/tmp/net-XXXXXX");
	assert_non_null(mkdtemp(w->control_dir));
	snprintf(
	    w->control, sizeof(w->control), "%s/control.sock", w->control_dir);
	w->listeners[PORT_CONTROL].kind = LISTENER_CONTROL;
	assert_true(
	    net_listen_unix(w->control, &w->listeners[PORT_CONTROL].fd, &err));
}

void
world_start(struct world *w)
{
	AUTO_BUF chain = { 0 }, key = { 0 };
	struct net_settings s = { .loops = w->loops,
		.workers = w->workers,
		.limits = &w->limits,
		.listeners = w->listeners,
		.listeners_n = PORTS,
		.trusted_proxies = &w->cidrs,
		.clock = clock_system(0) };
	struct err err = { 0 };
	uint8_t *big = mem_alloc(BIG_BODY);

	sem_init(&w->entered, 0, 0);
	sem_init(&w->go, 0, 0);
	for (size_t i = 0; i < BIG_BODY; i++)
		big[i] = (uint8_t)(i * 31 + i / 4096);
	w->big = blob_new(bytes_of(big, BIG_BODY));
	w->blob = blob_new(bytes_of(big, 100));
	free(big);
	if (w->proxies != NULL) {
		assert_true(config_cidr_parse(w->proxies, &w->cidr, &err));
		w->cidrs = (struct config_cidrs){ &w->cidr, 1 };
	}
	add_routes(w);
	w->waits = http_waits_new((size_t)w->limits.held_replies);
	s.routes = w->routes;
	s.waits = w->waits;
	listen_tcp(w, PORT_HTTP, LISTENER_HTTP);
	listen_tcp(w, PORT_HTTPS, LISTENER_HTTPS);
	listen_tcp(w, PORT_EST, LISTENER_EST);
	listen_tcp(w, PORT_OPS, LISTENER_OPS);
	listen_control(w);
	world_certificate("first", &chain, &key);
	w->net = net_new(&s, &err);
	assert_non_null(w->net);
	assert_true(
	    net_set_tls(w->net, buf_bytes(&chain), buf_bytes(&key), &err));
	assert_true(net_start(w->net, &err));
}

void
world_stop(struct world *w)
{
	net_free(w->net);
	for (unsigned i = 0; i < PORTS; i++)
		close(w->listeners[i].fd);
	unlink(w->control);
	rmdir(w->control_dir);
	http_waits_free(w->waits);
	http_routes_free(w->routes);
	blob_unref(w->blob);
	blob_unref(w->big);
	sem_destroy(&w->entered);
	sem_destroy(&w->go);
}

struct world world;

int
world_setup(void **state)
{
	(void)state;
	world_init(&world);
	world_start(&world);
	return 0;
}

int
world_teardown(void **state)
{
	(void)state;
	world_stop(&world);
	return 0;
}

void
world_certificate(const char *name, struct buf *chain, struct buf *key)
{
	AUTO(EVP_PKEY) *k = EVP_EC_gen("P-256");
	AUTO(X509) *c = X509_new();
	AUTO(BIO) *b = BIO_new(BIO_s_mem());
	X509_NAME *subject = X509_get_subject_name(c);
	const char *p;
	long n;

	assert_int_equal(X509_set_version(c, X509_VERSION_3), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
	X509_gmtime_adj(X509_getm_notBefore(c), -3600);
	X509_gmtime_adj(X509_getm_notAfter(c), 86400);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(c, subject);
	X509_set_pubkey(c, k);
	assert_int_not_equal(X509_sign(c, k, EVP_sha256()), 0);
	assert_int_equal(PEM_write_bio_X509(b, c), 1);
	n = BIO_get_mem_data(b, &p);
	buf_add(chain, p, (size_t)n);
	(void)BIO_reset(b);
	assert_int_equal(
	    PEM_write_bio_PKCS8PrivateKey(b, k, NULL, NULL, 0, NULL, NULL), 1);
	n = BIO_get_mem_data(b, &p);
	buf_add(key, p, (size_t)n);
}

struct net_stats
world_stats(struct world *w)
{
	struct net_stats s;

	net_stats(w->net, &s);
	return s;
}

static void
be_patient(int fd)
{
	const struct timeval tv = { .tv_sec = 10 };

	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)), 0);
}

int
client_open(unsigned port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	be_patient(fd);
	assert_int_equal(
	    connect(fd, (const struct sockaddr *)&sin, sizeof(sin)), 0);
	return fd;
}

int
client_open_unix(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	be_patient(fd);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	assert_int_equal(
	    connect(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

void
client_send(int fd, struct bytes data)
{
	while (data.n > 0) {
		ssize_t n = send(fd, data.p, data.n, MSG_NOSIGNAL);

		/* A server that has enough may reset: the reader sees it. */
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return;
		assert_true(n > 0);
		data.p += n;
		data.n -= (size_t)n;
	}
}

static bool
more(struct reader *r)
{
	uint8_t b[16384];
	ssize_t n = recv(r->fd, b, sizeof(b), 0);

	if (n < 0 && errno != ECONNRESET)
		fail_msg("no answer within ten seconds");
	if (n <= 0)
		return false;
	buf_add(&r->ahead, b, (size_t)n);
	return true;
}

void
client_read(struct reader *r, bool is_head, struct answer *a)
{
	const uint8_t *end;
	const char *length;
	size_t n = 0;

	a->status = 0;
	a->head.n = a->body.n = 0;
	while (r->ahead.n < 4 ||
	    (end = memmem(r->ahead.p, r->ahead.n, "\r\n\r\n", 4)) == NULL)
		if (!more(r))
			return;
	buf_add(&a->head, r->ahead.p, (size_t)(end + 4 - r->ahead.p));
	buf_drop(&r->ahead, a->head.n);
	assert_int_equal(
	    sscanf(buf_cstr(&a->head), "HTTP/1.1 %d ", &a->status), 1);
	length = answer_field(a, "Content-Length");
	if (length != NULL && !is_head)
		n = (size_t)atol(length);
	while (r->ahead.n < n)
		if (!more(r)) {
			a->status = 0;
			return;
		}
	buf_add(&a->body, r->ahead.p, n);
	buf_drop(&r->ahead, n);
}

void
reader_close(struct reader *r)
{
	close(r->fd);
	buf_free(&r->ahead);
}

void
answer_free(struct answer *a)
{
	buf_free(&a->head);
	buf_free(&a->body);
}

const char *
answer_field(const struct answer *a, const char *name)
{
	static char value[256];
	char want[64];
	const char *at, *end;
	int n = snprintf(want, sizeof(want), "\r\n%s: ", name);

	at = memmem(a->head.p, a->head.n, want, (size_t)n);
	if (at == NULL)
		return NULL;
	at += n;
	end = strstr(at, "\r\n");
	snprintf(value, sizeof(value), "%.*s", (int)(end - at), at);
	return value;
}

void
client_expect_end(int fd)
{
	uint8_t b[16384];
	ssize_t n;

	while ((n = recv(fd, b, sizeof(b), 0)) > 0)
		continue;
	if (n < 0 && errno != ECONNRESET)
		fail_msg("the connection did not end");
}

int
client_ask(unsigned port, const char *text, struct answer *a)
{
	struct reader r = { .fd = client_open(port) };

	client_say(r.fd, text);
	client_read(&r, false, a);
	reader_close(&r);
	return a->status;
}
