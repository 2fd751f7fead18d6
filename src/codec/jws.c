#include "codec/jose.h"
#include "util/text.h"

#define NO_KEY 0
/* RFC 7518 section 3.5: the salt is as long as the digest. */
#define PS256_SALT 32u

static const struct alg_row {
	const char *name;
	enum sig_alg alg; /* 0: HMAC with SHA-256 */
	unsigned key; /* enum key_alg, or NO_KEY */
	size_t octets; /* fixed length of a signature; 0: the key's */
	bool compact; /* of the compact form alone, never of ACME */
} algs[] = {
	/* RFC 7518 section 3.1, RFC 8037 section 3.1. */
	{ "ES256", SIG_ECDSA_SHA256, KEY_EC_P256, 64, false },
	{ "RS256", SIG_RSA_SHA256, KEY_RSA, 0, false },
	{ "ES384", SIG_ECDSA_SHA384, KEY_EC_P384, 96, false },
	{ "ES512", SIG_ECDSA_SHA512, KEY_EC_P521, 132, false },
	{ "EdDSA", SIG_ED25519, KEY_ED25519, 64, false },
	{ "HS256", (enum sig_alg)0, NO_KEY, 32, false },
	{ "PS256", SIG_PSS_SHA256, KEY_RSA, 0, true },
};

const char *const jws_algorithms[] = { "RS256", "ES256", "ES384", "ES512",
	"EdDSA", NULL };

static const struct alg_row *
alg_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(algs); i++)
		if (strcmp(algs[i].name, name) == 0)
			return &algs[i];
	return NULL;
}

/* A string member of the envelope and what it decodes to. */
static bool
part_read(const struct json_members *o, const char *name, struct arena *a,
    struct bytes *text, struct bytes *octets, struct err *err)
{
	const char *s;

	if (!json_member_get(o, name, &s, err))
		return false;
	*text = bytes_str(s);
	/* RFC 7515 section 2: without padding. */
	if (!base64url_decode(*text, a, octets, NULL))
		return fail(err, ERR_MALFORMED,
		    "JWS member \"%s\" is not base64url without padding", name);
	return true;
}

static bool
alg_read(const struct json_members *header, bool allow_mac, struct jws *out,
    struct err *err)
{
	const struct alg_row *row;
	const char *name;

	if (!json_member_get(header, "alg", &name, err))
		return false;
	row = alg_find(name);
	/* RFC 8555 section 6.2: neither "none" nor a MAC. */
	if (row == NULL || row->compact || (row->key == NO_KEY && !allow_mac))
		return fail(err, ERR_BAD_SIGNATURE_ALG,
		    "JWS has algorithm \"%.40s\", expected RS256, ES256, "
		    "ES384, ES512 or EdDSA",
		    name);
	out->alg_name = row->name;
	out->alg = row->alg;
	out->mac = row->key == NO_KEY;
	return true;
}

/* RFC 8555 section 6.2: exactly one of jwk and kid. */
static bool
key_read(const struct json_members *header, struct arena *a, struct jws *out,
    struct err *err)
{
	const struct json_member *jwk = json_member_find(header, "jwk");
	const struct json_member *kid = json_member_find(header, "kid");

	if (jwk != NULL && kid != NULL)
		return fail(err, ERR_MALFORMED,
		    "JWS has both \"jwk\" and \"kid\", expected one of them");
	if (jwk == NULL) {
		if (kid == NULL)
			return fail(err, ERR_MALFORMED,
			    "JWS has neither \"jwk\" nor \"kid\"");
		return json_member_get(header, "kid", &out->kid, err);
	}
	if (out->mac)
		return fail(err, ERR_MALFORMED,
		    "JWS has a MAC and \"jwk\", expected \"kid\"");
	if (!jwk_parse(jwk->other, a, &out->jwk, err))
		return false;
	/* RFC 8555 section 6.2 calls this a bad key, not a bad algorithm. */
	if (alg_find(out->alg_name)->key != out->jwk.key.alg)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "JWS has algorithm %s, which does not fit its JWK of type "
		    "%s",
		    out->alg_name, key_alg_name(out->jwk.key.alg));
	out->has_jwk = true;
	return true;
}

/* An empty string is no nonce and no URL. */
static bool
text_read(const struct json_members *header, const char *name, const char **out,
    struct err *err)
{
	const struct json_member *v = json_member_find(header, name);

	*out = NULL;
	if (v == NULL || json_is_null(v->other))
		return true;
	if (!json_member_get(header, name, out, err))
		return false;
	if (**out == '\0')
		return fail(
		    err, ERR_MALFORMED, "JWS has an empty \"%s\"", name);
	return true;
}

static bool
header_read(struct bytes protected, bool allow_mac, struct arena *a,
    struct jws *out, struct err *err)
{
	struct json_members header;

