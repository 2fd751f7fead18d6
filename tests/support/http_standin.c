#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/http_standin.h"

#define MAX_RULES 32u
#define MAX_CONNECTIONS 512u
#define MAX_BODY (1u << 20)

struct rule {
	char prefix[256];
	enum http_manner manner;
	char *text;
};

struct http_standin {
	int listener, stop;
	unsigned port;
	struct tls_standin tls;
	SSL_CTX *ctx;
	pthread_t thread;
	pthread_t connections[MAX_CONNECTIONS];
	size_t connections_n;
	atomic_bool stopping;
	pthread_mutex_t lock;
	struct rule rules[MAX_RULES];
	size_t rules_n;
	unsigned requests;
	char last[2048], sni[256];
	char *body;
	size_t body_n;
};

struct conn {
	struct http_standin *server;
	int fd;
	SSL *ssl;
};

static bool
conn_send(struct conn *c, const char *p, size_t n)
{
	if (c->ssl != NULL)
		return n == 0 || SSL_write(c->ssl, p, (int)n) > 0;
	return send(c->fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static ssize_t
conn_recv(struct conn *c, char *p, size_t n)
{
	if (c->ssl != NULL)
		return SSL_read(c->ssl, p, (int)n);
	return recv(c->fd, p, n, 0);
}

/* Waits until the peer or the test ends it. */
static void
conn_wait(struct conn *c, int ms)
{
	struct pollfd fds[2] = { { .fd = c->fd, .events = POLLRDHUP },
		{ .fd = c->server->stop, .events = POLLIN } };

	poll(fds, 2, ms);
}

static bool
conn_gone(struct conn *c)
{
	struct pollfd fd = { .fd = c->fd, .events = POLLRDHUP };

	return atomic_load(&c->server->stopping) ||
	    (poll(&fd, 1, 0) > 0 &&
		(fd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0);
}

static struct rule
rule_of(struct http_standin *s, const char *head)
{
	struct rule found = { .manner = HTTP_HANGS_UP };
	const char *target = strchr(head, ' ');

	pthread_mutex_lock(&s->lock);
	s->requests++;
	snprintf(s->last, sizeof(s->last), "%s", head);
	for (size_t i = s->rules_n; target != NULL && i-- > 0;) {
		const char *prefix = s->rules[i].prefix;

		if (strncmp(target + 1, prefix, strlen(prefix)) == 0) {
			found = s->rules[i];
			break;
		}
	}
	pthread_mutex_unlock(&s->lock);
	return found;
}

static bool
relay(int from, int to)
{
	char octets[4096];
	ssize_t n = recv(from, octets, sizeof(octets), 0);

	return n > 0 && send(to, octets, (size_t)n, MSG_NOSIGNAL) == n;
}

/* Until one of the three ends it. */
static void
tunnel(struct conn *c, unsigned port)
{
	static const char established[] =
	    "HTTP/1.1 200 Connection established\r\n\r\n";
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd fds[3] = { { .fd = c->fd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
		{ .fd = c->server->stop, .events = POLLIN } };
	bool open = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	    conn_send(c, established, sizeof(established) - 1);

	while (open && poll(fds, 3, -1) > 0 && fds[2].revents == 0) {
		if (fds[0].revents != 0)
			open = relay(c->fd, fd);
		if (open && fds[1].revents != 0)
			open = relay(fd, c->fd);
	}
	close(fd);
}

static void
answer(struct conn *c, const struct rule *r)
{
	static const char flood[4096];

	switch (r->manner) {
	case HTTP_SENDS:
		conn_send(c, r->text, strlen(r->text));
		break;
	case HTTP_DRIPS:
		conn_send(c, r->text, strlen(r->text));
		while (!conn_gone(c) && conn_send(c, "x", 1))
			conn_wait(c, 20);
		break;
	case HTTP_FLOODS:
		conn_send(c, r->text, strlen(r->text));
		while (!conn_gone(c) && conn_send(c, flood, sizeof(flood)))
			continue;
		break;
	case HTTP_IS_SILENT:
		conn_wait(c, -1);
		break;
	case HTTP_HANGS_UP:
		break;
	case HTTP_TUNNELS:
		tunnel(c, (unsigned)strtoul(r->text, NULL, 10));
		break;
	}
}

static bool
handshake(struct conn *c)
{
	if (c->server->ctx == NULL)
		return true;
	if (c->server->tls.silent) {
		conn_wait(c, -1);
		return false;
	}
	c->ssl = SSL_new(c->server->ctx);
	SSL_set_fd(c->ssl, c->fd);
	return SSL_accept(c->ssl) == 1;
}

/* What is said to follow the head; the beginning is behind it already. */
static void
body_read(struct conn *c, const char *head, size_t head_n)
{
	struct http_standin *s = c->server;
	const char *end = strstr(head, "\r\n\r\n") + 4;
	const char *length = strcasestr(head, "\r\ncontent-length:");
	size_t want = length == NULL ? 0 : strtoul(length + 17, NULL, 10);
	size_t n = head_n - (size_t)(end - head);
	char *body;

	if (want == 0 || want > MAX_BODY || n > want)
		return;
	body = calloc(1, want);
	memcpy(body, end, n);
	while (n < want) {
		ssize_t r = conn_recv(c, body + n, want - n);

		if (r <= 0)
			break;
		n += (size_t)r;
	}
	pthread_mutex_lock(&s->lock);
	free(s->body);
	s->body = body;
	s->body_n = n;
	pthread_mutex_unlock(&s->lock);
}

static void *
conn_main(void *arg)
{
	struct conn *c = arg;
	char head[2048];
	size_t n = 0;
	bool whole = false;

	if (handshake(c)) {
		while (!whole && n + 1 < sizeof(head)) {
			ssize_t r =
			    conn_recv(c, head + n, sizeof(head) - 1 - n);

			if (r <= 0)
				break;
			n += (size_t)r;
			head[n] = '\0';
			if (head[0] == 0x16) {
				/* A TLS hello where clear text is spoken. */
				conn_send(c, "HTTP/1.1 400 No\r\n\r\n", 19);
				break;
			}
			whole = strstr(head, "\r\n\r\n") != NULL;
		}
		if (whole) {
			struct rule r;

			body_read(c, head, n);
			r = rule_of(c->server, head);
			answer(c, &r);
			if (c->ssl != NULL)
				SSL_shutdown(c->ssl);
		}
	}
	SSL_free(c->ssl);
	close(c->fd);
	free(c);
	return NULL;
}

static void *
thread_main(void *arg)
{
	struct http_standin *s = arg;
	struct pollfd fds[2] = { { .fd = s->listener, .events = POLLIN },
		{ .fd = s->stop, .events = POLLIN } };

	while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
		struct conn *c = calloc(1, sizeof(*c));

		c->server = s;
		c->fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
		if (s->connections_n == MAX_CONNECTIONS)
			abort();
		pthread_create(
		    &s->connections[s->connections_n++], NULL, conn_main, c);
	}
	return NULL;
}

static int
alpn_choose(SSL *ssl, const unsigned char **out, unsigned char *out_n,
    const unsigned char *in, unsigned in_n, void *arg)
{
	struct http_standin *s = arg;
	size_t n = s->tls.alpn == NULL ? 0 : strlen(s->tls.alpn);

	(void)ssl;
	if (s->tls.refuse_alpn)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	for (unsigned i = 0; n > 0 && i + n < in_n; i += 1u + in[i])
		if (in[i] == n && memcmp(in + i + 1, s->tls.alpn, n) == 0) {
			*out = in + i + 1;
			*out_n = (unsigned char)n;
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_NOACK;
}

/* While the hello is read: the client may be done before the server is. */
static int
name_take(SSL *ssl, int *alert, void *arg)
{
	struct http_standin *s = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	pthread_mutex_lock(&s->lock);
	snprintf(s->sni, sizeof(s->sni), "%s", name == NULL ? "" : name);
	pthread_mutex_unlock(&s->lock);
	return SSL_TLSEXT_ERR_OK;
}

static void
tls_certificate(EVP_PKEY **out_key, X509 **out)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"stand-in", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	*out_key = key;
	*out = cert;
}

static void
tls_begin(struct http_standin *s)
{
	EVP_PKEY *key = s->tls.key;
	X509 *cert = s->tls.cert;

	if (key == NULL) {
		tls_certificate(&key, &cert);
	} else {
		EVP_PKEY_up_ref(key);
		X509_up_ref(cert);
	}
	s->ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(s->ctx, cert);
	SSL_CTX_use_PrivateKey(s->ctx, key);
	SSL_CTX_set_tlsext_servername_callback(s->ctx, name_take);
	SSL_CTX_set_tlsext_servername_arg(s->ctx, s);
	SSL_CTX_set_alpn_select_cb(s->ctx, alpn_choose, s);
	if (s->tls.tls11) {
		SSL_CTX_set_security_level(s->ctx, 0);
		SSL_CTX_set_min_proto_version(s->ctx, TLS1_VERSION);
		SSL_CTX_set_max_proto_version(s->ctx, TLS1_1_VERSION);
	}
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
listen_on(struct http_standin *s, const char *address, unsigned port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port) };
	bool v6 = strchr(address, ':') != NULL;
	socklen_t n = v6 ? sizeof(in6) : sizeof(in);
	struct sockaddr *sa =
	    v6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in;
	int one = 1;

	if (v6)
		inet_pton(AF_INET6, address, &in6.sin6_addr);
	else
		inet_pton(AF_INET, address, &in.sin_addr);
	s->listener =
	    socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(s->listener, sa, n) != 0 || listen(s->listener, 64) != 0) {
		perror("http_standin");
		abort();
	}
	getsockname(s->listener, sa, &n);
	s->port = ntohs(v6 ? in6.sin6_port : in.sin_port);
}

struct http_standin *
http_standin_new(
    const char *address, unsigned port, const struct tls_standin *tls)
{
	struct http_standin *s = calloc(1, sizeof(*s));

	listen_on(s, address, port);
	s->stop = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&s->lock, NULL);
	if (tls != NULL) {
		s->tls = *tls;
		tls_begin(s);
	}
	pthread_create(&s->thread, NULL, thread_main, s);
	return s;
}

