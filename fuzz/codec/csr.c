/*
 * A CSR that we accept OpenSSL accepts, too, and both see the same subject, the
 * same key and the same signed octets; its names are in their normal form, and
 * what RSASSA-PSS was made with is the same.
 */
#include <openssl/rsa.h>
#include "codec/csr.h"
#include "crypto/own.h"
#include "require.h"

#define SAME(i2d, object, wanted)                                              \
	do {                                                                   \
		unsigned char *p_ = NULL;                                      \
		int n_ = i2d((object), &p_);                                   \
		REQUIRE(n_ >= 0);                                              \
		REQUIRE(bytes_equal(bytes_of(p_, (size_t)n_), (wanted)));      \
		OPENSSL_free(p_);                                              \
	} while (0)

static void
check_names(struct names names, struct arena *a)
{
	AUTO_BUF b = { 0 };
	struct names again;

	for (size_t i = 0; i < names.n; i++) {
		struct name n;

		REQUIRE(name_parse(
		    names.v[i].type, bytes_str(names.v[i].text), a, &n, NULL));
		REQUIRE(name_equal(&n, &names.v[i]));
		name_put_general(&b, &n);
	}
	if (names.n != 0)
		REQUIRE(names_read(
		    buf_bytes(&b), NAMES_NORMAL, a, &again, NULL, NULL));
}

/* RSASSA-PSS: OpenSSL reads the same salt and digest from the parameters. */
static void
check_pss(const X509_REQ *req, const struct csr *csr)
{
	const X509_ALGOR *alg;
	const ASN1_TYPE *type;
	RSA_PSS_PARAMS *params;
	int nid;

	X509_REQ_get0_signature(req, NULL, &alg);
	REQUIRE(sig_alg_is_pss(csr->sig_alg) ==
	    (OBJ_obj2nid(alg->algorithm) == NID_rsassaPss));
	if (!sig_alg_is_pss(csr->sig_alg)) {
		REQUIRE(csr->pss_salt == 0);
		return;
	}
	type = alg->parameter;
	REQUIRE(type != NULL && type->type == V_ASN1_SEQUENCE);
	params =
	    ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), type);
	REQUIRE(params != NULL && params->hashAlgorithm != NULL &&
	    params->maskGenAlgorithm != NULL);
	nid = OBJ_obj2nid(params->hashAlgorithm->algorithm);
	REQUIRE(nid ==
	    (csr->sig_alg == SIG_PSS_SHA256	     ? NID_sha256
		    : csr->sig_alg == SIG_PSS_SHA384 ? NID_sha384
						     : NID_sha512));
	REQUIRE(csr->pss_salt ==
	    (params->saltLength == NULL
		    ? 20
		    : (size_t)ASN1_INTEGER_get(params->saltLength)));
	RSA_PSS_PARAMS_free(params);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *a = arena_new();
	const unsigned char *p = data;
	struct err err = { 0 };
	struct csr csr;

	if (!csr_parse(bytes_of(data, size), a, &csr, &err)) {
		REQUIRE(
		    err.kind == ERR_BAD_CSR || err.kind == ERR_BAD_PUBLIC_KEY);
		return 0;
	}
	AUTO(X509_REQ) *req = d2i_X509_REQ(NULL, &p, (long)size);

	REQUIRE(req != NULL && p == data + size);
	SAME(i2d_X509_PUBKEY, X509_REQ_get_X509_PUBKEY(req), csr.spki);
	SAME(i2d_X509_NAME, X509_REQ_get_subject_name(req), csr.subject);
	check_names(csr.names, a);
	check_pss(req, &csr);
	return 0;
}
