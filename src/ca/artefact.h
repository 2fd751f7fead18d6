/*
 * What is served of a CA: a blob with its strong ETag (RFC 9110 section 8.8.3)
 * and times, replaced as a whole; beside it the same bytes compressed, once
 * somebody has made them.  Thread-safe.
 */
#ifndef CA_ARTEFACT_H
#define CA_ARTEFACT_H

#include <pthread.h>
#include "util/blob.h"

#define ETAG_SIZE 67u

struct cert;
struct chain;

/* A copy of it, with references; or blob is NULL. */
struct artefact_copy {
	struct blob *blob, *gzip; /* gzip NULL: not (yet) compressed */
	char etag[ETAG_SIZE]; /* of the plain bytes, quoted */
	int64_t last_modified;
	int64_t expires; /* nextUpdate; 0: none */
	int64_t fresh_until; /* a newer one is planned then; 0: none */
};

struct artefact {
	pthread_mutex_t lock;
	struct artefact_copy now; /* blob NULL: nothing to serve yet */
};

void artefact_init(struct artefact *art);
void artefact_done(struct artefact *art);
/* Takes the reference; the ETag is SHA-256 of the bytes. */
void artefact_set(struct artefact *art, struct blob *blob,
    int64_t last_modified, int64_t expires);
/* The same with an ETag from a digest that the caller has; takes
 * what->blob's reference, the ETag and gzip of *what are not looked at. */
void artefact_set_tagged(struct artefact *art, const struct artefact_copy *what,
    const uint8_t tag[32]);
/* Takes the reference; dropped if another blob is served by now. */
void artefact_set_gzip(
    struct artefact *art, const char etag[ETAG_SIZE], struct blob *gzip);
/* One reference, or NULL; the other outputs may be NULL. */
struct blob *artefact_get(struct artefact *art, char etag[ETAG_SIZE],
    int64_t *last_modified, int64_t *expires);
void artefact_read(struct artefact *art, struct artefact_copy *out);

/* One certificate as DER and PEM. */
void artefact_set_certificate(
    struct artefact *der, struct artefact *pem, const struct cert *cert);
/* Certificate as DER and PEM, and the chain as PKCS#7; link: one more that goes
 * into it, or empty. */
void artefact_set_certificates(struct artefact *der, struct artefact *pem,
    struct artefact *p7, const struct chain *chain, struct bytes link);

#endif
