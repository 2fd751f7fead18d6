#include "codec/oid.h"
#include "codec/spki.h"

/* Larger than any key that pubkey_check lets through, so that the answer names
 * the policy and not the form. */
#define RSA_MODULUS_MAX 2048u
#define RSA_EXPONENT_MAX 32u

static const struct curve {
	enum key_alg alg;
	unsigned bits;
	struct bytes oid;
} curves[] = {
	{ KEY_EC_P256, 256,
	    { (const uint8_t *)OID_P256, sizeof(OID_P256) - 1 } },
	{ KEY_EC_P384, 384,
	    { (const uint8_t *)OID_P384, sizeof(OID_P384) - 1 } },
	{ KEY_EC_P521, 521,
	    { (const uint8_t *)OID_P521, sizeof(OID_P521) - 1 } },
};

static unsigned
magnitude_bits(struct bytes m)
{
	if (m.n == 0)
		return 0;
	return (unsigned)m.n * 8 - ((unsigned)__builtin_clz(m.p[0]) - 24);
}

/* What an AlgorithmIdentifier holds behind the OID. */
struct algorithm {
	struct bytes oid;
	int parameters_tag; /* -1: absent */
	struct bytes parameters; /* content */
};

static bool
algorithm_read(struct der *d, struct algorithm *out)
{
	struct der inner;

	if (!der_enter(d, DER_SEQUENCE, &inner) ||
	    !der_read(&inner, DER_OID, &out->oid) ||
	    !der_oid_is_valid(out->oid))
		return false;
	out->parameters_tag = -1;
	if (der_at_end(&inner))
		return true;
	return der_read_any(
		   &inner, &out->parameters_tag, &out->parameters, NULL) &&
	    der_at_end(&inner);
}

static bool
parameters_are_null(const struct algorithm *alg)
{
	return alg->parameters_tag == DER_NULL && alg->parameters.n == 0;
}

static bool
rsa_read(const struct algorithm *alg, struct bytes bits, struct pubkey *out,
    struct err *err)
{
	struct der d = der_of(bits), inner;
	struct bytes n, e;

	/* RFC 3279 section 2.3.1: the parameters MUST be NULL. */
	if (!parameters_are_null(alg))
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "RSA key has parameters other than NULL");
	if (!der_enter(&d, DER_SEQUENCE, &inner) || !der_at_end(&d) ||
	    !der_read_uint(&inner, &n) || !der_read_uint(&inner, &e) ||
	    !der_at_end(&inner))
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "RSA key is not modulus and exponent in DER");
	if (n.n == 0 || e.n == 0)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "RSA key has a modulus or an exponent of zero");
	if (n.n > RSA_MODULUS_MAX || e.n > RSA_EXPONENT_MAX)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "RSA key has a modulus of %zu and an exponent of %zu "
		    "octets, at most %u and %u can be read",
		    n.n, e.n, RSA_MODULUS_MAX, RSA_EXPONENT_MAX);
	*out = (struct pubkey){
		.alg = KEY_RSA, .bits = magnitude_bits(n), .n = n, .e = e
	};
	return true;
}

static bool
ec_read(const struct algorithm *alg, struct bytes bits, struct pubkey *out,
    struct err *err)
{
	const struct curve *curve = NULL;
	size_t octets;

	/* RFC 5480 section 2.1.1: namedCurve only. */
	if (alg->parameters_tag != DER_OID)
		return fail(
		    err, ERR_BAD_PUBLIC_KEY, "EC key does not name its curve");
	for (size_t i = 0; i < COUNT_OF(curves); i++)
		if (bytes_equal(alg->parameters, curves[i].oid))
			curve = &curves[i];
	if (curve == NULL)
		return fail(err, ERR_UNSUPPORTED,
		    "EC key lies on a curve other than P-256, P-384 and "
		    "P-521");
	octets = (curve->bits + 7) / 8;
	if (bits.n == 1 + octets && (bits.p[0] == 2 || bits.p[0] == 3))
		return fail(err, ERR_UNSUPPORTED,
		    "EC key is a compressed point, expected an uncompressed "
		    "one");
	if (bits.n != 1 + 2 * octets || bits.p[0] != 4)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "EC key has %zu octets, expected an uncompressed point of "
		    "%zu",
		    bits.n, 1 + 2 * octets);
	*out = (struct pubkey){
		.alg = curve->alg, .bits = curve->bits, .point = bits
	};
	return true;
}

