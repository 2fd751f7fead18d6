#include <pthread.h>
#include <stdlib.h>
#include "signer/core.h"

struct signer_local {
	pthread_mutex_t lock;
	struct signer_core *core;
};

struct signer_local *
signer_local_new(struct signer_core *core)
{
	struct signer_local *s = mem_alloc(sizeof(*s));

	pthread_mutex_init(&s->lock, NULL);
	s->core = core;
	return s;
}

void
signer_local_free(struct signer_local *s)
{
	if (s == NULL)
		return;
	signer_core_free(s->core);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static bool
local_sign(void *ctx, const struct signer_request *req, struct buf *signature,
    struct err *err)
{
	struct signer_local *s = ctx;
	struct err why = { 0 };

	pthread_mutex_lock(&s->lock);
	signer_core_sign(s->core, req, 1, signature, &why);
	pthread_mutex_unlock(&s->lock);
	if (why.kind != ERR_NONE)
		return fail_detail(err, why.kind, why.shown, "%s", why.detail);
	return true;
}

static bool
local_responder(void *ctx, struct buf *spki, struct err *err)
{
	struct signer_local *s = ctx;

	(void)err;
	pthread_mutex_lock(&s->lock);
	buf_add_bytes(spki, signer_core_responder(s->core));
	pthread_mutex_unlock(&s->lock);
	return true;
}

struct signer
signer_local_port(struct signer_local *s)
{
	return (struct signer){ local_sign, s, local_responder };
}
