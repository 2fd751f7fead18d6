#include <stdlib.h>

#include "codec/extension.h"
#include "codec/oid.h"
#include "codec/spki.h"
#include "est/csrattrs.h"
#include "est/handlers.h"
#include "est/reply.h"

/* What every client makes unasked. */
#define RSA_BITS_USUAL 2048u

/* The kind of key that is asked for: the first that the profile names. */
static enum key_alg
key_preferred(const struct profile *p)
{
	enum key_alg alg;
	unsigned bits;

	if (p->t.keys.n > 0 && key_alg_parse(p->t.keys.v[0], &alg, &bits))
		return alg;
	return KEY_EC_P256;
}

static struct bytes
curve_oid(enum key_alg alg)
{
	switch (alg) {
	case KEY_EC_P256:
		return OID(P256);
	case KEY_EC_P384:
		return OID(P384);
	case KEY_EC_P521:
		return OID(P521);
	default:
		return BYTES_NONE;
	}
}

static struct bytes
key_oid(enum key_alg alg)
{
	if (alg == KEY_ED25519)
		return OID(ED25519);
	return alg == KEY_RSA ? OID(RSA) : OID(EC_PUBLIC_KEY);
}

static unsigned
rsa_bits(const struct profile *p)
{
	return (unsigned)MAX_OF(p->t.rsa_min_bits, (int64_t)RSA_BITS_USUAL);
}

/* RFC 9908 section 3.2: exactly one attribute, whose type is the key's
 * algorithm and whose value is the curve or the size; a bare OID would ask for
 * a way to sign. */
static void
key_attribute_put(struct buf *b, const struct profile *p)
{
	enum key_alg alg = key_preferred(p);
	size_t attribute, values;

	attribute = der_open(b, DER_SEQUENCE);
	oid_put(b, key_oid(alg));
	values = der_open(b, DER_SET);
	if (alg == KEY_RSA)
		der_put_small(b, rsa_bits(p));
	else if (alg != KEY_ED25519)
		oid_put(b, curve_oid(alg));
	der_close(b, values);
	der_close(b, attribute);
}

/* Those extensions whose value the profile decides. */
static void
extensions_put(struct buf *b, const struct profile *p)
{
	unsigned usage = profile_key_usage(p, key_preferred(p));
	struct extension_marks x;
	size_t list;

	if (usage != 0) {
		x = extension_open(b, OID(KEY_USAGE), true);
		der_put_named_bits(b, usage);
		extension_close(b, x);
	}
	if (p->eku.n > 0) {
		x = extension_open(b, OID(EXT_KEY_USAGE), false);
		list = der_open(b, DER_SEQUENCE);
		for (size_t i = 0; i < p->eku.n; i++)
			der_put_oid(b, p->eku.v[i]);
		der_close(b, list);
		extension_close(b, x);
	}
}

/* An attribute whose one value is a SEQUENCE; closed by attribute_close. */
struct attribute_marks {
	size_t attribute, values, value;
};

static struct attribute_marks
attribute_open(struct buf *b, struct bytes oid)
{
	struct attribute_marks m;

	m.attribute = der_open(b, DER_SEQUENCE);
	oid_put(b, oid);
	m.values = der_open(b, DER_SET);
	m.value = der_open(b, DER_SEQUENCE);
	return m;
}

static void
attribute_close(struct buf *b, struct attribute_marks m)
{
	der_close(b, m.value);
	der_close(b, m.values);
	der_close(b, m.attribute);
}

static void
text_rdn_put(struct buf *b, struct bytes oid, int tag, const char *text)
{
	size_t set = der_open(b, DER_SET), one = der_open(b, DER_SEQUENCE);

	oid_put(b, oid);
	if (text != NULL)
		der_put(b, tag, bytes_str(text));
	der_close(b, one);
	der_close(b, set);
}

/* NameTemplate: what the profile fixes, and a CN for the client to fill in. RFC
 * 9908 section 3.4: without either it must be absent. */
