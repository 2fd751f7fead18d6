#include "acme/nonce.h"
#include "acme/post.h"
#include "util/text.h"

/* RFC 7518 section 3.3; larger ones cost more than an account is worth. */
#define RSA_MIN_BITS 2048u
#define RSA_MAX_BITS 8192u
#define BASE64URL                                                              \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/*
 * RFC 8555 section 6.4: the string that the client signed is the one that we
 * handed out.  It is made of the configured base URL, so that a proxy may call
 * us what it likes (rule 8).
 */
static bool
url_check(const struct post *post, struct err *err)
{
	const char *url = post->jws.url;
	size_t n = strlen(post->state->config->base_url);

	if (url == NULL)
		return fail(err, ERR_MALFORMED, "JWS has no \"url\"");
	if (strncmp(url, post->state->config->base_url, n) != 0 ||
	    strcmp(url + n, post->req->target) != 0)
		return fail(err, ERR_UNAUTHORIZED,
		    "JWS is for the URL \"%.200s\", but was sent to "
		    "\"%s%.200s\"",
		    url, post->state->config->base_url, post->req->target);
	return true;
}

static bool
auth_check(const struct jws *jws, enum post_auth auth, struct err *err)
{
	if (auth == POST_BY_KID && jws->has_jwk)
		return fail(err, ERR_MALFORMED,
		    "JWS has \"jwk\", this resource expects \"kid\"");
	if (auth == POST_BY_JWK && !jws->has_jwk)
		return fail(err, ERR_MALFORMED,
		    "JWS has \"kid\", this resource expects \"jwk\"");
	return true;
}

static bool
nonce_check(struct post *post, struct err *err)
{
	const char *nonce = post->jws.nonce;

	if (nonce == NULL)
		return fail(err, ERR_BAD_NONCE,
		    "JWS has an invalid anti-replay nonce: it has none");
	/* RFC 8555 section 6.5.2: this one is malformed, and no other. */
	if (strspn(nonce, BASE64URL) != strlen(nonce))
		return fail(
		    err, ERR_MALFORMED, "JWS has a nonce that is no base64url");
	return nonces_check(post->acme->nonces, nonce, post->arena, err);
}

/*
 * Tests make good nonces fail too; the nonce alone is spent by that.  Never two
 * in a row for one key: certbot 2.1 and uacme 1.7.4 try again once
 * (tests/interop at 50 %).
 */
static bool
nonce_is_rejected_by_test(struct acme *acme, const uint8_t thumbprint[32])
{
	_Atomic uint64_t *slot;
	uint64_t key;
	uint16_t drawn;

	if (acme->deps.reject_nonces_percent == 0)
		return false;
	memcpy(&key, thumbprint, sizeof(key));
	slot = &acme->refused_by_test[key % COUNT_OF(acme->refused_by_test)];
	if (atomic_exchange(slot, 0) == key)
		return false;
	random_fill(&acme->deps.random, &drawn, sizeof(drawn));
	if (drawn % 100u >= acme->deps.reject_nonces_percent)
		return false;
	atomic_store(slot, key);
	return true;
}

static bool
nonce_burn(struct post *post, struct err *err)
{
	if (!nonces_burn(post->acme->nonces, post->jws.nonce, post->arena, err))
		return false;
	if (nonce_is_rejected_by_test(post->acme, post->key.thumbprint))
		return fail(err, ERR_BAD_NONCE,
		    "JWS has an invalid anti-replay nonce: refused by "
		    "testing.reject_nonces_percent");
	return true;
}

static bool
account_load(struct post *post, struct err *err)
{
	const char *kid = post->jws.kid, *prefix = post->state->account_prefix;
	struct err why = { 0 };

	if (strncmp(kid, prefix, strlen(prefix)) != 0)
		return fail(err, ERR_ACCOUNT_UNKNOWN,
		    "\"kid\" is \"%.200s\", expected an account URL "
		    "beginning with %s",
		    kid, prefix);
	if (!store_account_get(post->acme->deps.store, kid + strlen(prefix),
		post->arena, &post->account, &why)) {
		if (why.kind == ERR_NOT_FOUND)
			return fail(err, ERR_ACCOUNT_UNKNOWN,
			    "there is no account \"%.200s\"", kid);
		*err = why;
		return false;
	}
	post->has_account = true;
	post->req->log_account = post->account.id;
	/* RFC 8555 section 7.3.6. */
	if (post->account.status != ACCOUNT_VALID)
		return fail(err, ERR_ACCOUNT_DEACTIVATED, "the account is %s",
		    account_status_name(post->account.status));
	return jwk_parse_text(post->account.jwk, post->arena, &post->key, err);
}

static bool
signature_check(struct post *post, struct err *err)
{
	AUTO_LANE loan = lane_lend(post->acme->deps.lanes);

	/* A key from outside is looked at before anything is computed with
	 * it; an account's key was. */
	if (post->jws.has_jwk &&
	    !pubkey_check(
		loan.lane, &post->key.key, RSA_MIN_BITS, RSA_MAX_BITS, err))
		return false;
	return jws_verify(loan.lane, &post->jws, &post->key, err);
}

bool
post_read(struct acme *acme, struct http_req *req, enum post_auth auth,
    struct post *post, struct err *err)
{
	*post = (struct post){
		.acme = acme,
		.state = acme_state(acme),
		.req = req,
		.arena = req->arena,
		.now = req->now,
	};
	if (!jws_parse(req->body, false, post->arena, &post->jws, err) ||
	    !auth_check(&post->jws, auth, err) || !url_check(post, err) ||
	    !nonce_check(post, err))
		return false;
	if (post->jws.has_jwk)
		post->key = post->jws.jwk;
	else if (!account_load(post, err))
		return false;
	return signature_check(post, err) && nonce_burn(post, err);
}

bool
post_payload(const struct post *post, json_t **out, struct err *err)
{
	if (post_is_get(post))
		return fail(err, ERR_MALFORMED,
		    "the payload is empty, expected a JSON object");
	return json_parse_object(post->jws.payload, post->arena, out, err);
}

bool
post_check_get(const struct post *post, struct err *err)
{
	if (!post_is_get(post))
		return fail(err, ERR_MALFORMED,
		    "the payload is not empty, expected POST-as-GET");
	return true;
}

bool
post_check_owner(const struct post *post, const char *account_id,
    const char *what, struct err *err)
{
	if (account_id == NULL || strcmp(account_id, post->account.id) != 0)
		return fail(err, ERR_UNAUTHORIZED,
		    "the %s does not belong to this account", what);
	return true;
}
