#include "est/sign.h"

bool
est_sign(struct est *est, struct lane *lane, const char *type,
    struct bytes content, struct buf *out, struct err *err)
{
	struct signing *s = &est->signing;
	AUTO_BUF chain = { 0 };
	const struct privkey *key;

	pthread_mutex_lock(&s->lock);
	key = s->key;
	buf_add_bytes(&chain, buf_bytes(&s->chain_pem));
	pthread_mutex_unlock(&s->lock);
	if (key == NULL)
		return fail(err, ERR_INTERNAL, "the server has no certificate");
	return envelope_signed_put(
	    lane, key, buf_bytes(&chain), type, content, out, err);
}
