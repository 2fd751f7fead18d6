/*
 * What is served of a CA: a blob with its strong ETag (RFC 9110 section 8.8.3:
 * hex SHA-256, quoted) and times, replaced as a whole.  Thread-safe.
 */
#ifndef CA_ARTEFACT_H
#define CA_ARTEFACT_H

#include <pthread.h>
#include "util/blob.h"

#define ETAG_SIZE 67u

struct cert;
struct chain;

struct artefact {
	pthread_mutex_t lock;
	struct blob *blob; /* NULL: nothing to serve yet */
	char etag[ETAG_SIZE];
	int64_t last_modified, expires; /* expires 0: none */
};

void artefact_init(struct artefact *art);
void artefact_done(struct artefact *art);
/* Takes the reference. */
void artefact_set(struct artefact *art, struct blob *blob,
    int64_t last_modified, int64_t expires);
/* One reference, or NULL; the other outputs may be NULL. */
struct blob *artefact_get(struct artefact *art, char etag[ETAG_SIZE],
    int64_t *last_modified, int64_t *expires);

/* One certificate as DER and PEM. */
void artefact_set_certificate(
    struct artefact *der, struct artefact *pem, const struct cert *cert);
/* Certificate as DER and PEM, and the chain as PKCS#7; link: one more that goes
 * into it, or empty. */
void artefact_set_certificates(struct artefact *der, struct artefact *pem,
    struct artefact *p7, const struct chain *chain, struct bytes link);

#endif
