#include <pthread.h>
#include <stdlib.h>

#include "crypto/verified.h"

#define PLACES 8192u
#define WAYS 4u

struct place {
	uint8_t key[32];
	int64_t until;
};

struct verified {
	pthread_mutex_t lock;
	struct mac *mac;
	struct place places[PLACES];
};

struct verified *
verified_new(const struct random *random)
{
	struct verified *v = mem_alloc(sizeof(*v));
	uint8_t key[32];

	random_fill(random, key, sizeof(key));
	v->mac = mac_new(bytes_of(key, sizeof(key)));
	secret_wipe(key, sizeof(key));
	pthread_mutex_init(&v->lock, NULL);
	return v;
}

void
verified_free(struct verified *v)
{
	if (v == NULL)
		return;
	pthread_mutex_destroy(&v->lock);
	mac_free(v->mac);
	free(v);
}

void
verified_key(struct verified *v, uint64_t generation, unsigned place,
    enum verified_kind kind, struct bytes first, struct bytes second,
    uint8_t key[32])
{
	const uint64_t numbers[] = { generation, place, (uint64_t)kind,
		first.n };
	AUTO_BUF text = { 0 };

	buf_reserve(&text, sizeof(numbers) + first.n + second.n);
	buf_add(&text, numbers, sizeof(numbers));
	buf_add_bytes(&text, first);
	buf_add_bytes(&text, second);
	pthread_mutex_lock(&v->lock);
	mac_compute(v->mac, buf_bytes(&text), key);
	pthread_mutex_unlock(&v->lock);
	secret_wipe(text.p, text.n);
}

static struct place *
ways_of(struct verified *v, const uint8_t key[32])
{
	uint32_t h;

	memcpy(&h, key, sizeof(h));
	return &v->places[h % (PLACES / WAYS) * WAYS];
}

bool
verified_has(struct verified *v, const uint8_t key[32], int64_t now)
{
	struct place *ways = ways_of(v, key);
	bool has = false;

	pthread_mutex_lock(&v->lock);
	for (size_t i = 0; i < WAYS; i++)
		has |= ways[i].until > now &&
		    ways[i].until <= now + VERIFIED_SECONDS &&
		    memcmp(ways[i].key, key, 32) == 0;
	pthread_mutex_unlock(&v->lock);
	return has;
}

void
verified_add(struct verified *v, const uint8_t key[32], int64_t now)
{
	struct place *ways = ways_of(v, key), *p = &ways[0];

	pthread_mutex_lock(&v->lock);
	for (size_t i = 0; i < WAYS; i++) {
		if (memcmp(ways[i].key, key, 32) == 0) {
			p = &ways[i];
			break;
		}
		if (ways[i].until < p->until)
			p = &ways[i];
	}
	memcpy(p->key, key, 32);
	p->until = now + VERIFIED_SECONDS;
	pthread_mutex_unlock(&v->lock);
}
