/*
 * EST, RFC 7030 with 8951 (base64), 9266 (tls-exporter) and 9908 (csrattrs):
 * routes over one CA core.  Knows no socket: requests come through
 * http/route.h, with what the net layer says of their TLS connection.
 *
 * Threads: all may serve at once; reload is one thread's.
 */
#ifndef EST_EST_H
#define EST_EST_H

#include "ca/ca.h"
#include "http/route.h"

struct est;

struct est_deps {
	struct store *store;
	struct ca *ca;
	struct lanes *lanes;
	struct clock clock;
	struct random random;
	unsigned workers; /* of the network; half of them is the most that
			     waits for a password's hash */
	/* As in ca_deps: users and anchors. */
	bool (*read_file)(void *ctx, const char *path, size_t max,
	    struct arena *a, struct bytes *out, struct err *err);
	void *read_ctx;
};

/* Reads the files of the labels.  The configuration is borrowed until
 * est_reload or est_free. */
bool est_new(const struct est_deps *deps, const struct config *config,
    struct est **out, struct err *err) MUST_CHECK;
void est_free(struct est *est);
/* All or nothing.  What was verified before is forgotten. */
bool est_reload(
    struct est *est, const struct config *config, struct err *err) MUST_CHECK;
/* Reads the files of every label and tells what is wrong with them (`check`).
 */
void est_check_config(const struct config *config,
    bool (*read_file)(void *ctx, const char *path, size_t max, struct arena *a,
	struct bytes *out, struct err *err),
    void *read_ctx, struct config_mistakes *mistakes);
/*
 * The server's own key and certificate, PEM, leaf first: they sign the keys
 * that are made for clients (RFC 7030 section 4.4.2).  At start and whenever
 * they change; the key must outlive est.  Thread-safe.
 */
void est_set_signer(
    struct est *est, const struct privkey *key, struct bytes chain_pem);
/* Adds …/.well-known/est/[<label>/]<operation>. */
void est_routes(struct est *est, struct http_routes *routes);

#endif
