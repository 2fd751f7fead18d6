#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include "revoke/attempts.h"
#include "util/bytes.h"

#define SETS 1024u
#define WAYS 4u

struct source {
	uint8_t key[8];
	/* When all of its wrong guesses will have been paid for; 0: free. */
	int64_t paid_at;
};

struct attempts {
	pthread_mutex_t lock;
	struct source sets[SETS][WAYS];
};

struct attempts *
attempts_new(void)
{
	struct attempts *t = mem_alloc(sizeof(*t));

	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
attempts_free(struct attempts *t)
{
	if (t == NULL)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* An IPv6 network of 64 bits belongs to one subscriber; v4-mapped addresses
 * are the v4 ones. */
static void
source_key(const struct sockaddr_storage *from, uint8_t key[8])
{
	const struct sockaddr_in *v4 = (const void *)from;
	const struct sockaddr_in6 *v6 = (const void *)from;

	memset(key, 0, 8);
	if (from->ss_family == AF_INET) {
		memcpy(key + 4, &v4->sin_addr, 4);
	} else if (from->ss_family == AF_INET6) {
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
			memcpy(key + 4, v6->sin6_addr.s6_addr + 12, 4);
		else
			memcpy(key, v6->sin6_addr.s6_addr, 8);
	}
}

static struct source *
set_of(struct attempts *t, const uint8_t key[8])
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < 8; i++)
		h = (h ^ key[i]) * UINT64_C(1099511628211);
	return t->sets[(h >> 20) % SETS];
}

/* Its row, or the one that it may have. */
static struct source *
source_find(struct attempts *t, const uint8_t key[8], bool *known)
{
	struct source *set = set_of(t, key), *oldest = set;

	for (size_t i = 0; i < WAYS; i++) {
		*known = set[i].paid_at != 0 &&
		    memcmp(set[i].key, key, sizeof(set[i].key)) == 0;
		if (*known)
			return &set[i];
		if (set[i].paid_at < oldest->paid_at)
			oldest = &set[i];
	}
	return oldest;
}

bool
attempts_may(struct attempts *t, const struct sockaddr_storage *from,
    int64_t now, int64_t *wait)
{
	int64_t over = 0;
	uint8_t key[8];
	struct source *s;
	bool known;

	source_key(from, key);
	pthread_mutex_lock(&t->lock);
	s = source_find(t, key, &known);
	if (known)
		over = s->paid_at - now -
		    (int64_t)(ATTEMPTS_AT_ONCE - 1) * ATTEMPTS_EVERY;
	pthread_mutex_unlock(&t->lock);
	*wait = over;
	return over <= 0;
}

void
attempts_fail(
    struct attempts *t, const struct sockaddr_storage *from, int64_t now)
{
	uint8_t key[8];
	struct source *s;
	bool known;

	source_key(from, key);
	pthread_mutex_lock(&t->lock);
	s = source_find(t, key, &known);
	if (!known) {
		memcpy(s->key, key, sizeof(s->key));
		s->paid_at = 0;
	}
	s->paid_at = MAX_OF(s->paid_at, now) + ATTEMPTS_EVERY;
	pthread_mutex_unlock(&t->lock);
}
