/*
 * A request that we take OpenSSL takes, too, and reads the same from it: as
 * many certificates, their CertIDs octet by octet, the nonce.  And one that is
 * asked for a single certificate can be answered with its CertID.
 */
#include "codec/ocsp.h"
#include "crypto/own.h"
#include "require.h"
#include <openssl/ocsp.h>

OWN_DEFINE(OCSP_REQUEST, OCSP_REQUEST_free)

static void
same_octets(const ASN1_STRING *s, struct bytes b)
{
	REQUIRE(bytes_equal(bytes_of(s->data, (size_t)s->length), b));
}

static void
same_id(OCSP_CERTID *x, const struct ocsp_cert_id *id)
{
	ASN1_OCTET_STRING *name, *key;
	ASN1_INTEGER *serial;
	ASN1_OBJECT *alg;
	unsigned char *der = NULL;
	int n = i2d_OCSP_CERTID(x, &der);

	REQUIRE(OCSP_id_get0_info(&name, &alg, &key, &serial, x) == 1);
	same_octets(name, id->name_hash);
	same_octets(key, id->key_hash);
	REQUIRE((OBJ_obj2nid(alg) == NID_sha1) == (id->hash == OCSP_SHA1));
	REQUIRE((OBJ_obj2nid(alg) == NID_sha256) == (id->hash == OCSP_SHA256));
	/* OpenSSL keeps a zero as one octet. */
	if (id->serial.n != 0)
		same_octets(serial, id->serial);
	/* Parameters of an unknown hash OpenSSL may write differently. */
	REQUIRE(n > 0);
	REQUIRE(id->hash == OCSP_HASH_OTHER ||
	    bytes_equal(bytes_of(der, (size_t)n), id->whole));
	OPENSSL_free(der);
}

static bool
has_name(struct bytes in)
{
	struct der d = der_of(in), request, tbs;
	struct bytes version;

	REQUIRE(der_enter(&d, DER_SEQUENCE, &request));
	REQUIRE(der_enter(&request, DER_SEQUENCE, &tbs));
	if (der_peek(&tbs) == DER_CONTEXT_CONSTRUCTED(0))
		REQUIRE(der_read(&tbs, DER_CONTEXT_CONSTRUCTED(0), &version));
	return der_peek(&tbs) == DER_CONTEXT_CONSTRUCTED(1);
}

static void
against_openssl(struct bytes in, const struct ocsp_request *r)
{
	const unsigned char *p = in.p;
	AUTO(OCSP_REQUEST) *x = d2i_OCSP_REQUEST(NULL, &p, (long)in.n);
	int at;

	/* Inside the name and the certificates of who asks we do not look. */
	if (x == NULL && (r->is_signed || has_name(in)))
		return;
	REQUIRE(x != NULL && p == in.p + in.n);
	REQUIRE((size_t)OCSP_request_onereq_count(x) == r->n);
	for (size_t i = 0; i < r->n; i++)
		same_id(
		    OCSP_onereq_get0_id(OCSP_request_onereq_get0(x, (int)i)),
		    &r->ids[i]);
	at = OCSP_REQUEST_get_ext_by_NID(x, NID_id_pkix_OCSP_Nonce, -1);
	REQUIRE((at >= 0) == (r->nonce.n != 0));
	REQUIRE((OCSP_request_is_signed(x) != 0) == r->is_signed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct ocsp_request r;
	struct ocsp_cert_id id;

	if (!ocsp_request_parse(in, &r, NULL))
		return 0;
	REQUIRE(size <= OCSP_REQUEST_MAX);
	REQUIRE(r.n >= 1 && r.n <= OCSP_SINGLES_MAX);
	REQUIRE(r.nonce.n <= OCSP_NONCE_MAX);
	for (size_t i = 0; i < r.n; i++)
		REQUIRE(ocsp_cert_id_parse(r.ids[i].whole, &id, NULL));
	against_openssl(in, &r);
	return 0;
}
