/* TLS against a live server: versions, ALPN, renewal, resumption. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "crypto/own.h"
#include "unit/net/world.h"

static SSL_CTX *
client_context(int max_version, const char *alpn)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	assert_non_null(ctx);
	SSL_CTX_set_max_proto_version(ctx, max_version);
	if (alpn != NULL)
		assert_int_equal(
		    SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)alpn,
			(unsigned)strlen(alpn)),
		    0);
	return ctx;
}

/* NULL when the handshake fails. */
static SSL *
tls_open(SSL_CTX *ctx, unsigned port, SSL_SESSION *session)
{
	SSL *ssl = SSL_new(ctx);

	SSL_set_fd(ssl, client_open(port));
	if (session != NULL)
		SSL_set_session(ssl, session);
	if (SSL_connect(ssl) == 1)
		return ssl;
	ERR_clear_error();
	close(SSL_get_fd(ssl));
	SSL_free(ssl);
	return NULL;
}

static void
tls_close(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);

	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
}

/* The whole answer of one short request. */
static void
tls_ask(SSL *ssl, const char *path, struct buf *out)
{
	char text[128];
	int n = snprintf(
	    text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
	const char *body = NULL;

	out->n = 0;
	assert_int_equal(SSL_write(ssl, text, n), n);
	for (;;) {
		uint8_t b[16384];
		const char *length;

		n = SSL_read(ssl, b, sizeof(b));
		if (n <= 0)
			fail_msg("no answer over TLS");
		buf_add(out, b, (size_t)n);
		body = strstr(buf_cstr(out), "\r\n\r\n");
		length = strstr((const char *)out->p, "Content-Length: ");
		if (body != NULL && length != NULL &&
		    out->n - (size_t)(body + 4 - (const char *)out->p) >=
			(size_t)atol(length + 16))
			return;
	}
}

static void
peer_name(SSL *ssl, char *out, int n)
{
	AUTO(X509) *c = SSL_get1_peer_certificate(ssl);

	assert_non_null(c);
	X509_NAME_get_text_by_NID(
	    X509_get_subject_name(c), NID_commonName, out, n);
}

static void
versions(void **state)
{
	static const struct {
		unsigned port;
		int version;
		bool ok;
	} rows[] = {
		{ PORT_HTTPS, TLS1_3_VERSION, true },
		{ PORT_HTTPS, TLS1_2_VERSION, false },
		{ PORT_EST, TLS1_3_VERSION, true },
		{ PORT_EST, TLS1_2_VERSION, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(SSL_CTX) *ctx = client_context(rows[i].version, NULL);
		SSL *ssl = tls_open(ctx, world.ports[rows[i].port], NULL);
		AUTO_BUF b = { 0 };

		assert_int_equal(ssl != NULL, rows[i].ok);
		if (ssl == NULL)
			continue;
		assert_int_equal(SSL_version(ssl), rows[i].version);
		tls_ask(ssl, "/blob", &b);
		tls_close(ssl);
	}
}

static void
application_protocols(void **state)
{
	static const struct {
		unsigned port;
		const char *offered, *chosen;
	} rows[] = {
		{ PORT_HTTPS, "\x02h2\x08http/1.1", "h2" },
		{ PORT_HTTPS, "\x08http/1.1\x02h2", "h2" },
		{ PORT_HTTPS, "\x08http/1.1", "http/1.1" },
		{ PORT_HTTPS,
		    "\x0a"
		    "acme-tls/1",
		    NULL },
		{ PORT_EST, "\x02h2\x08http/1.1", "http/1.1" },
		{ PORT_EST, "\x02h2", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(SSL_CTX) *ctx =
		    client_context(TLS1_3_VERSION, rows[i].offered);
		SSL *ssl = tls_open(ctx, world.ports[rows[i].port], NULL);
		const unsigned char *name;
		unsigned n;

		if (rows[i].chosen == NULL) {
			assert_null(ssl);
			continue;
		}
		assert_non_null(ssl);
		SSL_get0_alpn_selected(ssl, &name, &n);
		assert_true(bytes_is(bytes_of(name, n), rows[i].chosen));
		tls_close(ssl);
	}
}

static void
large_answers_and_many_records(void **state)
{
	AUTO(SSL_CTX) *ctx = client_context(TLS1_3_VERSION, NULL);
	SSL *ssl = tls_open(ctx, world.ports[PORT_HTTPS], NULL);
	AUTO_BUF b = { 0 };

	(void)state;
	assert_non_null(ssl);
	for (int i = 0; i < 2; i++) {
		tls_ask(ssl, "/big", &b);
		assert_true(
		    bytes_equal(bytes_of(b.p + b.n - BIG_BODY, BIG_BODY),
			blob_bytes(world.big)));
		tls_ask(ssl, "/blob", &b);
	}
	tls_close(ssl);
}

/* Old connections go on, new ones get the new certificate; a wrong key changes
 * nothing. */
static void
a_renewed_certificate_drops_no_connection(void **state)
{
	AUTO(SSL_CTX) *ctx = client_context(TLS1_3_VERSION, NULL);
	SSL *old = tls_open(ctx, world.ports[PORT_HTTPS], NULL), *new;
	AUTO_BUF chain = { 0 }, key = { 0 }, other = { 0 }, b = { 0 };
	struct err err = { 0 };
	char name[64];

	(void)state;
	assert_non_null(old);
	peer_name(old, name, sizeof(name));
	assert_string_equal(name, "first");
	world_certificate("second", &chain, &key);
	assert_true(
	    net_set_tls(world.net, buf_bytes(&chain), buf_bytes(&key), &err));
	tls_ask(old, "/blob", &b);
	tls_close(old);
	new = tls_open(ctx, world.ports[PORT_HTTPS], NULL);
	peer_name(new, name, sizeof(name));
	assert_string_equal(name, "second");
	tls_close(new);

	chain.n = 0;
	world_certificate("third", &chain, &other);
	assert_false(
	    net_set_tls(world.net, buf_bytes(&chain), buf_bytes(&key), &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	err_clear(&err);
	assert_false(
	    net_set_tls(world.net, bytes_str("junk"), buf_bytes(&key), &err));
	new = tls_open(ctx, world.ports[PORT_HTTPS], NULL);
	peer_name(new, name, sizeof(name));
	assert_string_equal(name, "second");
	tls_close(new);
}

/* Ticket keys are shared: any loop takes a session that another one made. */
static void
sessions_resume_on_any_loop(void **state)
{
	AUTO(SSL_CTX) *ctx = client_context(TLS1_3_VERSION, NULL);
	SSL *ssl = tls_open(ctx, world.ports[PORT_HTTPS], NULL);
	SSL_SESSION *session;
	AUTO_BUF b = { 0 };

	(void)state;
	tls_ask(ssl, "/blob", &b);
	session = SSL_get1_session(ssl);
	assert_true(SSL_SESSION_has_ticket(session));
	tls_close(ssl);
	for (int i = 0; i < 16; i++) {
		ssl = tls_open(ctx, world.ports[PORT_HTTPS], session);
		assert_non_null(ssl);
		assert_int_equal(SSL_session_reused(ssl), 1);
		tls_close(ssl);
	}
	SSL_SESSION_free(session);
	/* EST needs the full handshake each time. */
	ssl = tls_open(ctx, world.ports[PORT_EST], NULL);
	tls_ask(ssl, "/blob", &b);
	session = SSL_get1_session(ssl);
	assert_false(SSL_SESSION_has_ticket(session));
	SSL_SESSION_free(session);
	tls_close(ssl);
}

static void
est_asks_for_a_certificate(void **state)
{
	AUTO_BUF chain = { 0 }, key = { 0 }, b = { 0 };
	AUTO(SSL_CTX) *ctx = client_context(TLS1_3_VERSION, NULL);
	AUTO(BIO) *cb = NULL, *kb = NULL;
	AUTO(X509) *cert = NULL;
	AUTO(EVP_PKEY) *k = NULL;
	unsigned char *der = NULL;
	SSL *ssl;
	int n;

	(void)state;
	ssl = tls_open(ctx, world.ports[PORT_EST], NULL);
	tls_ask(ssl, "/cert", &b);
	assert_non_null(strstr(buf_cstr(&b), "Content-Length: 0\r\n"));
	tls_close(ssl);
	world_certificate("client", &chain, &key);
	cb = BIO_new_mem_buf(chain.p, (int)chain.n);
	kb = BIO_new_mem_buf(key.p, (int)key.n);
	cert = PEM_read_bio_X509(cb, NULL, NULL, NULL);
	k = PEM_read_bio_PrivateKey(kb, NULL, NULL, NULL);
	assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, k), 1);
	ssl = tls_open(ctx, world.ports[PORT_EST], NULL);
	tls_ask(ssl, "/cert", &b);
	n = i2d_X509(cert, &der);
	assert_true(n > 0 && (size_t)n < b.n);
	assert_memory_equal(b.p + b.n - n, der, (size_t)n);
	OPENSSL_free(der);
	tls_close(ssl);
}

static void
garbage_is_no_handshake(void **state)
{
	int fd = client_open(world.ports[PORT_HTTPS]);
	uint64_t failed = world_stats(&world).tls_failed;

	(void)state;
	client_say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect_end(fd);
	close(fd);
	assert_int_equal(world_stats(&world).tls_failed, failed + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test(application_protocols),
		cmocka_unit_test(large_answers_and_many_records),
		cmocka_unit_test(a_renewed_certificate_drops_no_connection),
		cmocka_unit_test(sessions_resume_on_any_loop),
		cmocka_unit_test(est_asks_for_a_certificate),
		cmocka_unit_test(garbage_is_no_handshake),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
