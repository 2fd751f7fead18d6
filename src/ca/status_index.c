#include <pthread.h>
#include <stdlib.h>
#include "ca/status_index.h"

#define SHARDS 64u
#define ENTRIES_MIN 16u
#define SLOTS_MIN 32u
/* A shard is packed anew when one in so many entries can go. */
#define DROP_SHARE 32u

struct entry {
	uint8_t serial[SERIAL_SIZE];
	uint16_t issuer; /* in the list of keys */
	uint8_t kind;
	int8_t reason;
	int64_t not_after, revoked_at;
};

_Static_assert(sizeof(struct entry) == 40, "an entry has 40 octets");

struct shard {
	pthread_rwlock_t lock;
	struct entry *entries;
	size_t n, cap;
	uint32_t *slots; /* number of an entry, plus one; 0: free */
	size_t slots_n; /* a power of two */
};

struct status_index {
	struct shard shards[SHARDS];
	/* Issuing keys: a few, and none ever goes. */
	pthread_rwlock_t issuers_lock;
	uint8_t (*issuers)[32];
	size_t issuers_n;
};

struct status_index *
status_index_new(void)
{
	struct status_index *x = mem_alloc(sizeof(*x));
	pthread_rwlockattr_t attr;

	/* A revocation does not wait for a pause between questions. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(
	    &attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&x->issuers_lock, &attr);
	for (size_t i = 0; i < SHARDS; i++)
		pthread_rwlock_init(&x->shards[i].lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return x;
}

void
status_index_free(struct status_index *x)
{
	if (x == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		pthread_rwlock_destroy(&x->shards[i].lock);
		free(x->shards[i].entries);
		free(x->shards[i].slots);
	}
	pthread_rwlock_destroy(&x->issuers_lock);
	free(x->issuers);
	free(x);
}

/* ---- issuing keys ---- */

/* Under the lock; issuers_n if there is none. */
static size_t
issuer_search(const struct status_index *x, const uint8_t key[32])
{
	size_t i = 0;

	while (i < x->issuers_n && memcmp(x->issuers[i], key, 32) != 0)
		i++;
	return i;
}

static bool
issuer_find(struct status_index *x, const uint8_t key[32], uint16_t *out)
{
	bool found;
	size_t i;

	pthread_rwlock_rdlock(&x->issuers_lock);
	i = issuer_search(x, key);
	found = i < x->issuers_n;
	pthread_rwlock_unlock(&x->issuers_lock);
	*out = (uint16_t)i;
	return found;
}

static uint16_t
issuer_find_or_add(struct status_index *x, const uint8_t key[32])
{
	uint16_t known;
	size_t i;

	if (issuer_find(x, key, &known))
		return known;
	pthread_rwlock_wrlock(&x->issuers_lock);
	i = issuer_search(x, key);
	if (i == x->issuers_n) {
		/* Each of them stood in a configuration once. */
		if (i > UINT16_MAX)
			abort();
		x->issuers = mem_grow(x->issuers, i + 1, sizeof(*x->issuers));
		memcpy(x->issuers[i], key, 32);
		x->issuers_n++;
	}
	pthread_rwlock_unlock(&x->issuers_lock);
	return (uint16_t)i;
}

/* ---- a shard, under its lock ---- */

/*
 * The last octets of our serials are random (ca/spec.c), so what is stored is
 * spread evenly; a question with chosen octets walks one short chain.
 */
static uint64_t
hash_of(uint16_t issuer, const uint8_t serial[SERIAL_SIZE])
{
	uint64_t h;

	memcpy(&h, serial + SERIAL_SIZE - sizeof(h), sizeof(h));
	h = (h + issuer) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ (h >> 32);
}

static struct shard *
shard_of(struct status_index *x, uint64_t hash)
{
	return &x->shards[hash >> 58];
}

static bool
entry_is(const struct entry *e, uint16_t issuer, const uint8_t *serial)
{
	return e->issuer == issuer &&
	    memcmp(e->serial, serial, SERIAL_SIZE) == 0;
}

/* The entry's slot, or the free one where it would be; slots_n is not 0. */
static size_t
slot_find(const struct shard *s, uint64_t hash, uint16_t issuer,
    const uint8_t serial[SERIAL_SIZE])
{
	size_t mask = s->slots_n - 1, at = hash & mask;

	while (s->slots[at] != 0 &&
	    !entry_is(&s->entries[s->slots[at] - 1], issuer, serial))
		at = (at + 1) & mask;
	return at;
}

static void
slots_fill(struct shard *s, size_t slots_n)
{
	free(s->slots);
	s->slots = mem_array(slots_n, sizeof(*s->slots));
	s->slots_n = slots_n;
	for (size_t i = 0; i < s->n; i++) {
		const struct entry *e = &s->entries[i];
		uint64_t hash = hash_of(e->issuer, e->serial);

		s->slots[slot_find(s, hash, e->issuer, e->serial)] =
		    (uint32_t)(i + 1);
	}
}

static void
shard_reserve(struct shard *s)
{
	if (s->n == s->cap) {
		s->cap = MAX_OF(s->cap + s->cap / 8, ENTRIES_MIN);
		s->entries = mem_grow(s->entries, s->cap, sizeof(*s->entries));
	}
	/* Seven in eight slots at most are used. */
	if (s->slots_n == 0)
		slots_fill(s, SLOTS_MIN);
	else if (s->n >= s->slots_n - s->slots_n / 8)
		slots_fill(s, s->slots_n * 2);
}

static void
entry_set(struct entry *e, const struct status *st)
{
	e->kind = (uint8_t)st->kind;
	e->reason = (int8_t)st->reason;
	e->not_after = st->not_after;
	e->revoked_at = st->revoked_at;
}

void
status_index_put(struct status_index *x, const uint8_t issuer_key[32],
    const uint8_t serial[SERIAL_SIZE], const struct status *st)
{
	uint16_t issuer = issuer_find_or_add(x, issuer_key);
	uint64_t hash = hash_of(issuer, serial);
	struct shard *s = shard_of(x, hash);
	struct entry *e;
	size_t at;

	pthread_rwlock_wrlock(&s->lock);
	shard_reserve(s);
	at = slot_find(s, hash, issuer, serial);
	if (s->slots[at] == 0) {
		e = &s->entries[s->n++];
		memset(e, 0, sizeof(*e));
		memcpy(e->serial, serial, SERIAL_SIZE);
		e->issuer = issuer;
		s->slots[at] = (uint32_t)s->n;
		entry_set(e, st);
	} else {
		e = &s->entries[s->slots[at] - 1];
		if (e->kind != STATUS_REVOKED || st->kind == STATUS_REVOKED)
			entry_set(e, st);
	}
	pthread_rwlock_unlock(&s->lock);
}

/* What a relying party sees of a status makes up its version. */
static uint64_t
version_of(const struct entry *e)
{
	return (uint64_t)e->revoked_at << 8 |
	    (uint64_t)(uint8_t)(e->reason + 1) << 2 | e->kind;
}

struct status
status_index_get(struct status_index *x, const uint8_t issuer_key[32],
    const uint8_t serial[SERIAL_SIZE])
{
	struct status st = { .kind = STATUS_NOT_ISSUED, .reason = -1 };
	uint16_t issuer;
	struct shard *s;
	uint64_t hash;

	if (!issuer_find(x, issuer_key, &issuer))
		return st;
	hash = hash_of(issuer, serial);
	s = shard_of(x, hash);
	pthread_rwlock_rdlock(&s->lock);
	if (s->n > 0) {
		uint32_t number = s->slots[slot_find(s, hash, issuer, serial)];

		if (number != 0) {
			const struct entry *e = &s->entries[number - 1];

			st.kind = (enum status_kind)e->kind;
			st.reason = e->reason;
			st.not_after = e->not_after;
			st.revoked_at = e->revoked_at;
			st.version = version_of(e);
		}
	}
	pthread_rwlock_unlock(&s->lock);
	return st;
}

/* ---- the whole ---- */

static size_t
shard_drop(struct shard *s, int64_t before)
{
	size_t gone = 0, kept = 0;

	for (size_t i = 0; i < s->n; i++)
		gone += s->entries[i].not_after < before;
	if (gone == 0 || gone < s->n / DROP_SHARE)
		return 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->entries[i].not_after >= before)
			s->entries[kept++] = s->entries[i];
	s->n = kept;
	slots_fill(s, s->slots_n);
	return gone;
}

size_t
status_index_drop(struct status_index *x, int64_t before)
{
	size_t gone = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *s = &x->shards[i];

		pthread_rwlock_wrlock(&s->lock);
		gone += shard_drop(s, before);
		pthread_rwlock_unlock(&s->lock);
	}
	return gone;
}

size_t
status_index_count(struct status_index *x)
{
	size_t n = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		pthread_rwlock_rdlock(&x->shards[i].lock);
		n += x->shards[i].n;
		pthread_rwlock_unlock(&x->shards[i].lock);
	}
	return n;
}

size_t
status_index_memory(struct status_index *x)
{
	size_t n = sizeof(*x) + x->issuers_n * sizeof(*x->issuers);

	for (size_t i = 0; i < SHARDS; i++) {
		const struct shard *s = &x->shards[i];

		pthread_rwlock_rdlock(&x->shards[i].lock);
		n += s->cap * sizeof(*s->entries) +
		    s->slots_n * sizeof(*s->slots);
		pthread_rwlock_unlock(&x->shards[i].lock);
	}
	return n;
}
