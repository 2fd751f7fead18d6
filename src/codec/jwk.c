#include "codec/jose.h"
#include "crypto/digest.h"
#include "util/text.h"

/* Over what pubkey_check lets through, see spki.c. */
#define RSA_MODULUS_MAX 2048u
#define RSA_EXPONENT_MAX 32u

static const struct curve {
	const char *crv;
	enum key_alg alg;
	unsigned bits;
} curves[] = {
	{ "P-256", KEY_EC_P256, 256 },
	{ "P-384", KEY_EC_P384, 384 },
	{ "P-521", KEY_EC_P521, 521 },
};

/* RFC 7518 sections 6.2.2, 6.3.2 and 6.4: what only a private key has. */
static const char *const private_members[] = { "d", "p", "q", "dp", "dq", "qi",
	"oth", "k" };

/* A string member of the key and what it decodes to. */
static bool
member_read(const struct json_members *o, const char *name, struct arena *a,
    const char **text, struct bytes *octets, struct err *err)
{
	const char *s = json_member_text(o, name);

	if (s == NULL)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "JWK has no string member \"%s\"", name);
	if (!base64url_decode(bytes_str(s), a, octets, NULL))
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "JWK member \"%s\" is not base64url without padding", name);
	*text = s;
	return true;
}

/* RFC 7518 section 2: Base64urlUInt has no leading zero octets. */
static bool
integer_read(const struct json_members *o, const char *name, size_t max,
    struct arena *a, const char **text, struct bytes *octets, struct err *err)
{
	if (!member_read(o, name, a, text, octets, err))
		return false;
	if (octets->n == 0 || octets->p[0] == 0)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "JWK member \"%s\" is empty or begins with a zero octet",
		    name);
	if (octets->n > max)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "JWK member \"%s\" has %zu octets, at most %zu can be read",
		    name, octets->n, max);
	return true;
}

static bool
rsa_parse(const struct json_members *o, struct arena *a, struct jwk *out,
    struct err *err)
{
	struct pubkey key = { .alg = KEY_RSA };
	const char *n, *e;

	if (!integer_read(o, "n", RSA_MODULUS_MAX, a, &n, &key.n, err) ||
	    !integer_read(o, "e", RSA_EXPONENT_MAX, a, &e, &key.e, err))
		return false;
	key.bits =
	    (unsigned)key.n.n * 8 - ((unsigned)__builtin_clz(key.n.p[0]) - 24);
	out->key = key;
	/* RFC 7638 section 3.2: the required members, in order. */
	out->canonical = arena_printf(
	    a, "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}", e, n);
	return true;
}

static bool
ec_parse(const struct json_members *o, struct arena *a, struct jwk *out,
    struct err *err)
{
	const char *crv = json_member_text(o, "crv"), *xs, *ys;
	const struct curve *curve = NULL;
	struct bytes x, y;
	uint8_t *point;
	size_t n;

	for (size_t i = 0; crv != NULL && i < COUNT_OF(curves); i++)
		if (strcmp(crv, curves[i].crv) == 0)
			curve = &curves[i];
	if (curve == NULL)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "JWK has curve \"%.40s\", expected P-256, P-384 or P-521",
		    crv != NULL ? crv : "");
	n = (curve->bits + 7) / 8;
	if (!member_read(o, "x", a, &xs, &x, err) ||
	    !member_read(o, "y", a, &ys, &y, err))
		return false;
	/* RFC 7518 section 6.2.1.2: the full size of a coordinate. */
	if (x.n != n || y.n != n)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "JWK has coordinates of %zu and %zu octets, %s has %zu",
		    x.n, y.n, curve->crv, n);
	point = arena_alloc(a, 1 + 2 * n);
	point[0] = 4;
	memcpy(point + 1, x.p, n);
	memcpy(point + 1 + n, y.p, n);
	out->key = (struct pubkey){ .alg = curve->alg,
		.bits = curve->bits,
		.point = bytes_of(point, 1 + 2 * n) };
	out->canonical = arena_printf(a,
	    "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
	    curve->crv, xs, ys);
	return true;
}

static bool
okp_parse(const struct json_members *o, struct arena *a, struct jwk *out,
    struct err *err)
{
	const char *crv = json_member_text(o, "crv"), *xs;
	struct bytes x;

