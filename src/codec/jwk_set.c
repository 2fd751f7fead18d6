#include "codec/jwk_set.h"
#include "codec/pem.h"
#include "codec/spki.h"

#define RSA_MIN_BITS 2048u

static bool
set_add(struct jwk_set *set, const struct jwk_set_key *key, struct err *err)
{
	if (set->n == JWK_SET_MAX)
		return fail(
		    err, ERR_TOO_LARGE, "more than %u keys", JWK_SET_MAX);
	if (key->jwk.key.alg == KEY_RSA && key->jwk.key.bits < RSA_MIN_BITS)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "key %zu is RSA of %u bits, expected at least %u",
		    set->n + 1, key->jwk.key.bits, RSA_MIN_BITS);
	for (size_t i = 0; key->kid != NULL && i < set->n; i++)
		if (set->v[i].kid != NULL &&
		    strcmp(set->v[i].kid, key->kid) == 0)
			return fail(err, ERR_MALFORMED,
			    "two keys have the kid \"%.40s\"", key->kid);
	set->v[set->n++] = *key;
	return true;
}

/* ---- JSON ---- */

/* RFC 7517 section 4.3: if it says what the key is for, then verifying. */
static bool
ops_check(const json_t *o, struct err *err)
{
	const json_t *ops = json_object_get(o, "key_ops"), *v;
	size_t i;

	if (ops == NULL)
		return true;
	json_array_foreach ((json_t *)(uintptr_t)ops, i, v)
		if (json_is_string(v) &&
		    strcmp(json_string_value(v), "verify") == 0)
			return true;
	return fail(
	    err, ERR_BAD_PUBLIC_KEY, "JWK has key_ops without \"verify\"");
}

/* RFC 7517 section 4.4: one that would never hold is a mistake to tell now. */
static bool
alg_check(const struct jwk_set_key *key, struct err *err)
{
	return key->alg == NULL || jws_alg_is_for(key->alg, key->jwk.key.alg) ||
	    fail(err, ERR_BAD_PUBLIC_KEY,
		"JWK of type %s is for \"alg\" \"%.20s\", expected RS256, "
		"PS256, ES256, ES384, ES512 or EdDSA as its type has it",
		key_alg_name(key->jwk.key.alg), key->alg);
}

static bool
json_add(const json_t *o, struct arena *a, struct jwk_set *set, struct err *err)
{
	struct jwk_set_key key = { 0 };

	return jwk_parse(o, a, &key.jwk, err) && ops_check(o, err) &&
	    json_get_string_optional(o, "kid", &key.kid, err) &&
	    json_get_string_optional(o, "alg", &key.alg, err) &&
	    alg_check(&key, err) && set_add(set, &key, err);
}

static bool
json_read(
    struct bytes text, struct arena *a, struct jwk_set *set, struct err *err)
{
	const json_t *keys, *v;
	json_t *o;
	size_t i;

	if (!json_parse_object(text, a, &o, err))
		return false;
	keys = json_object_get(o, "keys");
	if (keys == NULL)
		return json_add(o, a, set, err);
	if (!json_is_array(keys))
		return fail(
		    err, ERR_MALFORMED, "JWK Set has \"keys\" of no array");
	json_array_foreach ((json_t *)(uintptr_t)keys, i, v)
		if (!json_add(v, a, set, err))
			return false;
	return true;
}

/* ---- PEM ---- */

static bool
pem_read(
    struct bytes text, struct arena *a, struct jwk_set *set, struct err *err)
{
	for (;;) {
		struct jwk_set_key key = { 0 };
		struct pubkey pubkey;
		struct bytes der;
		bool found;

		if (!pem_next(&text, "PUBLIC KEY", a, &found, &der, err))
			return false;
		if (!found)
			return true;
		if (!spki_parse(der, &pubkey, err))
			return false;
		jwk_of_key(&pubkey, a, &key.jwk);
		if (!set_add(set, &key, err))
			return false;
	}
}

bool
jwk_set_parse(
    struct bytes text, struct arena *a, struct jwk_set *out, struct err *err)
{
	struct jwk_set set = { 0 };
	size_t at = 0;
	bool ok;

	set.v = arena_array(a, JWK_SET_MAX, sizeof(*set.v));
	while (at < text.n && strchr(" \t\r\n", text.p[at]) != NULL &&
	    text.p[at] != '\0')
		at++;
	ok = at < text.n && text.p[at] == '{' ? json_read(text, a, &set, err)
					      : pem_read(text, a, &set, err);
	if (!ok)
		return false;
	if (set.n == 0)
		return fail(err, ERR_MALFORMED,
		    "no key, expected a JWK Set or PEM blocks PUBLIC KEY");
	*out = set;
	return true;
}

/* ---- whose signature is it? ---- */

static bool
has_kid(const struct jwk_set *set, const char *kid)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].kid != NULL && strcmp(set->v[i].kid, kid) == 0)
			return true;
	return false;
}

static bool
is_candidate(const struct jwk_set_key *key, const char *kid, bool known)
{
	if (kid == NULL)
		return true;
	return known ? key->kid != NULL && strcmp(key->kid, kid) == 0
		     : key->kid == NULL;
}

bool
jwk_set_verify(struct lane *lane, const struct jwk_set *set,
    const struct jws *jws, const struct jwk_set_key **by, struct err *err)
{
	bool known = jws->kid != NULL && has_kid(set, jws->kid), tried = false;
	struct err why = { 0 };

	for (size_t i = 0; i < set->n; i++) {
		const struct jwk_set_key *key = &set->v[i];

		if (!is_candidate(key, jws->kid, known))
			continue;
		if (key->alg != NULL && strcmp(key->alg, jws->alg_name) != 0)
			continue;
		tried = true;
		err_clear(&why);
		if (jws_verify(lane, jws, &key->jwk, &why)) {
			*by = key;
			return true;
		}
	}
	if (!tried)
		return fail(err, ERR_BAD_SIGNATURE_ALG,
		    "no key with its kid and algorithm \"%.20s\" is known",
		    jws->alg_name);
	*err = why;
	return false;
}
