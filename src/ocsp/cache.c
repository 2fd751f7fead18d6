#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/queue.h>
#include "crypto/digest.h"
#include "ocsp/cache.h"
#include "util/text.h"
#include "util/times.h"

#define SHARDS 64u
#define BUCKETS 1024u
/* Shards in one sweep; so many make a whole. */
#define SWEEP 16u

struct entry {
	struct entry *next; /* of its bucket */
	TAILQ_ENTRY(entry) age; /* the oldest first */
	uint64_t hash;
	size_t octets;
	atomic_bool asked;
	struct cached answer;
	size_t id_n;
	uint8_t id[CACHE_ID_MAX];
};

struct shard {
	pthread_rwlock_t lock;
	struct entry **buckets;
	TAILQ_HEAD(entries, entry) ages;
	size_t n, octets;
};

struct cache {
	uint64_t seed;
	size_t max_octets; /* of a shard */
	struct shard shards[SHARDS];
	/* Of the one thread that sweeps. */
	size_t sweep_at;
	int64_t sweep_oldest;
	_Atomic int64_t oldest;
};

struct cache *
cache_new(size_t max_octets, uint64_t seed)
{
	struct cache *c = mem_alloc(sizeof(*c));
	pthread_rwlockattr_t attr;

	c->seed = seed | 1;
	c->max_octets = max_octets / SHARDS;
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(
	    &attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *s = &c->shards[i];

		pthread_rwlock_init(&s->lock, &attr);
		s->buckets = mem_array(BUCKETS, sizeof(struct entry *));
		TAILQ_INIT(&s->ages);
	}
	pthread_rwlockattr_destroy(&attr);
	return c;
}

static void
entry_free(struct entry *e)
{
	blob_unref(e->answer.blob);
	free(e);
}

void
cache_free(struct cache *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *s = &c->shards[i];
		struct entry *e;

		while ((e = TAILQ_FIRST(&s->ages)) != NULL) {
			TAILQ_REMOVE(&s->ages, e, age);
			entry_free(e);
		}
		free(s->buckets);
		pthread_rwlock_destroy(&s->lock);
	}
	free(c);
}

/* ---- answers ---- */

void
cached_make(struct cached *out, struct bytes der, const struct plan *plan)
{
	struct {
		char etag[sizeof("\"\"") + 64];
		char last_modified[TIME_HTTP_SIZE], expires[TIME_HTTP_SIZE];
	} text;
	uint8_t sum[32];
	char hex[65];
	AUTO_BUF b = { 0 };
	const uint8_t *p;

	/* RFC 9919 section 5: a strong validator, the hash of the answer. */
	digest_sha256(der, sum);
	hex_encode(bytes_of(sum, sizeof(sum)), hex);
	memset(&text, 0, sizeof(text));
	snprintf(text.etag, sizeof(text.etag), "\"%s\"", hex);
	time_format_http(plan->this_update, text.last_modified);
	time_format_http(plan->next_update, text.expires);
	buf_reserve(&b, sizeof(text) + der.n);
	buf_add(&b, &text, sizeof(text));
	buf_add_bytes(&b, der);
	out->blob = blob_new(buf_bytes(&b));
	p = blob_bytes(out->blob).p;
	out->etag = (const char *)p;
	out->last_modified = out->etag + sizeof(text.etag);
	out->expires = out->last_modified + sizeof(text.last_modified);
	out->der = bytes_of(p + sizeof(text), der.n);
	out->plan = *plan;
}

/* ---- lookups ---- */

/* With a seed: serials that were never issued may be asked for too. */
static uint64_t
hash_of(const struct cache *c, struct bytes id)
{
	uint64_t h = c->seed;

	for (size_t i = 0; i < id.n; i += 8) {
		uint64_t w = 0;

		memcpy(&w, id.p + i, MIN_OF(id.n - i, 8u));
		h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15);
		h = (h ^ (h >> 29)) * c->seed;
		h ^= h >> 32;
	}
	return h;
}

static struct shard *
shard_of(struct cache *c, uint64_t hash)
{
	return &c->shards[hash % SHARDS];
}

static struct entry **
entry_find(const struct shard *s, uint64_t hash, struct bytes id)
{
	struct entry **at = &s->buckets[hash / SHARDS % BUCKETS];

	while (*at != NULL &&
	    ((*at)->hash != hash ||
		!bytes_equal(bytes_of((*at)->id, (*at)->id_n), id)))
		at = &(*at)->next;
	return at;
}

