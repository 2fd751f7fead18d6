#include "signer/check.h"
#include "signer/core.h"
#include "signer/core_state.h"

#define REFUSE(...) fail(err, ERR_SIGNER_REFUSED, __VA_ARGS__)

/* The responder that an answer names, if its private key is here. */
static struct privkey *
responder_find(const struct signer_core *c, struct bytes key_hash)
{
	for (size_t i = 0; i < c->responders_n; i++) {
		const struct responder_key *r = &c->responder_keys[i];

		if (bytes_equal(key_hash, bytes_of(r->hash, sizeof(r->hash))))
			return r->key;
	}
	return NULL;
}

bool
signer_core_answer(struct signer_core *c, const struct signer_request *req,
    struct buf *signature, struct err *err)
{
	const struct issuer *is = core_issuer_find(c, req->issuer);
	struct check_ocsp check = { .now = clock_now(&c->clock) };
	struct ocsp_data data;
	struct privkey *key;
	struct err why = { 0 };

	if (is == NULL || is->limits == NULL)
		return REFUSE("the signer signs for no such CA");
	/* What it cannot have: it is in no journal. */
	if (req->position != 0)
		return REFUSE("OCSP answer with a log position");
	if (!ocsp_data_parse(req->tbs, &data, &why))
		return REFUSE("not a ResponseData: %s", why.shown);
	key = responder_find(c, data.key_hash);
	check.limits = is->limits;
	check.issuer = &is->hashes;
	check.has_responder = key != NULL;
	if (!check_ocsp(&check, &data, err))
		return false;
	if (!privkey_sign(key, req->tbs, signature, &why))
		return fail_detail(err, ERR_SIGNER, "the signer could not sign",
		    "%s", why.detail);
	return true;
}
