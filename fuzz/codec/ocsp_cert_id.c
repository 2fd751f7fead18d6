/*
 * A CertID that we take OpenSSL takes, too.  One with hashes that we know, made
 * anew of its parts, reads the same and is its issuer's and nobody else's.
 */
#include "codec/ocsp.h"
#include "crypto/own.h"
#include "require.h"
#include <openssl/ocsp.h>

OWN_DEFINE(OCSP_CERTID, OCSP_CERTID_free)

static void
made_anew(const struct ocsp_cert_id *id)
{
	size_t n = id->hash == OCSP_SHA1 ? 20 : 32;
	struct ocsp_issuer_hashes of;
	struct ocsp_cert_id again;
	AUTO_BUF b = { 0 };

	memset(&of, 0, sizeof(of));
	if (id->name_hash.n != n || id->key_hash.n != n) {
		REQUIRE(!ocsp_cert_id_is_of(id, &of));
		return;
	}
	memcpy(n == 20 ? of.name_sha1 : of.name_sha256, id->name_hash.p, n);
	memcpy(n == 20 ? of.key_sha1 : of.key_sha256, id->key_hash.p, n);
	REQUIRE(ocsp_cert_id_is_of(id, &of));
	ocsp_cert_id_put(&b, id->hash, &of, id->serial);
	REQUIRE(ocsp_cert_id_parse(buf_bytes(&b), &again, NULL));
	REQUIRE(again.hash == id->hash);
	REQUIRE(bytes_equal(again.serial, id->serial));
	REQUIRE(ocsp_cert_id_is_of(&again, &of));
	of.key_sha1[0] ^= 1;
	of.key_sha256[0] ^= 1;
	REQUIRE(!ocsp_cert_id_is_of(&again, &of));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned char *p = data;
	struct ocsp_cert_id id;

	if (size > 4096 || !ocsp_cert_id_parse(bytes_of(data, size), &id, NULL))
		return 0;
	REQUIRE(bytes_equal(id.whole, bytes_of(data, size)));
	REQUIRE(id.serial.n <= SERIAL_SIZE);
	{
		AUTO(OCSP_CERTID) *x = d2i_OCSP_CERTID(NULL, &p, (long)size);

		REQUIRE(x != NULL && p == data + size);
	}
	if (id.hash != OCSP_HASH_OTHER)
		made_anew(&id);
	return 0;
}
