/*
 * The net layer alone, for benchmarks: one blob of the size of an OCSP answer,
 * served on the loop ("/blob") and by a worker ("/worker"), over plain HTTP and
 * TLS on ports of 127.0.0.1 that it chooses and prints as a line of JSON.
 *
 *	bench_http_server [--size N] [--loops N] [--workers N]
 *
 * Ends at the end of its standard input.
 */
#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "crypto/own.h"
#include "net/net.h"
#include "util/text.h"

static struct blob *blob;

static void
serve_blob(void *ctx, struct http_req *req, struct http_resp *resp)
{
	(void)ctx;
	(void)req;
	resp->status = 200;
	resp->blob = blob_ref(blob);
	http_resp_header(resp, "Content-Type", "application/ocsp-response");
	http_resp_header(resp, "Cache-Control",
	    "max-age=86400, public, no-transform, must-revalidate");
	http_resp_header(resp, "ETag", "\"0123456789abcdef\"");
	http_resp_header(
	    resp, "Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
}

static const struct http_route routes[] = {
	{ HTTP_GET | HTTP_POST, "/blob", serve_blob, NULL, ON_LOOP, 4096, NULL,
	    LISTENER_HTTP | LISTENER_HTTPS, NULL },
	{ HTTP_GET | HTTP_POST, "/worker", serve_blob, NULL, ON_WORKER, 65536,
	    NULL, LISTENER_HTTP | LISTENER_HTTPS, NULL },
};

/* A self-signed P-256 certificate, which is what `chancery init` makes. */
static bool
make_certificate(struct buf *chain, struct buf *key)
{
	AUTO(EVP_PKEY) *k = EVP_EC_gen("P-256");
	AUTO(X509) *c = X509_new();
	AUTO(BIO) *b = BIO_new(BIO_s_mem());
	X509_NAME *name = X509_get_subject_name(c);
	const char *p;
	long n;

	if (k == NULL || c == NULL || b == NULL ||
	    X509_set_version(c, X509_VERSION_3) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(c), 1) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(c), -3600) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(c), 86400) == NULL ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		(const unsigned char *)"localhost", -1, -1, 0) != 1 ||
	    X509_set_issuer_name(c, name) != 1 || X509_set_pubkey(c, k) != 1 ||
	    X509_sign(c, k, EVP_sha256()) == 0 || PEM_write_bio_X509(b, c) != 1)
		return false;
	n = BIO_get_mem_data(b, &p);
	buf_add(chain, p, (size_t)n);
	if (BIO_reset(b) != 1 ||
	    PEM_write_bio_PKCS8PrivateKey(b, k, NULL, NULL, 0, NULL, NULL) != 1)
		return false;
	n = BIO_get_mem_data(b, &p);
	buf_add(key, p, (size_t)n);
	return true;
}

static bool
open_listener(enum listener_kind kind, struct net_listener *l, struct err *err)
{
	struct config_listen c = { .kind = kind,
		.address = "127.0.0.1:0",
		.sa_len = sizeof(struct sockaddr_in) };
	struct sockaddr_in *sin = (struct sockaddr_in *)&c.sa;

	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	l->kind = kind;
	l->tls_min = kind == LISTENER_HTTPS ? 0x0304 : 0;
	return net_listen_open(&c, &l->fd, err);
}

static bool
run(struct net_settings *s, struct err *err)
{
	AUTO_BUF chain = { 0 }, key = { 0 };
	char http[NET_ADDRESS_SIZE], https[NET_ADDRESS_SIZE], line[64];
	struct net_listener l[2] = { 0 };
	struct net *n;

	if (!make_certificate(&chain, &key))
		return fail_ossl(err, ERR_INTERNAL, "no certificate");
	if (!open_listener(LISTENER_HTTP, &l[0], err) ||
	    !open_listener(LISTENER_HTTPS, &l[1], err))
		return false;
	s->listeners = l;
	s->listeners_n = COUNT_OF(l);
	n = net_new(s, err);
	if (n == NULL ||
	    !net_set_tls(n, buf_bytes(&chain), buf_bytes(&key), err) ||
	    !net_start(n, err))
		return false;
	net_listen_address(l[0].fd, http);
	net_listen_address(l[1].fd, https);
	printf("{\"pid\": %ld, \"http\": \"%s\", \"https\": \"%s\"}\n",
	    (long)getpid(), http, https);
	fflush(stdout);
	while (read(0, line, sizeof(line)) > 0)
		continue;
	net_drain(n, 1000);
	net_free(n);
	close(l[0].fd);
	close(l[1].fd);
	return true;
}

static int64_t
number(const char *text)
{
	struct err err = { 0 };
	int64_t v;

	if (!text_parse_int(text, 1, 1 << 26, &v, &err)) {
		fprintf(stderr, "%s\n", err.shown);
		exit(2);
	}
	return v;
}

int
main(int argc, char **argv)
{
	const struct config_limits limits = { .max_connections = 100000,
		.max_connections_per_address = 100000,
		.max_streams = 256,
		.handshake_timeout = 10,
		.header_timeout = 10,
		.body_timeout = 30,
		.idle_timeout = 75,
		.queue = 4096,
		.held_replies = 1000 };
	struct net_settings s = { .loops = 1,
		.workers = 4,
		.limits = &limits,
		.clock = clock_system(0) };
	struct http_routes *r = http_routes_new();
	struct err err = { 0 };
	int64_t size = 1024;
	bool ok;

	log_init(LOG_JSON, LOG_WARN, "bench");
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--size") == 0)
			size = number(argv[i + 1]);
		else if (strcmp(argv[i], "--loops") == 0)
			s.loops = (unsigned)number(argv[i + 1]);
		else if (strcmp(argv[i], "--workers") == 0)
			s.workers = (unsigned)number(argv[i + 1]);
	}
	uint8_t *p = mem_alloc((size_t)size);

	memset(p, 'x', (size_t)size);
	blob = blob_new(bytes_of(p, (size_t)size));
	free(p);
	http_routes_add(r, routes, COUNT_OF(routes));
	s.routes = r;
	s.waits = http_waits_new(1000);
	ok = run(&s, &err);
	if (!ok)
		log_err(LOG_ERROR, "bench_server_failed", &err);
	http_waits_free(s.waits);
	http_routes_free(r);
	blob_unref(blob);
	return ok ? 0 : 1;
}