bool
cache_get(struct cache *c, struct bytes id, struct cached *out)
{
	uint64_t hash = hash_of(c, id);
	struct shard *s = shard_of(c, hash);
	struct entry *e;

	pthread_rwlock_rdlock(&s->lock);
	e = *entry_find(s, hash, id);
	if (e != NULL) {
		*out = e->answer;
		blob_ref(out->blob);
		/* Read first: the line stays shared between the loops. */
		if (!atomic_load_explicit(&e->asked, memory_order_relaxed))
			atomic_store_explicit(
			    &e->asked, true, memory_order_relaxed);
	}
	pthread_rwlock_unlock(&s->lock);
	return e != NULL;
}

/* ---- changes, under the lock for writing ---- */

static void
entry_remove(struct shard *s, struct entry *e)
{
	*entry_find(s, e->hash, bytes_of(e->id, e->id_n)) = e->next;
	TAILQ_REMOVE(&s->ages, e, age);
	s->n--;
	s->octets -= e->octets;
	entry_free(e);
}

/* Second chance: who was asked for goes to the end of the line once. */
static void
shard_trim(struct shard *s, size_t max)
{
	struct entry *e;

	while (s->octets > max && (e = TAILQ_FIRST(&s->ages)) != NULL) {
		if (!atomic_exchange_explicit(
			&e->asked, false, memory_order_relaxed)) {
			entry_remove(s, e);
			continue;
		}
		TAILQ_REMOVE(&s->ages, e, age);
		TAILQ_INSERT_TAIL(&s->ages, e, age);
	}
}

void
cache_put(struct cache *c, struct bytes id, const struct cached *answer)
{
	struct entry *e, *old;
	struct shard *s;

	if (id.n > CACHE_ID_MAX)
		return;
	e = mem_alloc(sizeof(*e));
	e->hash = hash_of(c, id);
	e->answer = *answer;
	blob_ref(e->answer.blob);
	memcpy(e->id, id.p, id.n);
	e->id_n = id.n;
	e->octets = sizeof(*e) + blob_bytes(answer->blob).n;
	s = shard_of(c, e->hash);
	pthread_rwlock_wrlock(&s->lock);
	old = *entry_find(s, e->hash, id);
	if (old != NULL)
		entry_remove(s, old);
	e->next = s->buckets[e->hash / SHARDS % BUCKETS];
	s->buckets[e->hash / SHARDS % BUCKETS] = e;
	TAILQ_INSERT_TAIL(&s->ages, e, age);
	s->n++;
	s->octets += e->octets;
	shard_trim(s, c->max_octets);
	pthread_rwlock_unlock(&s->lock);
}

static void
due_take(const struct entry *e, struct cache_due *out)
{
	memcpy(out->id, e->id, e->id_n);
	out->id_n = e->id_n;
	out->hash = e->answer.hash;
	out->issuer_key = e->answer.issuer_key;
	memcpy(out->serial, e->answer.serial, sizeof(out->serial));
}

static void
older(int64_t *oldest, int64_t t)
{
	if (*oldest == 0 || t < *oldest)
		*oldest = t;
}

static size_t
shard_sweep(struct shard *s, int64_t now, struct cache_due *due, size_t max,
    int64_t *oldest)
{
	struct entry *e, *next;
	size_t n = 0;

	pthread_rwlock_wrlock(&s->lock);
	for (e = TAILQ_FIRST(&s->ages); e != NULL; e = next) {
		next = TAILQ_NEXT(e, age);
		if (!plan_holds(&e->answer.plan, now)) {
			entry_remove(s, e);
			continue;
		}
		older(oldest, e->answer.plan.this_update);
		if (n < max && now >= e->answer.plan.refresh_at &&
		    atomic_load_explicit(&e->asked, memory_order_relaxed))
			due_take(e, &due[n++]);
	}
	pthread_rwlock_unlock(&s->lock);
	return n;
}

size_t
cache_sweep(struct cache *c, int64_t now, struct cache_due *due, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < SWEEP; i++) {
		struct shard *s = &c->shards[c->sweep_at];

		n += shard_sweep(s, now, due + n, max - n, &c->sweep_oldest);
		c->sweep_at = (c->sweep_at + 1) % SHARDS;
		if (c->sweep_at == 0) {
			atomic_store(&c->oldest, c->sweep_oldest);
			c->sweep_oldest = 0;
		}
	}
	return n;
}

void
cache_usage_get(struct cache *c, struct cache_usage *out)
{
	*out = (struct cache_usage){ .oldest = atomic_load(&c->oldest) };
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *s = &c->shards[i];

		pthread_rwlock_rdlock(&s->lock);
		out->answers += s->n;
		out->octets += s->octets;
		pthread_rwlock_unlock(&s->lock);
	}
}