static bool
ed25519_read(const struct algorithm *alg, struct bytes bits, struct pubkey *out,
    struct err *err)
{
	/* RFC 8410 section 3: the parameters MUST be absent. */
	if (alg->parameters_tag != -1)
		return fail(
		    err, ERR_BAD_PUBLIC_KEY, "Ed25519 key has parameters");
	if (bits.n != 32)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "Ed25519 key has %zu octets, expected 32", bits.n);
	*out =
	    (struct pubkey){ .alg = KEY_ED25519, .bits = 256, .point = bits };
	return true;
}

bool
spki_parse(struct bytes der, struct pubkey *out, struct err *err)
{
	struct der d = der_of(der), inner;
	struct algorithm alg;
	struct bytes bits;
	char oid[128];

	if (!der_enter(&d, DER_SEQUENCE, &inner) || !der_at_end(&d) ||
	    !algorithm_read(&inner, &alg) ||
	    !der_read_bit_octets(&inner, &bits) || !der_at_end(&inner))
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "public key is not a SubjectPublicKeyInfo in DER");
	if (bytes_equal(alg.oid, OID(EC_PUBLIC_KEY)))
		return ec_read(&alg, bits, out, err);
	if (bytes_equal(alg.oid, OID(RSA)))
		return rsa_read(&alg, bits, out, err);
	if (bytes_equal(alg.oid, OID(ED25519)))
		return ed25519_read(&alg, bits, out, err);
	/* RFC 4055 section 1.2: such a key may not be encrypted to, as SCEP
	 * must, and the CA/Browser Forum's Baseline Requirements (section
	 * 7.1.3.1.1) let no certificate have it. */
	if (bytes_equal(alg.oid, OID(RSA_PSS)))
		return fail(err, ERR_UNSUPPORTED,
		    "public key is for RSASSA-PSS alone, expected an RSA key "
		    "of type rsaEncryption, which may sign with PSS, too");
	if (!der_oid_text(alg.oid, oid))
		oid[0] = '\0';
	return fail(err, ERR_UNSUPPORTED,
	    "public key has algorithm %s, expected RSA, EC or Ed25519", oid);
}

void
rsa_public_key_put(struct buf *b, const struct pubkey *key)
{
	size_t mark = der_open(b, DER_SEQUENCE);

	der_put_uint(b, key->n);
	der_put_uint(b, key->e);
	der_close(b, mark);
}

static void
spki_algorithm_put(struct buf *b, const struct pubkey *key)
{
	size_t mark = der_open(b, DER_SEQUENCE);

	if (key->alg == KEY_RSA) {
		oid_put(b, OID(RSA));
		der_put(b, DER_NULL, BYTES_NONE);
	} else if (key->alg == KEY_ED25519)
		oid_put(b, OID(ED25519));
	else {
		oid_put(b, OID(EC_PUBLIC_KEY));
		for (size_t i = 0; i < COUNT_OF(curves); i++)
			if (curves[i].alg == key->alg)
				oid_put(b, curves[i].oid);
	}
	der_close(b, mark);
}

void
spki_put(struct buf *b, const struct pubkey *key)
{
	size_t outer = der_open(b, DER_SEQUENCE), mark;

	spki_algorithm_put(b, key);
	if (key->alg == KEY_RSA) {
		mark = der_open(b, DER_BIT_STRING);
		buf_add_byte(b, 0);
		rsa_public_key_put(b, key);
		der_close(b, mark);
	} else
		der_put_bit_octets(b, key->point);
	der_close(b, outer);
}
