/*
 * TLS: one SSL_CTX per loop, in the loop's own library context (threads that
 * share one do not scale).  Ticket keys are drawn once and shared by all, so
 * that a session resumes on any loop and after a renewal.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <openssl/ssl.h>
#include "http/message.h"

#define TLS_TICKET_KEYS 80u

enum tls_protocol { TLS_PROTOCOL_H1, TLS_PROTOCOL_H2 };

/* chain: PEM, leaf first; key: clear PKCS#8, PEM or DER. */
bool tls_context_new(OSSL_LIB_CTX *libctx, struct bytes chain_pem,
    struct bytes key, const uint8_t ticket_keys[TLS_TICKET_KEYS], SSL_CTX **out,
    struct err *err) MUST_CHECK;
/* NULL if OpenSSL has no memory for one more. */
SSL *tls_accept(
    SSL_CTX *ctx, int fd, enum listener_kind kind, unsigned tls_min);
/* After the handshake: what ALPN chose. */
enum tls_protocol tls_protocol(const SSL *ssl);
/* The client's leaf certificate, DER, into out; false if it sent none. */
bool tls_client_certificate(const SSL *ssl, struct buf *out);
/*
 * After the handshake: the channel binding of a connection that we accepted.
 * None under TLS 1.2 without an extended master secret: there two connections
 * can be made to have the same (RFC 7627 section 1).
 */
void tls_binding(SSL *ssl, struct http_binding *out);

#endif
