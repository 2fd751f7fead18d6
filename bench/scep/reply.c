#include <stdlib.h>

#include "bench/scep/load.h"
/* Behind ours: its macros have the names of our key usages. */
#include <openssl/cms.h>

OWN_DEFINE(CMS_ContentInfo, CMS_ContentInfo_free)

#define PKI_STATUS "2.16.840.1.113733.1.9.3"
#define FAIL_INFO "2.16.840.1.113733.1.9.4"

static int
number_of(const CMS_SignerInfo *signer, const char *oid)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	const ASN1_STRING *text = CMS_signed_get0_data_by_OBJ(
	    signer, object, -3, V_ASN1_PRINTABLESTRING);
	char digits[4] = "";

	ASN1_OBJECT_free(object);
	if (text == NULL || ASN1_STRING_length(text) == 0 ||
	    ASN1_STRING_length(text) >= (int)sizeof(digits))
		return -1;
	memcpy(digits, ASN1_STRING_get0_data(text),
	    (size_t)ASN1_STRING_length(text));
	return atoi(digits);
}

static CMS_ContentInfo *
cms_read(struct bytes der)
{
	const unsigned char *p = der.p;

	return d2i_CMS_ContentInfo(NULL, &p, (long)der.n);
}

void
reply_status(struct bytes der, int *status, int *fail_info)
{
	AUTO(CMS_ContentInfo) *cms = cms_read(der);
	STACK_OF(CMS_SignerInfo) *signers =
	    cms == NULL ? NULL : CMS_get0_SignerInfos(cms);

	*status = *fail_info = -1;
	if (signers == NULL || sk_CMS_SignerInfo_num(signers) != 1)
		return;
	*status = number_of(sk_CMS_SignerInfo_value(signers, 0), PKI_STATUS);
	*fail_info = number_of(sk_CMS_SignerInfo_value(signers, 0), FAIL_INFO);
}

static X509 *
cert_check(X509 *cert, const struct message *m, X509 *ca, const char **why)
{
	char name[128] = "";

	X509_NAME_get_text_by_NID(
	    X509_get_subject_name(cert), NID_commonName, name, sizeof(name));
	if (X509_verify(cert, X509_get0_pubkey(ca)) != 1)
		*why = "the certificate is not signed by the CA";
	else if (EVP_PKEY_eq(X509_get0_pubkey(cert), m->by->pkey) != 1)
		*why = "the certificate has another key";
	else if (strcmp(name, m->name) != 0)
		*why = "the certificate has another name";
	else if (X509_up_ref(cert) == 1)
		return cert;
	return NULL;
}

static X509 *
bag_open(BIO *bag, const struct message *m, X509 *ca, const char **why)
{
	AUTO(CMS_ContentInfo) *cms = d2i_CMS_bio(bag, NULL);
	STACK_OF(X509) *certs = cms == NULL ? NULL : CMS_get1_certs(cms);
	X509 *found = NULL;

	*why = "the reply encloses no certificate";
	for (int i = 0; i < sk_X509_num(certs) && found == NULL; i++)
		found = cert_check(sk_X509_value(certs, i), m, ca, why);
	sk_X509_pop_free(certs, X509_free);
	return found;
}

X509 *
reply_open(const struct message *m, X509 *ca, const char **why)
{
	AUTO(CMS_ContentInfo) *cms = cms_read(buf_bytes(&m->reply));
	AUTO(CMS_ContentInfo) *enveloped = NULL;
	AUTO(BIO) *content = BIO_new(BIO_s_mem());
	AUTO(BIO) *bag = BIO_new(BIO_s_mem());

	*why = "the reply's signature does not hold";
	if (cms == NULL ||
	    CMS_verify(cms, NULL, NULL, NULL, content,
		CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1)
		return NULL;
	*why = "the reply does not decrypt";
	enveloped = d2i_CMS_bio(content, NULL);
	if (enveloped == NULL ||
	    CMS_decrypt(enveloped, m->by->pkey, m->by->x509, NULL, bag, 0) != 1)
		return NULL;
	return bag_open(bag, m, ca, why);
}
