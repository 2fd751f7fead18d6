#include <openssl/core_names.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include "crypto/lane_state.h"

static const struct {
	const char *name;
	size_t size;
} digest_rows[DIGEST_ALGS] = {
	[DIGEST_SHA1] = { "SHA1", 20 },
	[DIGEST_SHA256] = { "SHA2-256", 32 },
	[DIGEST_SHA384] = { "SHA2-384", 48 },
	[DIGEST_SHA512] = { "SHA2-512", 64 },
};

/* One per thread, freed when the thread ends. */
struct thread_digest {
	EVP_MD *md;
	EVP_MD_CTX *ctx;
};

static pthread_key_t thread_key;
static pthread_once_t thread_once = PTHREAD_ONCE_INIT;
static __thread struct thread_digest *thread_digest;

struct mac {
	EVP_MAC_CTX *ctx;
};

const char *
digest_name(enum digest_alg alg)
{
	return digest_rows[alg].name;
}

size_t
digest_size(enum digest_alg alg)
{
	return digest_rows[alg].size;
}

/* A digest over memory fails only when OpenSSL is broken. */
static void
digest_require(int ok)
{
	if (ok != 1)
		abort();
}

static void
digest_run(EVP_MD_CTX *ctx, struct bytes in, uint8_t *out)
{
	/* No type given: the kept context starts again, nothing is fetched. */
	digest_require(EVP_DigestInit_ex2(ctx, NULL, NULL));
	digest_require(EVP_DigestUpdate(ctx, in.p, in.n));
	digest_require(EVP_DigestFinal_ex(ctx, out, NULL));
}

void
digest_compute(
    struct lane *lane, enum digest_alg alg, struct bytes in, uint8_t *out)
{
	digest_run(lane->md_ctx[alg], in, out);
}

static void
thread_digest_free(void *p)
{
	struct thread_digest *t = p;

	EVP_MD_CTX_free(t->ctx);
	EVP_MD_free(t->md);
	free(t);
	thread_digest = NULL;
}

static void
thread_key_make(void)
{
	if (pthread_key_create(&thread_key, thread_digest_free) != 0)
		abort();
}

static struct thread_digest *
thread_digest_new(void)
{
	struct thread_digest *t = mem_alloc(sizeof(*t));

	pthread_once(&thread_once, thread_key_make);
	t->md = EVP_MD_fetch(NULL, digest_name(DIGEST_SHA256), NULL);
	t->ctx = EVP_MD_CTX_new();
	digest_require(t->md != NULL && t->ctx != NULL &&
	    EVP_DigestInit_ex2(t->ctx, t->md, NULL) == 1);
	if (pthread_setspecific(thread_key, t) != 0)
		abort();
	return t;
}

void
digest_sha256(struct bytes in, uint8_t out[32])
{
	if (thread_digest == NULL)
		thread_digest = thread_digest_new();
	digest_run(thread_digest->ctx, in, out);
}

void
digest_sha1(struct bytes in, uint8_t out[20])
{
	size_t n;

	digest_require(
	    EVP_Q_digest(NULL, digest_name(DIGEST_SHA1), NULL,
		in.n == 0 ? "" : (const void *)in.p, in.n, out, &n) == 1);
}

struct mac *
mac_new(struct bytes key)
{
	struct mac *m = mem_alloc(sizeof(*m));
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	char md[] = "SHA2-256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_MAC_PARAM_DIGEST, md, sizeof(md) - 1),
		OSSL_PARAM_construct_end(),
	};

	digest_require(hmac != NULL);
	m->ctx = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	digest_require(m->ctx != NULL);
	/* A NULL key would mean "the former one": an empty key is not NULL. */
	digest_require(EVP_MAC_init(m->ctx,
	    key.n == 0 ? (const unsigned char *)"" : key.p, key.n, params));
	return m;
}

void
mac_free(struct mac *m)
{
	if (m == NULL)
		return;
	EVP_MAC_CTX_free(m->ctx);
	free(m);
}

void
mac_compute(struct mac *m, struct bytes in, uint8_t out[32])
{
	size_t n;

	digest_require(EVP_MAC_init(m->ctx, NULL, 0, NULL));
	digest_require(EVP_MAC_update(m->ctx, in.p, in.n));
	digest_require(EVP_MAC_final(m->ctx, out, &n, 32));
}
