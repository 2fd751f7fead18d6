/*
 * Signed answers, keyed by the CertID as the client wrote it (issuer hashes,
 * hash algorithm, serial): what is sent back is octet for octet what was asked.
 *
 * An answer and the HTTP fields that belong to it are one immutable blob.
 * Bounded: beyond the limit the answers that nobody asked for since they were
 * looked at last give way.  Thread-safe; a lookup takes one shard's lock for
 * reading.
 */
#ifndef OCSP_CACHE_H
#define OCSP_CACHE_H

#include "codec/ocsp.h"
#include "ocsp/plan.h"
#include "util/blob.h"

/* With SHA-256 and 20 octets of serial it has 107. */
#define CACHE_ID_MAX 128u

struct cache;

struct cached {
	struct blob *blob;
	struct bytes der; /* in the blob, as the texts are */
	const char *etag, *last_modified, *expires;
	struct plan plan;
	enum ocsp_cert_status status;
	enum ocsp_hash hash;
	/* Of what it was made: it counts while the version is the same. */
	const void *made_by; /* the configuration; told apart, not read */
	uint64_t withdrawn; /* responders' certificates, until then */
	const uint8_t *issuer_key; /* 32 octets that outlive the cache */
	uint8_t serial[SERIAL_SIZE];
	uint64_t version;
};

struct cache *cache_new(size_t max_octets, uint64_t seed);
void cache_free(struct cache *c);
/* Makes the blob of an answer; its other fields are the caller's. */
void cached_make(struct cached *out, struct bytes der, const struct plan *plan);

/* A copy with a reference to the blob of its own; whether it still counts is
 * for the caller to see.  Marks the answer as asked for. */
bool cache_get(struct cache *c, struct bytes id, struct cached *out);
/* Adds or replaces; takes a reference of its own. */
void cache_put(struct cache *c, struct bytes id, const struct cached *answer);

/* An answer that was asked for and is due. */
struct cache_due {
	uint8_t id[CACHE_ID_MAX];
	size_t id_n;
	enum ocsp_hash hash;
	const uint8_t *issuer_key;
	uint8_t serial[SERIAL_SIZE];
};
/*
 * Looks through a part of the cache, the next call through the next: forgets
 * what is over, lists what is due.
 */
size_t cache_sweep(
    struct cache *c, int64_t now, struct cache_due *due, size_t max);

struct cache_usage {
	size_t answers, octets;
	int64_t oldest; /* thisUpdate, as of the last whole sweep; 0: none */
};
void cache_usage_get(struct cache *c, struct cache_usage *out);

#endif
