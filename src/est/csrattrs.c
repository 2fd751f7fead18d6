#include "codec/extension.h"
#include "codec/oid.h"
#include "est/csrattrs.h"
#include "est/handlers.h"
#include "est/reply.h"

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

/* RFC 9908 section 3.2: the type of the attribute is the key's algorithm, its
 * value the curve or the size. */
static void
key_attribute_put(struct buf *b, const struct profile *p)
{
	enum key_alg alg = key_preferred(p);
	size_t attribute, values;

	if (alg == KEY_ED25519) {
		oid_put(b, OID(ED25519));
		return;
	}
	attribute = der_open(b, DER_SEQUENCE);
	oid_put(b, alg == KEY_RSA ? OID(RSA) : OID(EC_PUBLIC_KEY));
	values = der_open(b, DER_SET);
	if (alg == KEY_RSA)
		der_put_small(b, (uint64_t)MAX_OF(p->t.rsa_min_bits, 2048));
	else
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

/* NameTemplate: what the profile fixes, and a CN for the client to fill in. */
static void
subject_template_put(struct buf *b, const struct profile *p)
{
	size_t name = der_open(b, DER_SEQUENCE);

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

/* [0] SubjectPublicKeyInfoTemplate, implicit.  A size of RSA could only
 * be said by a key of that size; the algorithm alone says "RSA". */
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
