#include <stdlib.h>
#include "crypto/key_cache.h"
#include "crypto/lane_state.h"
#include "crypto/random.h"

struct node {
	struct key_entry entry; /* first: a key_entry is a node */
	uint8_t id[32];
	enum key_alg alg;
	uint8_t *raw; /* n || e, or the point */
	size_t raw_n, first_n;
	struct node *chain; /* in its bucket */
	struct node *newer, *older;
};

struct key_cache {
	struct node **buckets;
	size_t mask, count, max;
	struct node *newest, *oldest;
	uint64_t seed; /* ids are chosen by clients */
};

struct key_cache *
key_cache_new(size_t max)
{
	struct key_cache *c = mem_alloc(sizeof(*c));
	struct random source = random_system();
	size_t n = 16;

	while (n < 2 * max)
		n *= 2;
	c->buckets = mem_array(n, sizeof(struct node *));
	c->mask = n - 1;
	c->max = max;
	random_fill(&source, &c->seed, sizeof(c->seed));
	return c;
}

static void
node_free(struct node *n)
{
	EVP_PKEY_CTX_free(n->entry.verify);
	EVP_PKEY_free(n->entry.pkey);
	free(n->raw);
	free(n);
}

void
key_cache_free(struct key_cache *c)
{
	if (c == NULL)
		return;
	while (c->newest != NULL) {
		struct node *n = c->newest;

		c->newest = n->older;
		node_free(n);
	}
	free(c->buckets);
	free(c);
}

static struct node **
bucket_of(struct key_cache *c, const uint8_t id[32])
{
	uint64_t h;

	memcpy(&h, id, sizeof(h));
	h = (h ^ c->seed) * UINT64_C(0x9e3779b97f4a7c15);
	return &c->buckets[(h >> 24) & c->mask];
}

static void
list_remove(struct key_cache *c, struct node *n)
{
	if (n->newer != NULL)
		n->newer->older = n->older;
	else
		c->newest = n->older;
	if (n->older != NULL)
		n->older->newer = n->newer;
	else
		c->oldest = n->newer;
}

static void
list_push(struct key_cache *c, struct node *n)
{
	n->newer = NULL;
	n->older = c->newest;
	if (c->newest != NULL)
		c->newest->newer = n;
	else
		c->oldest = n;
	c->newest = n;
}

static void
cache_remove(struct key_cache *c, struct node *n)
{
	struct node **p = bucket_of(c, n->id);

	while (*p != n)
		p = &(*p)->chain;
	*p = n->chain;
	list_remove(c, n);
	c->count--;
	node_free(n);
}

static bool
node_is(const struct node *n, const struct pubkey *key)
{
	struct bytes first = key->alg == KEY_RSA ? key->n : key->point;
	struct bytes second = key->alg == KEY_RSA ? key->e : BYTES_NONE;

	return n->alg == key->alg &&
	    bytes_equal(bytes_of(n->raw, n->first_n), first) &&
	    bytes_equal(
		bytes_of(n->raw + n->first_n, n->raw_n - n->first_n), second);
}

static struct node *
cache_find(struct key_cache *c, const uint8_t id[32], const struct pubkey *key)
{
	struct node *n = *bucket_of(c, id);

	for (; n != NULL; n = n->chain)
		if (memcmp(n->id, id, 32) == 0)
			break;
	if (n != NULL && !node_is(n, key)) {
		cache_remove(c, n);
		return NULL;
	}
	return n;
}

static struct node *
cache_insert(struct key_cache *c, const uint8_t id[32],
    const struct pubkey *key, EVP_PKEY *pkey)
{
	struct node *n = mem_alloc(sizeof(*n));
	struct node **p = bucket_of(c, id);
	struct bytes first = key->alg == KEY_RSA ? key->n : key->point;
	struct bytes second = key->alg == KEY_RSA ? key->e : BYTES_NONE;

	n->entry.pkey = pkey;
	memcpy(n->id, id, sizeof(n->id));
	n->alg = key->alg;
	n->first_n = first.n;
	n->raw_n = first.n + second.n;
	n->raw = mem_alloc(n->raw_n);
	memcpy(n->raw, first.p, first.n);
	if (second.n > 0)
		memcpy(n->raw + first.n, second.p, second.n);
	n->chain = *p;
	*p = n;
	list_push(c, n);
	c->count++;
	return n;
}

bool
key_cache_get(struct key_cache *c, struct lane *lane, const uint8_t id[32],
    const struct pubkey *key, struct key_entry **out, struct err *err)
{
	struct node *n = cache_find(c, id, key);
	EVP_PKEY *pkey;

	if (n != NULL) {
		if (n != c->newest) {
			list_remove(c, n);
			list_push(c, n);
		}
		*out = &n->entry;
		return true;
	}
	pkey = pubkey_load(lane, key, err);
	if (pkey == NULL)
		return false;
	if (c->count == c->max)
		cache_remove(c, c->oldest);
	*out = &cache_insert(c, id, key, pkey)->entry;
	return true;
}

size_t
key_cache_count(const struct key_cache *c)
{
	return c->count;
}
