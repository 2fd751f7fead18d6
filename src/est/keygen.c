#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "est/keygen.h"

struct keygen {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	unsigned max, running, waiting;
};

struct keygen *
keygen_new(void)
{
	struct keygen *k = mem_alloc(sizeof(*k));
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->freed, NULL);
	k->max = cores < 4 ? 1 : (unsigned)(cores / 2);
	return k;
}

void
keygen_free(struct keygen *k)
{
	if (k == NULL)
		return;
	pthread_cond_destroy(&k->freed);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

static bool
enter(struct keygen *k)
{
	bool entered;

	pthread_mutex_lock(&k->lock);
	entered = k->waiting < KEYGEN_WAITING_MAX;
	if (entered) {
		k->waiting++;
		while (k->running == k->max)
			pthread_cond_wait(&k->freed, &k->lock);
		k->waiting--;
		k->running++;
	}
	pthread_mutex_unlock(&k->lock);
	return entered;
}

static void
leave(struct keygen *k)
{
	pthread_mutex_lock(&k->lock);
	k->running--;
	pthread_cond_signal(&k->freed);
	pthread_mutex_unlock(&k->lock);
}

bool
keygen_run(struct keygen *k, enum key_alg alg, unsigned rsa_bits,
    struct privkey **out, struct err *err)
{
	bool ok;

	if (!enter(k))
		return fail(err, ERR_BUSY, "too many keys are being made");
	ok = privkey_generate(alg, rsa_bits, out, err);
	leave(k);
	return ok;
}