static void
subject_template_put(struct buf *b, const struct profile *p)
{
	size_t name;

	if (p->t.subject_country == NULL && p->t.subject_organization == NULL &&
	    p->subject_cn == SUBJECT_NONE)
		return;
	name = der_open(b, DER_SEQUENCE);
	if (p->t.subject_country != NULL)
		text_rdn_put(b, OID(COUNTRY), DER_PRINTABLE_STRING,
		    p->t.subject_country);
	if (p->t.subject_organization != NULL)
		text_rdn_put(b, OID(ORGANIZATION), DER_UTF8_STRING,
		    p->t.subject_organization);
	if (p->subject_cn != SUBJECT_NONE)
		text_rdn_put(b, OID(COMMON_NAME), 0, NULL);
	der_close(b, name);
}

/* RFC 9908 section 3.4: a size of RSA is told by a key of that size. */
static void
rsa_size_put(struct buf *b, unsigned bits)
{
	static const uint8_t exponent[] = { 1, 0, 1 };
	size_t n = (bits + 7) / 8;
	uint8_t *modulus = mem_alloc(n);
	const struct pubkey key = { .alg = KEY_RSA,
		.bits = bits,
		.n = bytes_of(modulus, n),
		.e = bytes_of(exponent, sizeof(exponent)) };
	AUTO_BUF octets = { 0 };

	modulus[0] = (uint8_t)(1u << (bits - 1) % 8);
	modulus[n - 1] |= 1;
	rsa_public_key_put(&octets, &key);
	der_put_bit_octets(b, buf_bytes(&octets));
	free(modulus);
}

/* [0] SubjectPublicKeyInfoTemplate, implicit. */
static void
key_template_put(struct buf *b, const struct profile *p)
{
	enum key_alg alg = key_preferred(p);
	size_t spki = der_open(b, DER_CONTEXT_CONSTRUCTED(0));
	size_t algorithm = der_open(b, DER_SEQUENCE);

	if (alg == KEY_RSA) {
		oid_put(b, OID(RSA));
		der_put(b, DER_NULL, BYTES_NONE);
	} else if (alg == KEY_ED25519) {
		oid_put(b, OID(ED25519));
	} else {
		oid_put(b, OID(EC_PUBLIC_KEY));
		oid_put(b, curve_oid(alg));
	}
	der_close(b, algorithm);
	if (alg == KEY_RSA && rsa_bits(p) > RSA_BITS_USUAL)
		rsa_size_put(b, rsa_bits(p));
	der_close(b, spki);
}

/* RFC 9908 appendix A: CertificationRequestInfoTemplate. */
static void
template_put(struct buf *b, const struct profile *p)
{
	struct attribute_marks outer, inner;
	size_t attributes, san;

	outer = attribute_open(b, OID(REQUEST_TEMPLATE));
	der_put_small(b, 0);
	subject_template_put(b, p);
	key_template_put(b, p);
	attributes = der_open(b, DER_CONTEXT_CONSTRUCTED(1));
	inner = attribute_open(b, OID(EXTENSION_TEMPLATE));
	/* A subjectAltName without a value: for the client to fill in. */
	san = der_open(b, DER_SEQUENCE);
	oid_put(b, OID(SUBJECT_ALT_NAME));
	der_close(b, san);
	extensions_put(b, p);
	attribute_close(b, inner);
	der_close(b, attributes);
	attribute_close(b, outer);
}

void
est_csrattrs_put(struct buf *b, const struct profile *p, bool channel_binding)
{
	size_t list = der_open(b, DER_SEQUENCE);
	struct attribute_marks extensions;

	/* RFC 7030 section 3.5: asks for the channel binding. */
	if (channel_binding)
		oid_put(b, OID(CHALLENGE_PASSWORD));
	key_attribute_put(b, p);
	/* RFC 9908 section 3.2: exactly one, with the values. */
	extensions = attribute_open(b, OID(EXTENSION_REQUEST));
	extensions_put(b, p);
	attribute_close(b, extensions);
	/* RFC 9908 section 4: who knows the template reads nothing else, and it
	 * has no place for an attribute without a value. */
	if (!channel_binding)
		template_put(b, p);
	der_close(b, list);
}

bool
est_get_csrattrs(struct est_call *call, struct http_resp *resp, struct err *err)
{
	const struct profile *p;
	AUTO_BUF der = { 0 };

	if (!est_profile(call, &p, err))
		return false;
	est_csrattrs_put(&der, p, call->label->config->channel_binding);
	est_reply_base64(call, resp, "application/csrattrs", buf_bytes(&der));
	return true;
}
