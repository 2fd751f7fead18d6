/*
 * A certificate that we accept OpenSSL accepts, too, with the same parts.  A
 * TBSCertificate that we would sign, made anew from what was read, reads the
 * same.
 */
#include "codec/cert.h"
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
against_openssl(struct bytes der, const struct cert *c)
{
	const unsigned char *p = der.p;
	AUTO(X509) *x = d2i_X509(NULL, &p, (long)der.n);

	REQUIRE(x != NULL && p == der.p + der.n);
	SAME(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(x), c->spki);
	SAME(i2d_X509_NAME, X509_get_subject_name(x), c->subject);
	SAME(i2d_X509_NAME, X509_get_issuer_name(x), c->issuer);
	REQUIRE((size_t)X509_get_ext_count(x) == c->extensions_n);
	REQUIRE((unsigned)X509_get_version(x) + 1 == c->version);
}

static struct cert_spec
spec_of(const struct cert *c)
{
	struct cert_spec s = { .sig_alg = c->tbs_sig_alg,
		.issuer = c->issuer,
		.subject = c->subject,
		.not_before = c->not_before,
		.not_after = c->not_after,
		.spki = c->spki,
		.is_ca = c->is_ca,
		.path_length = c->has_path_length ? (int)c->path_length : -1,
		.basic_constraints = c->has_basic_constraints,
		.key_usage = c->key_usage,
		.eku = c->eku,
		.eku_n = c->eku_n,
		.names = c->names,
		.names_critical = c->names_critical,
		.aki = c->aki,
		.ski = c->ski,
		.crl_url = c->crl_urls_n != 0 ? c->crl_urls[0] : NULL,
		.ocsp_url = c->ocsp_url,
		.ca_issuers_url = c->ca_issuers_url,
		.policies = c->policies,
		.policies_n = c->policies_n,
		.must_staple = c->must_staple,
		.ocsp_nocheck = c->ocsp_nocheck,
		.name_constraints = c->name_constraints };

	memcpy(s.serial + SERIAL_SIZE - c->serial.n, c->serial.p, c->serial.n);
	return s;
}

static bool
same_text(const char *x, const char *y)
{
	return x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;
}

static void
require_same(const struct cert *x, const struct cert *y)
{
	REQUIRE(bytes_equal(x->serial, y->serial));
	REQUIRE(x->tbs_sig_alg == y->tbs_sig_alg);
	REQUIRE(bytes_equal(x->issuer, y->issuer));
	REQUIRE(bytes_equal(x->subject, y->subject));
	REQUIRE(bytes_equal(x->spki, y->spki));
	REQUIRE(x->not_before == y->not_before);
	REQUIRE(x->not_after == y->not_after);
	REQUIRE(x->is_ca == y->is_ca);
	REQUIRE(x->has_path_length == y->has_path_length);
	REQUIRE(x->path_length == y->path_length);
	REQUIRE(x->key_usage == y->key_usage);
	REQUIRE(x->eku_n == y->eku_n && x->policies_n == y->policies_n);
	for (size_t i = 0; i < x->eku_n; i++)
		REQUIRE(strcmp(x->eku[i], y->eku[i]) == 0);
	for (size_t i = 0; i < x->policies_n; i++)
		REQUIRE(strcmp(x->policies[i], y->policies[i]) == 0);
	REQUIRE(x->names.n == y->names.n && !x->other_names);
	for (size_t i = 0; i < x->names.n; i++)
		REQUIRE(name_equal(&x->names.v[i], &y->names.v[i]));
	REQUIRE(x->names_critical == y->names_critical);
	REQUIRE(bytes_equal(x->aki, y->aki) && bytes_equal(x->ski, y->ski));
	REQUIRE(same_text(x->ocsp_url, y->ocsp_url));
	REQUIRE(same_text(x->ca_issuers_url, y->ca_issuers_url));
	REQUIRE(x->must_staple == y->must_staple);
	REQUIRE(x->ocsp_nocheck == y->ocsp_nocheck);
	REQUIRE(bytes_equal(x->name_constraints, y->name_constraints));
}

static void
made_anew(const struct cert *c, struct arena *a)
{
	struct cert_spec spec = spec_of(c);
	struct cert again, whole;
	AUTO_BUF tbs = { 0 };
	AUTO_BUF der = { 0 };
	AUTO_BUF twice = { 0 };

	cert_tbs_put(&tbs, &spec);
	REQUIRE(cert_parse_tbs(buf_bytes(&tbs), a, &again, NULL));
	require_same(c, &again);
	/* Ours is its own image. */
	spec = spec_of(&again);
	cert_tbs_put(&twice, &spec);
	REQUIRE(bytes_equal(buf_bytes(&twice), buf_bytes(&tbs)));
	cert_put(&der, buf_bytes(&tbs), c->tbs_sig_alg, bytes_str("sig"));
	if (der.n > CERT_MAX)
		return;
	REQUIRE(cert_parse(buf_bytes(&der), a, &whole, NULL));
	require_same(c, &whole);
	against_openssl(buf_bytes(&der), &whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	AUTO_ARENA *a = arena_new();
	struct cert c;

	if (size > 8192)
		return 0;
	if (cert_parse(in, a, &c, NULL)) {
		against_openssl(in, &c);
		(void)subject_text(a, c.subject);
		if (cert_parse_tbs(c.tbs, a, &c, NULL))
			made_anew(&c, a);
	}
	if (cert_parse_tbs(in, a, &c, NULL))
		made_anew(&c, a);
	return 0;
}
