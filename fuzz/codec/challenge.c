/*
 * Signed challenges: what is taken is three parts whose octets are exactly the
 * text again, with no key in its header; and of claims that are taken nothing
 * was left out that the checks rely on.
 */
#include "codec/claims.h"
#include "codec/jwk_set.h"
#include "require.h"
#include "util/text.h"

static void
check_jws(const struct jws *jws, struct bytes text, struct arena *a)
{
	const char *again;

	REQUIRE(jws->alg_name != NULL && jws->jwk.canonical == NULL);
	REQUIRE(jws->signing_input.p == text.p);
	REQUIRE(jws->signing_input.n < text.n &&
	    text.p[jws->signing_input.n] == '.');
	again = arena_printf(a, "%s", base64url_arena(a, jws->signature));
	REQUIRE(bytes_is(bytes_of(text.p + jws->signing_input.n + 1,
			     text.n - jws->signing_input.n - 1),
	    again));
	again = base64url_arena(a, jws->payload);
	REQUIRE(jws->signing_input.n > strlen(again) &&
	    memcmp(text.p + jws->signing_input.n - strlen(again), again,
		strlen(again)) == 0);
}

static void
check_claims(const struct claims *c, struct arena *a)
{
	static const char *const none[] = { "" };

	REQUIRE(c->id[0] != '\0' && strlen(c->id) <= CLAIMS_ID_MAX);
	REQUIRE(c->device[0] != '\0');
	REQUIRE(c->expires_at > 0 && c->names.n > 0);
	REQUIRE(claims_check_request(c, c->names, c->subject, a, NULL));
	REQUIRE(
	    !claims_check_request(c, (struct names){ 0 }, c->subject, a, NULL));
	REQUIRE(!claims_check(
	    c, c->audience, c->audience_n, INT32_MAX, c->expires_at, NULL));
	/* An empty text is nobody's audience. */
	REQUIRE(!claims_check(c, none, 1, INT32_MAX, c->expires_at - 1, NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	AUTO_ARENA *a = arena_new();
	struct claims claims;
	struct jwk_set set;
	struct jws jws;

	if (jws_parse_compact(in, a, &jws, NULL)) {
		check_jws(&jws, in, a);
		in = jws.payload;
	}
	if (claims_parse(in, a, &claims, NULL))
		check_claims(&claims, a);
	if (jwk_set_parse(in, a, &set, NULL)) {
		REQUIRE(set.n > 0 && set.n <= JWK_SET_MAX);
		for (size_t i = 0; i < set.n; i++)
			REQUIRE(set.v[i].jwk.key.alg != KEY_RSA ||
			    set.v[i].jwk.key.bits >= 2048);
	}
	return 0;
}
