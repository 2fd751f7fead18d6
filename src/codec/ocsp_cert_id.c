#include "codec/ocsp.h"
#include "codec/oid.h"
#include "crypto/digest.h"

/* A hash by its OID; the parameters NULL (RFC 3370 section 2.1 wants them
 * accepted for SHA-1, RFC 5754 section 2 for SHA-2) or absent. */
static bool
hash_read(struct der *d, enum ocsp_hash *out)
{
	struct bytes oid, parameters;
	struct der inner;
	bool has_null;

	if (!der_enter(d, DER_SEQUENCE, &inner) ||
	    !der_read(&inner, DER_OID, &oid) || !der_oid_is_valid(oid))
		return false;
	if (bytes_equal(oid, OID(SHA1)))
		*out = OCSP_SHA1;
	else if (bytes_equal(oid, OID(SHA256)))
		*out = OCSP_SHA256;
	else {
		/* Parameters that nobody here knows, but one element. */
		*out = OCSP_HASH_OTHER;
		parameters = bytes_of(inner.p, (size_t)(inner.end - inner.p));
		return parameters.n == 0 || der_check(parameters);
	}
	return der_read_optional(&inner, DER_NULL, &has_null, &parameters) &&
	    (!has_null || parameters.n == 0) && der_at_end(&inner);
}

/*
 * Any INTEGER is a question that can be answered.  One that is negative or
 * longer than RFC 5280 section 4.1.2.2 allows is no serial of ours: it reads as
 * zero, which is none either.  Needless octets in front are no INTEGER, in BER
 * as little as in DER (X.690 section 8.3.2).
 */
static bool
serial_read(struct der *d, struct bytes *out)
{
	struct der at = *d;
	struct bytes c;

	if (der_read_uint(&at, &c)) {
		*out = c.n <= SERIAL_SIZE ? c : BYTES_NONE;
	} else {
		at = *d;
		if (!der_read(&at, DER_INTEGER, &c) || c.n == 0 ||
		    c.p[0] < 0x80 ||
		    (c.n > 1 && c.p[0] == 0xff && c.p[1] >= 0x80))
			return false;
		*out = BYTES_NONE;
	}
	*d = at;
	return true;
}

bool
ocsp_cert_id_read(struct der *d, struct ocsp_cert_id *out)
{
	struct ocsp_cert_id id;
	struct der at = *d, inner;

	if (!der_read_whole(&at, DER_SEQUENCE, &id.whole))
		return false;
	at = *d;
	if (!der_enter(&at, DER_SEQUENCE, &inner) ||
	    !hash_read(&inner, &id.hash) ||
	    !der_read(&inner, DER_OCTET_STRING, &id.name_hash) ||
	    !der_read(&inner, DER_OCTET_STRING, &id.key_hash) ||
	    !serial_read(&inner, &id.serial) || !der_at_end(&inner))
		return false;
	*out = id;
	*d = at;
	return true;
}

bool
ocsp_cert_id_parse(struct bytes der, struct ocsp_cert_id *out, struct err *err)
{
	struct der d = der_of(der);
	struct ocsp_cert_id id;

	if (!ocsp_cert_id_read(&d, &id) || !der_at_end(&d))
		return fail(err, ERR_MALFORMED,
		    "CertID of %zu octets is malformed", der.n);
	*out = id;
	return true;
}

void
ocsp_cert_id_put(struct buf *b, enum ocsp_hash hash,
    const struct ocsp_issuer_hashes *issuer, struct bytes serial)
{
	bool sha1 = hash == OCSP_SHA1;
	size_t outer = der_open(b, DER_SEQUENCE);
	size_t alg = der_open(b, DER_SEQUENCE);

	oid_put(b, sha1 ? OID(SHA1) : OID(SHA256));
	der_put(b, DER_NULL, BYTES_NONE);
	der_close(b, alg);
	der_put(b, DER_OCTET_STRING,
	    sha1 ? bytes_of(issuer->name_sha1, sizeof(issuer->name_sha1))
		 : bytes_of(issuer->name_sha256, sizeof(issuer->name_sha256)));
	der_put(b, DER_OCTET_STRING,
	    sha1 ? bytes_of(issuer->key_sha1, sizeof(issuer->key_sha1))
		 : bytes_of(issuer->key_sha256, sizeof(issuer->key_sha256)));
	der_put_uint(b, serial);
	der_close(b, outer);
}

/* What the BIT STRING of the key's SubjectPublicKeyInfo holds. */
static void
key_octets_put(struct buf *b, const struct pubkey *key)
{
	if (key->alg == KEY_RSA)
		rsa_public_key_put(b, key);
	else
		buf_add_bytes(b, key->point);
}

void
ocsp_key_hash(const struct pubkey *key, uint8_t out[20])
{
	AUTO_BUF octets = { 0 };

	key_octets_put(&octets, key);
	digest_sha1(buf_bytes(&octets), out);
}

void
ocsp_issuer_hash(
    struct bytes name, const struct pubkey *key, struct ocsp_issuer_hashes *out)
{
	AUTO_BUF octets = { 0 };

	key_octets_put(&octets, key);
	digest_sha1(name, out->name_sha1);
	digest_sha1(buf_bytes(&octets), out->key_sha1);
	digest_sha256(name, out->name_sha256);
	digest_sha256(buf_bytes(&octets), out->key_sha256);
}

bool
ocsp_cert_id_is_of(
    const struct ocsp_cert_id *id, const struct ocsp_issuer_hashes *issuer)
{
	switch (id->hash) {
	case OCSP_SHA1:
		return bytes_equal(
			   id->name_hash, bytes_of(issuer->name_sha1, 20)) &&
		    bytes_equal(id->key_hash, bytes_of(issuer->key_sha1, 20));
	case OCSP_SHA256:
		return bytes_equal(
			   id->name_hash, bytes_of(issuer->name_sha256, 32)) &&
		    bytes_equal(id->key_hash, bytes_of(issuer->key_sha256, 32));
	case OCSP_HASH_OTHER:
		break;
	}
	return false;
}
