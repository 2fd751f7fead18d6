#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "crypto/key_cache.h"
#include "crypto/lane_state.h"
#include "util/log.h"

struct lanes {
	pthread_mutex_t lock;
	pthread_cond_t returned;
	struct lane *free; /* last returned first: its caches are warm */
	struct lane **all;
	unsigned n;
};

/* Without its algorithms a process can do nothing: like lack of memory. */
static void
lane_require(const void *p, const char *what)
{
	struct err err = { 0 };

	if (p != NULL)
		return;
	(void)fail_ossl(&err, ERR_INTERNAL, "OpenSSL has no %s", what);
	log_err(LOG_ERROR, "crypto-unusable", &err);
	abort();
}

static EVP_PKEY_CTX *
lane_importer(struct lane *lane, const char *type)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(lane->libctx, type, NULL);

	lane_require(c, type);
	if (EVP_PKEY_fromdata_init(c) != 1)
		lane_require(NULL, type);
	return c;
}

struct lane *
lane_new(void)
{
	struct lane *lane = mem_alloc(sizeof(*lane));

	lane->libctx = OSSL_LIB_CTX_new();
	lane_require(lane->libctx, "library context");
	for (int i = 0; i < DIGEST_ALGS; i++) {
		const char *name = digest_name((enum digest_alg)i);

		lane->md[i] = EVP_MD_fetch(lane->libctx, name, NULL);
		lane_require(lane->md[i], name);
		lane->md_ctx[i] = EVP_MD_CTX_new();
		lane_require(lane->md_ctx[i], "digest context");
		if (EVP_DigestInit_ex2(lane->md_ctx[i], lane->md[i], NULL) != 1)
			lane_require(NULL, name);
	}
	lane->ed_ctx = EVP_MD_CTX_new();
	lane_require(lane->ed_ctx, "digest context");
	lane->from_rsa = lane_importer(lane, "RSA");
	lane->from_ec = lane_importer(lane, "EC");
	lane->from_ed = lane_importer(lane, "ED25519");
	lane->cbc_ctx = EVP_CIPHER_CTX_new();
	lane_require(lane->cbc_ctx, "cipher context");
	lane->gcm = EVP_CIPHER_fetch(lane->libctx, "AES-256-GCM", NULL);
	lane_require(lane->gcm, "AES-256-GCM");
	lane->gcm_ctx = EVP_CIPHER_CTX_new();
	lane_require(lane->gcm_ctx, "cipher context");
	lane->bn = BN_CTX_new_ex(lane->libctx);
	lane_require(lane->bn, "number context");
	lane->accounts = key_cache_new(LANE_ACCOUNT_KEYS);
	lane->recent = key_cache_new(LANE_RECENT_KEYS);
	return lane;
}

struct lane *
lane_new_legacy(struct err *err)
{
	struct lane *lane = lane_new();

	/* One that is loaded by name takes the default one's place. */
	lane->standard = OSSL_PROVIDER_load(lane->libctx, "default");
	lane->legacy = OSSL_PROVIDER_load(lane->libctx, "legacy");
	if (lane->standard != NULL && lane->legacy != NULL)
		return lane;
	(void)fail_ossl(err, ERR_SYSTEM,
	    "OpenSSL has no legacy provider, which single DES needs: install "
	    "legacy.so (Debian 13: openssl-provider-legacy)");
	lane_free(lane);
	return NULL;
}

void
lane_free(struct lane *lane)
{
	if (lane == NULL)
		return;
	key_cache_free(lane->accounts);
	key_cache_free(lane->recent);
	BN_CTX_free(lane->bn);
	EVP_CIPHER_CTX_free(lane->cbc_ctx);
	for (int i = 0; i < CIPHER_ALGS; i++)
		EVP_CIPHER_free(lane->cbc[i]);
	EVP_CIPHER_CTX_free(lane->gcm_ctx);
	EVP_CIPHER_free(lane->gcm);
	EVP_PKEY_CTX_free(lane->from_rsa);
	EVP_PKEY_CTX_free(lane->from_ec);
	EVP_PKEY_CTX_free(lane->from_ed);
	EVP_MD_CTX_free(lane->ed_ctx);
	for (int i = 0; i < DIGEST_ALGS; i++) {
		EVP_MD_CTX_free(lane->md_ctx[i]);
		EVP_MD_free(lane->md[i]);
	}
	if (lane->legacy != NULL)
		OSSL_PROVIDER_unload(lane->legacy);
	if (lane->standard != NULL)
		OSSL_PROVIDER_unload(lane->standard);
	OSSL_LIB_CTX_free(lane->libctx);
	free(lane);
}

OSSL_LIB_CTX *
lane_libctx(struct lane *lane)
{
	return lane->libctx;
}

struct lanes *
lanes_new(unsigned n)
{
	struct lanes *l = mem_alloc(sizeof(*l));

	if (n == 0) {
		long cores = sysconf(_SC_NPROCESSORS_ONLN);

		n = cores < 1 ? 1 : (unsigned)MIN_OF(cores, 1024);
	}
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->returned, NULL);
	l->n = n;
	l->all = mem_array(n, sizeof(struct lane *));
	for (unsigned i = 0; i < n; i++) {
		l->all[i] = lane_new();
		l->all[i]->next_free = l->free;
		l->free = l->all[i];
	}
	return l;
}

void
lanes_free(struct lanes *l)
{
	if (l == NULL)
		return;
	for (unsigned i = 0; i < l->n; i++)
		lane_free(l->all[i]);
	free(l->all);
	pthread_cond_destroy(&l->returned);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

struct lane *
lane_borrow(struct lanes *l)
{
	struct lane *lane;

	pthread_mutex_lock(&l->lock);
	while (l->free == NULL)
		pthread_cond_wait(&l->returned, &l->lock);
	lane = l->free;
	l->free = lane->next_free;
	lane->next_free = NULL;
	pthread_mutex_unlock(&l->lock);
	return lane;
}

void
lane_return(struct lanes *l, struct lane *lane)
{
	pthread_mutex_lock(&l->lock);
	lane->next_free = l->free;
	l->free = lane;
	pthread_mutex_unlock(&l->lock);
	pthread_cond_signal(&l->returned);
}
