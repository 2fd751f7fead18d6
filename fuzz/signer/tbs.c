/*
 * What the signer agrees to sign, seen by a second parser: OpenSSL reads the
 * finished certificate, and it is no CA, signs nothing, comes from our issuer
 * and lies within the lifetime.
 */
#include <stdlib.h>
#include "crypto/own.h"
#include "signer/check.h"
/* Behind ours: its macros have the names of our key usage bits. */
#include <openssl/x509v3.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1800000000
#define LIFETIME (90 * 86400)

static const uint8_t ca_name[] = { 0x30, 0x12, 0x31, 0x10, 0x30, 0x0e, 0x06,
	0x03, 0x55, 0x04, 0x03, 0x0c, 0x07, 'F', 'u', 'z', 'z', ' ', 'C', 'A' };
static const uint8_t key_id[20] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	14, 15, 16, 17, 18, 19, 20 };
static const char *const uses[] = { "1.3.6.1.5.5.7.3.1" };
static const char *const domains[] = { "example.com" };

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

static void
demand_leaf(X509 *x, const struct signer_limits *l)
{
	time_t last = NOW + LIFETIME + CHECK_SKEW;
	unsigned char *name = NULL;
	int n = i2d_X509_NAME(X509_get_issuer_name(x), &name);

	demand(n > 0 && bytes_equal(bytes_of(name, (size_t)n), l->issuer_name));
	OPENSSL_free(name);
	/* An extension that OpenSSL cannot read: it trusts nothing of it. */
	if ((X509_get_extension_flags(x) & EXFLAG_INVALID) != 0)
		return;
	demand(X509_check_ca(x) == 0);
	if ((X509_get_extension_flags(x) & EXFLAG_KUSAGE) != 0)
		demand(
		    (X509_get_key_usage(x) &
			(X509v3_KU_KEY_CERT_SIGN | X509v3_KU_CRL_SIGN)) == 0);
	demand((X509_get_extension_flags(x) & EXFLAG_XKUSAGE) != 0);
	demand(X509_get_extended_key_usage(x) == XKU_SSL_SERVER);
	demand(X509_cmp_time(X509_get0_notAfter(x), &last) < 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct signer_limits l = { .ca = "fuzz",
		.issuer_name = bytes_of(ca_name, sizeof(ca_name)),
		.key_id = bytes_of(key_id, sizeof(key_id)),
		.ca_not_after = NOW + 10 * LIFETIME,
		.max_lifetime = LIFETIME,
		.max_backdate = 3600,
		.crl_validity = 86400,
		.crl_base = "http://a/crl/b/",
		.delta_url = "http://a/d",
		.responder_lifetime = 86400,
		.eku_allowed = { uses, 1 },
		.dns = true,
		.dns_allow = { domains, 1 },
		.node = 1 };
	static const uint8_t signature[8] = { 0x30, 6, 2, 1, 1, 2, 1, 1 };
	AUTO_ARENA *a = arena_new();
	const struct check c = { .limits = &l,
		.sig_alg = SIG_ECDSA_SHA256,
		.now = NOW,
		.arena = a };
	struct cert cert;
	struct crl crl;
	unsigned shard = 0;
	struct err err = { 0 };
	AUTO_BUF der = { 0 };
	AUTO(X509) *x = NULL;
	const unsigned char *p;

	if (crl_parse_tbs(bytes_of(data, size), &crl, &err) &&
	    check_crl_scope(&c, &crl, &shard, &err) &&
	    check_crl(&c, &crl, 7, 6, &err)) {
		/* What a scope is not told by is never signed. */
		demand(crl.number > 7 && !crl.only_ca_certs);
		demand(crl.has_idp == (shard != 0));
		demand(!crl.is_delta || (crl.base <= 6 && shard == 0));
		return 0;
	}
	err_clear(&err);
	if (!cert_parse_tbs(bytes_of(data, size), a, &cert, &err))
		return 0;
	/* There is no responder key, so none is ever certified. */
	demand(!check_cert(&c, SIGN_RESPONDER, &cert, &err));
	err_clear(&err);
	if (!check_cert(&c, SIGN_LEAF, &cert, &err)) {
		demand(err.kind == ERR_SIGNER_REFUSED);
		return 0;
	}
	cert_put(&der, bytes_of(data, size), SIG_ECDSA_SHA256,
	    bytes_of(signature, sizeof(signature)));
	p = der.p;
	x = d2i_X509(NULL, &p, (long)der.n);
	if (x != NULL)
		demand_leaf(x, &l);
	return 0;
}
