/*
 * A web server for tests, clear or TLS, with the ways in which a hostile one
 * behaves.  A thread per connection; free() waits for all of them.
 */
#ifndef SUPPORT_HTTP_STANDIN_H
#define SUPPORT_HTTP_STANDIN_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

struct http_standin;

enum http_manner {
	HTTP_SENDS, /* the text as it is, then closes */
	HTTP_DRIPS, /* the text, then an octet each 20 ms */
	HTTP_FLOODS, /* the text, then octets without end */
	HTTP_IS_SILENT,
	HTTP_HANGS_UP,
	HTTP_TUNNELS /* a proxy: 200, then to the port that is the text */
};

struct tls_standin {
	const char *alpn; /* chosen if offered; NULL: no ALPN at all */
	bool refuse_alpn; /* alert no_application_protocol */
	bool silent; /* never answers the hello */
	bool tls11; /* nothing newer than TLS 1.1 */
	EVP_PKEY *key; /* NULL: of its own, with a certificate of no name */
	X509 *cert; /* both are referenced */
};

/* On address ("127.0.0.1", "::1") and a free port (or the given one); tls may
 * be NULL. */
struct http_standin *http_standin_new(
    const char *address, unsigned port, const struct tls_standin *tls);
void http_standin_free(struct http_standin *s);
unsigned http_standin_port(const struct http_standin *s);
/* What to do for a request whose target starts with this; the last one wins.
 * text is copied. */
void http_standin_on(struct http_standin *s, const char *prefix,
    enum http_manner manner, const char *text);
unsigned http_standin_requests(struct http_standin *s);
/* The last request's head, and the last server name of TLS; copied out. */
void http_standin_last(struct http_standin *s, char *out, size_t n);
void http_standin_sni(struct http_standin *s, char *out, size_t n);
/* The body of the last request that had one; its length, at most n - 1. */
size_t http_standin_body(struct http_standin *s, char *out, size_t n);
/* The certificate that the TLS server shows; DER, its length. */
size_t http_standin_certificate(
    struct http_standin *s, unsigned char *out, size_t n);

#endif
