#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include "crypto/own.h"
#include "net/tls.h"

/* The groups with fast code; P-384 costs eight times as much (limits, 3.8). */
#define TLS_GROUPS "X25519:P-256"
#define TLS12_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
#define MAX_CHAIN 10

/* Listener kinds differ in one bit of state: what ALPN may choose. */
static uint8_t h1_only;

/* RFC 7301 section 3.2: the server's preference; none in common is fatal. */
static int
alpn_select(SSL *ssl, const unsigned char **out, unsigned char *out_n,
    const unsigned char *in, unsigned int in_n, void *arg)
{
	static const unsigned char both[] = "\x02h2\x08http/1.1";
	const unsigned char *ours = both;
	unsigned int ours_n = sizeof(both) - 1;
	unsigned char *chosen;

	(void)arg;
	if (SSL_get_app_data(ssl) == &h1_only) {
		ours += 3;
		ours_n -= 3;
	}
	if (SSL_select_next_proto(&chosen, out_n, ours, ours_n, in, in_n) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static bool
read_chain(
    OSSL_LIB_CTX *libctx, struct bytes pem, SSL_CTX *ctx, struct err *err)
{
	AUTO(BIO) *bio = BIO_new_mem_buf(pem.p, (int)pem.n);

	for (int i = 0; i <= MAX_CHAIN; i++) {
		AUTO(X509) *c = X509_new_ex(libctx, NULL);

		if (bio == NULL || c == NULL)
			return fail_ossl(err, ERR_INTERNAL,
			    "no memory for the TLS certificate");
		if (PEM_read_bio_X509(bio, &c, NULL, NULL) == NULL) {
			if (i == 0)
				return fail_ossl(err, ERR_CONFIG,
				    "the TLS certificate is not PEM");
			ERR_clear_error();
			return true;
		}
		if (i == 0 ? SSL_CTX_use_certificate(ctx, c) != 1
			   : SSL_CTX_add1_chain_cert(ctx, c) != 1)
			return fail_ossl(err, ERR_CONFIG,
			    "OpenSSL refuses TLS certificate %d", i + 1);
	}
	return fail(err, ERR_CONFIG,
	    "the TLS certificate file has more than %d certificates",
	    MAX_CHAIN);
}

static bool
read_key(OSSL_LIB_CTX *libctx, struct bytes key, SSL_CTX *ctx, struct err *err)
{
	AUTO(BIO) *bio = BIO_new_mem_buf(key.p, (int)key.n);
	const unsigned char *p = key.p;
	/* An empty passphrase, so that no library ever prompts. */
	char none[] = "";
	AUTO(EVP_PKEY) *k = NULL;

	if (bio != NULL && key.n > 5 && memcmp(key.p, "-----", 5) == 0)
		k = PEM_read_bio_PrivateKey_ex(
		    bio, NULL, NULL, none, libctx, NULL);
	else
		k = d2i_AutoPrivateKey_ex(NULL, &p, (long)key.n, libctx, NULL);
	if (k == NULL)
		return fail_ossl(
		    err, ERR_CONFIG, "the TLS key is not clear PKCS#8");
	if (SSL_CTX_use_PrivateKey(ctx, k) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		return fail_ossl(err, ERR_CONFIG,
		    "the TLS key does not belong to the TLS certificate");
	return true;
}

static bool
set_parameters(
    SSL_CTX *ctx, const uint8_t ticket_keys[TLS_TICKET_KEYS], struct err *err)
{
	static const unsigned char id[] = "chancery";
	uint8_t keys[TLS_TICKET_KEYS];
	bool ok;

	memcpy(keys, ticket_keys, sizeof(keys));
	SSL_CTX_set_options(ctx,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
		SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	/* 13.7 kB per idle connection instead of 47 (limits, section 3.8). */
	SSL_CTX_set_mode(ctx,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* One system call per record instead of two. */
	SSL_CTX_set_read_ahead(ctx, 1);
	ok = SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set1_groups_list(ctx, TLS_GROUPS) == 1 &&
	    SSL_CTX_set_cipher_list(ctx, TLS12_CIPHERS) == 1 &&
	    SSL_CTX_set_num_tickets(ctx, 1) == 1 &&
	    SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1) == 1 &&
	    SSL_CTX_set_tlsext_ticket_keys(ctx, keys, sizeof(keys)) == 1;
	OPENSSL_cleanse(keys, sizeof(keys));
	SSL_CTX_set_alpn_select_cb(ctx, alpn_select, NULL);
	if (!ok)
		return fail_ossl(
		    err, ERR_INTERNAL, "OpenSSL refuses the TLS parameters");
	return true;
}

bool
tls_context_new(OSSL_LIB_CTX *libctx, struct bytes chain_pem, struct bytes key,
    const uint8_t ticket_keys[TLS_TICKET_KEYS], SSL_CTX **out, struct err *err)
{
	AUTO(SSL_CTX) *ctx = SSL_CTX_new_ex(libctx, NULL, TLS_server_method());

	if (ctx == NULL)
		return fail_ossl(err, ERR_INTERNAL, "no TLS context");
	if (chain_pem.n > INT32_MAX || key.n > INT32_MAX)
		return fail(err, ERR_TOO_LARGE, "TLS certificate of %zu octets",
		    chain_pem.n);
	if (!set_parameters(ctx, ticket_keys, err) ||
	    !read_chain(libctx, chain_pem, ctx, err) ||
	    !read_key(libctx, key, ctx, err))
		return false;
	*out = TAKE(ctx);
	return true;
}

/*
 * EST: any certificate passes here, the handshake proves possession of its
 * key; which anchors count is for the label to decide, not for the listener.
 */
static int
verify_later(int ok, X509_STORE_CTX *store)
{
	(void)ok;
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

SSL *
tls_accept(SSL_CTX *ctx, int fd, enum listener_kind kind, unsigned tls_min)
{
	AUTO(SSL) *ssl = SSL_new(ctx);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
		return NULL;
	SSL_set_accept_state(ssl);
	if (tls_min != 0 && SSL_set_min_proto_version(ssl, (int)tls_min) != 1)
		return NULL;
	if (kind == LISTENER_EST) {
		SSL_set_app_data(ssl, &h1_only);
		/* tls-unique needs full handshakes (RFC 7030, 3.5). */
		SSL_set_options(ssl, SSL_OP_NO_TICKET);
		SSL_set_verify(ssl, SSL_VERIFY_PEER, verify_later);
		if (SSL_set_num_tickets(ssl, 0) != 1)
			return NULL;
	}
	return TAKE(ssl);
}

enum tls_protocol
tls_protocol(const SSL *ssl)
{
	const unsigned char *name;
	unsigned int n;

	SSL_get0_alpn_selected(ssl, &name, &n);
	return n == 2 && memcmp(name, "h2", 2) == 0 ? TLS_PROTOCOL_H2
						    : TLS_PROTOCOL_H1;
}

/* RFC 9266 section 3. */
static bool
binding_export(SSL *ssl, struct http_binding *out)
{
	static const char label[] = "EXPORTER-Channel-Binding";

	out->n = 32;
	out->kind = HTTP_BINDING_TLS_EXPORTER;
	return SSL_export_keying_material(ssl, out->octets, out->n, label,
		   sizeof(label) - 1, NULL, 0, 1) == 1;
}

/* RFC 5929 section 3.1: the first Finished message of the handshake, which is
 * the client's unless a session was resumed. */
static bool
binding_unique(SSL *ssl, struct http_binding *out)
{
	size_t n = SSL_session_reused(ssl)
	    ? SSL_get_finished(ssl, out->octets, sizeof(out->octets))
	    : SSL_get_peer_finished(ssl, out->octets, sizeof(out->octets));

	if (n == 0 || n > sizeof(out->octets))
		return false;
	out->n = (uint8_t)n;
	out->kind = HTTP_BINDING_TLS_UNIQUE;
	return true;
}

void
tls_binding(SSL *ssl, struct http_binding *out)
{
	bool bound = false;

	if (SSL_version(ssl) == TLS1_3_VERSION)
		bound = binding_export(ssl, out);
	else if (SSL_version(ssl) == TLS1_2_VERSION &&
	    SSL_get_extms_support(ssl) == 1)
		bound = binding_unique(ssl, out);
	if (!bound)
		*out = (struct http_binding){ 0 };
}

bool
tls_client_certificate(const SSL *ssl, struct buf *out)
{
	X509 *leaf = SSL_get0_peer_certificate(ssl);
	int n = leaf == NULL ? 0 : i2d_X509(leaf, NULL);
	unsigned char *p;

	if (n <= 0)
		return false;
	buf_reserve(out, (size_t)n);
	p = out->p + out->n;
	i2d_X509(leaf, &p);
	out->n += (size_t)n;
	return true;
}
