#include <pthread.h>
#include <stdlib.h>
#include "crypto/rsa_kept.h"

/* As many threads as use one key at once; lanes are fewer. */
#define KEPT_MAX 8u

struct rsa_kept {
	pthread_mutex_t lock;
	EVP_PKEY_CTX *idle[RSA_USES][KEPT_MAX];
	unsigned n[RSA_USES];
};

struct rsa_kept *
rsa_kept_new(void)
{
	struct rsa_kept *k = mem_alloc(sizeof(*k));

	pthread_mutex_init(&k->lock, NULL);
	return k;
}

void
rsa_kept_free(struct rsa_kept *k)
{
	if (k == NULL)
		return;
	for (unsigned use = 0; use < RSA_USES; use++)
		while (k->n[use] > 0)
			EVP_PKEY_CTX_free(k->idle[use][--k->n[use]]);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

EVP_PKEY_CTX *
rsa_kept_take(struct rsa_kept *k, unsigned use)
{
	EVP_PKEY_CTX *ctx = NULL;

	pthread_mutex_lock(&k->lock);
	if (k->n[use] > 0)
		ctx = k->idle[use][--k->n[use]];
	pthread_mutex_unlock(&k->lock);
	return ctx;
}

void
rsa_kept_give(struct rsa_kept *k, unsigned use, EVP_PKEY_CTX *ctx)
{
	pthread_mutex_lock(&k->lock);
	if (ctx != NULL && k->n[use] < KEPT_MAX) {
		k->idle[use][k->n[use]++] = ctx;
		ctx = NULL;
	}
	pthread_mutex_unlock(&k->lock);
	EVP_PKEY_CTX_free(ctx);
}