	if (crv == NULL || strcmp(crv, "Ed25519") != 0)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "JWK has curve \"%.40s\", expected Ed25519",
		    crv != NULL ? crv : "");
	if (!member_read(o, "x", a, &xs, &x, err))
		return false;
	if (x.n != 32)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "JWK has an Ed25519 key of %zu octets, expected 32", x.n);
	out->key =
	    (struct pubkey){ .alg = KEY_ED25519, .bits = 256, .point = x };
	/* RFC 8037 section 2. */
	out->canonical = arena_printf(
	    a, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", xs);
	return true;
}

static bool
members_parse(const struct json_members *o, struct arena *a, struct jwk *out,
    struct err *err)
{
	const char *kty, *use;
	struct jwk jwk;
	bool ok;

	for (size_t i = 0; i < COUNT_OF(private_members); i++)
		if (json_member_find(o, private_members[i]) != NULL)
			return fail(err, ERR_BAD_PUBLIC_KEY,
			    "JWK has the private member \"%s\": this key has "
			    "left its owner's hands",
			    private_members[i]);
	/* RFC 7517 section 4.2. */
	use = json_member_text(o, "use");
	if (use != NULL && strcmp(use, "sig") != 0)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "JWK is for use \"%.40s\", expected \"sig\"", use);
	kty = json_member_text(o, "kty");
	if (kty == NULL)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "JWK has no string member \"kty\"");
	if (strcmp(kty, "EC") == 0)
		ok = ec_parse(o, a, &jwk, err);
	else if (strcmp(kty, "RSA") == 0)
		ok = rsa_parse(o, a, &jwk, err);
	else if (strcmp(kty, "OKP") == 0)
		ok = okp_parse(o, a, &jwk, err);
	else
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "JWK has type \"%.40s\", expected EC, RSA or OKP", kty);
	if (!ok)
		return false;
	digest_sha256(bytes_str(jwk.canonical), jwk.thumbprint);
	*out = jwk;
	return true;
}

bool
jwk_parse(const json_t *o, struct arena *a, struct jwk *out, struct err *err)
{
	struct json_members m;

	if (!json_is_object(o))
		return fail(
		    err, ERR_BAD_PUBLIC_KEY, "JWK is not a JSON object");
	json_members_of(o, a, &m);
	return members_parse(&m, a, out, err);
}

bool
jwk_parse_text(
    const char *canonical, struct arena *a, struct jwk *out, struct err *err)
{
	struct json_members m;
	struct jwk jwk;

	if (!json_parse_members(bytes_str(canonical), a, &m, err) ||
	    !members_parse(&m, a, &jwk, err))
		return false;
	if (strcmp(jwk.canonical, canonical) != 0)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "JWK is not in the form of RFC 7638");
	*out = jwk;
	return true;
}

void
jwk_of_key(const struct pubkey *key, struct arena *a, struct jwk *out)
{
	struct jwk jwk = { .key = *key };
	size_t half = key->alg == KEY_RSA ? 0 : (key->point.n - 1) / 2;

	if (key->alg == KEY_RSA) {
		jwk.canonical = arena_printf(a,
		    "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}",
		    base64url_arena(a, key->e), base64url_arena(a, key->n));
	} else if (key->alg == KEY_ED25519) {
		jwk.canonical = arena_printf(a,
		    "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}",
		    base64url_arena(a, key->point));
	} else {
		for (size_t i = 0; i < COUNT_OF(curves); i++)
			if (curves[i].alg == key->alg)
				jwk.canonical = arena_printf(a,
				    "{\"crv\":\"%s\",\"kty\":\"EC\","
				    "\"x\":\"%s\",\"y\":\"%s\"}",
				    curves[i].crv,
				    base64url_arena(
					a, bytes_of(key->point.p + 1, half)),
				    base64url_arena(a,
					bytes_of(
					    key->point.p + 1 + half, half)));
	}
	digest_sha256(bytes_str(jwk.canonical), jwk.thumbprint);
	*out = jwk;
}

void
jwk_thumbprint_text(const uint8_t thumbprint[32], char out[44])
{
	AUTO_BUF b = { 0 };

	base64url_encode(bytes_of(thumbprint, 32), &b);
	memcpy(out, b.p, 43);
	out[43] = '\0';
}
