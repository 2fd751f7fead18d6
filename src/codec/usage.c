#include "codec/cert.h"

static const struct {
	const char *name;
	unsigned bit;
} key_usages[] = {
	{ "digitalSignature", KU_DIGITAL_SIGNATURE },
	{ "nonRepudiation", KU_NON_REPUDIATION },
	/* Its name in X.509 since 2000. */
	{ "contentCommitment", KU_NON_REPUDIATION },
	{ "keyEncipherment", KU_KEY_ENCIPHERMENT },
	{ "dataEncipherment", KU_DATA_ENCIPHERMENT },
	{ "keyAgreement", KU_KEY_AGREEMENT },
	{ "keyCertSign", KU_KEY_CERT_SIGN },
	{ "cRLSign", KU_CRL_SIGN },
	{ "encipherOnly", KU_ENCIPHER_ONLY },
	{ "decipherOnly", KU_DECIPHER_ONLY },
};

unsigned
key_usage_parse(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(key_usages); i++)
		if (strcmp(name, key_usages[i].name) == 0)
			return key_usages[i].bit;
	return 0;
}

/* RFC 5280 section 4.2.1.12, RFC 7299, Microsoft's. */
static const struct {
	const char *name, *oid;
} ekus[] = {
	{ "serverAuth", "1.3.6.1.5.5.7.3.1" },
	{ "clientAuth", "1.3.6.1.5.5.7.3.2" },
	{ "codeSigning", "1.3.6.1.5.5.7.3.3" },
	{ "emailProtection", "1.3.6.1.5.5.7.3.4" },
	{ "timeStamping", "1.3.6.1.5.5.7.3.8" },
	{ "OCSPSigning", "1.3.6.1.5.5.7.3.9" },
	{ "ipsecIKE", "1.3.6.1.5.5.7.3.17" },
	{ "cmcRA", "1.3.6.1.5.5.7.3.28" },
	{ "smartcardLogon", "1.3.6.1.4.1.311.20.2.2" },
	{ "anyExtendedKeyUsage", "2.5.29.37.0" },
};

const char *
eku_oid(const char *name)
{
	AUTO_BUF octets = { 0 };

	for (size_t i = 0; i < COUNT_OF(ekus); i++)
		if (strcmp(name, ekus[i].name) == 0)
			return ekus[i].oid;
	return der_oid_parse(name, &octets) ? name : NULL;
}
