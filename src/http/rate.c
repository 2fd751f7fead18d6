#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>

#include "http/rate.h"

#define PLACES 4096u
#define WAYS 8u

struct place {
	uint8_t address[8];
	unsigned group;
	int family; /* 0: free */
	int64_t began, count;
};

struct rates {
	pthread_mutex_t lock;
	struct place places[PLACES];
};

struct rates *
rates_new(void)
{
	struct rates *f = mem_alloc(sizeof(*f));

	pthread_mutex_init(&f->lock, NULL);
	return f;
}

void
rates_free(struct rates *f)
{
	if (f == NULL)
		return;
	pthread_mutex_destroy(&f->lock);
	free(f);
}

static struct place
key_of(const struct sockaddr_storage *peer, unsigned group)
{
	struct place k = { .group = group, .family = peer->ss_family };

	if (peer->ss_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const void *)peer;
		const uint8_t *octets = v6->sin6_addr.s6_addr;

		/* All of IPv4 lies in one /64, if it comes so. */
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
			memcpy(k.address, octets + 12, 4);
		else
			memcpy(k.address, octets, sizeof(k.address));
	} else if (peer->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const void *)peer;

		memcpy(k.address, &v4->sin_addr, sizeof(v4->sin_addr));
	}
	return k;
}

static struct place *
ways_of(struct rates *f, const struct place *key)
{
	uint32_t h = 2166136261u ^ key->group;

	for (size_t i = 0; i < sizeof(key->address); i++)
		h = (h ^ key->address[i]) * 16777619u;
	return &f->places[(h ^ (h >> 15)) % (PLACES / WAYS) * WAYS];
}

static struct place *
find(struct place *ways, const struct place *key)
{
	for (size_t i = 0; i < WAYS; i++)
		if (ways[i].family == key->family &&
		    ways[i].group == key->group && ways[i].count > 0 &&
		    memcmp(ways[i].address, key->address,
			sizeof(key->address)) == 0)
			return &ways[i];
	return NULL;
}

bool
rates_over(struct rates *f, const struct sockaddr_storage *peer, unsigned group,
    int64_t max, int64_t period, int64_t now, int64_t *again)
{
	struct place key = key_of(peer, group), *p;
	bool over;

	pthread_mutex_lock(&f->lock);
	p = find(ways_of(f, &key), &key);
	over = p != NULL && p->count >= max && now < p->began + period;
	if (over)
		*again = p->began + period - now;
	pthread_mutex_unlock(&f->lock);
	return over;
}

void
rates_add(struct rates *f, const struct sockaddr_storage *peer, unsigned group,
    int64_t period, int64_t now)
{
	struct place key = key_of(peer, group), *ways, *p;

	pthread_mutex_lock(&f->lock);
	ways = ways_of(f, &key);
	p = find(ways, &key);
	if (p == NULL) {
		p = &ways[0];
		for (size_t i = 1; i < WAYS; i++)
			if (ways[i].began < p->began)
				p = &ways[i];
		*p = key;
		p->began = now;
	} else if (now >= p->began + period || now < p->began) {
		p->began = now;
		p->count = 0;
	}
	p->count++;
	pthread_mutex_unlock(&f->lock);
}
