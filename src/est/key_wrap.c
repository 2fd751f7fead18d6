#include "codec/oid.h"
#include "crypto/digest.h"
#include "est/key_wrap.h"

/* RFC 8551 section 2.7: what SMIMECapabilities may name. */
#define OID_AES128_CBC "\x60\x86\x48\x01\x65\x03\x04\x01\x02"
#define OID_AES192_CBC "\x60\x86\x48\x01\x65\x03\x04\x01\x16"
#define OID_AES256_CBC "\x60\x86\x48\x01\x65\x03\x04\x01\x2a"
#define OID_RSAES_OAEP "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07"

static bool
key_id_read(const struct csr *csr, struct bytes oid, bool *found,
    struct bytes *id, struct err *err)
{
	struct bytes value;
	struct der d;

	*found = csr_attribute(csr, oid, &value);
	if (!*found)
		return true;
	d = der_of(value);
	if (!der_read(&d, DER_OCTET_STRING, id) || !der_at_end(&d) ||
	    id->n == 0)
		return fail(err, ERR_BAD_CSR,
		    "the CSR's key identifier is not an OCTET STRING");
	return true;
}

/* Which of the algorithms a client takes, as bits; none named is all. */
enum capability {
	CAN_AES128 = 1,
	CAN_AES192 = 2,
	CAN_AES256 = 4,
	CAN_OAEP = 8,
	CAN_PKCS1 = 16,
};

static unsigned
capability_of(struct bytes oid)
{
	static const struct {
		struct bytes oid;
		unsigned can;
	} rows[] = {
		{ { (const uint8_t *)OID_AES128_CBC, 9 }, CAN_AES128 },
		{ { (const uint8_t *)OID_AES192_CBC, 9 }, CAN_AES192 },
		{ { (const uint8_t *)OID_AES256_CBC, 9 }, CAN_AES256 },
		{ { (const uint8_t *)OID_RSAES_OAEP, 9 }, CAN_OAEP },
		{ { (const uint8_t *)OID_RSA, 9 }, CAN_PKCS1 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (bytes_equal(rows[i].oid, oid))
			return rows[i].can;
	return 0;
}

/* SMIMECapabilities ::= SEQUENCE OF SEQUENCE { OID, parameters OPTIONAL }. */
static bool
capabilities_read(const struct csr *csr, unsigned *can, struct err *err)
{
	struct bytes value, oid;
	struct der d, list, one;

	*can = 0;
	if (!csr_attribute(csr, OID(SMIME_CAPABILITIES), &value))
		return true;
	d = der_of(value);
	if (!der_enter(&d, DER_SEQUENCE, &list) || !der_at_end(&d))
		return fail(err, ERR_BAD_CSR,
		    "the CSR's SMIMECapabilities are not a SEQUENCE");
	while (!der_at_end(&list)) {
		if (!der_enter(&list, DER_SEQUENCE, &one) ||
		    !der_read(&one, DER_OID, &oid))
			return fail(err, ERR_BAD_CSR,
			    "the CSR's SMIMECapabilities have one without an "
			    "object identifier");
		*can |= capability_of(oid);
	}
	return true;
}

static enum envelope_cipher
cipher_of(unsigned can)
{
	if ((can & CAN_AES256) != 0)
		return ENVELOPE_AES256_CBC;
	if ((can & CAN_AES192) != 0)
		return ENVELOPE_AES192_CBC;
	return (can & CAN_AES128) != 0 ? ENVELOPE_AES128_CBC
				       : ENVELOPE_AES256_CBC;
}

/* Its subjectKeyIdentifier, or one of the two usual hashes of its key: SHA-1 of
 * RFC 5280 section 4.2.1.2, SHA-256 of RFC 7093 section 2. */
static bool
is_named(const struct cert *c, struct bytes id)
{
	uint8_t sum[32], rfc7093[20];
	AUTO_BUF rsa = { 0 };
	struct bytes key;

	if (c->ski.n > 0 && bytes_equal(c->ski, id))
		return true;
	key_identifier(&c->key, rfc7093);
	if (bytes_equal(bytes_of(rfc7093, sizeof(rfc7093)), id))
		return true;
	if (c->key.alg == KEY_RSA)
		rsa_public_key_put(&rsa, &c->key);
	key = c->key.alg == KEY_RSA ? buf_bytes(&rsa) : c->key.point;
	digest_sha1(key, sum);
	return bytes_equal(bytes_of(sum, 20), id);
}

/* RFC 7030 section 4.4.1.2: its use must allow it, or not be restricted; and a
 * key that only signs never can. */
static bool
may_receive(const struct cert *c)
{
	unsigned wanted =
	    c->key.alg == KEY_RSA ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT;

	return c->key.alg != KEY_ED25519 &&
	    (!c->has_key_usage || (c->key_usage & wanted) != 0);
}

static bool
to_certificate(const struct est_label *label, const struct cert *client,
    struct bytes id, struct key_wrap *out, struct err *err)
{
	const struct cert *found =
	    client != NULL && is_named(client, id) ? client : NULL;

	for (size_t i = 0; found == NULL && i < label->recipients_n; i++)
		if (is_named(&label->recipients[i], id))
			found = &label->recipients[i];
	if (found == NULL)
		return fail(err, ERR_REJECTED,
		    "the key that AsymmetricDecryptKeyIdentifier names is not "
		    "that of the client certificate, nor known to label %s",
		    label->config->name);
	if (!may_receive(found))
		return fail(err, ERR_REJECTED,
		    "the key or the key usage of the certificate that "
		    "AsymmetricDecryptKeyIdentifier names lets nothing be "
		    "encrypted to it");
	out->to.certificate = found->der;
	return true;
}

static bool
to_key(const struct est_label *label, struct bytes id, struct key_wrap *out,
    struct err *err)
{
	const struct named_key *k = est_named_keys_find(&label->keys, id);

	if (k == NULL)
		return fail(err, ERR_REJECTED,
		    "the key that DecryptKeyIdentifier names is not known to "
		    "label %s",
		    label->config->name);
	out->to.key = k->key;
	out->to.key_id = k->id;
	return true;
}

bool
est_key_wrap_decide(const struct csr *csr, const struct est_label *label,
    const struct cert *client, struct key_wrap *out, struct err *err)
{
	struct key_wrap wrap = { 0 };
	struct bytes id, asymmetric_id;
	bool symmetric, asymmetric;
	unsigned can;

	if (!key_id_read(csr, OID(DECRYPT_KEY_ID), &symmetric, &id, err) ||
	    !key_id_read(csr, OID(ASYMM_DECRYPT_KEY_ID), &asymmetric,
		&asymmetric_id, err) ||
	    !capabilities_read(csr, &can, err))
		return false;
	if (symmetric && asymmetric)
		return fail(err, ERR_BAD_CSR,
		    "the CSR names a secret and a public key to encrypt to, "
		    "expected one of them");
	wrap.asked = symmetric || asymmetric;
	wrap.cipher = cipher_of(can);
	/* Who says nothing of RSA gets the better padding. */
	wrap.to.oaep = (can & CAN_OAEP) != 0 || (can & CAN_PKCS1) == 0;
	if (symmetric && !to_key(label, id, &wrap, err))
		return false;
	if (asymmetric &&
	    !to_certificate(label, client, asymmetric_id, &wrap, err))
		return false;
	*out = wrap;
	return true;
}
