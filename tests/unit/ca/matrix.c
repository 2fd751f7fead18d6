/*
 * Every type of CA key, every type of subject key, every profile: OpenSSL as
 * the second opinion on the certificate, its path and the CRL.
 */
#include <openssl/x509_vfy.h>
#include "support/unit.h"
#include "support/x509v3.h"
#include "support/test_ca.h"
#include "util/blob.h"

static X509 *
x509(struct bytes der)
{
	const unsigned char *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);

	assert_non_null(x);
	assert_ptr_equal(p, der.p + der.n);
	return x;
}

static X509_CRL *
x509_crl(struct bytes der)
{
	const unsigned char *p = der.p;
	X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)der.n);

	assert_non_null(x);
	assert_ptr_equal(p, der.p + der.n);
	return x;
}

/* Path validation with the CRL, strictly, at the test's time. */
static int
verify(struct test_ca *t, struct bytes leaf, int purpose)
{
	AUTO(X509_STORE) *store = X509_STORE_new();
	AUTO(X509_STORE_CTX) *ctx = X509_STORE_CTX_new();
	AUTO(X509) *root = x509(t->root_der);
	AUTO(X509) *issuing = x509(t->issuing_der);
	AUTO(X509) *cert = x509(leaf);
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	struct blob *blob =
	    ca_artefact(t->ca, "issuing", CA_CRL, NULL, NULL, NULL);
	X509_VERIFY_PARAM *param;
	AUTO(X509_CRL) *crl = NULL;
	int result;

	assert_non_null(blob);
	crl = x509_crl(blob_bytes(blob));
	blob_unref(blob);
	X509_STORE_add_cert(store, root);
	X509_STORE_add_crl(store, crl);
	sk_X509_push(untrusted, issuing);
	assert_int_equal(X509_STORE_CTX_init(ctx, store, cert, untrusted), 1);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)t->now + 1);
	X509_VERIFY_PARAM_set_flags(
	    param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CRL_CHECK);
	X509_VERIFY_PARAM_set_purpose(param, purpose);
	result = X509_verify_cert(ctx) == 1 ? X509_V_OK
					    : X509_STORE_CTX_get_error(ctx);
	sk_X509_free(untrusted);
	return result;
}

static const struct {
	enum key_alg alg;
	unsigned bits;
} keys[] = {
	{ KEY_EC_P256, 0 },
	{ KEY_EC_P384, 0 },
	{ KEY_EC_P521, 0 },
	{ KEY_RSA, 2048 },
	{ KEY_RSA, 3072 },
	{ KEY_ED25519, 0 },
};

static const struct {
	const char *profile, *name;
	int purpose;
} profiles[] = {
	{ "default", "dns:www.example.net", X509_PURPOSE_SSL_SERVER },
	{ "server", "dns:www.example.net", X509_PURPOSE_SSL_CLIENT },
	{ "people", "email:someone@example.net", X509_PURPOSE_SSL_CLIENT },
	{ "public", "dns:www.chancery.dev", X509_PURPOSE_SSL_SERVER },
};

static void
check_leaf(struct test_ca *t, struct bytes der, const char *name)
{
	AUTO(X509) *cert = x509(der);
	const char *text = strchr(name, ':') + 1;

	if (strncmp(name, "dns", 3) == 0)
		assert_int_equal(X509_check_host(cert, text, 0, 0, NULL), 1);
	else
		assert_int_equal(X509_check_email(cert, text, 0, 0), 1);
	assert_int_equal(X509_get_version(cert), 2);
	assert_int_equal(X509_check_ca(cert), 0);
	(void)t;
}

static void
issue_one(struct test_ca *t, struct privkey *key, size_t i)
{
	const char *name = profiles[i].name;
	struct ca_request req = {
		.profile = ca_profile_find(t->ca, profiles[i].profile),
		.csr = test_ca_csr(t, key, NULL, &name, 1, false),
		.names = test_ca_names(t, &name, 1),
		.requester = "operator",
	};
	struct ca_issued out;
	struct cert_row row;
	int result;

	if (!ca_issue(t->ca, &req, t->a, &out, &t->err)) {
		/* Only a profile that does not list the key says no. */
		assert_int_equal(t->err.kind, ERR_BAD_PUBLIC_KEY);
		assert_string_not_equal(profiles[i].profile, "server");
		err_clear(&t->err);
		return;
	}
	check_leaf(t, out.der, name);
	result = verify(t, out.der, profiles[i].purpose);
	if (result != X509_V_OK)
		fail_msg("%s: %s", profiles[i].profile,
		    X509_verify_cert_error_string(result));
	row = test_ca_row(t, out.id);
	assert_ok(t,
	    ca_revoke(t->ca, &row, REASON_SUPERSEDED, "test", false, &t->err));
	assert_ok(t, ca_crl_run(t->ca, &t->err));
	assert_int_equal(
	    verify(t, out.der, profiles[i].purpose), X509_V_ERR_CERT_REVOKED);
}

static void
matrix(enum key_alg alg, unsigned bits)
{
	struct test_ca *t = test_ca_new(alg, bits, test_ca_yaml);

	assert_ok(t, ca_crl_run(t->ca, &t->err));
	for (size_t k = 0; k < COUNT_OF(keys); k++) {
		struct privkey *key = test_ca_key(t, keys[k].alg, keys[k].bits);

		for (size_t i = 0; i < COUNT_OF(profiles); i++)
			issue_one(t, key, i);
	}
	test_ca_free(t);
}

static void
ca_ec_p256(void **state UNUSED)
{
	matrix(KEY_EC_P256, 0);
}
static void
ca_ec_p384(void **state UNUSED)
{
	matrix(KEY_EC_P384, 0);
}
static void
ca_rsa(void **state UNUSED)
{
	matrix(KEY_RSA, 2048);
}
static void
ca_ed25519(void **state UNUSED)
{
	matrix(KEY_ED25519, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ca_ec_p256),
		cmocka_unit_test(ca_ec_p384),
		cmocka_unit_test(ca_rsa),
		cmocka_unit_test(ca_ed25519),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