	if (!json_parse_members(protected, a, &header, err))
		return false;
	/* RFC 7515 section 4.1.11: what is critical must be understood, and we
	 * understand no extension; RFC 7797's b64 must be critical anyway. */
	if (json_member_find(&header, "crit") != NULL)
		return fail(err, ERR_MALFORMED,
		    "JWS has \"crit\", but no extension is understood");
	if (json_member_find(&header, "b64") != NULL)
		return fail(err, ERR_MALFORMED,
		    "JWS has \"b64\", which RFC 8555 does not allow");
	return alg_read(&header, allow_mac, out, err) &&
	    key_read(&header, a, out, err) &&
	    text_read(&header, "nonce", &out->nonce, err) &&
	    text_read(&header, "url", &out->url, err);
}

static struct bytes
signing_input(struct bytes protected, struct bytes payload, struct arena *a)
{
	uint8_t *p = arena_alloc(a, protected.n + 1 + payload.n);

	memcpy(p, protected.p, protected.n);
	p[protected.n] = '.';
	memcpy(p + protected.n + 1, payload.p, payload.n);
	return bytes_of(p, protected.n + 1 + payload.n);
}

bool
jws_parse(struct bytes body, bool allow_mac, struct arena *a, struct jws *out,
    struct err *err)
{
	struct bytes protected, payload, signature, header;
	struct jws jws = { 0 };
	struct json_members o;

	if (!json_parse_members(body, a, &o, err))
		return false;
	/* RFC 8555 section 6.2: flattened, no unprotected header. */
	if (json_member_find(&o, "signatures") != NULL)
		return fail(err, ERR_MALFORMED,
		    "JWS has \"signatures\", expected the flattened form");
	if (json_member_find(&o, "header") != NULL)
		return fail(
		    err, ERR_MALFORMED, "JWS has an unprotected \"header\"");
	if (!part_read(&o, "protected", a, &protected, &header, err) ||
	    !part_read(&o, "payload", a, &payload, &jws.payload, err) ||
	    !part_read(&o, "signature", a, &signature, &jws.signature, err) ||
	    !header_read(header, allow_mac, a, &jws, err))
		return false;
	jws.payload_empty = payload.n == 0;
	jws.signing_input = signing_input(protected, payload, a);
	*out = jws;
	return true;
}

bool
jws_alg_is_for(const char *alg, enum key_alg key)
{
	const struct alg_row *row = alg_find(alg);

	return row != NULL && row->key == (unsigned)key;
}

/* An INTEGER of fixed-length octets at o; returns its length, 0 for a zero. */
static size_t
integer_put(uint8_t *o, const uint8_t *p, size_t n)
{
	size_t pad;

	while (n > 0 && *p == 0) {
		p++;
		n--;
	}
	if (n == 0)
		return 0;
	pad = *p >= 0x80;
	o[0] = DER_INTEGER;
	o[1] = (uint8_t)(n + pad);
	o[2] = 0;
	memcpy(o + 2 + pad, p, n);
	return 2 + pad + n;
}

size_t
jws_ecdsa_to_der(struct bytes fixed, uint8_t out[JWS_ECDSA_DER_MAX])
{
	uint8_t inner[JWS_ECDSA_DER_MAX];
	size_t half = fixed.n / 2, r, s, head;

	if (fixed.n != 64 && fixed.n != 96 && fixed.n != 132)
		return 0;
	r = integer_put(inner, fixed.p, half);
	s = r == 0 ? 0 : integer_put(inner + r, fixed.p + half, half);
	if (s == 0)
		return 0;
	head = der_header_size(r + s);
	out[0] = DER_SEQUENCE;
	/* At most 138 octets: two forms of a length are enough. */
	if (head == 3)
		out[1] = 0x81;
	out[head - 1] = (uint8_t)(r + s);
	memcpy(out + head, inner, r + s);
	return head + r + s;
}

bool
jws_verify(struct lane *lane, const struct jws *jws, const struct jwk *key,
    struct err *err)
{
	const struct alg_row *row = alg_find(jws->alg_name);
	struct bytes signature = jws->signature;
	uint8_t der[JWS_ECDSA_DER_MAX];

	/* The algorithm is the client's word, the key's type is ours. */
	if (row == NULL || row->key != key->key.alg)
		return fail(err, ERR_BAD_SIGNATURE_ALG,
		    "JWS has algorithm %s, which does not fit a key of type %s",
		    jws->alg_name, key_alg_name(key->key.alg));
	if (signature.n != (row->octets != 0 ? row->octets : key->key.n.n))
		return fail(err, ERR_BAD_SIGNATURE,
		    "JWS signature has %zu octets, expected %zu", signature.n,
		    row->octets != 0 ? row->octets : key->key.n.n);
	if (row->key != KEY_RSA && row->key != KEY_ED25519) {
		signature = bytes_of(der, jws_ecdsa_to_der(signature, der));
		if (signature.n == 0)
			return fail(err, ERR_BAD_SIGNATURE,
			    "JWS signature has a part that is zero");
	}
	if (row->alg == SIG_PSS_SHA256)
		return pubkey_verify_salted(lane, &key->key, row->alg,
		    PS256_SALT, jws->signing_input, signature, err);
	return pubkey_verify_cached(lane, key->thumbprint, &key->key, row->alg,
	    jws->signing_input, signature, err);
}