void
http_standin_free(struct http_standin *s)
{
	if (s == NULL)
		return;
	atomic_store(&s->stopping, true);
	if (eventfd_write(s->stop, 1) != 0)
		abort();
	pthread_join(s->thread, NULL);
	for (size_t i = 0; i < s->connections_n; i++)
		pthread_join(s->connections[i], NULL);
	for (size_t i = 0; i < s->rules_n; i++)
		free(s->rules[i].text);
	close(s->listener);
	close(s->stop);
	SSL_CTX_free(s->ctx);
	pthread_mutex_destroy(&s->lock);
	free(s->body);
	free(s);
}

unsigned
http_standin_port(const struct http_standin *s)
{
	return s->port;
}

void
http_standin_on(struct http_standin *s, const char *prefix,
    enum http_manner manner, const char *text)
{
	struct rule *r;

	pthread_mutex_lock(&s->lock);
	if (s->rules_n == MAX_RULES)
		abort();
	r = &s->rules[s->rules_n++];
	snprintf(r->prefix, sizeof(r->prefix), "%s", prefix);
	r->manner = manner;
	r->text = strdup(text);
	pthread_mutex_unlock(&s->lock);
}

unsigned
http_standin_requests(struct http_standin *s)
{
	unsigned n;

	pthread_mutex_lock(&s->lock);
	n = s->requests;
	pthread_mutex_unlock(&s->lock);
	return n;
}

void
http_standin_last(struct http_standin *s, char *out, size_t n)
{
	pthread_mutex_lock(&s->lock);
	snprintf(out, n, "%s", s->last);
	pthread_mutex_unlock(&s->lock);
}

void
http_standin_sni(struct http_standin *s, char *out, size_t n)
{
	pthread_mutex_lock(&s->lock);
	snprintf(out, n, "%s", s->sni);
	pthread_mutex_unlock(&s->lock);
}

size_t
http_standin_body(struct http_standin *s, char *out, size_t n)
{
	pthread_mutex_lock(&s->lock);
	n = s->body_n < n ? s->body_n : n - 1;
	if (n > 0)
		memcpy(out, s->body, n);
	out[n] = '\0';
	pthread_mutex_unlock(&s->lock);
	return n;
}

size_t
http_standin_certificate(struct http_standin *s, unsigned char *out, size_t n)
{
	unsigned char *p = out;
	int len = i2d_X509(SSL_CTX_get0_certificate(s->ctx), NULL);

	if (len <= 0 || (size_t)len > n)
		return 0;
	i2d_X509(SSL_CTX_get0_certificate(s->ctx), &p);
	return (size_t)len;
}
